/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <string.h>

#include "capture.h"
#include "cmd.h"
#include "cpus.h"
#include "folder.h"
#include "log.h"

static struct options options;

/* Runs a command, and returns what it wrote to fd; what it wrote to the other one goes nowhere. */
static const char *run(int (*command)(const struct options *), int fd, int expected_status)
{
	int other = fd == STDOUT_FILENO ? STDERR_FILENO : STDOUT_FILENO, saved, null, status;
	const char *text;

	capture_begin(fd);
	saved = dup(other);
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	assert_true(saved >= 0 && null >= 0 && dup2(null, other) == other);
	status = command(&options);
	text = capture_end(fd); /* flushes */
	assert_int_equal(dup2(saved, other), other);
	close(saved);
	close(null);
	assert_int_equal(status, expected_status);
	return text;
}

static void threads_prints_the_bare_number(void **state)
{
	(void)state;
	options = (struct options){ .threads = 3, .max_threads = 8 };
	assert_string_equal(run(cmd_threads, STDOUT_FILENO, 0), "3\n");
	assert_string_equal(run(cmd_threads, STDERR_FILENO, 0), "");
}

static void threads_auto_is_that_of_this_machine(void **state)
{
	struct cpus cpus;
	char expected[16];

	(void)state;
	cpus_available(&cpus, "", 0, 0);
	snprintf(expected, sizeof(expected), "%u\n", cpus_auto_threads(cpus.count, 8));
	options = (struct options){ .max_threads = 8 };
	assert_string_equal(run(cmd_threads, STDOUT_FILENO, 0), expected);
}

static void threads_over_the_bound_are_cut_with_a_line_that_says_so(void **state)
{
	(void)state;
	options = (struct options){ .threads = 12, .max_threads = 8 };
	assert_string_equal(run(cmd_threads, STDOUT_FILENO, 0), "8\n");
	assert_string_equal(run(cmd_threads, STDERR_FILENO, 0),
			    "clamav-scan: 12 threads are asked for, but --max-threads allows 8\n");
}

static void threads_verbosely_says_cpus_source_and_arithmetic(void **state)
{
	struct cpus cpus;
	const char *said;

	(void)state;
	cpus_available(&cpus, "", 0, 0);
	options = (struct options){ .max_threads = 8 };
	log_set_level(LOG_LEVEL_DEBUG);
	said = run(cmd_threads, STDERR_FILENO, 0);
	log_set_level(LOG_LEVEL_INFO);
	assert_non_null(strstr(said, "CPUs: "));
	assert_non_null(strstr(said, cpus.source));
	assert_non_null(strstr(said, "; 75 % of them: "));
	assert_non_null(strstr(said, "8 (--max-threads)"));
}

static void make_database(void)
{
	folder_write_at("a.ndb", "one\ntwo\n", 8, 1787034420);
	folder_write_at("b.ign2", "x\n", 2, 1787034420);
	options = (struct options){ .database = test_folder };
}

static void db_prints_a_table(void **state)
{
	const char *text;

	(void)state;
	make_database();
	text = run(cmd_db, STDOUT_FILENO, 0);
	assert_non_null(strstr(text, test_folder));
	assert_non_null(strstr(text, "Signatures:   2\n"));
	assert_non_null(strstr(text, "Date:         2026-08-18T06:27:00Z ("));
	assert_non_null(strstr(text, "Fingerprint:  sha256:"));
	assert_non_null(strstr(text, "FILE    VERSION  DATE        SIGNATURES         BYTES\n"));
	assert_non_null(strstr(text, "a.ndb         -  2026-08-18           2             8\n"));
	assert_non_null(strstr(text, "b.ign2        -  2026-08-18           -             2\n"));
}

static void expect_member(struct json_object *object, const char *key, const char *expected)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		fail_msg("no key %s", key);
	assert_string_equal(json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE), expected);
}

static void db_writes_one_json_object(void **state)
{
	struct json_object *object, *files, *file;
	char quoted[80];

	(void)state;
	make_database();
	options.format = FORMAT_JSON;
	object = json_tokener_parse(run(cmd_db, STDOUT_FILENO, 0));
	assert_non_null(object);
	snprintf(quoted, sizeof(quoted), "\"%s\"", test_folder);
	expect_member(object, "folder", quoted);
	expect_member(object, "signatures", "2");
	expect_member(object, "date", "\"2026-08-18T06:27:00Z\"");
	assert_true(json_object_object_get_ex(object, "fingerprint", NULL));
	assert_true(json_object_object_get_ex(object, "age_days", NULL));
	assert_true(json_object_object_get_ex(object, "files", &files));
	assert_int_equal(json_object_array_length(files), 2);
	file = json_object_array_get_idx(files, 0);
	expect_member(file, "name", "\"a.ndb\"");
	expect_member(file, "version", "0");
	expect_member(file, "date", "\"2026-08-18T06:27:00Z\"");
	expect_member(file, "signatures", "2");
	expect_member(file, "size", "8");
	json_object_put(object);
}

static void db_fails_when_the_database_is_older_than_allowed(void **state)
{
	const char *said;
	time_t now = time(NULL);

	(void)state;
	folder_write_at("a.ndb", "one\n", 4, now - 3 * 86400 - 10);
	options = (struct options){ .database = test_folder, .max_db_age_days = 2 };
	said = run(cmd_db, STDERR_FILENO, 2);
	assert_non_null(strstr(said, "is 3 days old, more than the 2 that --max-db-age allows (run freshclam)\n"));
	options.max_db_age_days = 3;
	assert_string_equal(run(cmd_db, STDERR_FILENO, 0), "");
	options.max_db_age_days = 0;
	assert_string_equal(run(cmd_db, STDERR_FILENO, 0), "");
}

static void db_fails_when_there_is_none(void **state)
{
	(void)state;
	options = (struct options){ .database = test_folder };
	assert_non_null(strstr(run(cmd_db, STDERR_FILENO, 2), "holds no signatures"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(threads_prints_the_bare_number),
		TEST(threads_auto_is_that_of_this_machine),
		TEST(threads_over_the_bound_are_cut_with_a_line_that_says_so),
		TEST(threads_verbosely_says_cpus_source_and_arithmetic),
		TEST(db_prints_a_table),
		TEST(db_writes_one_json_object),
		TEST(db_fails_when_the_database_is_older_than_allowed),
		TEST(db_fails_when_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
