/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "alloc.h"
#include "cleanup.h"
#include "process.h"

/* A path of ours and the longest name of a signature fit many times over. */
#define LINE_BYTES 4096

struct worker {
	struct loop *loop;
	const char *config;
	bool stream;
	const struct worker_listener *listener;

	struct process process;
	int to_fd, from_fd;
	struct source *readable, *timer;
	char *path; /* what it was asked for; NULL: idle */
	char line[LINE_BYTES];
	size_t used;
};

static void on_timeout(void *data);

struct worker *worker_new(struct loop *loop, const char *config, bool stream, const struct worker_listener *listener)
{
	struct worker *worker = xcalloc(1, sizeof(*worker));

	*worker = (struct worker){
		.loop = loop,
		.config = config,
		.stream = stream,
		.listener = listener,
		.process.pidfd = -1,
		.to_fd = -1,
		.from_fd = -1,
	};
	worker->timer = loop_add_timer(loop, on_timeout, worker);
	return worker;
}

/* Leaves a worker without a process, idle. */
static void stop(struct worker *worker)
{
	loop_remove(&worker->readable);
	timer_set(worker->timer, 0);
	safe_close(&worker->to_fd);
	safe_close(&worker->from_fd);
	process_kill(&worker->process);
	worker->used = 0;
	free(steal_ptr(&worker->path));
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	stop(worker);
	loop_remove(&worker->timer);
	free(worker);
}

bool worker_busy(const struct worker *worker)
{
	return worker->path != NULL;
}

static void give_up(struct worker *worker, bool timeout, const char *why)
{
	char status[64], said[256] = "", text[512];
	size_t n = 0;

	/* What it said last, if anything, is the best explanation. */
	for (size_t i = 0; i < worker->used && n < sizeof(said) - 1 && worker->line[i] != '\n'; i++)
		said[n++] = worker->line[i] >= 0x20 && worker->line[i] < 0x7f ? worker->line[i] : '?';
	said[n] = '\0';
	stop(worker);
	snprintf(text, sizeof(text), "clamdscan %s%s%s", why ?: process_status_text(worker->process.status, status, sizeof(status)),
		 *said ? ": " : "", said);
	worker->listener->failed(worker->listener->data, worker, &(struct worker_failure){ .timeout = timeout, .text = text });
}

static void on_timeout(void *data)
{
	struct worker *worker = data;

	if (worker->path)
		give_up(worker, true, "did not answer within the time limit");
}

static void on_line(struct worker *worker, size_t size)
{
	struct reply reply;

	reply_parse(&reply, worker->line, size, worker->path);
	/* One request, one line: more than that is nobody's answer. */
	if (reply.kind == REPLY_GARBAGE || worker->used != size + 1) {
		give_up(worker, false, "gave an answer that is none");
		return;
	}
	free(steal_ptr(&worker->path));
	worker->used = 0;
	timer_set(worker->timer, 0);
	worker->listener->answered(worker->listener->data, worker, &reply);
}

static void on_readable(void *data, uint32_t events)
{
	struct worker *worker = data;
	char *end;
	ssize_t n = read(worker->from_fd, worker->line + worker->used, sizeof(worker->line) - worker->used);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		worker->used += (size_t)n;
		end = memchr(worker->line, '\n', worker->used);
		if (end && worker->path)
			on_line(worker, (size_t)(end - worker->line));
		else if (end || worker->used == sizeof(worker->line))
			n = -1;
	}
	if (n > 0)
		return;
	/* It ended, or speaks without being asked: an idle one is just started anew when it is asked next. */
	if (worker->path)
		give_up(worker, false, NULL);
	else
		stop(worker);
}

static int start(struct worker *worker)
{
	_cleanup_free_ char *config = xasprintf("--config-file=%s", worker->config);
	const char *argv[] = {
		"clamdscan", config, worker->stream ? "--stream" : "--fdpass", "--no-summary", "--stdout", "--file-list=/dev/stdin",
		NULL
	};
	_cleanup_close_ int child_in = -1, child_out = -1;
	int in[2], out[2], r;

	if (pipe2(in, O_CLOEXEC) < 0)
		return -errno;
	child_in = in[0];
	worker->to_fd = in[1];
	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	worker->from_fd = out[0];
	child_out = out[1];
	r = process_spawn(&worker->process,
			  &(struct spawn){ .argv = argv, .stdin_fd = child_in, .stdout_fd = child_out, .stderr_fd = child_out });
	if (r < 0)
		return r;
	if (fcntl(worker->from_fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	worker->readable = loop_add(worker->loop, worker->from_fd, EPOLLIN, on_readable, worker);
	return 0;
}

void worker_ask(struct worker *worker, const char *path, uint64_t timeout_ms)
{
	_cleanup_free_ char *line = xasprintf("%s\n", path), *why = NULL;
	int r = worker->process.pid ? 0 : start(worker);

	worker->path = xstrdup(path);
	if (r < 0) {
		why = xasprintf("could not be started: %s", strerror(-r));
		give_up(worker, false, why);
		return;
	}
	/* Far below PIPE_BUF and alone in the pipe: all or nothing. A worker that has ended shows as the end of its output. */
	(void)!write(worker->to_fd, line, strlen(line));
	timer_set(worker->timer, timeout_ms);
}
