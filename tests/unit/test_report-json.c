/* SPDX-License-Identifier: Apache-2.0 */
#include "report-fixture.h"

#include "escape.h"

static json_object *results(struct fixture *f)
{
	_cleanup_free_ char *text = fixture_print(f, report_json);
	json_tokener *tokener = json_tokener_new();
	json_object *object;

	assert_true(utf8_valid(text));
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, text, (int)strlen(text));
	assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
	json_tokener_free(tokener);
	return object;
}

static void keys_stand_in_the_fixed_order(void **state)
{
	static const char *const keys[] = { "schema",	 "tool",     "engine",	 "database", "target",
					    "platforms", "verdict",  "strict",	 "findings", "opaque",
					    "unscanned", "failures", "warnings", "counts",   "timing" };
	_cleanup_json_ json_object *object = results(*state);
	size_t i = 0;

	json_object_object_foreach(object, key, value) {
		(void)value;
		assert_string_equal(key, keys[i++]);
	}
	assert_int_equal(i, sizeof(keys) / sizeof(*keys));
}

static void the_facts_of_the_run_are_there(void **state)
{
	_cleanup_json_ json_object *object = results(*state);

	assert_json_number(object, "/schema", 1);
	assert_json_string(object, "/tool/name", "clamav-scan");
	assert_json_string(object, "/tool/version", CLAMAV_SCAN_VERSION);
	assert_json_string(object, "/engine/version", "ClamAV 1.4.6");
	assert_json_string(object, "/engine/daemon", "own");
	assert_json_string(object, "/engine/socket", "/run/clamd.sock");
	assert_json_number(object, "/database/signatures", 3600000);
	assert_json_string(object, "/database/files/0/name", "daily.cvd");
	assert_json_number(object, "/database/files/0/version", 27900);
	assert_json_string(object, "/database/files/0/date", "2026-11-24T00:00:00Z");
	assert_json_string(object, "/database/files/1/date", "2023-11-14T22:13:20Z");
	assert_json_number(object, "/database/age_days", 0);
	assert_json_string(object, "/target/kind", "image");
	assert_json_string(object, "/target/reference", "docker://registry.example/app:1");
	assert_json_string(object, "/platforms/0/platform", "linux/amd64");
	assert_json_string(object, "/platforms/0/log", "clamscan-result-amd64.log");
	assert_json_null(object, "/platforms/1/digest");
	assert_json_string(object, "/timing/started", "2026-11-24T08:00:00.000Z");
	assert_json_string(object, "/timing/finished", "2026-11-24T08:00:36.123Z");
	assert_json_number(object, "/timing/phases_ms/fetch", 1000);
	assert_json_number(object, "/timing/phases_ms/unpack", 0);
	assert_json_number(object, "/timing/phases_ms/scan", 30000);
}

static void what_is_unknown_is_null(void **state)
{
	struct fixture *f = *state;

	f->report.engine = f->report.engine_version_line = f->report.daemon = f->report.socket = f->report.digest = NULL;
	f->report.database = NULL;
	f->report.finished = (struct timespec){};

	_cleanup_json_ json_object *object = results(f);
	assert_json_null(object, "/engine/version");
	assert_json_null(object, "/engine/daemon");
	assert_json_null(object, "/engine/socket");
	assert_json_null(object, "/database");
	assert_json_null(object, "/target/digest");
	assert_json_null(object, "/timing/finished");
}

static void a_content_is_one_finding_with_all_its_locations(void **state)
{
	struct fixture *f = *state;

	fixture_everything(f);
	_cleanup_json_ json_object *object = results(f);

	/* In the order of the first location: doc.xls, "x: OK…", then \xff. */
	assert_int_equal(json_length(object, "/findings"), 3);
	assert_json_string(object, "/findings/0/signature", "Heuristics.OLE2.ContainsMacros");
	assert_true(json_object_get_boolean(json_at(object, "/findings/0/heuristic")));
	assert_json_string(object, "/findings/1/signature", "Eicar-Signature");
	assert_false(json_object_get_boolean(json_at(object, "/findings/1/heuristic")));
	assert_json_string(object, "/findings/1/sha256", "0101010101010101010101010101010101010101010101010101010101010101");
	assert_json_number(object, "/findings/1/size", 68);
	assert_int_equal(json_length(object, "/findings/1/locations"), 3);
	assert_json_string(object, "/findings/1/locations/0/platform", "linux/amd64");
	assert_json_string(object, "/findings/1/locations/0/path", "opt/a b");
	assert_json_null(object, "/findings/1/locations/0/layer");
	assert_json_string(object, "/findings/1/locations/0/state", "visible");
	assert_json_string(object, "/findings/1/locations/1/path", "x: OK\nopt/y");
	assert_json_string(object, "/findings/1/locations/2/platform", "linux/arm64");
	assert_json_string(object, "/findings/1/locations/2/path", "opt/a b");
}

static void a_path_that_is_no_utf8_is_escaped_with_its_bytes_beside_it(void **state)
{
	struct fixture *f = *state;

	fixture_everything(f);
	_cleanup_json_ json_object *object = results(f);

	assert_json_string(object, "/findings/2/locations/0/path", "\\xff\\xfe\\x20\"quoted\"");
	assert_json_string(object, "/findings/2/locations/0/path_base64", "//4gInF1b3RlZCI=");
	assert_json_string(object, "/opaque/0/path_base64", "cm9vdOkuaW1n");
	assert_false(json_object_object_get_ex(json_at(object, "/findings/1/locations/1"), "path_base64", NULL));
}

static void opaque_contents_stand_apart(void **state)
{
	struct fixture *f = *state;

	fixture_everything(f);
	_cleanup_json_ json_object *object = results(f);

	assert_int_equal(json_length(object, "/opaque"), 2);
	assert_json_string(object, "/opaque/0/format", "squashfs");
	assert_json_string(object, "/opaque/0/reason", "unsupported");
	assert_json_string(object, "/opaque/1/path", "secret.zip");
	assert_json_string(object, "/opaque/1/format", "zip");
	assert_json_string(object, "/opaque/1/reason", "encrypted");
}

static void what_was_not_scanned_is_listed_with_its_reason(void **state)
{
	struct fixture *f = *state;

	fixture_everything(f);
	_cleanup_json_ json_object *object = results(f);

	assert_int_equal(json_length(object, "/unscanned"), 3);
	assert_json_string(object, "/unscanned/0/path", "bomb.zip");
	assert_json_string(object, "/unscanned/0/reason", "limit");
	assert_json_string(object, "/unscanned/1/path", "unreadable");
	assert_json_string(object, "/unscanned/1/reason", "read-error");
	assert_json_string(object, "/unscanned/1/detail", "Input/output error");
	assert_json_string(object, "/unscanned/2/platform", "linux/arm64");
	assert_json_string(object, "/unscanned/2/reason", "timeout");
	assert_json_string(object, "/failures/0/reason", "fetch");
	assert_json_string(object, "/failures/0/platform", "linux/arm64");
	assert_json_string(object, "/failures/0/detail", "blob sha256:3333 is missing");
	assert_json_string(object, "/warnings/0/kind", "database-age");
}

static void a_locations_own_reason_wins_over_its_contents_verdict(void **state)
{
	struct fixture *f = *state;

	fixture_infected(f, "bad", 1);
	fixture_infected(f, "bad-once", 1);
	ledger_location_unscanned(f->ledger.contents->locations, REASON_CHANGED, "another size");
	_cleanup_json_ json_object *object = results(f);

	assert_int_equal(json_length(object, "/findings/0/locations"), 1);
	assert_json_string(object, "/findings/0/locations/0/path", "bad");
	assert_json_string(object, "/unscanned/0/path", "bad-once");
	assert_json_string(object, "/unscanned/0/reason", "changed");
	assert_json_string(object, "/verdict", "infected-incomplete");
}

static void a_file_without_a_verdict_is_never_left_out(void **state)
{
	struct fixture *f = *state;

	fixture_file(f, f->amd64_root, NULL, "forgotten", 1, 10);
	_cleanup_json_ json_object *object = results(f);

	assert_json_string(object, "/verdict", "incomplete");
	assert_json_string(object, "/unscanned/0/path", "forgotten");
	assert_json_string(object, "/unscanned/0/reason", "interrupted");
	assert_json_number(object, "/counts/unscanned", 1);
}

static void the_counts_add_up(void **state)
{
	struct fixture *f = *state;

	fixture_everything(f);
	_cleanup_json_ json_object *object = results(f);

	assert_json_number(object, "/counts/locations", 11);
	assert_json_number(object, "/counts/contents", 8);
	assert_json_number(object, "/counts/clean", 4);
	assert_json_number(object, "/counts/infected", 4);
	assert_json_number(object, "/counts/heuristic", 1);
	assert_json_number(object, "/counts/opaque", 2);
	assert_json_number(object, "/counts/unscanned", 3);
	assert_json_number(object, "/counts/skipped/symlink", 7);
	assert_json_number(object, "/counts/skipped/fifo", 0);
	assert_json_number(object, "/counts/skipped/device", 1);
	assert_json_number(object, "/platforms/0/files", 9);
	assert_json_number(object, "/platforms/1/files", 2);
}

static void each_outcome_has_its_name(void **state)
{
	struct fixture *f = *state;

	fixture_clean(f, "ok", 1);
	_cleanup_json_ json_object *clean = results(f);
	assert_json_string(clean, "/verdict", "clean");

	ledger_warn(&f->ledger, "database-age", "old");
	f->report.strict = true;
	_cleanup_json_ json_object *strict = results(f);
	assert_json_string(strict, "/verdict", "incomplete");
	assert_true(json_object_get_boolean(json_at(strict, "/strict")));

	f->report.strict = false;
	fixture_infected(f, "bad", 2);
	_cleanup_json_ json_object *infected = results(f);
	assert_json_string(infected, "/verdict", "infected");

	fixture_unscanned(f, "unreadable", REASON_READ_ERROR, NULL);
	_cleanup_json_ json_object *both = results(f);
	assert_json_string(both, "/verdict", "infected-incomplete");
	assert_json_null(both, "/unscanned/0/detail");
}

static void strings_from_outside_cannot_break_the_json(void **state)
{
	struct fixture *f = *state;

	content_infected(fixture_file(f, f->amd64_root, NULL, "bad", 1, 68), "Bad\xff\"Name");
	fixture_unscanned(f, "u", REASON_READ_ERROR, "broken \xc3( and \"quoted\"\n");
	ledger_fail(&f->ledger, REASON_UNPACK, NULL, "tar: \xfe");
	f->report.reference = "dir:/\xff a";
	_cleanup_json_ json_object *object = results(f);

	assert_json_string(object, "/findings/0/signature", "Bad\\xff\"Name");
	assert_json_string(object, "/unscanned/0/detail", "broken \\xc3( and \"quoted\"\\x0a");
	assert_json_string(object, "/failures/0/detail", "tar: \\xfe");
	assert_json_null(object, "/failures/0/platform");
	assert_json_string(object, "/target/reference", "dir:/\\xff a");
}

static void slashes_are_not_escaped_and_a_line_feed_ends_it(void **state)
{
	_cleanup_free_ char *text = fixture_print(*state, report_json);

	assert_non_null(strstr(text, "docker://registry.example/app:1"));
	assert_int_equal(text[strlen(text) - 1], '\n');
}

static void a_full_disk_is_an_error(void **state)
{
	struct fixture *f = *state;
	_cleanup_fclose_ FILE *file = fopen("/dev/full", "we");

	assert_non_null(file);
	assert_int_equal(report_json(&f->report, file), -ENOSPC);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(keys_stand_in_the_fixed_order),
		TEST(the_facts_of_the_run_are_there),
		TEST(what_is_unknown_is_null),
		TEST(a_content_is_one_finding_with_all_its_locations),
		TEST(a_path_that_is_no_utf8_is_escaped_with_its_bytes_beside_it),
		TEST(opaque_contents_stand_apart),
		TEST(what_was_not_scanned_is_listed_with_its_reason),
		TEST(a_locations_own_reason_wins_over_its_contents_verdict),
		TEST(a_file_without_a_verdict_is_never_left_out),
		TEST(the_counts_add_up),
		TEST(each_outcome_has_its_name),
		TEST(strings_from_outside_cannot_break_the_json),
		TEST(slashes_are_not_escaped_and_a_line_feed_ends_it),
		TEST(a_full_disk_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
