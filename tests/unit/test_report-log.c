/* SPDX-License-Identifier: Apache-2.0 */
#include "report-fixture.h"

#include <regex.h>

#include "alloc.h"
#include "escape.h"
#include "report-items.h"
#include "report-parts.h"

static char *log_of(struct fixture *f, const struct platform *platform)
{
	struct items items;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	items_collect(&f->ledger, &items);
	assert_int_equal(report_log(&f->report, &items, platform, file), 0);
	assert_int_equal(fclose(file), 0);
	items_release(&items);
	return text;
}

/* As the stock policy counts hits: the lines before the marker that match ^\S+: \S+ FOUND$. */
static unsigned count_found(const char *log)
{
	_cleanup_fclose_ FILE *file = fmemopen((char *)log, strlen(log), "r");
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	unsigned n = 0;
	regex_t regex;

	assert_non_null(file);
	assert_int_equal(regcomp(&regex, "^[^[:space:]]+: [^[:space:]]+ FOUND$", REG_EXTENDED | REG_NOSUB), 0);
	for (ssize_t size; (size = getline(&line, &room, file)) > 0;) {
		line[size - 1] = '\0';
		if (!strcmp(line, "----------- SCAN SUMMARY -----------"))
			break;
		n += regexec(&regex, line, 0, NULL, 0) == 0;
	}
	regfree(&regex);
	return n;
}

static void assert_line(const char *log, const char *line)
{
	_cleanup_free_ char *lines = xasprintf("\n%s", log), *wanted = xasprintf("\n%s\n", line);

	if (!strstr(lines, wanted))
		fail_msg("the line \"%s\" is not in\n%s", line, log);
}

static void a_clean_platform_has_the_summary_alone(void **state)
{
	struct fixture *f = *state;

	content_clean(fixture_file(f, f->amd64_root, "etc", "passwd", 1, 3 << 20));
	_cleanup_free_ char *log = log_of(f, f->amd64);

	assert_string_equal(log,
			    "\n"
			    "----------- SCAN SUMMARY -----------\n"
			    "Known viruses: 3600000\n"
			    "Engine version: 1.4.6\n"
			    "Scanned directories: 2\n"
			    "Scanned files: 1\n"
			    "Infected files: 0\n"
			    "Data scanned: 3.00 MB\n"
			    "Data read: 3.00 MB (ratio 1.00:1)\n"
			    "Time: 36.123 sec (0 m 36 s)\n"
			    "Start Date: 2026:11:24 08:00:00\n"
			    "End Date:   2026:11:24 08:00:36\n"
			    "Executed-on: Scan was executed on clamsdcan version - ClamAV 1.4.6/27900/Tue Nov 24 00:00:00 2026 "
			    "Database version: 27900\n");
}

static void each_location_of_a_hit_is_a_found_line_of_its_platform(void **state)
{
	struct fixture *f = *state;

	fixture_everything(f);
	_cleanup_free_ char *amd64 = log_of(f, f->amd64), *arm64 = log_of(f, f->arm64);

	assert_line(amd64, "opt/a\\x20b: Eicar-Signature FOUND");
	assert_line(amd64, "x:\\x20OK\\x0aopt/y: Eicar-Signature FOUND");
	assert_line(amd64, "\\xff\\xfe\\x20\"quoted\": Win.Test-1 FOUND");
	assert_line(amd64, "doc.xls: Heuristics.OLE2.ContainsMacros FOUND");
	assert_line(amd64, "secret.zip: Heuristics.Encrypted.Zip FOUND");
	assert_line(amd64, "root\\xe9.img: Heuristics.Opaque.Squashfs FOUND");
	assert_line(amd64, "bomb.zip: Heuristics.Limits.Exceeded.MaxScanSize FOUND");
	assert_int_equal(count_found(amd64), 7);
	assert_line(amd64, "Infected files: 7");

	assert_int_equal(count_found(arm64), 1);
	assert_line(arm64, "Infected files: 1");
	assert_true(utf8_valid(amd64));
}

static void what_was_not_scanned_is_an_error_line(void **state)
{
	struct fixture *f = *state;

	fixture_everything(f);
	_cleanup_free_ char *amd64 = log_of(f, f->amd64), *arm64 = log_of(f, f->arm64);

	assert_line(amd64, "unreadable: read-error: Input/output error ERROR");
	assert_line(amd64, "bomb.zip: limit: Heuristics.Limits.Exceeded.MaxScanSize ERROR");
	assert_line(amd64, "Total errors: 2");
	assert_line(arm64, "slow: timeout: no answer in 600 s, twice ERROR");
	assert_line(arm64, "Scan is incomplete: fetch: blob sha256:3333 is missing ERROR");
	assert_line(arm64, "Total errors: 2");
	assert_line(amd64, "Scanned files: 7");
	assert_line(arm64, "Scanned files: 1");
}

static void no_name_and_no_detail_can_forge_a_found_line(void **state)
{
	struct fixture *f = *state;

	fixture_clean(f, "a\nb: Evil FOUND", 1);
	fixture_unscanned(f, "c: Evil FOUND\nd: Evil FOUND", REASON_READ_ERROR, "e\nf: Evil FOUND\n");
	fixture_unscanned(f, "g: Evil FOUND", REASON_LIMIT, "Evil FOUND");
	ledger_fail(&f->ledger, REASON_UNPACK, NULL, "h\ni: Evil FOUND");
	f->report.engine = f->report.engine_version_line = "ClamAV 1\nj: Evil FOUND";
	_cleanup_free_ char *log = log_of(f, f->amd64);

	assert_int_equal(count_found(log), 0);
	assert_int_equal(count_found(strstr(log, "SUMMARY")), 0);
	assert_line(log, "Infected files: 0");
}

static void a_hit_of_a_name_full_of_white_space_does_not_escape_the_policy(void **state)
{
	struct fixture *f = *state;

	content_infected(fixture_file(f, f->amd64_root, NULL, " \t\n\v\f\r", 1, 68), "Bad Name\n");
	_cleanup_free_ char *log = log_of(f, f->amd64);

	assert_int_equal(count_found(log), 1);
	assert_line(log, "\\x20\\x09\\x0a\\x0b\\x0c\\x0d: Bad\\x20Name\\x0a FOUND");
}

static void without_a_daemon_or_database_the_lines_are_still_there(void **state)
{
	struct fixture *f = *state;

	f->report.engine = f->report.engine_version_line = NULL;
	f->report.database = NULL;
	_cleanup_free_ char *log = log_of(f, f->amd64);

	assert_line(log, "Known viruses: unknown");
	assert_line(log, "Engine version: unknown");
	assert_line(log, "Executed-on: Scan was executed on clamsdcan version - unknown Database version: 0");
}

static void the_database_version_is_the_daemons_else_the_daily_files(void **state)
{
	struct fixture *f = *state;

	f->report.engine_version_line = "ClamAV 1.4.6";
	f->files[1].version = 99999;
	_cleanup_free_ char *daily = log_of(f, f->amd64);
	assert_line(daily, "Executed-on: Scan was executed on clamsdcan version - ClamAV 1.4.6 Database version: 27900");

	f->database.n_files = 0;
	_cleanup_free_ char *none = log_of(f, f->amd64);
	assert_line(none, "Executed-on: Scan was executed on clamsdcan version - ClamAV 1.4.6 Database version: 0");
}

static void a_clock_set_back_gives_no_negative_time(void **state)
{
	struct fixture *f = *state;

	f->report.finished = (struct timespec){ .tv_sec = f->report.started.tv_sec - 5 };
	_cleanup_free_ char *log = log_of(f, f->amd64);

	assert_line(log, "Time: 0.000 sec (0 m 0 s)");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_clean_platform_has_the_summary_alone),
		TEST(each_location_of_a_hit_is_a_found_line_of_its_platform),
		TEST(what_was_not_scanned_is_an_error_line),
		TEST(no_name_and_no_detail_can_forge_a_found_line),
		TEST(a_hit_of_a_name_full_of_white_space_does_not_escape_the_policy),
		TEST(without_a_daemon_or_database_the_lines_are_still_there),
		TEST(the_database_version_is_the_daemons_else_the_daily_files),
		TEST(a_clock_set_back_gives_no_negative_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
