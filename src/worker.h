/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One persistent clamdscan process, which is handed one path at a time and answers each with one line.
 *
 * It is started when it is first asked, and anew after it was given up. A worker that answers anything but its request, ends, or
 * stays silent past the time limit is given up: killed and reaped, and whoever asked is told why.
 */

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"
#include "reply.h"

struct worker;

struct worker_failure {
	bool timeout;
	const char *text; /* for people: "clamdscan ended with status 2: ERROR: Could not connect to clamd" */
};

struct worker_listener {
	void *data;
	/* Exactly one of both for each worker_ask(). From within, the worker may be asked again. */
	void (*answered)(void *data, struct worker *worker, const struct reply *reply);
	void (*failed)(void *data, struct worker *worker, const struct worker_failure *failure);
};

/* config: clamdscan's configuration file; stream: send the bytes instead of a descriptor. Strings and listener stay the caller's. */
struct worker *worker_new(struct loop *loop, const char *config, bool stream, const struct worker_listener *listener);
/* Kills it; nobody is told any more. */
void worker_free(struct worker *worker);

bool worker_busy(const struct worker *worker);
/* path: as stage_path() gives it; copied. timeout_ms: of silence. An idle worker only. */
void worker_ask(struct worker *worker, const char *path, uint64_t timeout_ms);
