/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "alloc.h"
#include "clamd-ask.h"
#include "cleanup.h"
#include "daemon-folder.h"
#include "daemon-log.h"
#include "log.h"
#include "process.h"
#include "shadow.h"

/* It has just made its socket, and does nothing else: an answer that takes longer is none. */
#define PING_TIMEOUT_MS 10000

struct daemon {
	struct jobs *jobs;
	struct daemon_listener listener;
	struct daemon_folder folder;
	struct process process;
	struct daemon_log log;
	int output_fd, inotify_fd;
	struct source *output, *inotify, *exited, *timer;
	bool ready, pinging, stopped, ping_again;
	bool stays; /* it is not ended, and its folders are not removed, with this struct */
	uint64_t timeout_ms;
};

static void daemon_free(struct daemon *daemon)
{
	if (daemon->stays)
		daemon_folder_forget(&daemon->folder);
	else
		daemon_folder_release(&daemon->folder);
	daemon_log_close(&daemon->log);
	free(daemon);
}

static void drain(struct daemon *daemon)
{
	char buffer[4096];
	ssize_t n;

	while (daemon->output_fd >= 0 && (n = read(daemon->output_fd, buffer, sizeof(buffer))) > 0)
		daemon_log_feed(&daemon->log, buffer, (size_t)n);
}

static void stop(struct daemon *daemon)
{
	loop_remove(&daemon->output);
	loop_remove(&daemon->inotify);
	loop_remove(&daemon->exited);
	loop_remove(&daemon->timer);
	if (daemon->stays)
		safe_close(&daemon->process.pidfd);
	else
		process_kill(&daemon->process);
	drain(daemon);
	safe_close(&daemon->output_fd);
	safe_close(&daemon->inotify_fd);
	daemon->stopped = true;
}

static void ended(struct daemon *daemon, const char *how)
{
	_cleanup_free_ char *text = NULL;
	const char *words;

	stop(daemon);
	words = daemon_log_last_words(&daemon->log);
	text = xasprintf("clamd %s%s%s", how, *words ? ": " : "", words);
	daemon->listener.ended(daemon->listener.data, text);
}

static void on_exit_event(void *data, uint32_t events)
{
	struct daemon *daemon = data;
	char status[64];

	(void)events;
	process_reap(&daemon->process);
	ended(daemon, process_status_text(daemon->process.status, status, sizeof(status)));
}

static void on_timeout(void *data)
{
	struct daemon *daemon = data;
	char how[96];

	snprintf(how, sizeof(how), "was not ready after %ju s (see --daemon-timeout)", (uintmax_t)daemon->timeout_ms / 1000);
	ended(daemon, how);
}

static void on_output(void *data, uint32_t events)
{
	struct daemon *daemon = data;

	drain(daemon);
	if (events & EPOLLHUP)
		loop_remove(&daemon->output); /* its end is the pidfd's business */
}

static void try_socket(struct daemon *daemon);

static void on_pong(void *data, const char *address, int r, const char *version)
{
	struct daemon *daemon = data;

	(void)address, (void)version;
	daemon->pinging = false;
	if (daemon->stopped) {
		daemon_free(daemon);
	} else if (r == 0) {
		daemon->ready = true;
		loop_remove(&daemon->inotify);
		loop_remove(&daemon->timer);
		daemon->listener.ready(daemon->listener.data);
	} else if (daemon->ping_again) {
		try_socket(daemon);
	} /* else: bound, but not yet listened to; the change of its mode, which follows, wakes us */
}

static void try_socket(struct daemon *daemon)
{
	if (access(daemon->folder.socket, F_OK) < 0 || daemon->ready)
		return;
	daemon->ping_again = daemon->pinging;
	if (daemon->pinging)
		return;
	daemon->pinging = true;
	clamd_ask(daemon->jobs, daemon->folder.socket, PING_TIMEOUT_MS, false, on_pong, daemon);
}

static void on_inotify(void *data, uint32_t events)
{
	struct daemon *daemon = data;
	char buffer[4096];

	(void)events;
	/* Which event it was does not matter. */
	while (read(daemon->inotify_fd, buffer, sizeof(buffer)) > 0)
		;
	try_socket(daemon);
}

static int watch_socket(struct daemon *daemon)
{
	_cleanup_free_ char *run = xasprintf("%s/run", daemon->folder.path);

	daemon->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (daemon->inotify_fd < 0 || inotify_add_watch(daemon->inotify_fd, run, IN_CREATE | IN_ATTRIB | IN_MOVED_TO) < 0)
		return log_error_errno(-errno, "cannot watch the folder %s for the daemon's socket", run);
	return 0;
}

/*
 * Where its output goes: a pipe that we read; for one that stays, the log itself, which is read as it grows. Returns the descriptor
 * for the child.
 */
static int open_output(struct daemon *daemon, const struct daemon_config *config)
{
	int fds[2];

	if (config->stays && daemon->log.path) {
		daemon->output_fd = open(daemon->log.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (daemon->output_fd < 0 || lseek(daemon->output_fd, daemon->log.start, SEEK_SET) < 0)
			return log_error_errno(-errno, "cannot read the daemon's log %s", daemon->log.path);
		return steal_fd(&daemon->log.file_fd);
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return log_error_errno(-errno, "cannot make a pipe for clamd");
	daemon->output_fd = fds[0];
	if (fcntl(daemon->output_fd, F_SETFL, O_NONBLOCK) < 0) {
		close(fds[1]);
		return log_error_errno(-errno, "cannot prepare the pipe of clamd");
	}
	return fds[1];
}

static int spawn(struct daemon *daemon, const struct daemon_config *config)
{
	_cleanup_free_ char *argument = xasprintf("--config-file=%s", daemon->folder.config);
	const char *argv[] = { "clamd", argument, NULL };
	_cleanup_close_ int child_fd = open_output(daemon, config);
	struct spawn spawn;
	int r;

	if (child_fd < 0)
		return child_fd;
	daemon_spawn_init(&spawn, &daemon->folder, argv);
	spawn.stdout_fd = spawn.stderr_fd = child_fd;
	r = process_spawn(&daemon->process, &spawn);
	if (r == -ENOENT)
		return log_error_errno(r, "cannot start clamd (is it installed?)");
	if (r < 0)
		return log_error_errno(r, "cannot start clamd");
	return 0;
}

int daemon_start(struct daemon **ret, struct loop *loop, struct jobs *jobs, const struct daemon_config *config,
		 const struct daemon_listener *listener)
{
	struct daemon *daemon = xcalloc(1, sizeof(*daemon));
	int r;

	*daemon = (struct daemon){ .jobs = jobs, .listener = *listener, .output_fd = -1, .inotify_fd = -1 };
	daemon->log.file_fd = -1;
	daemon->timeout_ms = config->timeout_ms;
	r = daemon_folder_make(&daemon->folder, config->preferred_folder, config);
	if (r == 0)
		r = watch_socket(daemon);
	if (r == 0) {
		daemon_log_open(&daemon->log, daemon->folder.path);
		r = spawn(daemon, config);
	}
	if (r < 0) {
		stop(daemon);
		daemon_free(daemon);
		return r;
	}
	if (!config->stays)
		daemon->output = loop_add(loop, daemon->output_fd, EPOLLIN, on_output, daemon);
	daemon->inotify = loop_add(loop, daemon->inotify_fd, EPOLLIN, on_inotify, daemon);
	daemon->exited = loop_add(loop, daemon->process.pidfd, EPOLLIN, on_exit_event, daemon);
	daemon->timer = loop_add_timer(loop, on_timeout, daemon);
	timer_set(daemon->timer, config->timeout_ms);
	log_debug("started clamd, process %d, log %s; a file can be scanned by hand with: clamdscan --config-file=%s --fdpass FILE",
		  daemon->process.pid, daemon->log.path ?: "none", daemon->folder.worker_config);
	*ret = daemon;
	return 0;
}

void daemon_stop(struct daemon *daemon)
{
	if (!daemon)
		return;
	if (!daemon->stopped)
		stop(daemon);
	if (!daemon->pinging)
		daemon_free(daemon); /* else on_pong() does */
}

int daemon_adopt(struct daemon **ret, const struct daemon_state *state)
{
	struct daemon *daemon = xcalloc(1, sizeof(*daemon));
	int r;

	*daemon = (struct daemon){ .stays = true, .ready = true, .output_fd = -1, .inotify_fd = -1, .process.pidfd = -1 };
	daemon->log.file_fd = -1;
	daemon->folder.socket = xstrdup(state->socket);
	daemon->folder.worker_config = xasprintf("%s/clamdscan.conf", state->folder);
	daemon->folder.database = xasprintf("%s/db", state->folder);
	r = shadow_read_signature(daemon->folder.database, &daemon->folder.signature);
	if (r == 0 && state->log) {
		/* What it complains of from now on concerns us. */
		daemon->output_fd = open(state->log, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (daemon->output_fd < 0 || lseek(daemon->output_fd, 0, SEEK_END) < 0)
			r = -errno;
	}
	if (r < 0) {
		daemon_stop(daemon);
		return r;
	}
	*ret = daemon;
	return 0;
}

void daemon_keep(struct daemon *daemon, struct daemon_state *ret)
{
	daemon->stays = true;
	*ret = (struct daemon_state){
		.socket = xstrdup(daemon->folder.socket),
		.folder = xstrdup(daemon->folder.path),
		.tmp = xstrdup(daemon->folder.tmp),
		.log = xstrdup_or_null(daemon->log.path),
		.pid = daemon->process.pid,
		.start_time = process_start_time(daemon->process.pid),
	};
}

bool daemon_stays(const struct daemon *daemon)
{
	return daemon->stays;
}

const char *daemon_socket(const struct daemon *daemon)
{
	return daemon->folder.socket;
}

const char *daemon_worker_config(const struct daemon *daemon)
{
	return daemon->folder.worker_config;
}

const struct canary_signature *daemon_signature(const struct daemon *daemon)
{
	return &daemon->folder.signature;
}

void daemon_save_log(const struct daemon *daemon, const char *folder)
{
	if (!daemon->stays)
		daemon_log_save(&daemon->log, folder);
}

const char *daemon_complaint(struct daemon *daemon)
{
	drain(daemon);
	if (!daemon->log.complaint_is_new)
		return NULL;
	daemon->log.complaint_is_new = false;
	return daemon->log.complaint;
}
