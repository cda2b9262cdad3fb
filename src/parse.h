/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Strict parsers: the whole string, or -EINVAL. No blanks, no sign where none belongs, no silent overflow.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits only. -ERANGE when it is a number above max. */
int parse_u64(const char *text, uint64_t max, uint64_t *ret);

/* The same for the n bytes at text, which need no end. */
int parse_u64n(const char *text, size_t n, uint64_t max, uint64_t *ret);

/* Decimal digits, perhaps after a minus. -ERANGE when it is a number outside min … max. */
int parse_int(const char *text, int min, int max, int *ret);

/* "true" or "false". */
int parse_bool(const char *text, bool *ret);

/* The index of text in names, a list that ends with NULL. */
int parse_choice(const char *text, const char *const *names, int *ret);
