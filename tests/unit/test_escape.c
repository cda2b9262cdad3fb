/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cleanup.h"
#include "escape.h"

static void assert_log(const char *name, const char *expected)
{
	_cleanup_free_ char *escaped = escape_log(name);

	assert_string_equal(escaped, expected);
}

static void assert_text(const char *name, const char *expected)
{
	_cleanup_free_ char *escaped = escape_text(name);

	assert_string_equal(escaped, expected);
}

static void a_plain_name_stays_as_it_is(void **state)
{
	(void)state;
	assert_log("usr/bin/[", "usr/bin/[");
	assert_log("", "");
	assert_log("\"quoted\" isn't", "\"quoted\"\\x20isn't");
	assert_log("caf\xc3\xa9/\xe6\x97\xa5\xe6\x9c\xac/\xf0\x9f\xa6\xa0",
		   "caf\xc3\xa9/\xe6\x97\xa5\xe6\x9c\xac/\xf0\x9f\xa6\xa0");
}

static void a_log_has_no_white_space_in_a_name(void **state)
{
	(void)state;
	assert_log("a b\tc\r\n\v\f", "a\\x20b\\x09c\\x0d\\x0a\\x0b\\x0c");
	assert_log("x: OK\nopt/y", "x:\\x20OK\\x0aopt/y");
	/* NEL, no-break space, line separator, ideographic space */
	assert_log("\xc2\x85\xc2\xa0\xe2\x80\xa8\xe3\x80\x80", "\\xc2\\x85\\xc2\\xa0\\xe2\\x80\\xa8\\xe3\\x80\\x80");
}

static void a_backslash_cannot_pretend_to_be_an_escape(void **state)
{
	(void)state;
	assert_log("a\\x20b", "a\\x5cx20b");
	assert_text("a\\x20b", "a\\x5cx20b");
}

static void control_characters_do_not_reach_a_terminal(void **state)
{
	(void)state;
	assert_text("\033[2J\a\177", "\\x1b[2J\\x07\\x7f");
	/* CSI as one character, and an override of the direction */
	assert_text("\302\2332J \342\200\256gpj", "\\xc2\\x9b2J \\xe2\\x80\\xaegpj");
}

static void text_keeps_a_plain_space_only(void **state)
{
	(void)state;
	assert_text("a b\tc\n", "a b\\x09c\\x0a");
}

static void bytes_that_are_no_utf8_are_escaped_one_by_one(void **state)
{
	(void)state;
	assert_log("\xff\xfe", "\\xff\\xfe");
	assert_log("a\xc3", "a\\xc3");
	assert_log("\xc3(", "\\xc3(");
	assert_log("\xe2\x82", "\\xe2\\x82");
	assert_log("\xe2\x82\xc3\xa9", "\\xe2\\x82\xc3\xa9");
}

static void utf8_is_judged_strictly(void **state)
{
	static const char *const good[] = { "",
					    "a",
					    "\x7f",
					    "\xc2\x80",
					    "\xdf\xbf",
					    "\xe0\xa0\x80",
					    "\xed\x9f\xbf",
					    "\xee\x80\x80",
					    "\xef\xbf\xbf",
					    "\xf0\x90\x80\x80",
					    "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80",
					   "\xbf",
					   "\xc0\x80",
					   "\xc1\xbf",
					   "\xe0\x9f\xbf",
					   "\xed\xa0\x80",
					   "\xed\xbf\xbf",
					   "\xf0\x8f\xbf\xbf",
					   "\xf4\x90\x80\x80",
					   "\xf5\x80\x80\x80",
					   "\xff",
					   "a\xe2\x82",
					   "\xf0\x90\x80",
					   "\xf8\x88\x80\x80\x80" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(utf8_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(utf8_valid(bad[i]));
}

static void whatever_was_escaped_is_valid_utf8_without_white_space(void **state)
{
	(void)state;
	for (unsigned a = 1; a < 256; a++)
		for (unsigned b = 1; b < 256; b++) {
			char name[] = { (char)a, (char)b, 'x', '\0' };
			_cleanup_free_ char *escaped = escape_log(name);

			assert_true(utf8_valid(escaped));
			assert_int_equal(strcspn(escaped, " \t\n\v\f\r"), strlen(escaped));
		}
}

static void base64_matches_the_examples_of_rfc_4648(void **state)
{
	static const char *const examples[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xff\xfe\xfd", "//79" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		_cleanup_free_ char *encoded = base64_encode(examples[i][0], strlen(examples[i][0]));

		assert_string_equal(encoded, examples[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_name_stays_as_it_is),
		cmocka_unit_test(a_log_has_no_white_space_in_a_name),
		cmocka_unit_test(a_backslash_cannot_pretend_to_be_an_escape),
		cmocka_unit_test(control_characters_do_not_reach_a_terminal),
		cmocka_unit_test(text_keeps_a_plain_space_only),
		cmocka_unit_test(bytes_that_are_no_utf8_are_escaped_one_by_one),
		cmocka_unit_test(utf8_is_judged_strictly),
		cmocka_unit_test(whatever_was_escaped_is_valid_utf8_without_white_space),
		cmocka_unit_test(base64_matches_the_examples_of_rfc_4648),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
