/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "command-line.h"

static void variables_of_images_are_ignored_elsewhere(void **state)
{
	(void)state;
	setenv("CLAMAV_SCAN_PLATFORM", "NONSENSE", 1);
	setenv("CLAMAV_SCAN_TLS_VERIFY", "NONSENSE", 1);
	ACCEPT("path", "x");
	assert_string_equal(options.platform, "all");
	REFUSE(LIST("image", "x"), "CLAMAV_SCAN_PLATFORM 'NONSENSE'");
}

static void every_option_has_a_variable(void **state)
{
	(void)state;
	setenv("CLAMAV_SCAN_THREADS", "3", 1);
	setenv("CLAMAV_SCAN_MAX_THREADS", "5", 1);
	setenv("CLAMAV_SCAN_DATABASE", "/db", 1);
	setenv("CLAMAV_SCAN_DAEMON", "own", 1);
	setenv("CLAMAV_SCAN_NICE", "-1", 1);
	setenv("CLAMAV_SCAN_WORK_DIR", "w", 1);
	setenv("CLAMAV_SCAN_OUTPUT", "o", 1);
	setenv("CLAMAV_SCAN_FORMAT", "json", 1);
	setenv("CLAMAV_SCAN_PROGRESS", "plain", 1);
	setenv("CLAMAV_SCAN_PLATFORM", "linux/s390x", 1);
	setenv("CLAMAV_SCAN_AUTHFILE", "a", 1);
	setenv("CLAMAV_SCAN_CERT_DIR", "c", 1);
	setenv("CLAMAV_SCAN_TLS_VERIFY", "false", 1);
	setenv("CLAMAV_SCAN_MAX_DB_AGE", "9", 1);
	setenv("CLAMAV_SCAN_FILE_TIMEOUT", "11", 1);
	setenv("CLAMAV_SCAN_DAEMON_TIMEOUT", "12", 1);
	setenv("CLAMAV_SCAN_STRICT", "true", 1);
	setenv("CLAMAV_SCAN_VERBOSE", "true", 1);
	setenv("CLAMAV_SCAN_QUIET", "false", 1);
	ACCEPT("image", "x");
	assert_int_equal(options.threads, 3);
	assert_int_equal(options.max_threads, 5);
	assert_string_equal(options.database, "/db");
	assert_true(options.database_given);
	assert_int_equal(options.daemon, DAEMON_OWN);
	assert_int_equal(options.nice, -1);
	assert_string_equal(options.work_dir, "w");
	assert_string_equal(options.output, "o");
	assert_int_equal(options.format, FORMAT_JSON);
	assert_int_equal(options.progress, PROGRESS_PLAIN);
	assert_string_equal(options.platform, "linux/s390x");
	assert_string_equal(options.authfile, "a");
	assert_string_equal(options.cert_dir, "c");
	assert_string_equal(options.tls_verify, "false");
	assert_int_equal(options.max_db_age_days, 9);
	assert_int_equal(options.file_timeout_s, 11);
	assert_int_equal(options.daemon_timeout_s, 12);
	assert_true(options.strict);
	assert_int_equal(options.verbosity, 1);

	clearenv();
	setenv("CLAMAV_SCAN_SOCKET", "h:1", 1);
	setenv("CLAMAV_SCAN_QUIET", "true", 1);
	ACCEPT("path", "x");
	assert_string_equal(options.socket, "h:1");
	assert_int_equal(options.verbosity, -1);
}

static void the_command_line_wins_over_the_environment(void **state)
{
	(void)state;
	setenv("CLAMAV_SCAN_THREADS", "3", 1);
	setenv("CLAMAV_SCAN_FORMAT", "json", 1);
	setenv("CLAMAV_SCAN_QUIET", "true", 1);
	ACCEPT("path", "--threads", "auto", "--format", "text", "-v", "x");
	assert_int_equal(options.threads, 0);
	assert_int_equal(options.format, FORMAT_TEXT);
	assert_int_equal(options.verbosity, 1);
	ACCEPT("threads", "4");
	assert_int_equal(options.threads, 4);
}

static void an_empty_variable_counts_as_unset(void **state)
{
	(void)state;
	setenv("CLAMAV_SCAN_THREADS", "", 1);
	setenv("CLAMAV_SCAN_DATABASE", "", 1);
	setenv("CLAMAV_SCAN_STRICT", "", 1);
	ACCEPT("path", "--socket", "/s", "x");
	assert_false(options.database_given);
	assert_false(options.strict);
}

static void a_wrong_variable_is_an_error_that_names_it(void **state)
{
	(void)state;
	setenv("CLAMAV_SCAN_MAX_DB_AGE", "week", 1);
	REFUSE(LIST("path", "x"), "CLAMAV_SCAN_MAX_DB_AGE 'week'", "from 0 to 36500");
	clearenv();
	setenv("CLAMAV_SCAN_STRICT", "1", 1);
	REFUSE(LIST("path", "x"), "CLAMAV_SCAN_STRICT '1'", "true or false");
	clearenv();
	setenv("CLAMAV_SCAN_QUIET", "true", 1);
	setenv("CLAMAV_SCAN_VERBOSE", "true", 1);
	REFUSE(LIST("path", "x"), "CLAMAV_SCAN_VERBOSE", "CLAMAV_SCAN_QUIET");
}

static void a_database_implies_a_daemon_of_our_own(void **state)
{
	(void)state;
	ACCEPT("path", "--database", "/db", "x");
	assert_true(options.database_given);
	assert_int_equal(options.daemon, DAEMON_OWN);
}

static void a_database_excludes_a_daemon_that_has_loaded_another(void **state)
{
	(void)state;
	REFUSE(LIST("path", "--database", "/db", "--daemon", "existing", "x"), "--database '/db'", "--daemon 'existing'");
	REFUSE(LIST("path", "--database", "/db", "--socket", "/s", "x"), "--database '/db'", "--socket '/s'");
	REFUSE(LIST("daemon", "stop", "--database", "/db", "--socket", "/s"), "--database", "--socket");
	setenv("CLAMAV_SCAN_SOCKET", "/env", 1);
	REFUSE(LIST("path", "--database", "/db", "x"), "--database '/db'", "CLAMAV_SCAN_SOCKET '/env'");
	clearenv();
	setenv("CLAMAV_SCAN_DATABASE", "/env", 1);
	REFUSE(LIST("path", "--daemon", "existing", "x"), "CLAMAV_SCAN_DATABASE '/env'", "--daemon 'existing'");
}

static void daemon_start_takes_a_database_and_the_socket_to_make(void **state)
{
	(void)state;
	ACCEPT("daemon", "start", "--database", "/db", "--socket", "/run/s");
	assert_string_equal(options.socket, "/run/s");
	assert_string_equal(options.database, "/db");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(variables_of_images_are_ignored_elsewhere),
		TEST(every_option_has_a_variable),
		TEST(the_command_line_wins_over_the_environment),
		TEST(an_empty_variable_counts_as_unset),
		TEST(a_wrong_variable_is_an_error_that_names_it),
		TEST(a_database_implies_a_daemon_of_our_own),
		TEST(a_database_excludes_a_daemon_that_has_loaded_another),
		TEST(daemon_start_takes_a_database_and_the_socket_to_make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
