/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "command-line.h"

static void without_options_the_defaults_of_the_manual_apply(void **state)
{
	(void)state;
	ACCEPT("path", "/srv");
	assert_int_equal(options.command, COMMAND_PATH);
	assert_int_equal(options.n_args, 1);
	assert_string_equal(options.args[0], "/srv");
	assert_int_equal(options.threads, 0);
	assert_int_equal(options.max_threads, 8);
	assert_string_equal(options.database, "/var/lib/clamav");
	assert_false(options.database_given);
	assert_int_equal(options.daemon, DAEMON_AUTO);
	assert_null(options.socket);
	assert_int_equal(options.nice, -10);
	assert_null(options.work_dir);
	assert_null(options.output);
	assert_int_equal(options.format, FORMAT_TEXT);
	assert_int_equal(options.progress, PROGRESS_AUTO);
	assert_string_equal(options.platform, "all");
	assert_null(options.authfile);
	assert_null(options.cert_dir);
	assert_null(options.tls_verify);
	assert_int_equal(options.max_db_age_days, 0);
	assert_false(options.strict);
	assert_int_equal(options.verbosity, 0);
	assert_int_equal(options.file_timeout_s, 600);
	assert_int_equal(options.daemon_timeout_s, 600);
}

static void every_option_stores_its_value(void **state)
{
	(void)state;
	ACCEPT("image", "-j", "3", "--max-threads=4", "--daemon", "own", "--nice=-20", "--work-dir", "w", "-oout", "oci:x");
	assert_int_equal(options.threads, 3);
	assert_int_equal(options.max_threads, 4);
	assert_int_equal(options.daemon, DAEMON_OWN);
	assert_int_equal(options.nice, -20);
	assert_string_equal(options.work_dir, "w");
	assert_string_equal(options.output, "out");
	ACCEPT("image", "--format", "json", "--progress", "none", "--authfile", "a", "--cert-dir", "c", "--tls-verify=false", "x");
	assert_int_equal(options.format, FORMAT_JSON);
	assert_int_equal(options.progress, PROGRESS_NONE);
	assert_string_equal(options.authfile, "a");
	assert_string_equal(options.cert_dir, "c");
	assert_string_equal(options.tls_verify, "false");
	ACCEPT("image", "--max-db-age", "7", "--file-timeout", "5", "--daemon-timeout", "6", "--strict", "--tls-verify", "x");
	assert_int_equal(options.max_db_age_days, 7);
	assert_int_equal(options.file_timeout_s, 5);
	assert_int_equal(options.daemon_timeout_s, 6);
	assert_true(options.strict);
	assert_string_equal(options.tls_verify, "true");
	ACCEPT("image", "--daemon=existing", "--progress=tty", "--nice", "19", "--threads", "auto", "x");
	assert_int_equal(options.daemon, DAEMON_EXISTING);
	assert_int_equal(options.progress, PROGRESS_TTY);
	assert_int_equal(options.nice, 19);
	assert_int_equal(options.threads, 0);
}

static void options_may_stand_before_between_and_after_the_words(void **state)
{
	(void)state;
	ACCEPT("-j", "2", "path", "a", "--strict", "b c", "-q");
	assert_int_equal(options.n_args, 2);
	assert_string_equal(options.args[0], "a");
	assert_string_equal(options.args[1], "b c");
	assert_int_equal(options.threads, 2);
	assert_true(options.strict);
	assert_int_equal(options.verbosity, -1);
}

static void posixly_correct_changes_nothing(void **state)
{
	(void)state;
	setenv("POSIXLY_CORRECT", "1", 1);
	ACCEPT("path", "a", "-j", "2");
	assert_int_equal(options.n_args, 1);
	assert_int_equal(options.threads, 2);
}

static void after_two_dashes_everything_is_a_name(void **state)
{
	(void)state;
	ACCEPT("path", "a", "--", "-j", "--help");
	assert_int_equal(options.command, COMMAND_PATH);
	assert_int_equal(options.n_args, 3);
	assert_string_equal(options.args[1], "-j");
	assert_string_equal(options.args[2], "--help");
}

static void each_subcommand_is_known(void **state)
{
	(void)state;
	ACCEPT("image", "x");
	assert_int_equal(options.command, COMMAND_IMAGE);
	ACCEPT("daemon", "start");
	assert_int_equal(options.command, COMMAND_DAEMON_START);
	ACCEPT("daemon", "-v", "status");
	assert_int_equal(options.command, COMMAND_DAEMON_STATUS);
	ACCEPT("daemon", "stop");
	assert_int_equal(options.command, COMMAND_DAEMON_STOP);
	ACCEPT("threads");
	assert_int_equal(options.command, COMMAND_THREADS);
	ACCEPT("db");
	assert_int_equal(options.command, COMMAND_DB);
	ACCEPT("help");
	assert_int_equal(options.command, COMMAND_HELP);
	ACCEPT("help", "path");
	assert_int_equal(options.command, COMMAND_HELP);
}

static void an_unknown_subcommand_is_named_and_the_real_ones_listed(void **state)
{
	(void)state;
	REFUSE(LIST("frob"), "'frob'", "path, image, daemon, threads and db");
	REFUSE(LIST(""), "''", "path, image, daemon, threads and db");
	REFUSE(LIST("daemon start"), "'daemon start'");
	REFUSE(LIST("start"), "'start'");
	REFUSE(LIST("daemon", "frob"), "'daemon frob'", "start, status and stop");
	REFUSE(LIST("daemon"), "start, status or stop");
	REFUSE(LIST("-v"), "no subcommand");
}

static void help_and_version_win_before_and_after_a_subcommand(void **state)
{
	(void)state;
	ACCEPT("--help");
	assert_int_equal(options.command, COMMAND_HELP);
	ACCEPT("-h", "path");
	assert_int_equal(options.command, COMMAND_HELP);
	ACCEPT("path", "--help");
	assert_int_equal(options.command, COMMAND_HELP);
	ACCEPT("--version");
	assert_int_equal(options.command, COMMAND_VERSION);
	ACCEPT("image", "--version");
	assert_int_equal(options.command, COMMAND_VERSION);
}

static void the_number_of_arguments_is_checked(void **state)
{
	(void)state;
	REFUSE(LIST("path"), "path wants", "at least one");
	REFUSE(LIST("image"), "image wants", "exactly one");
	REFUSE(LIST("image", "a", "b"), "exactly one", "'b'");
	REFUSE(LIST("daemon", "stop", "now"), "daemon stop", "'now'");
	REFUSE(LIST("db", "x"), "db", "'x'");
	REFUSE(LIST("threads", "1", "2"), "at most one", "'2'");
	REFUSE(LIST("path", "a", ""), "argument 2 of path", "''");
	REFUSE(LIST("image", ""), "argument 1 of image", "''");
	REFUSE(LIST("threads", ""), "argument 1 of threads", "''");
}

static void a_wrong_value_is_quoted_with_what_is_allowed(void **state)
{
	(void)state;
	static const struct {
		const char *option, *value, *allowed;
	} wrong[] = {
		{ "--threads", "0", "auto or a whole number from 1 to 1024" },
		{ "--threads", "Auto", "auto or" },
		{ "--threads", "1025", "auto or" },
		{ "--threads", "", "auto or" },
		{ "--threads", " 4", "auto or" },
		{ "--threads", "4 ", "auto or" },
		{ "--threads", "+4", "auto or" },
		{ "--threads", "-4", "auto or" },
		{ "--threads", "4.0", "auto or" },
		{ "--threads", "0x4", "auto or" },
		{ "--threads", "18446744073709551617", "auto or" },
		{ "--threads", "4294967297", "auto or" },
		{ "--max-threads", "0", "from 1 to 1024" },
		{ "--max-threads", "auto", "from 1 to 1024" },
		{ "--nice", "20", "from -20 to 19" },
		{ "--nice", "-21", "from -20 to 19" },
		{ "--nice", "-", "from -20 to 19" },
		{ "--nice", "--1", "from -20 to 19" },
		{ "--nice", "+1", "from -20 to 19" },
		{ "--daemon", "mine", "auto, existing or own" },
		{ "--format", "xml", "text or json" },
		{ "--format", "json ", "text or json" },
		{ "--progress", "", "auto, tty, plain or none" },
		{ "--max-db-age", "-1", "from 0 to 36500" },
		{ "--max-db-age", "7d", "from 0 to 36500" },
		{ "--file-timeout", "0", "from 1 to 86400" },
		{ "--file-timeout", "86401", "from 1 to 86400" },
		{ "--daemon-timeout", "1e3", "from 1 to 86400" },
		{ "--database", "", "a folder" },
		{ "--output", "", "a folder" },
		{ "--work-dir", "", "a folder" },
		{ "--authfile", "", "a file" },
		{ "--cert-dir", "", "a folder" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char quoted[64];

		snprintf(quoted, sizeof(quoted), "%s '%s' ", wrong[i].option, wrong[i].value);
		REFUSE(LIST("image", wrong[i].option, wrong[i].value, "x"), quoted, wrong[i].allowed);
	}
	REFUSE(LIST("image", "--tls-verify=yes", "x"), "--tls-verify 'yes'", "true or false");
	REFUSE(LIST("image", "--tls-verify=", "x"), "--tls-verify ''", "true or false");
	REFUSE(LIST("threads", "many"), "'many'", "auto or");
	REFUSE(LIST("path", "-j", "x", "-j", "4", "a"), "'x'");
}

static void an_unknown_or_incomplete_option_is_named(void **state)
{
	(void)state;
	REFUSE(LIST("path", "--frob", "x"), "unknown option '--frob'");
	REFUSE(LIST("path", "--frob=secret", "x"), "unknown option '--frob'");
	REFUSE(LIST("path", "-Z", "x"), "unknown option '-Z'");
	REFUSE(LIST("path", "--max", "3", "x"), "ambiguous option '--max'");
	REFUSE(LIST("path", "x", "--nice"), "--nice needs a value");
	REFUSE(LIST("path", "x", "-j"), "-j needs a value");
	REFUSE(LIST("path", "--strict=true", "x"), "--strict takes no value", "'--strict=true'");
}

static void a_socket_is_an_absolute_path_or_host_and_port(void **state)
{
	(void)state;
	static const char *const right[] = { "/run/clamd.sock", "localhost:3310", "10.0.0.1:1", "[::1]:3310",
					     "clamd_1.ns.svc:65535" };
	static const char *const wrong[] = { "",	   "clamd.sock", "host",     ":3310",		"host:",   "host:0",
					     "host:65536", "host:x",	 "::1:3310", "[::1]",		"[]:3310", "[::x]:3310",
					     "a b:1",	   "a/b:1",	 "host:1 ",  "[127.0.0.1]:3310" };
	char longest[109];

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		ACCEPT("path", "--socket", right[i], "x");
		assert_string_equal(options.socket, right[i]);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		REFUSE(LIST("path", "--socket", wrong[i], "x"), "--socket '", wrong[i], "HOST:PORT");

	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[108] = '\0';
	REFUSE(LIST("path", "--socket", longest, "x"), "107 bytes");
	longest[107] = '\0';
	ACCEPT("path", "--socket", longest, "x");
}

static void a_platform_is_all_or_os_arch_and_perhaps_variant(void **state)
{
	(void)state;
	static const char *const right[] = { "all", "linux/amd64", "linux/arm64/v8", "windows_1/x-2.0" };
	static const char *const wrong[] = { "",	  "linux",   "Linux/amd64",  "linux/",	 "/amd64",
					     "linux//v8", "a/b/c/d", "linux/amd64 ", "all/all/", "linux/a\nb" };

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		ACCEPT("image", "--platform", right[i], "x");
		assert_string_equal(options.platform, right[i]);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		REFUSE(LIST("image", "--platform", wrong[i], "x"), "--platform '", "OS/ARCH");
}

static void options_of_images_are_errors_elsewhere(void **state)
{
	(void)state;
	REFUSE(LIST("path", "--platform", "all", "x"), "--platform", "image", "path");
	REFUSE(LIST("path", "--authfile", "a", "x"), "--authfile");
	REFUSE(LIST("db", "--cert-dir", "a"), "--cert-dir", "db");
	REFUSE(LIST("daemon", "start", "--tls-verify"), "--tls-verify", "daemon start");
}

/* Kept here and nowhere else: a new option without a line in --help fails. */
static void the_help_tells_of_every_option_and_is_at_most_100_columns_wide(void **state)
{
	(void)state;
	static const char *const told[] = {
		"-j, --threads",
		"--max-threads",
		"--database",
		"--daemon ",
		"--socket",
		"--nice",
		"--work-dir",
		"-o, --output",
		"--format",
		"--progress",
		"--platform",
		"--authfile",
		"--cert-dir",
		"--tls-verify",
		"--max-db-age",
		"--file-timeout SECONDS",
		"--daemon-timeout SECONDS",
		"--strict",
		"-v, --verbose",
		"-q, --quiet",
		"--version",
		"-h, --help",
		"CLAMAV_SCAN_",
		"  64  ",
		"daemon start|status|stop",
	};
	const char *text;

	capture_begin(STDOUT_FILENO);
	options_usage();
	text = capture_end(STDOUT_FILENO);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (!strstr(text, told[i]))
			fail_msg("--help does not tell of %s", told[i]);
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n > 100)
			fail_msg("too long: %.*s", (int)n, text);
		assert_int_equal(text[n], '\n');
		text += n + 1;
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(without_options_the_defaults_of_the_manual_apply),
		TEST(every_option_stores_its_value),
		TEST(options_may_stand_before_between_and_after_the_words),
		TEST(posixly_correct_changes_nothing),
		TEST(after_two_dashes_everything_is_a_name),
		TEST(each_subcommand_is_known),
		TEST(an_unknown_subcommand_is_named_and_the_real_ones_listed),
		TEST(help_and_version_win_before_and_after_a_subcommand),
		TEST(the_number_of_arguments_is_checked),
		TEST(a_wrong_value_is_quoted_with_what_is_allowed),
		TEST(an_unknown_or_incomplete_option_is_named),
		TEST(a_socket_is_an_absolute_path_or_host_and_port),
		TEST(a_platform_is_all_or_os_arch_and_perhaps_variant),
		TEST(options_of_images_are_errors_elsewhere),
		TEST(the_help_tells_of_every_option_and_is_at_most_100_columns_wide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
