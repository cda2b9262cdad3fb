/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which canary is to be sent next, and what the daemon has proven: the schedule's memory of that.
 *
 * A round is one of each canary. Beyond that, where a daemon's limits are unknown, a canary of its own size goes before any file
 * larger than the largest in which the daemon has found one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "canary.h"
#include "reply.h"

struct prover {
	const struct canaries *canaries; /* NULL: no daemon yet */
	size_t next;			 /* of the round; canaries->n: all were sent */
	unsigned failures;		 /* workers lost over a canary in this round */
	struct canary size_canary;	 /* path NULL: none */
	bool size_canary_sent;
	uint64_t proven_size;  /* found in a file of this size */
	uint64_t refused_size; /* not found in one of this size */
};

/* A new daemon: proven_size as of schedule_daemon. */
void prover_use(struct prover *prover, const struct canaries *canaries, uint64_t proven_size);
void prover_begin_round(struct prover *prover);
void prover_release(struct prover *prover);

/* The next one to send, or NULL. */
const struct canary *prover_take(struct prover *prover);
bool prover_waiting(const struct prover *prover);

enum canary_outcome { CANARY_FINE, CANARY_LOST, CANARY_AGAIN };
/* reply NULL: the worker failed. CANARY_AGAIN: the round begins anew. */
enum canary_outcome prover_answer(struct prover *prover, const struct canary *canary, const struct reply *reply);

enum size_proof { SIZE_PROVEN, SIZE_REFUSED, SIZE_PENDING };
/* Whether a file of this size may be sent; pending: a canary has to be sent, or answered, first. */
enum size_proof prover_size(struct prover *prover, uint64_t size);
