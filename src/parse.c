/* SPDX-License-Identifier: Apache-2.0 */
#include "parse.h"

#include <errno.h>
#include <string.h>

int parse_u64n(const char *text, size_t n, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;
	bool too_large = false;

	if (n == 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)((unsigned char)text[i] - '0');

		if (digit > 9)
			return -EINVAL;
		if (value > (max - digit) / 10 || digit > max)
			too_large = true; /* what follows may still be no number at all */
		if (!too_large)
			value = value * 10 + digit;
	}
	if (too_large)
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_u64(const char *text, uint64_t max, uint64_t *ret)
{
	return parse_u64n(text, strlen(text), max, ret);
}

int parse_int(const char *text, int min, int max, int *ret)
{
	bool negative = *text == '-';
	int64_t value;
	uint64_t digits;
	int r;

	r = parse_u64(text + negative, INT32_MAX, &digits);
	if (r < 0)
		return r;
	value = negative ? -(int64_t)digits : (int64_t)digits;
	if (value < min || value > max)
		return -ERANGE;
	*ret = (int)value;
	return 0;
}

int parse_bool(const char *text, bool *ret)
{
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return -EINVAL;
	*ret = *text == 't';
	return 0;
}

int parse_choice(const char *text, const char *const *names, int *ret)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(text, names[i]) == 0) {
			*ret = i;
			return 0;
		}
	return -EINVAL;
}
