/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "capture.h"
#include "database.h"
#include "database-file.h"
#include "folder.h"

static struct database db;
static int result;

/* Reads the folder of this test; returns what was said. */
static const char *read_database(void)
{
	capture_begin(STDERR_FILENO);
	result = database_read(&db, test_folder);
	return capture_end(STDERR_FILENO);
}

static void expect_database(uint64_t signatures)
{
	assert_string_equal(read_database(), "");
	assert_int_equal(result, 0);
	assert_int_equal(db.signatures, signatures);
}

/* One line that names the file and the remedy. */
static void expect_error(int error, const char *name, const char *why)
{
	const char *said = read_database();

	assert_int_equal(result, error);
	if (!strstr(said, name) || !strstr(said, why) || !strstr(said, "freshclam") || !strstr(said, "--database"))
		fail_msg("'%s', '%s', freshclam or --database is missing in: %s", name, why, said);
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

/* A header, filled up with blanks, and some bytes for a body. */
static void write_cvd(const char *name, const char *header)
{
	char cvd[CVD_HEADER_SIZE + 5];

	snprintf(cvd, sizeof(cvd), "%-512sbody", header);
	folder_write(name, cvd, strlen(cvd));
}

#define DAILY(version, signatures, built)                                                                    \
	"ClamAV-VDB:18 Aug 2026 06-27 +0000:" version ":" signatures ":90:8547d965282ba55e10ef06e0be88c064:" \
	"S63f9catgbTKqtsXkl7rrwmiAJpJ7aUU3Eyr5doY0i+iQa0/EgH2z2:tomjudge:" built

static void a_cvd_tells_version_signatures_and_time(void **state)
{
	(void)state;
	write_cvd("daily.cvd", DAILY("28096", "355605", "1787034420"));
	expect_database(355605);
	assert_int_equal(db.n_files, 1);
	assert_string_equal(db.folder, test_folder);
	assert_string_equal(db.files[0].name, "daily.cvd");
	assert_int_equal(db.files[0].version, 28096);
	assert_int_equal(db.files[0].built, 1787034420);
	assert_int_equal(db.files[0].size, 516);
	assert_true(db.files[0].signatures);
	assert_int_equal(db.newest, 1787034420);
	database_release(&db);
}

static void the_daily_database_tells_the_age_of_all(void **state)
{
	(void)state;
	write_cvd("daily.cld", DAILY("28096", "7", "1787034420"));
	write_cvd("main.cvd", DAILY("62", "5", "1887034420"));
	folder_write("local.ndb", "a\n", 2);
	expect_database(13);
	assert_int_equal(db.newest, 1787034420);
	database_release(&db);
}

static void without_a_daily_database_the_newest_file_with_signatures_tells_it(void **state)
{
	(void)state;
	write_cvd("main.cvd", DAILY("62", "5", "1187034420"));
	folder_write_at("local.ndb", "a\n", 2, 1287034420);
	folder_write_at("ours.ign2", "a\n", 2, 1387034420);
	expect_database(6);
	assert_int_equal(db.newest, 1287034420);
	database_release(&db);
}

static void of_two_daily_databases_the_newer_counts(void **state)
{
	(void)state;
	write_cvd("daily.cvd", DAILY("28096", "100", "1787034420"));
	write_cvd("daily.cld", DAILY("28097", "101", "1787120820"));
	expect_database(101);
	assert_int_equal(db.n_files, 2);
	assert_int_equal(db.newest, 1787120820);
	database_release(&db);
}

static void a_broken_header_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"ClamAV-VDB",
		"ClamAV-VDX:t:1:2:3:m:s:b:4",
		"xClamAV-VDB:t:1:2:3:m:s:b:4",
		"ClamAV-VDB:t:1:2:3:m:s:b", /* no time */
		"ClamAV-VDB:t:1:2:3:m:s:b:",
		"ClamAV-VDB:t:1:2:3:m:s:b:4:5",
		"ClamAV-VDB:t:x:2:3:m:s:b:4",
		"ClamAV-VDB:t::2:3:m:s:b:4",
		"ClamAV-VDB:t:-1:2:3:m:s:b:4",
		"ClamAV-VDB:t:1: 2:3:m:s:b:4",
		"ClamAV-VDB:t:1:4294967296:3:m:s:b:4",
		"ClamAV-VDB:t:1:2:y:m:s:b:4",
		"ClamAV-VDB:t:1:2:3:m:s:b:4z",
		"ClamAV-VDB:t:1:2:3:m:s:b:99999999999",
		"::::::::::::::::::::",
		"<html><title>403 Forbidden</title></html>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		write_cvd("main.cvd", wrong[i]);
		expect_error(-EBADMSG, folder_path("main.cvd"), "no valid CVD header");
	}
}

static void a_cvd_that_ends_within_or_after_its_header_is_cut_short(void **state)
{
	char header[CVD_HEADER_SIZE];

	(void)state;
	memset(header, ' ', sizeof(header));
	memcpy(header, DAILY("1", "2", "3"), sizeof(DAILY("1", "2", "3")) - 1);
	folder_write("daily.cvd", header, sizeof(header));
	expect_error(-EBADMSG, folder_path("daily.cvd"), "cut short: it has 512 bytes");
	folder_write("daily.cvd", header, 100);
	expect_error(-EBADMSG, folder_path("daily.cvd"), "cut short: it has 100 bytes");
	folder_write("daily.cvd", "", 0);
	expect_error(-EBADMSG, folder_path("daily.cvd"), "cut short: it has 0 bytes");
}

static void the_lines_of_a_text_database_are_counted(void **state)
{
	static const struct {
		const char *name, *text;
		unsigned count;
	} texts[] = {
		{ "a.ndb", "one\ntwo\n", 2 },
		{ "b.hdb", "# a comment\r\n\r\n\none\r\n#two\nthree", 2 },
		{ "c.HSB", "one\n", 1 },
		{ "d.yar", "rule one\n{\n}\n  private rule two {}\nglobal rule three {}\n// rule four\nstrings: rule\n", 3 },
		{ "e.cbc", "ClamBC\nmany\nlines\n", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		folder_write(texts[i].name, texts[i].text, strlen(texts[i].text));
	expect_database(9);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_string_equal(db.files[i].name, texts[i].name);
		assert_int_equal(db.files[i].n_signatures, texts[i].count);
	}
	database_release(&db);
}

static void lines_are_counted_across_the_blocks_of_a_large_file(void **state)
{
	static char text[(1 << 20) + 10];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[10] = text[(1 << 20) - 1] = text[(1 << 20) + 5] = '\n'; /* an end before, at, and after the border */
	folder_write("a.ndb", text, sizeof(text));
	expect_database(4);
	database_release(&db);
}

static void whitelists_and_the_like_bring_no_signatures(void **state)
{
	static const char *const names[] = { "a.fp",  "a.sfp", "a.ign", "a.ign2", "a.cfg", "a.sign", "a.crb", "a.cat", "a.pwdb",
					     "a.wdb", "a.pdb", "a.ftm", "a.idb",  "a.hdu", "a.ndu",  "a.ldu", "a.info" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		folder_write(names[i], "Some:Thing\n", 11);
	expect_error(-ENODATA, test_folder, "holds no signatures");
	folder_write("b.ldb", "one\n", 4);
	expect_database(1);
	assert_int_equal(db.n_files, 17); /* .info is not loaded */
	database_release(&db);
}

static void files_that_clamd_does_not_load_are_passed_over(void **state)
{
	(void)state;
	folder_write("freshclam.dat", "x", 1);
	folder_write("mirrors.txt", "x", 1);
	folder_write("main.cvd.old", "x", 1);
	folder_write("ndb", "x", 1);
	assert_int_equal(mkdir(folder_path("tmp.0123"), 0700), 0);
	folder_write("a.ndb", "one\n", 4);
	expect_database(1);
	assert_int_equal(db.n_files, 1);
	database_release(&db);
}

static void an_empty_folder_is_an_error(void **state)
{
	(void)state;
	expect_error(-ENODATA, test_folder, "holds no signatures");
	folder_write("a.ndb", "# nothing\n\n", 11);
	expect_error(-ENODATA, test_folder, "holds no signatures");
}

static void a_folder_that_is_missing_or_a_file_is_an_error(void **state)
{
	const char *said;

	(void)state;
	capture_begin(STDERR_FILENO);
	assert_int_equal(database_read(&db, "/nowhere/db"), -ENOENT);
	said = capture_end(STDERR_FILENO);
	assert_non_null(strstr(said, "/nowhere/db: No such file or directory (fetch a database with freshclam, or name"));
	capture_begin(STDERR_FILENO);
	assert_int_equal(database_read(&db, "/etc/passwd"), -ENOTDIR);
	said = capture_end(STDERR_FILENO);
	assert_non_null(strstr(said, "/etc/passwd: Not a directory (fetch"));
}

static void links_are_followed_but_must_lead_to_a_regular_file(void **state)
{
	(void)state;
	folder_write("elsewhere", "one\ntwo\n", 8);
	assert_int_equal(symlink("elsewhere", folder_path("a.ndb")), 0);
	expect_database(2);
	database_release(&db);

	assert_int_equal(symlink("gone", folder_path("b.hdb")), 0);
	expect_error(-ENOENT, folder_path("b.hdb"), "No such file");
	assert_int_equal(unlink(folder_path("b.hdb")), 0);

	assert_int_equal(mkfifo(folder_path("c.hdb"), 0600), 0);
	expect_error(-EBADMSG, folder_path("c.hdb"), "no regular file");
	assert_int_equal(unlink(folder_path("c.hdb")), 0);

	assert_int_equal(mkdir(folder_path("d.ldb"), 0700), 0);
	expect_error(-EBADMSG, folder_path("d.ldb"), "no regular file");
}

/* A link to oneself cannot be opened by anybody; a file of mode 000 can, by root. */
static void a_file_that_cannot_be_opened_is_named(void **state)
{
	(void)state;
	folder_write("a.ndb", "one\n", 4);
	assert_int_equal(symlink("z.hdb", folder_path("z.hdb")), 0);
	expect_error(-ELOOP, folder_path("z.hdb"), "Too many levels");
}

/* { printf '%s 4 a.ndb\n' "$(printf 'one\n' | sha256sum | cut -d' ' -f1)"; … } | sha256sum */
static void the_fingerprint_is_that_of_the_sorted_list_of_digests_sizes_and_names(void **state)
{
	(void)state;
	folder_write("b.ign2", "x\n", 2);
	folder_write("a.ndb", "one\n", 4);
	folder_write("freshclam.dat", "ignored", 7);
	expect_database(1);
	assert_string_equal(db.fingerprint, "sha256:c1a5ff7285d32966a4096626993851ab2f05542ac53264078e625092371a9293");
	database_release(&db);

	folder_write("b.ign2", "y\n", 2);
	expect_database(1);
	assert_string_not_equal(db.fingerprint, "sha256:c1a5ff7285d32966a4096626993851ab2f05542ac53264078e625092371a9293");
	database_release(&db);
}

static void the_age_is_counted_in_whole_days(void **state)
{
	struct database old = { .newest = 1000000 };

	(void)state;
	assert_int_equal(database_age_days(&old, 1000000), 0);
	assert_int_equal(database_age_days(&old, 1000000 + 86399), 0);
	assert_int_equal(database_age_days(&old, 1000000 + 86400), 1);
	assert_int_equal(database_age_days(&old, 1000000 + 30 * 86400 + 1), 30);
	assert_int_equal(database_age_days(&old, 999999), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_cvd_tells_version_signatures_and_time),
		TEST(the_daily_database_tells_the_age_of_all),
		TEST(without_a_daily_database_the_newest_file_with_signatures_tells_it),
		TEST(of_two_daily_databases_the_newer_counts),
		TEST(a_broken_header_is_refused),
		TEST(a_cvd_that_ends_within_or_after_its_header_is_cut_short),
		TEST(the_lines_of_a_text_database_are_counted),
		TEST(lines_are_counted_across_the_blocks_of_a_large_file),
		TEST(whitelists_and_the_like_bring_no_signatures),
		TEST(files_that_clamd_does_not_load_are_passed_over),
		TEST(an_empty_folder_is_an_error),
		TEST(a_folder_that_is_missing_or_a_file_is_an_error),
		TEST(links_are_followed_but_must_lead_to_a_regular_file),
		TEST(a_file_that_cannot_be_opened_is_named),
		TEST(the_fingerprint_is_that_of_the_sorted_list_of_digests_sizes_and_names),
		TEST(the_age_is_counted_in_whole_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
