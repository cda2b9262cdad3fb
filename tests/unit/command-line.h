/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the tests of options.c have in common. Include it after cmocka.h.
 *
 *	ACCEPT("path", "-j", "2", "/srv");
 *	assert_int_equal(options.threads, 2);
 *	REFUSE(LIST("path", "-j", "x"), "'x'");
 */

#include <errno.h>
#include <string.h>

#include "capture.h"
#include "options.h"

#define WORDS_MAX 16

static char *words[WORDS_MAX];
static struct options options;

/* Parses the words up to a NULL, and returns what was said on standard error. */
static inline const char *parse(int *ret, const char *const *line)
{
	int n = 0;

	words[n++] = (char *)"clamav-scan";
	for (; *line; line++)
		words[n++] = (char *)*line;
	words[n] = NULL;
	capture_begin(STDERR_FILENO);
	*ret = options_parse(&options, n, words);
	return capture_end(STDERR_FILENO);
}

/* The line is right, and nothing is said. */
static inline void accept(const char *const *line)
{
	int r;
	const char *said = parse(&r, line);

	assert_string_equal(said, "");
	assert_int_equal(r, 0);
}

/* The line is refused, in one line that holds each of the texts (up to a NULL). */
static inline void refuse(const char *const *line, const char *const *texts)
{
	int r;
	const char *said = parse(&r, line);

	assert_int_equal(r, -EINVAL);
	assert_memory_equal(said, "clamav-scan: ", 13);
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	for (; *texts; texts++)
		if (!strstr(said, *texts))
			fail_msg("'%s' is missing in: %s", *texts, said);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define ACCEPT(...) accept(LIST(__VA_ARGS__))
#define REFUSE(line, ...) refuse(line, LIST(__VA_ARGS__, "(see clamav-scan --help)"))

static inline int clear_environment(void **state)
{
	(void)state;
	return clearenv();
}

#define TEST(name) cmocka_unit_test_setup(name, clear_environment)
