/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a piece of code writes to standard output or standard error, as a string.
 *
 *	capture_begin(STDERR_FILENO);
 *	log_error("no");
 *	assert_string_equal(capture_end(STDERR_FILENO), "clamav-scan: no\n");
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int capture_saved = -1, capture_file = -1;
static char capture_text[65536];

static inline void capture_begin(int fd)
{
	fflush(NULL);
	capture_saved = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	capture_file = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (capture_saved < 0 || capture_file < 0 || dup2(capture_file, fd) < 0) {
		perror("cannot capture");
		exit(1);
	}
}

/* Valid until the next call. */
static inline const char *capture_end(int fd)
{
	ssize_t n;

	fflush(NULL);
	n = pread(capture_file, capture_text, sizeof(capture_text) - 1, 0);
	if (n < 0 || dup2(capture_saved, fd) < 0) {
		perror("cannot capture");
		exit(1);
	}
	capture_text[n] = '\0';
	close(capture_file);
	close(capture_saved);
	return capture_text;
}
