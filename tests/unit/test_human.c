/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "human.h"

static void numbers_have_a_comma_every_three_digits(void **state)
{
	char buffer[HUMAN_SIZE];

	(void)state;
	assert_string_equal(human_number(buffer, 0), "0");
	assert_string_equal(human_number(buffer, 999), "999");
	assert_string_equal(human_number(buffer, 1000), "1,000");
	assert_string_equal(human_number(buffer, 123456), "123,456");
	assert_string_equal(human_number(buffer, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void one_is_not_many(void **state)
{
	char buffer[HUMAN_SIZE];

	(void)state;
	assert_string_equal(human_count(buffer, 0, "file", "files"), "0 files");
	assert_string_equal(human_count(buffer, 1, "file", "files"), "1 file");
	assert_string_equal(human_count(buffer, 5237, "file", "files"), "5,237 files");
}

static void sizes_have_the_unit_that_fits(void **state)
{
	char buffer[HUMAN_SIZE];

	(void)state;
	assert_string_equal(human_size(buffer, 0), "0 bytes");
	assert_string_equal(human_size(buffer, 1), "1 byte");
	assert_string_equal(human_size(buffer, 1023), "1,023 bytes");
	assert_string_equal(human_size(buffer, 1024), "1.0 KiB");
	assert_string_equal(human_size(buffer, 1048575), "1.0 MiB");
	assert_string_equal(human_size(buffer, 120ULL << 20), "120.0 MiB");
	assert_string_equal(human_size(buffer, 3ULL << 50), "3072.0 TiB");
}

static void durations_get_coarser_as_they_grow(void **state)
{
	char buffer[HUMAN_SIZE];

	(void)state;
	assert_string_equal(human_duration(buffer, 0), "0.0 s");
	assert_string_equal(human_duration(buffer, 340), "0.3 s");
	assert_string_equal(human_duration(buffer, 9960), "10 s");
	assert_string_equal(human_duration(buffer, 59499), "59 s");
	assert_string_equal(human_duration(buffer, 59500), "1 min 0 s");
	assert_string_equal(human_duration(buffer, 125000), "2 min 5 s");
	assert_string_equal(human_duration(buffer, 3780000), "1 h 3 min");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_a_comma_every_three_digits),
		cmocka_unit_test(one_is_not_many),
		cmocka_unit_test(sizes_have_the_unit_that_fits),
		cmocka_unit_test(durations_get_coarser_as_they_grow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
