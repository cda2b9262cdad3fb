/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Allocations that end the program, with a line that says so and exit status 2, when memory runs out: a scan that cannot keep count
 * cannot be trusted, and the guard (guard.h) cleans up behind it.
 */

#include <stdarg.h>
#include <stddef.h>

void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrdup_or_null(const char *s);
__attribute__((format(printf, 1, 2))) char *xasprintf(const char *format, ...);
__attribute__((noreturn)) void die_oom(void);
