/* SPDX-License-Identifier: Apache-2.0 */
#include "escape.h"

#include <stdint.h>
#include <string.h>

#include "alloc.h"

/* The length in bytes of the UTF-8 character at s, its code point in *ret_char; 0 where there is none. Stops at NUL by itself. */
static size_t utf8_char(const unsigned char *s, uint32_t *ret_char)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t size = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;
	uint32_t c;

	if (size == 0)
		return 0;
	if (size == 1) {
		*ret_char = *s;
		return 1;
	}
	c = *s & (0xffU >> (size + 1));
	for (size_t i = 1; i < size; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[size] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret_char = c;
	return size;
}

bool utf8_valid(const char *name)
{
	const unsigned char *s = (const unsigned char *)name;
	uint32_t c;

	for (size_t n; *s; s += n) {
		n = utf8_char(s, &c);
		if (n == 0)
			return false;
	}
	return true;
}

/*
 * White space and control characters, those beyond ASCII too: some readers of logs split lines at U+0085 or U+2028, and a pattern
 * like \S+ stops at U+00A0. What turns the direction of text around makes a terminal show another name than the one that is there.
 */
static bool must_escape(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x20 },	    { '\\', '\\' },	{ 0x7f, 0xa0 },	    { 0x61c, 0x61c },
		{ 0x1680, 0x1680 }, { 0x180e, 0x180e }, { 0x2000, 0x200f }, { 0x2028, 0x202f },
		{ 0x205f, 0x2060 }, { 0x2066, 0x2069 }, { 0x3000, 0x3000 }, { 0xfeff, 0xfeff },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static char *escape(const char *name, bool keep_space)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)name;
	size_t size = strlen(name);
	char *escaped, *end;
	uint32_t c;

	/* Each byte becomes at most four. */
	escaped = end = xcalloc(size + 1, 4);
	for (size_t n; *s; s += n) {
		n = utf8_char(s, &c);
		if (n > 0 && (!must_escape(c) || (keep_space && c == ' '))) {
			memcpy(end, s, n);
			end += n;
			continue;
		}
		n = n ?: 1;
		for (size_t i = 0; i < n; i++) {
			*end++ = '\\';
			*end++ = 'x';
			*end++ = hex[s[i] >> 4];
			*end++ = hex[s[i] & 0xf];
		}
	}
	*end = '\0';
	return escaped;
}

char *escape_log(const char *name)
{
	return escape(name, false);
}

char *escape_text(const char *name)
{
	return escape(name, true);
}

char *base64_encode(const void *data, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *s = data;
	char *encoded, *end;

	encoded = end = xcalloc((size + 2) / 3 * 4 + 1, 1);
	for (; size > 0; s += 3) {
		size_t n = size < 3 ? size : 3;
		uint32_t bits = (uint32_t)s[0] << 16 | (n > 1 ? (uint32_t)s[1] << 8 : 0) | (n > 2 ? s[2] : 0);

		*end++ = digits[bits >> 18];
		*end++ = digits[bits >> 12 & 0x3f];
		*end++ = n > 1 ? digits[bits >> 6 & 0x3f] : '=';
		*end++ = n > 2 ? digits[bits & 0x3f] : '=';
		size -= n;
	}
	return encoded;
}
