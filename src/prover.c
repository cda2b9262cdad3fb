/* SPDX-License-Identifier: Apache-2.0 */
#include "prover.h"

#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"

#define MAX_FAILURES 2

static void drop_size_canary(struct prover *prover)
{
	if (!prover->size_canary.path)
		return;
	(void)unlink(prover->size_canary.path); /* else it goes with the work folder */
	free(steal_ptr(&prover->size_canary.path));
	prover->size_canary_sent = false;
}

void prover_use(struct prover *prover, const struct canaries *canaries, uint64_t proven_size)
{
	drop_size_canary(prover);
	*prover = (struct prover){ .canaries = canaries, .proven_size = proven_size, .refused_size = UINT64_MAX };
}

void prover_begin_round(struct prover *prover)
{
	prover->next = 0;
	prover->failures = 0;
}

void prover_release(struct prover *prover)
{
	drop_size_canary(prover);
}

static bool size_canary_waits(const struct prover *prover)
{
	return prover->size_canary.path && !prover->size_canary_sent;
}

bool prover_waiting(const struct prover *prover)
{
	return size_canary_waits(prover) || (prover->canaries && prover->next < prover->canaries->n);
}

const struct canary *prover_take(struct prover *prover)
{
	if (size_canary_waits(prover)) {
		prover->size_canary_sent = true;
		return &prover->size_canary;
	}
	return prover_waiting(prover) ? &prover->canaries->list[prover->next++] : NULL;
}

enum canary_outcome prover_answer(struct prover *prover, const struct canary *canary, const struct reply *reply)
{
	bool found = reply && reply->kind == REPLY_FOUND && canary_matches(prover->canaries, reply->text);

	if (canary == &prover->size_canary) {
		if (found)
			prover->proven_size = canary->size;
		else
			prover->refused_size = canary->size;
		drop_size_canary(prover);
		return CANARY_FINE;
	}
	if (found)
		return CANARY_FINE;
	if (!reply && ++prover->failures < MAX_FAILURES) {
		prover->next = 0;
		return CANARY_AGAIN;
	}
	return CANARY_LOST;
}

enum size_proof prover_size(struct prover *prover, uint64_t size)
{
	if (size <= prover->proven_size)
		return SIZE_PROVEN;
	if (size >= prover->refused_size)
		return SIZE_REFUSED;
	if (!prover->size_canary.path && canary_make_size(&prover->size_canary, prover->canaries, size) < 0)
		return SIZE_REFUSED;
	return SIZE_PENDING;
}
