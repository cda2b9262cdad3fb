/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum log_level log_level = LOG_LEVEL_INFO;
static void (*log_before)(void);
static _Thread_local char last_error[512];

void log_set_level(enum log_level level)
{
	log_level = level;
}

enum log_level log_get_level(void)
{
	return log_level;
}

void log_set_before(void (*before)(void))
{
	log_before = before;
}

/* One write(2) a line: lines of several processes on one terminal do not mix. */
__attribute__((format(printf, 3, 0))) static void log_line(enum log_level level, int errnum, const char *format, va_list ap)
{
	char line[4096];
	size_t n, max = sizeof(line) - 2;
	size_t start;
	int r;

	if (level > log_level)
		return;

	start = strlen("clamav-scan: ");
	n = (size_t)snprintf(line, max, "clamav-scan: %s", level == LOG_LEVEL_WARNING ? "warning: " : "");
	r = vsnprintf(line + n, max - n, format, ap);
	if (r > 0)
		n = n + (size_t)r < max ? n + (size_t)r : max - 1;
	if (errnum) {
		r = snprintf(line + n, max - n, ": %s", strerror(errnum));
		if (r > 0)
			n = n + (size_t)r < max ? n + (size_t)r : max - 1;
	}

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[n] = '\0';
	if (level == LOG_LEVEL_ERROR)
		snprintf(last_error, sizeof(last_error), "%.500s", line + start);
	line[n++] = '\n';

	if (log_before)
		log_before();
	/* Where standard error is gone there is nowhere left to say so. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

#define LOG_AT(level, errnum, format)                \
	do {                                         \
		va_list ap;                          \
		va_start(ap, format);                \
		log_line(level, errnum, format, ap); \
		va_end(ap);                          \
	} while (0)

void log_error(const char *format, ...)
{
	LOG_AT(LOG_LEVEL_ERROR, 0, format);
}

void log_warning(const char *format, ...)
{
	LOG_AT(LOG_LEVEL_WARNING, 0, format);
}

void log_info(const char *format, ...)
{
	LOG_AT(LOG_LEVEL_INFO, 0, format);
}

void log_debug(const char *format, ...)
{
	LOG_AT(LOG_LEVEL_DEBUG, 0, format);
}

int log_error_errno(int r, const char *format, ...)
{
	LOG_AT(LOG_LEVEL_ERROR, -r, format);
	return r;
}

const char *log_last_error(void)
{
	return last_error;
}

void log_adopt_error(const char *text)
{
	snprintf(last_error, sizeof(last_error), "%s", text);
}

int log_oom(void)
{
	log_error("out of memory");
	return -ENOMEM;
}
