/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The pool: a number of workers, each with the one content or canary it is at, from the stage to the answer. What to send, and what
 * an answer means, is the schedule's business.
 */

#include <stdbool.h>
#include <stdint.h>

#include "canary.h"
#include "jobs.h"
#include "ledger.h"
#include "loop.h"
#include "worker.h"

struct pool;

struct pool_config {
	struct loop *loop;
	struct jobs *jobs;
	const char *stage_folder;
	unsigned n_workers;
	uint64_t file_timeout_ms;
};

struct pool_item {
	struct content *content;
	const struct canary *canary; /* one of both; the other is NULL */
	bool suspect;		     /* pool_suspect() was called while it was under way */
};

/* Exactly one of them for each content that was sent; for each canary, one of the first two. The item's place is free by then. */
struct pool_listener {
	void *data;
	void (*answered)(void *data, const struct pool_item *item, const struct reply *reply);
	void (*failed)(void *data, const struct pool_item *item, const struct worker_failure *failure);
	/* It never reached a worker: r as of stage_fn, or 0 when the pool was held meanwhile. */
	void (*unstaged)(void *data, struct content *content, int r, const char *error);
};

/* Logs; 0 or a negative errno. The pool is held at first. */
int pool_new(struct pool **ret, const struct pool_config *config, const struct pool_listener *listener);
void pool_free(struct pool *pool);

/* Where the workers send what they get; the string stays the caller's. Only after pool_drop(). */
void pool_set_daemon(struct pool *pool, const char *worker_config, bool stream);
/* While held, what is being staged does not go on to a worker. */
void pool_hold(struct pool *pool, bool held);
/* Ends all workers; what they were at has failed with this text. What is being staged comes back by itself. */
void pool_drop(struct pool *pool, const char *why);

bool pool_has_room(const struct pool *pool);
bool pool_is_empty(const struct pool *pool);
/* There is room. */
void pool_send(struct pool *pool, struct content *content);
/* The same; 0, or a negative errno when the canary could not be staged. */
int pool_send_canary(struct pool *pool, const struct canary *canary);
/* Whatever is with a worker now is suspect. */
void pool_suspect(struct pool *pool);
