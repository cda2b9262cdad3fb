/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The schedule: hands contents to a pool of workers, the largest first, one at a time each, and turns answers into verdicts.
 *
 *	schedule_use()      a daemon is there: canaries go first, and contents follow once all were found
 *	schedule_add()      at any time, before it too
 *	schedule_close()    nothing more is added: when the last verdict is in, canaries go once more, then ended() is called
 *
 * A content whose worker died, answered with an error or stayed silent is tried once more, on a fresh worker; then it is unscanned.
 * In between the daemon is looked at: doubted() asks the owner to do so and to call schedule_resume(), or schedule_use() with another
 * daemon, or schedule_abort().
 */

#include <stdbool.h>
#include <stdint.h>

#include "canary.h"
#include "jobs.h"
#include "ledger.h"
#include "loop.h"

struct schedule;

struct schedule_config {
	struct loop *loop;
	struct jobs *jobs;
	struct ledger *ledger;
	const char *stage_folder;
	unsigned n_workers;
	uint64_t file_timeout_ms;
	uint64_t canary_interval_ms;
};

struct schedule_listener {
	void *data;
	/* The canaries sent before the first content were all found. */
	void (*proven)(void *data);
	/* One was not: nothing was scanned with this daemon. detail says which, and what came instead. */
	void (*disproved)(void *data, const char *detail);
	/* A worker failed: is the daemon still there? Nothing is sent until the owner says how to go on. */
	void (*doubted)(void *data);
	/* Called before an answer is believed: the daemon's latest complaint about what it could not do, or NULL. */
	const char *(*complaint)(void *data);
	/* Every content has its verdict, and the last canaries were found; or the ledger says that they were not. */
	void (*ended)(void *data);
};

struct schedule_daemon {
	const char *worker_config; /* clamdscan's configuration */
	bool stream;
	const struct canaries *canaries;
	uint64_t proven_size; /* larger contents need a canary of their size first; UINT64_MAX: the limits are known */
};

struct schedule_progress {
	uint64_t contents, contents_done, bytes, bytes_done, infected, unscanned;
	bool closed;
};

/* The listener and the config's strings stay the caller's. Logs; 0 or a negative errno. */
int schedule_new(struct schedule **ret, const struct schedule_config *config, const struct schedule_listener *listener);
void schedule_free(struct schedule *schedule);

void schedule_add(struct schedule *schedule, struct content *content);
void schedule_close(struct schedule *schedule);

/* Also after another one: its workers end, what they were at is sent again. *daemon and what it points to stay the caller's. */
void schedule_use(struct schedule *schedule, const struct schedule_daemon *daemon);
/* The daemon is gone: what was under way counts as tried; nothing is sent until schedule_use() or schedule_abort(). */
void schedule_suspend(struct schedule *schedule, const char *why);
/* The daemon answered: go on. */
void schedule_resume(struct schedule *schedule);
/* What has no verdict gets this one; later contents too; then ended(). */
void schedule_abort(struct schedule *schedule, enum reason reason, const char *detail);

void schedule_get_progress(const struct schedule *schedule, struct schedule_progress *ret);
