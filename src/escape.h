/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names from images, made fit to print. All results are malloc'ed; memory that runs out ends the program.
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * For logs: white space and control characters (Unicode's too, with what changes the direction of text), backslashes and bytes that
 * are not valid UTF-8 become \xNN, a byte each; nothing else changes. The result is valid UTF-8 and matches ^\S*$.
 */
char *escape_log(const char *name);

/* For people: as escape_log, but a plain space stays. */
char *escape_text(const char *name);

/* Valid UTF-8 without surrogates and overlong forms. */
bool utf8_valid(const char *name);

/* RFC 4648 with padding. */
char *base64_encode(const void *data, size_t size);
