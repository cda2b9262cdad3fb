/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon-log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"

#define USUAL_PATH "/tmp/clamd.log"

/* /tmp is everybody's: no link is followed, and no file of somebody else, or with a second name, is written to. */
static int open_safely(const char *path)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 && errno == EEXIST)
		fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
		return -EPERM;
	return steal_fd(&fd);
}

void daemon_log_open(struct daemon_log *log, const char *folder)
{
	*log = (struct daemon_log){ .path = xstrdup(USUAL_PATH) };
	log->file_fd = open_safely(log->path);
	if (log->file_fd < 0) {
		free(log->path);
		log->path = xasprintf("%s/clamd.log", folder);
		log->file_fd = open_safely(log->path);
	}
	if (log->file_fd < 0) {
		log_info("the daemon's log cannot be kept in %s: %s", log->path, strerror(-log->file_fd));
		free(steal_ptr(&log->path));
		return;
	}
	log->start = lseek(log->file_fd, 0, SEEK_END);
}

static bool begins_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

static void on_line(struct daemon_log *log)
{
	/* "Tue Nov 24 08:10:35 2026 -> text" */
	const char *arrow = strstr(log->line, " -> "), *text = arrow ? arrow + 4 : log->line;

	if (!*text)
		return;
	if (begins_with(text, "ERROR") || begins_with(text, "LibClamAV Error") || begins_with(text, "!"))
		snprintf(log->last_error, sizeof(log->last_error), "%.500s", text);
	if (begins_with(text, "LibClamAV Error")) {
		snprintf(log->complaint, sizeof(log->complaint), "%.250s", text);
		log->complaint_is_new = true;
	}
}

void daemon_log_feed(struct daemon_log *log, const char *data, size_t size)
{
	if (log->file_fd >= 0 && write(log->file_fd, data, size) != (ssize_t)size) {
		log_info("the daemon's log %s cannot be written any more: %s", log->path, strerror(errno));
		safe_close(&log->file_fd);
	}
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n') {
			log->line[log->used] = '\0';
			if (!log->overlong)
				on_line(log);
			log->used = 0;
			log->overlong = false;
		} else if (log->used < sizeof(log->line) - 1) {
			log->line[log->used++] = data[i] ? data[i] : '?';
		} else if (!log->overlong) {
			log->line[log->used] = '\0';
			on_line(log);
			log->overlong = true;
		}
	}
}

void daemon_log_save(const struct daemon_log *log, const char *folder)
{
	_cleanup_free_ char *to = xasprintf("%s/clamd.log", folder);
	_cleanup_close_ int in = -1, out = -1;
	off_t offset = log->start;
	ssize_t n;

	if (!log->path)
		return;
	in = open(log->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (in >= 0)
		out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (out < 0) {
		log_info("cannot copy the daemon's log %s to %s: %s", log->path, to, strerror(errno));
		return;
	}
	while ((n = sendfile(out, in, &offset, 1024 * 1024)) > 0)
		;
	if (n < 0)
		log_info("cannot copy the daemon's log %s to %s: %s", log->path, to, strerror(errno));
}

void daemon_log_close(struct daemon_log *log)
{
	if (log->used > 0 && !log->overlong) {
		log->line[log->used] = '\0';
		on_line(log);
	}
	safe_close(&log->file_fd);
	free(steal_ptr(&log->path));
}

const char *daemon_log_last_words(const struct daemon_log *log)
{
	return log->last_error;
}
