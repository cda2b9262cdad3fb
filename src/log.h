/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Messages for people, one line each, on standard error, "clamav-scan: " first.
 *
 * A message says what was being done, to what, why it failed and what the user can do. It is printed where the reason is known,
 * once: a function whose header says "logs" has printed it, its callers only pass the error on.
 *
 *	fd = open(path, O_RDONLY | O_CLOEXEC);
 *	if (fd < 0)
 *		return log_error_errno(-errno, "cannot open %s", path);
 *
 * Control characters in a message are escaped: names come from images.
 */

#include <stdarg.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* The most detailed level that is printed; LOG_LEVEL_INFO until set. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* Called before a line is written, so that a progress line on the terminal can be wiped first. NULL: none. */
void log_set_before(void (*before)(void));

__attribute__((format(printf, 1, 2))) void log_error(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_warning(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_info(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_debug(const char *format, ...);

/* As log_error, with ": " and the text of the errno -r at its end. Returns r, a negative errno. */
__attribute__((format(printf, 2, 3))) int log_error_errno(int r, const char *format, ...);

/* The text of this thread's latest error, without the prefix, for those who report it elsewhere too; "" for none. */
const char *log_last_error(void);
/* Makes text, which another thread has printed as an error, this thread's latest. */
void log_adopt_error(const char *text);

/* "out of memory" at level error; returns -ENOMEM. */
int log_oom(void);
