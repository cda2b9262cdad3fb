/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "capture.h"
#include "cgroup.h"
#include "cpus.h"
#include "log.h"

#define TREES "tests/data/cgroup/"

/* 64 CPUs online and in the affinity mask: whatever is less comes from the tree. */
static void expect(const char *tree, double count, const char *source, unsigned threads)
{
	struct cpus cpus;

	cpus_available(&cpus, tree, 64, 64);
	assert_string_equal(cpus.source, source);
	assert_float_equal(cpus.count, count, 1e-6);
	assert_int_equal(cpus_auto_threads(cpus.count, 1024), threads);
}

static void version_1_gives_the_quota_of_our_own_cgroup(void **state)
{
	(void)state;
	expect(TREES "v1", 2.5, "cpu.cfs_quota_us of /system.slice", 2);
}

static void version_2_gives_cpu_max(void **state)
{
	(void)state;
	expect(TREES "v2", 4, "cpu.max of /system.slice/scan.service", 3);
}

static void a_smaller_limit_further_up_counts(void **state)
{
	(void)state;
	expect(TREES "v2-nested", 3, "cpu.max of /user.slice/user-1000.slice", 3);
}

static void a_hybrid_has_its_quota_in_version_1(void **state)
{
	(void)state;
	expect(TREES "hybrid", 3.5, "cpu.cfs_quota_us of /job", 3);
}

static void kubernetes_7300m_makes_6_threads(void **state)
{
	(void)state;
	expect(TREES "kubernetes-7300m", 7.3,
	       "cpu.max of /kubepods.slice/kubepods-burstable.slice/"
	       "kubepods-burstable-pod0c8b1a52_8d3f_4a3e_9f0e_5a7f7e0d6a11.slice/cri-containerd-4f1c2f0e6a0d.scope",
	       6);
}

static void kubernetes_on_version_1_mounts_the_cgroup_of_the_container(void **state)
{
	(void)state;
	expect(TREES "kubernetes-v1", 7.3,
	       "cpu.cfs_quota_us of /kubepods/burstable/pod0c8b1a52-8d3f-4a3e-9f0e-5a7f7e0d6a11/4f1c2f0e6a0d", 6);
}

static void a_container_with_a_cgroup_namespace_sees_itself_as_the_root(void **state)
{
	(void)state;
	expect(TREES "container-root", 1.5, "cpu.max of /", 2);
}

static void a_process_outside_of_the_namespace_takes_the_limit_of_what_is_mounted(void **state)
{
	(void)state;
	expect(TREES "namespace-outside", 2, "cpu.max of /", 2);
}

static void a_tree_mounted_from_above_the_namespace_gives_the_limit_of_its_top(void **state)
{
	(void)state;
	expect(TREES "namespace-below", 6, "cpu.max of /../..", 5);
}

static void blanks_in_the_mount_point_and_colons_in_the_name_do_no_harm(void **state)
{
	(void)state;
	expect(TREES "odd-names", 5, "cpu.max of /machine.slice/a:b c", 4);
}

static void without_a_quota_the_cpuset_counts(void **state)
{
	(void)state;
	expect(TREES "no-limit", 12, "cpuset.cpus.effective of /", 9);
}

static void a_cpuset_of_version_2_counts_its_cpus(void **state)
{
	(void)state;
	expect(TREES "cpuset-only", 5, "cpuset.cpus.effective of /machine.slice/libpod-5d1e.scope", 4);
}

static void a_cpuset_of_version_1_counts_its_cpus(void **state)
{
	(void)state;
	expect(TREES "cpuset-v1", 3, "cpuset.cpus of /docker/9a7c", 3);
}

static void a_quota_below_one_cpu_still_makes_one_thread(void **state)
{
	(void)state;
	expect(TREES "below-one", 0.25, "cpu.max of /", 1);
}

static void garbage_sets_no_limit_and_is_named_when_asked(void **state)
{
	static const char *const named[] = {
		"unified/cpu.max is passed over: '100000'",
		"unified/a/cpu.max is passed over: '-1 100000'",
		"unified/a/b/cpu.max is passed over: '50000 100000 7'",
		"unified/cpuset.cpus.effective is passed over: '0-3-5'",
		"unified/a/cpuset.cpus.effective is passed over: '3-0'",
		"unified/a/b/cpuset.cpus.effective is passed over: it is not one line",
		"cpu/cpu.cfs_quota_us is passed over: '0x100'",
		"cpu/a/cpu.cfs_period_us is passed over: '0'",
		"cpuset/cpuset.cpus is passed over: 'all'",
		"cpuset/a/cpuset.cpus is passed over: '0,'",
		"cpuset/a/cpuset.effective_cpus is passed over: it is not one line",
	};
	const char *said;

	(void)state;
	log_set_level(LOG_LEVEL_DEBUG);
	capture_begin(STDERR_FILENO);
	expect(TREES "garbage", 64, "online CPUs", 48);
	said = capture_end(STDERR_FILENO);
	log_set_level(LOG_LEVEL_INFO);
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (!strstr(said, named[i]))
			fail_msg("'%s' is missing in: %s", named[i], said);
}

static void where_nothing_can_be_read_the_online_cpus_count(void **state)
{
	(void)state;
	expect("/nowhere", 64, "online CPUs", 48);
}

static void the_smallest_of_all_counts(void **state)
{
	struct cpus cpus;

	(void)state;
	cpus_available(&cpus, TREES "v2", 3, 64);
	assert_string_equal(cpus.source, "affinity");
	assert_float_equal(cpus.count, 3, 1e-9);
	cpus_available(&cpus, TREES "v2", 64, 2);
	assert_string_equal(cpus.source, "online CPUs");
	assert_float_equal(cpus.count, 2, 1e-9);
	cpus_available(&cpus, TREES "cpuset-only", 5, 64); /* the mask shows the cpuset, which is the reason */
	assert_string_equal(cpus.source, "cpuset.cpus.effective of /machine.slice/libpod-5d1e.scope");
}

static void the_real_machine_answers(void **state)
{
	struct cpus cpus;

	(void)state;
	cpus_available(&cpus, "", 0, 0);
	assert_true(cpus.count > 0);
	assert_true(cpus.count <= (double)sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(strlen(cpus.source) > 0);
}

static void auto_is_three_quarters_rounded_up_within_its_bounds(void **state)
{
	(void)state;
	assert_int_equal(cpus_auto_threads(7.3, 8), 6); /* 5.475 */
	assert_int_equal(cpus_auto_threads(1, 8), 1);
	assert_int_equal(cpus_auto_threads(2, 8), 2);
	assert_int_equal(cpus_auto_threads(4, 8), 3);
	assert_int_equal(cpus_auto_threads(4.01, 8), 4);
	assert_int_equal(cpus_auto_threads(4.0 / 3, 8), 1);
	assert_int_equal(cpus_auto_threads(0.01, 8), 1);
	assert_int_equal(cpus_auto_threads(64, 8), 8);
	assert_int_equal(cpus_auto_threads(1e18, 1024), 1024);
	assert_int_equal(cpus_auto_threads(8, 1), 1);
}

static void lists_of_cpus_are_counted_or_refused_as_a_whole(void **state)
{
	static const struct {
		const char *list;
		uint64_t count;
	} right[] = { { "", 0 }, { "0", 1 }, { "0-3,7", 5 }, { "0,2,4-5", 4 }, { "5", 1 }, { "0-1023", 1024 } };
	static const char *const wrong[] = { ",",    "0,", ",0",   "-", "0-",	 "-3",	"3-0", "0-3-5",
					     "0 ",   " 0", "0,,1", "a", "0-3,2", "1,1", "0x1", "99999999999999999999",
					     "65536" };
	uint64_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		assert_int_equal(cgroup_count_cpus(right[i].list, &count), 0);
		assert_int_equal(count, right[i].count);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (cgroup_count_cpus(wrong[i], &count) != -EINVAL)
			fail_msg("'%s' passed for a list of CPUs", wrong[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_1_gives_the_quota_of_our_own_cgroup),
		cmocka_unit_test(version_2_gives_cpu_max),
		cmocka_unit_test(a_smaller_limit_further_up_counts),
		cmocka_unit_test(a_hybrid_has_its_quota_in_version_1),
		cmocka_unit_test(kubernetes_7300m_makes_6_threads),
		cmocka_unit_test(kubernetes_on_version_1_mounts_the_cgroup_of_the_container),
		cmocka_unit_test(a_container_with_a_cgroup_namespace_sees_itself_as_the_root),
		cmocka_unit_test(a_process_outside_of_the_namespace_takes_the_limit_of_what_is_mounted),
		cmocka_unit_test(a_tree_mounted_from_above_the_namespace_gives_the_limit_of_its_top),
		cmocka_unit_test(blanks_in_the_mount_point_and_colons_in_the_name_do_no_harm),
		cmocka_unit_test(without_a_quota_the_cpuset_counts),
		cmocka_unit_test(a_cpuset_of_version_2_counts_its_cpus),
		cmocka_unit_test(a_cpuset_of_version_1_counts_its_cpus),
		cmocka_unit_test(a_quota_below_one_cpu_still_makes_one_thread),
		cmocka_unit_test(garbage_sets_no_limit_and_is_named_when_asked),
		cmocka_unit_test(where_nothing_can_be_read_the_online_cpus_count),
		cmocka_unit_test(the_smallest_of_all_counts),
		cmocka_unit_test(the_real_machine_answers),
		cmocka_unit_test(auto_is_three_quarters_rounded_up_within_its_bounds),
		cmocka_unit_test(lists_of_cpus_are_counted_or_refused_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
