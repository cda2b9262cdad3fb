/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "alloc.h"
#include "clamd.h"
#include "cleanup.h"
#include "cmd.h"
#include "daemon.h"
#include "database.h"
#include "guard.h"
#include "jobs.h"
#include "log.h"
#include "priority.h"
#include "tree.h"
#include "work.h"

#define PING_TIMEOUT_MS 5000
/* clamd ends within a moment of SIGTERM, unless it is deep in a file. */
#define STOP_TIMEOUT_MS 10000

struct start {
	struct loop *loop;
	bool ready;
};

static void on_ready(void *data)
{
	struct start *start = data;

	start->ready = true;
	loop_quit(start->loop);
}

static void on_ended(void *data, const char *text)
{
	struct start *start = data;

	log_error("%s", text);
	loop_quit(start->loop);
}

static int keep(struct daemon *daemon, const struct database *database, const char *folder, const char *state_path)
{
	struct daemon_state state;
	int r;

	daemon_keep(daemon, &state);
	state.database = xstrdup(folder);
	state.fingerprint = xstrdup(database->fingerprint);
	r = daemon_state_write(&state, state_path);
	if (r == 0) {
		guard_remove_folder(state.folder);
		guard_remove_folder(state.tmp);
		printf("clamd is ready at %s, process %d\n", state.socket, state.pid);
	} else {
		(void)kill(state.pid, SIGKILL); /* nobody could find it again */
		(void)tree_remove(state.tmp);
		(void)tree_remove(state.folder);
	}
	daemon_state_release(&state);
	return r;
}

static int start_with(const struct options *options, const struct database *database, const char *state_path)
{
	struct start start = { .loop = loop_new() };
	struct jobs *jobs = jobs_new(start.loop);
	unsigned threads = threads_count(options);
	struct daemon_config config = {
		.database = options->database,
		.threads = threads,
		/* Several scans may share it. */
		.max_queue = 100 + 8 * threads,
		.verbose = options->verbosity > 0,
		.timeout_ms = options->daemon_timeout_s * UINT64_C(1000),
		.stays = true,
		.socket = options->socket,
	};
	struct daemon *daemon = NULL;
	int r = daemon_start(&daemon, start.loop, jobs, &config,
			     &(struct daemon_listener){ .data = &start, .ready = on_ready, .ended = on_ended });

	if (r == 0) {
		loop_run(start.loop);
		r = start.ready ? keep(daemon, database, options->database, state_path) : -ECHILD;
	}
	jobs_free(jobs);
	daemon_stop(daemon);
	loop_free(start.loop);
	return r;
}

static int daemon_command_start(const struct options *options, const char *state_path)
{
	_cleanup_free_ char *real = realpath(options->database, NULL);
	struct options with_real = *options;
	struct daemon_state state;
	struct database database;
	int r;

	if (daemon_state_read(&state, state_path) == 0) {
		if (daemon_state_alive(&state)) {
			printf("clamd is running already at %s, process %d\n", state.socket, state.pid);
			daemon_state_release(&state);
			return EXIT_STATUS_OK;
		}
		/* It died: what it left is of no use to anybody. */
		if (tree_remove(state.tmp) < 0 || tree_remove(state.folder) < 0)
			log_info("cannot remove all of the folder %s, which a daemon that died has left", state.folder);
		daemon_state_release(&state);
	}
	if (options->socket && clamd_address_is_tcp(options->socket)) {
		log_error("daemon start makes a UNIX socket: --socket %s is not a path", options->socket);
		return EXIT_STATUS_ERROR;
	}
	if (database_read(&database, options->database) < 0)
		return EXIT_STATUS_ERROR;
	with_real.database = real ?: options->database;
	r = start_with(&with_real, &database, state_path);
	database_release(&database);
	return r < 0 ? EXIT_STATUS_ERROR : EXIT_STATUS_OK;
}

/* 0 and the state of a daemon that runs; else a line on standard output or error, and a negative errno. */
static int read_running(struct daemon_state *state, const char *state_path)
{
	int r = daemon_state_read(state, state_path);

	if (r == 0 && !daemon_state_alive(state)) {
		daemon_state_release(state);
		r = -ENOENT;
	}
	if (r == -ENOENT)
		printf("no clamd of ours is running\n");
	else if (r < 0)
		log_error_errno(r, "cannot use the daemon's state in %s", state_path);
	return r;
}

static int daemon_command_status(const char *state_path)
{
	struct daemon_state state;
	int r;

	if (read_running(&state, state_path) < 0)
		return EXIT_STATUS_ERROR;
	r = clamd_ping(state.socket, PING_TIMEOUT_MS);
	if (r < 0)
		log_error_errno(r, "clamd, process %d, does not answer at %s", state.pid, state.socket);
	else
		printf("clamd is running at %s, process %d, database %s (%s)\n", state.socket, state.pid, state.database,
		       state.fingerprint);
	daemon_state_release(&state);
	return r < 0 ? EXIT_STATUS_ERROR : EXIT_STATUS_OK;
}

static int end_process(const struct daemon_state *state)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, state->pid, 0);
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };

	if (pidfd < 0)
		return errno == ESRCH ? 0 : -errno;
	/* The number may have been given to another between the look at the state and now; the descriptor cannot. */
	if (!daemon_state_alive(state))
		return 0;
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0) < 0)
		return -errno;
	if (poll(&poll_fd, 1, STOP_TIMEOUT_MS) == 1)
		return 0;
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0)
		return -errno;
	return poll(&poll_fd, 1, STOP_TIMEOUT_MS) == 1 ? 0 : -ETIMEDOUT;
}

static int daemon_command_stop(const char *state_path)
{
	struct daemon_state state;
	int r = daemon_state_read(&state, state_path);

	if (r == -ENOENT) {
		printf("no clamd of ours is running\n");
		return EXIT_STATUS_OK;
	}
	if (r == 0) {
		r = end_process(&state);
		if (r == 0)
			r = tree_remove(state.tmp);
		if (r == 0)
			r = tree_remove(state.folder);
		(void)unlink(state.socket); /* gone with its folder, unless it had a place of its own */
		if (r == 0 && unlink(state_path) < 0)
			r = -errno;
		daemon_state_release(&state);
	}
	if (r < 0) {
		log_error_errno(r, "cannot stop the daemon of %s", state_path);
		return EXIT_STATUS_ERROR;
	}
	printf("clamd has ended\n");
	return EXIT_STATUS_OK;
}

int cmd_daemon(const struct options *options)
{
	_cleanup_free_ char *state_path = daemon_state_path(options->socket);
	int status;

	if (options->command == COMMAND_DAEMON_STATUS)
		return daemon_command_status(state_path);
	if (options->command == COMMAND_DAEMON_STOP)
		return daemon_command_stop(state_path);
	if (guard_start() < 0)
		return EXIT_STATUS_ERROR;
	priority_set(options->nice);
	status = daemon_command_start(options, state_path);
	guard_dismiss();
	return status;
}
