/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The event loop: epoll over pipes, sockets, pidfds, signalfd and timerfds. One thread owns it; no polling, no sleeping.
 *
 *	source = loop_add(loop, fd, EPOLLIN, on_readable, data);
 *	timer = loop_add_timer(loop, on_timeout, data);
 *	timer_set(timer, 5000);
 *	loop_run(loop);          until somebody calls loop_quit()
 *
 * A callback may add and remove any source, its own too. Memory or descriptors that run out end the program.
 */

#include <stdint.h>

struct loop;
struct source;

typedef void (*source_fn)(void *data, uint32_t events);
typedef void (*timer_fn)(void *data);

struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* fd stays the caller's, and must outlive the source. */
struct source *loop_add(struct loop *loop, int fd, uint32_t events, source_fn fn, void *data);

/* A one-shot timer, not yet set; its descriptor is its own. */
struct source *loop_add_timer(struct loop *loop, timer_fn fn, void *data);
/* In ms from now; 0 stops it. */
void timer_set(struct source *timer, uint64_t ms);

/* Takes a source out and sets *source to NULL; NULL is fine. It is not called again, even when an event of it is waiting. */
void loop_remove(struct source **source);

void loop_run(struct loop *loop);
void loop_quit(struct loop *loop);
