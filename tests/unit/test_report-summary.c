/* SPDX-License-Identifier: Apache-2.0 */
#include "report-fixture.h"

#include "alloc.h"
#include "escape.h"

static char *summary(struct fixture *f)
{
	return fixture_print(f, report_summary);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in\n%s", part, text);
}

static const char *last_line(const char *text)
{
	const char *end = text + strlen(text) - 1;

	assert_int_equal(*end, '\n');
	while (end > text && end[-1] != '\n')
		end--;
	return end;
}

static unsigned count_lines(const char *text, const char *start)
{
	unsigned n = 0;

	for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		n += !strncmp(line, start, strlen(start));
	return n;
}

static void a_clean_scan_says_what_was_scanned_by_what_and_ends_with_clean(void **state)
{
	struct fixture *f = *state;

	fixture_clean(f, "etc/passwd", 1);
	f->ledger.skipped[SKIPPED_SYMLINK] = 1203;
	f->database.newest -= 86400;
	_cleanup_free_ char *text = summary(f);

	assert_string_equal(text, "Scanned:   docker://registry.example/app:1 "
				  "(sha256:2222222222222222222222222222222222222222222222222222222222222222)\n"
				  "Engine:    ClamAV 1.4.6, a daemon of our own\n"
				  "Database:  3,600,000 signatures of 2026-11-23, 1 day old\n"
				  "Files:     1 file, 1 different content, 100 bytes; no files: 1,203 symbolic links\n"
				  "Platforms: linux/amd64: 1 file, 100 bytes\n"
				  "           linux/arm64: 0 files, 0 bytes\n"
				  "Time:      36 s (fetch 1.0 s, scan 30 s)\n"
				  "\n"
				  "clean: 1 file scanned, nothing found\n");
}

static void a_finding_names_its_signature_platform_and_path(void **state)
{
	struct fixture *f = *state;

	fixture_everything(f);
	_cleanup_free_ char *text = summary(f);

	assert_has(text, "\nMalware:\n"
			 "  Eicar-Signature  linux/amd64  opt/a b\n"
			 "  Eicar-Signature  linux/amd64  x: OK\\x0aopt/y\n"
			 "  Win.Test-1  linux/amd64  \\xff\\xfe \"quoted\"\n"
			 "  Eicar-Signature  linux/arm64  opt/a b\n");
	assert_has(text, "\nWarnings:\n"
			 "  Heuristics.OLE2.ContainsMacros  linux/amd64  doc.xls\n"
			 "  Heuristics.Opaque.Squashfs  linux/amd64  root\\xe9.img  (unsupported: nobody can look inside)\n"
			 "  Heuristics.Encrypted.Zip  linux/amd64  secret.zip  (encrypted: nobody can look inside)\n");
	assert_has(text, "\nNot scanned:\n"
			 "  read-error: 1 file\n"
			 "    linux/amd64  unreadable  (Input/output error)\n"
			 "  limit: 1 file\n"
			 "    linux/amd64  bomb.zip  (Heuristics.Limits.Exceeded.MaxScanSize)\n"
			 "  timeout: 1 file\n"
			 "    linux/arm64  slow  (no answer in 600 s, twice)\n");
	assert_has(text, "\nFailed:\n  fetch: linux/arm64: blob sha256:3333 is missing\n");
	assert_has(text, "\nTo be noted:\n  the database is 8 days old\n");
	assert_string_equal(last_line(text), "infected-incomplete: 2 findings in 4 places; blob sha256:3333 is missing; "
					     "3 files were not scanned, 4 warnings\n");
}

static void with_one_platform_its_name_does_not_stand_before_each_path(void **state)
{
	struct fixture *f = *state;

	fixture_infected(f, "bad", 1);
	f->ledger.platforms->next = NULL;
	_cleanup_free_ char *text = summary(f);

	f->ledger.platforms->next = f->arm64;
	assert_has(text, "\nMalware:\n  Eicar-Signature  bad\n");
	assert_string_equal(last_line(text), "infected: 1 finding in 1 place\n");
}

static void clean_with_warnings_says_so(void **state)
{
	struct fixture *f = *state;

	fixture_clean(f, "ok", 1);
	content_warning(fixture_file(f, f->amd64_root, NULL, "z", 2, 9), WARNING_OPAQUE, NULL, "zip", "encrypted");
	_cleanup_free_ char *text = summary(f);
	assert_string_equal(last_line(text), "clean: 2 files scanned, no malware found, 1 warning\n");

	f->report.strict = true;
	_cleanup_free_ char *strict = summary(f);
	assert_string_equal(last_line(strict), "incomplete: 1 warning, which --strict does not accept; "
					       "no malware was found in the 2 files scanned\n");
}

static void incomplete_says_what_is_missing(void **state)
{
	struct fixture *f = *state;

	fixture_clean(f, "ok", 1);
	fixture_unscanned(f, "unreadable", REASON_READ_ERROR, NULL);
	_cleanup_free_ char *text = summary(f);
	assert_has(text, "  read-error: 1 file\n    linux/amd64  unreadable\n");
	assert_string_equal(last_line(text), "incomplete: 1 file was not scanned; no malware was found in the 1 file scanned\n");
}

static void a_scan_that_could_not_begin_says_why(void **state)
{
	struct fixture *f = *state;

	ledger_fail(&f->ledger, REASON_DATABASE, NULL, "the database folder /var/lib/clamav is empty; run freshclam");
	ledger_fail(&f->ledger, REASON_INTERNAL, NULL, "another");
	f->report.engine = f->report.engine_version_line = f->report.daemon = NULL;
	f->report.database = NULL;
	_cleanup_free_ char *text = summary(f);

	assert_has(text, "\nEngine:    none answered\nDatabase:  unknown\n");
	assert_string_equal(last_line(text), "incomplete: the database folder /var/lib/clamav is empty; run freshclam "
					     "(and 1 more failure)\n");
}

static void of_a_daemon_that_is_not_ours_what_it_says_is_told(void **state)
{
	struct fixture *f = *state;

	f->report.daemon = "existing";
	f->report.database = NULL;
	_cleanup_free_ char *text = summary(f);

	assert_has(text, "\nEngine:    ClamAV 1.4.6, a daemon that was there\nDatabase:  27900/Tue Nov 24 00:00:00 2026\n");
}

static void at_most_fifty_findings_are_listed(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 1053; i++) {
		_cleanup_free_ char *name = xasprintf("bad-%04u", i);

		fixture_infected(f, name, (unsigned char)(i % 2));
	}
	_cleanup_free_ char *text = summary(f);

	assert_int_equal(count_lines(text, "  Eicar-Signature  "), 50);
	assert_has(text, "bad-0049\n  and 1,003 more\n");
	assert_string_equal(last_line(text), "infected: 2 findings in 1,053 places\n");
}

static void at_most_fifty_unscanned_files_are_listed_and_no_reason_is_left_out(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 200; i++) {
		_cleanup_free_ char *name = xasprintf("file-%04u", i);

		fixture_unscanned(f, name, i == 100 ? REASON_CHANGED : REASON_READ_ERROR, NULL);
	}
	_cleanup_free_ char *text = summary(f);

	assert_has(text, "  read-error: 199 files\n");
	assert_has(text, "  and 174 more\n  changed: 1 file\n    linux/amd64  file-0100\n");
	assert_int_equal(count_lines(text, "    linux/amd64  "), 26);
}

static void nothing_from_outside_reaches_the_terminal_raw(void **state)
{
	struct fixture *f = *state;

	content_infected(fixture_file(f, f->amd64_root, NULL, "\033[2J\nclean: all is well", 1, 1), "Bad\033\n");
	fixture_unscanned(f, "\r\xff", REASON_UNPACK, "\033]0;\a");
	ledger_fail(&f->ledger, REASON_FETCH, "\033p", "\033d\n");
	ledger_warn(&f->ledger, "kind", "\033w\n");
	f->report.reference = "\033r\n";
	f->report.engine = "\033e\n";
	_cleanup_free_ char *text = summary(f);

	assert_true(utf8_valid(text));
	assert_has_not(text, "\033");
	assert_has_not(text, "\r");
	assert_has_not(text, "\nclean");
}

static void a_full_disk_is_an_error(void **state)
{
	struct fixture *f = *state;
	_cleanup_fclose_ FILE *file = fopen("/dev/full", "we");

	assert_non_null(file);
	assert_int_equal(report_summary(&f->report, file), -ENOSPC);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_clean_scan_says_what_was_scanned_by_what_and_ends_with_clean),
		TEST(a_finding_names_its_signature_platform_and_path),
		TEST(with_one_platform_its_name_does_not_stand_before_each_path),
		TEST(clean_with_warnings_says_so),
		TEST(incomplete_says_what_is_missing),
		TEST(a_scan_that_could_not_begin_says_why),
		TEST(of_a_daemon_that_is_not_ours_what_it_says_is_told),
		TEST(at_most_fifty_findings_are_listed),
		TEST(at_most_fifty_unscanned_files_are_listed_and_no_reason_is_left_out),
		TEST(nothing_from_outside_reaches_the_terminal_raw),
		TEST(a_full_disk_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
