/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What our daemon says: read line by line from the pipe of its output, kept in /tmp/clamd.log or, where that cannot be made safely,
 * in its folder, and searched for complaints.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct daemon_log {
	int file_fd; /* -1: nowhere; a line said why */
	char *path;  /* NULL: nowhere */
	off_t start; /* where this run begins in it */
	char line[1024];
	size_t used;
	bool overlong;	      /* the rest of a cut line is passed over */
	char last_error[512]; /* the latest line that speaks of an error, "" for none */
	bool complaint_is_new;
	char complaint[256]; /* the latest of libclamav's errors */
};

/* Opens the log: /tmp/clamd.log when it is a new file, or a plain file of ours with no other name; else folder/clamd.log. */
void daemon_log_open(struct daemon_log *log, const char *folder);
/* As it came from the pipe, in any pieces. */
void daemon_log_feed(struct daemon_log *log, const char *data, size_t size);
/* Copies this run's part of the log to folder/clamd.log. Logs when it cannot. */
void daemon_log_save(const struct daemon_log *log, const char *folder);
void daemon_log_close(struct daemon_log *log);

/* The latest error it spoke of; "" for none. */
const char *daemon_log_last_words(const struct daemon_log *log);
