/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"

struct loop {
	int epoll_fd;
	bool quit;
	struct source *sources; /* all of them; removed ones are freed between two rounds */
};

struct source {
	struct loop *loop;
	int fd;
	bool is_timer, removed;
	source_fn fn;
	timer_fn timer;
	void *data;
	struct source *next;
};

/* Without its loop the launcher can keep no promise: the guard cleans up behind it. */
__attribute__((noreturn)) static void loop_die(const char *what)
{
	log_error_errno(-errno, "event loop: %s", what);
	_exit(2);
}

struct loop *loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		loop_die("epoll_create1");
	return loop;
}

static void source_free(struct source *source)
{
	if (source->is_timer)
		close(source->fd);
	free(source);
}

static void sweep(struct loop *loop, bool all)
{
	for (struct source **p = &loop->sources; *p;) {
		struct source *source = *p;

		if (all || source->removed) {
			*p = source->next;
			source_free(source);
		} else {
			p = &source->next;
		}
	}
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	sweep(loop, true);
	close(loop->epoll_fd);
	free(loop);
}

static struct source *source_new(struct loop *loop, int fd, uint32_t events, void *data)
{
	struct source *source = xcalloc(1, sizeof(*source));
	struct epoll_event event = { .events = events, .data.ptr = source };

	*source = (struct source){ .loop = loop, .fd = fd, .data = data, .next = loop->sources };
	loop->sources = source;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		loop_die("epoll_ctl");
	return source;
}

struct source *loop_add(struct loop *loop, int fd, uint32_t events, source_fn fn, void *data)
{
	struct source *source = source_new(loop, fd, events, data);

	source->fn = fn;
	return source;
}

struct source *loop_add_timer(struct loop *loop, timer_fn fn, void *data)
{
	struct source *source;
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		loop_die("timerfd_create");
	source = source_new(loop, fd, EPOLLIN, data);
	source->timer = fn;
	source->is_timer = true;
	return source;
}

void timer_set(struct source *timer, uint64_t ms)
{
	struct itimerspec when = {
		.it_value = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 },
	};

	if (timerfd_settime(timer->fd, 0, &when, NULL) < 0)
		loop_die("timerfd_settime");
}

void loop_remove(struct source **psource)
{
	struct source *source = steal_ptr(psource);

	if (!source)
		return;
	source->removed = true;
	/* Closed already: then it is out of the epoll set as well. */
	(void)epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
}

static void dispatch(struct source *source, uint32_t events)
{
	uint64_t expirations;

	if (source->removed)
		return;
	if (!source->is_timer)
		source->fn(source->data, events);
	else if (read(source->fd, &expirations, sizeof(expirations)) == sizeof(expirations))
		source->timer(source->data);
	/* else: set anew since it expired */
}

void loop_run(struct loop *loop)
{
	struct epoll_event events[32];

	while (!loop->quit) {
		int n = epoll_wait(loop->epoll_fd, events, sizeof(events) / sizeof(*events), -1);

		if (n < 0 && errno != EINTR)
			loop_die("epoll_wait");
		for (int i = 0; i < n && !loop->quit; i++)
			dispatch(events[i].data.ptr, events[i].events);
		sweep(loop, false);
	}
	loop->quit = false;
}

void loop_quit(struct loop *loop)
{
	loop->quit = true;
}
