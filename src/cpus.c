/* SPDX-License-Identifier: Apache-2.0 */
#include "cpus.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "cgroup.h"
#include "log.h"

/* The mask has as many bits as the kernel was built for, which only it knows: EINVAL says "more". */
static unsigned affinity_count(void)
{
	for (int n = CPU_SETSIZE; n <= 1 << 20; n *= 2) {
		cpu_set_t *set = CPU_ALLOC((size_t)n);
		size_t size = CPU_ALLOC_SIZE((size_t)n);
		int count = 0, r;

		if (!set)
			break;
		r = sched_getaffinity(0, size, set) < 0 ? -errno : 0;
		if (r == 0)
			count = CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (r != -EINVAL)
			return (unsigned)count;
	}
	return 0;
}

static void lower(struct cpus *cpus, unsigned count, const char *source)
{
	if (count == 0 || count >= cpus->count)
		return;
	cpus->count = count;
	snprintf(cpus->source, sizeof(cpus->source), "%s", source);
}

void cpus_available(struct cpus *ret, const char *prefix, unsigned affinity, unsigned online)
{
	if (online == 0) {
		long n = sysconf(_SC_NPROCESSORS_ONLN);

		online = n > 0 ? (unsigned)n : 1;
	}
	*ret = (struct cpus){ .count = online, .source = "online CPUs" };

	/* A cpuset shows in the affinity mask too: asked first, it is named as the reason. */
	cgroup_limit_cpuset(ret, prefix);
	lower(ret, affinity ? affinity : affinity_count(), "affinity");
	cgroup_limit_quota(ret, prefix);
}

unsigned cpus_auto_threads(double cpus, unsigned max)
{
	double wanted = cpus * 3 / 4;
	unsigned threads;

	if (wanted >= max)
		return max;
	threads = (unsigned)wanted;
	if (wanted - threads > 1e-9) /* a third times three quarters is a whole number, but for the last bit */
		threads++;
	return threads > 0 ? threads : 1;
}
