/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "reply.h"
#include "verdict.h"

#define PATH "/work/stage/000012"

static struct reply parse(const char *line)
{
	struct reply reply;

	reply_parse(&reply, line, strlen(line), PATH);
	return reply;
}

static void answers_to_the_request_are_understood(void **state)
{
	struct reply reply;

	(void)state;
	assert_int_equal(parse(PATH ": OK").kind, REPLY_OK);
	reply = parse(PATH ": Eicar-Signature FOUND");
	assert_int_equal(reply.kind, REPLY_FOUND);
	assert_string_equal(reply.text, "Eicar-Signature");
	reply = parse(PATH ": Canary-1.UNOFFICIAL FOUND");
	assert_string_equal(reply.text, "Canary-1");
	reply = parse(PATH ": Can't allocate memory ERROR");
	assert_int_equal(reply.kind, REPLY_ERROR);
	assert_string_equal(reply.text, "Can't allocate memory");
}

static void anything_else_is_garbage(void **state)
{
	static const char *const lines[] = {
		"",
		"OK",
		PATH,
		PATH ":",
		PATH ": ",
		PATH ": ok",
		PATH ": OK ",
		PATH ":OK",
		PATH "3: OK",
		"/work/stage/000013: OK",
		" " PATH ": OK",
		PATH ":  FOUND",
		PATH ": FOUND",
		PATH ": two words FOUND",
		PATH ": .UNOFFICIAL FOUND ",
		PATH ": OK FOUND OK",
		"ERROR: Could not connect to clamd",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_int_equal(parse(lines[i]).kind, REPLY_GARBAGE);
}

static void a_nul_or_an_overlong_name_is_no_answer(void **state)
{
	char line[1024] = PATH ": ";
	struct reply reply;

	(void)state;
	reply_parse(&reply, PATH ": OK\0", sizeof(PATH ": OK"), PATH);
	assert_int_equal(reply.kind, REPLY_GARBAGE);
	memset(line + strlen(line), 'x', 600);
	memcpy(line + strlen(line), " FOUND", sizeof(" FOUND"));
	assert_int_equal(parse(line).kind, REPLY_GARBAGE);
}

static void signatures_are_of_four_kinds(void **state)
{
	(void)state;
	assert_int_equal(signature_kind("Win.Test.EICAR_HDB-1"), SIGNATURE_MALWARE);
	assert_int_equal(signature_kind("Heuristics.Limits.Exceeded.MaxFileSize"), SIGNATURE_LIMIT);
	assert_int_equal(signature_kind("Heuristics.Encrypted.Zip"), SIGNATURE_ENCRYPTED);
	assert_int_equal(signature_kind("Heuristics.OLE2.ContainsMacros"), SIGNATURE_HEURISTIC);
	assert_string_equal(signature_encrypted_format("Heuristics.Encrypted.7Zip"), "7z");
	assert_string_equal(signature_encrypted_format("Heuristics.Encrypted.Unheard"), "archive");
}

static void only_an_ok_without_complaint_is_clean(void **state)
{
	struct content content = {};
	struct reply reply = parse(PATH ": OK");
	enum reason reason;
	const char *detail;

	(void)state;
	assert_false(verdict_from_reply(&content, &reply, "LibClamAV Error: cli_writen", &reason, &detail));
	assert_int_equal(content.verdict, VERDICT_PENDING);
	assert_int_equal(reason, REASON_DAEMON);
	reply = parse("garbage");
	assert_false(verdict_from_reply(&content, &reply, NULL, &reason, &detail));
	assert_int_equal(content.verdict, VERDICT_PENDING);
	reply = parse(PATH ": OK");
	assert_true(verdict_from_reply(&content, &reply, NULL, &reason, &detail));
	assert_int_equal(content.verdict, VERDICT_CLEAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_to_the_request_are_understood),  cmocka_unit_test(anything_else_is_garbage),
		cmocka_unit_test(a_nul_or_an_overlong_name_is_no_answer), cmocka_unit_test(signatures_are_of_four_kinds),
		cmocka_unit_test(only_an_ok_without_complaint_is_clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
