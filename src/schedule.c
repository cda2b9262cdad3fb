/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "heap.h"
#include "prover.h"
#include "stage.h"
#include "verdict.h"
#include "worker.h"

#define MAX_ATTEMPTS 2

enum schedule_state {
	STATE_IDLE,	/* no daemon, or one in doubt: nothing is sent */
	STATE_PROVING,	/* the first canaries are under way */
	STATE_SCANNING, /* contents, and a canary now and then */
	STATE_ENDING,	/* the last canaries are under way */
	STATE_ABORTED,	/* whatever is added gets the abort's verdict */
	STATE_ENDED,
};

enum slot_state { SLOT_FREE, SLOT_STAGING, SLOT_ASKED };

/* A worker and what it is at: a content or a canary. */
struct slot {
	struct schedule *schedule;
	struct worker *worker;
	enum slot_state state;
	struct content *content;
	const struct canary *canary;
	unsigned long number; /* of the name on the stage */
	bool suspect;	      /* the daemon complained while this was under way */
};

struct schedule {
	struct schedule_config config;
	struct schedule_listener listener;
	struct worker_listener worker_listener;
	struct stage *stage;
	struct schedule_daemon daemon;
	enum schedule_state state, resume_state;

	struct heap heap;
	struct slot *slots;
	unsigned long last_number;
	bool waiting_for_room; /* on the stage: until something leaves it */

	struct prover prover;
	struct source *canary_timer;
	unsigned failures_in_a_row;
	char complaint[256];
	enum reason abort_reason;
	char *abort_detail;
	bool closed;
	struct schedule_progress progress;
};

static void dispatch(struct schedule *s);
static void on_answer(void *data, struct worker *worker, const struct reply *reply);
static void on_failure(void *data, struct worker *worker, const struct worker_failure *failure);

static void on_canary_timer(void *data)
{
	struct schedule *s = data;

	if (s->state == STATE_SCANNING) {
		prover_begin_round(&s->prover);
		dispatch(s);
	}
	timer_set(s->canary_timer, s->config.canary_interval_ms);
}

int schedule_new(struct schedule **ret, const struct schedule_config *config, const struct schedule_listener *listener)
{
	struct schedule *s = xcalloc(1, sizeof(*s));
	int r;

	s->config = *config;
	s->listener = *listener;
	s->worker_listener = (struct worker_listener){ .data = s, .answered = on_answer, .failed = on_failure };
	r = stage_new(&s->stage, config->jobs, config->stage_folder);
	if (r < 0) {
		free(s);
		return r;
	}
	s->slots = xcalloc(config->n_workers, sizeof(*s->slots));
	for (unsigned i = 0; i < config->n_workers; i++)
		s->slots[i].schedule = s;
	s->canary_timer = loop_add_timer(config->loop, on_canary_timer, s);
	*ret = s;
	return 0;
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->config.n_workers; i++)
		worker_free(s->slots[i].worker);
	loop_remove(&s->canary_timer);
	stage_free(s->stage);
	heap_release(&s->heap);
	free(s->slots);
	prover_release(&s->prover);
	free(s->abort_detail);
	free(s);
}

/* --- verdicts --- */

static void settled(struct schedule *s, struct content *content)
{
	s->progress.contents_done++;
	s->progress.bytes_done += content->key.size;
	s->progress.infected += content->verdict == VERDICT_INFECTED;
	s->progress.unscanned += content->verdict == VERDICT_UNSCANNED;
}

static void settle_unscanned(struct schedule *s, struct content *content, enum reason reason, const char *detail)
{
	content_unscanned(content, reason, detail);
	settled(s, content);
}

/* Not an answer to be believed: once more, or no more. */
static void settle_failed(struct schedule *s, struct content *content, enum reason reason, const char *detail)
{
	if (s->state == STATE_ABORTED)
		settle_unscanned(s, content, s->abort_reason, s->abort_detail);
	else if (++content->attempts < MAX_ATTEMPTS)
		heap_push(&s->heap, content);
	else
		settle_unscanned(s, content, reason, detail);
}

static void settle_reply(struct schedule *s, const struct slot *slot, const struct reply *reply)
{
	enum reason reason;
	const char *detail;

	if (verdict_from_reply(slot->content, reply, slot->suspect ? s->complaint : NULL, &reason, &detail))
		settled(s, slot->content);
	else
		settle_failed(s, slot->content, reason, detail);
}

static void canary_lost(struct schedule *s, const struct canary *canary, const char *instead)
{
	_cleanup_free_ char *detail = xasprintf("the daemon does not find the canary \"%s\": %s", canary->kind, instead);

	if (s->state == STATE_PROVING) {
		s->state = STATE_IDLE;
		s->listener.disproved(s->listener.data, detail);
		return;
	}
	ledger_distrust(s->config.ledger, detail);
	schedule_abort(s, REASON_CANARY, detail);
}

/* --- slots --- */

static struct slot *slot_of(struct schedule *s, const struct worker *worker)
{
	for (unsigned i = 0; i < s->config.n_workers; i++)
		if (s->slots[i].worker == worker)
			return &s->slots[i];
	abort();
}

static struct slot *free_slot(struct schedule *s)
{
	for (unsigned i = 0; i < s->config.n_workers; i++)
		if (s->slots[i].state == SLOT_FREE)
			return &s->slots[i];
	return NULL;
}

static bool all_free(const struct schedule *s)
{
	for (unsigned i = 0; i < s->config.n_workers; i++)
		if (s->slots[i].state != SLOT_FREE)
			return false;
	return true;
}

/* Empties a slot; what it was at is returned in a copy. */
static struct slot release(struct slot *slot)
{
	struct slot was = *slot;

	stage_drop(slot->schedule->stage, slot->number);
	slot->schedule->waiting_for_room = false;
	slot->state = SLOT_FREE;
	slot->content = NULL;
	slot->canary = NULL;
	slot->suspect = false;
	return was;
}

static void ask(struct slot *slot)
{
	struct schedule *s = slot->schedule;
	_cleanup_free_ char *path = stage_path(s->stage, slot->number);

	slot->state = SLOT_ASKED;
	if (!slot->worker)
		slot->worker = worker_new(s->config.loop, s->daemon.worker_config, s->daemon.stream, &s->worker_listener);
	worker_ask(slot->worker, path, s->config.file_timeout_ms);
}

static bool sending(const struct schedule *s)
{
	return s->state == STATE_PROVING || s->state == STATE_SCANNING || s->state == STATE_ENDING;
}

static void on_staged(void *data, int r, const char *error)
{
	struct slot *slot = data;
	struct schedule *s = slot->schedule;
	struct slot was;

	if (r == 0 && sending(s)) {
		ask(slot);
		return;
	}
	was = release(slot);
	if (r == -ESTALE) {
		settle_unscanned(s, was.content, REASON_CHANGED, error);
	} else if (s->state == STATE_ABORTED) {
		settle_unscanned(s, was.content, s->abort_reason, s->abort_detail);
	} else if (r == 0) {
		heap_push(&s->heap, was.content); /* the daemon went away meanwhile */
	} else if (r == -ENOSPC && !all_free(s)) {
		heap_push(&s->heap, was.content); /* others will make room */
		s->waiting_for_room = true;
	} else {
		settle_unscanned(s, was.content, r == -ENOSPC ? REASON_NO_SPACE : REASON_INTERNAL, error);
	}
	dispatch(s);
}

static void send_canary(struct schedule *s, struct slot *slot, const struct canary *canary)
{
	int r;

	slot->canary = canary;
	slot->number = ++s->last_number;
	r = stage_link(s->stage, canary->path, slot->number);
	if (r < 0) {
		release(slot);
		canary_lost(s, canary, strerror(-r));
		return;
	}
	ask(slot);
}

static void send_content(struct schedule *s, struct slot *slot)
{
	slot->content = heap_pop(&s->heap);
	slot->number = ++s->last_number;
	slot->state = SLOT_STAGING;
	stage_put(s->stage, slot->content, slot->number, on_staged, slot);
}

/* --- answers --- */

static void hear_complaint(struct schedule *s)
{
	const char *complaint = s->listener.complaint(s->listener.data);

	if (!complaint)
		return;
	snprintf(s->complaint, sizeof(s->complaint), "%s", complaint);
	for (unsigned i = 0; i < s->config.n_workers; i++)
		s->slots[i].suspect |= s->slots[i].state == SLOT_ASKED;
}

static void on_answer(void *data, struct worker *worker, const struct reply *reply)
{
	struct schedule *s = data;
	struct slot was;

	hear_complaint(s);
	was = release(slot_of(s, worker));
	s->failures_in_a_row = 0;
	if (was.content)
		settle_reply(s, &was, reply);
	else if (prover_answer(&s->prover, was.canary, reply) == CANARY_LOST)
		canary_lost(s, was.canary, reply->kind == REPLY_OK ? "it says OK" : reply->text);
	dispatch(s);
}

static void on_failure(void *data, struct worker *worker, const struct worker_failure *failure)
{
	struct schedule *s = data;
	struct slot was = release(slot_of(s, worker));

	s->failures_in_a_row++;
	if (was.content) {
		settle_failed(s, was.content, failure->timeout ? REASON_TIMEOUT : REASON_DAEMON, failure->text);
	} else if (prover_answer(&s->prover, was.canary, NULL) == CANARY_LOST) {
		canary_lost(s, was.canary, failure->text);
		return;
	}
	if (s->failures_in_a_row > 2 * s->config.n_workers + 2) {
		schedule_abort(s, REASON_DAEMON, failure->text);
		return;
	}
	if (sending(s)) {
		s->resume_state = s->state;
		s->state = STATE_IDLE;
		s->listener.doubted(s->listener.data);
	}
}

/* --- the way through the states --- */

/* Nothing is under way, and nothing can be sent. */
static void advance(struct schedule *s)
{
	if (s->state == STATE_PROVING) {
		s->state = STATE_SCANNING;
		timer_set(s->canary_timer, s->config.canary_interval_ms);
		s->listener.proven(s->listener.data);
		dispatch(s);
	} else if (s->state == STATE_SCANNING && s->closed && !heap_top(&s->heap)) {
		prover_begin_round(&s->prover);
		s->state = STATE_ENDING;
		dispatch(s);
	} else if (s->state == STATE_ENDING || (s->state == STATE_ABORTED && s->closed)) {
		s->state = STATE_ENDED;
		timer_set(s->canary_timer, 0);
		s->listener.ended(s->listener.data);
	}
}

/* Sends the next content; false: there is none, or it has to wait. */
static bool send_next(struct schedule *s, struct slot *slot)
{
	struct content *content = heap_top(&s->heap);

	if (s->state != STATE_SCANNING || s->waiting_for_room || !content)
		return false;
	switch (prover_size(&s->prover, content->key.size)) {
	case SIZE_PROVEN:
		send_content(s, slot);
		return true;
	case SIZE_REFUSED:
		settle_unscanned(s, heap_pop(&s->heap), REASON_LIMIT, "the daemon does not look through files of this size");
		return true;
	case SIZE_PENDING:
		break;
	}
	return prover_waiting(&s->prover);
}

static void dispatch(struct schedule *s)
{
	const struct canary *canary;
	struct slot *slot;

	while (sending(s) && (slot = free_slot(s))) {
		canary = prover_take(&s->prover);
		if (canary)
			send_canary(s, slot, canary);
		else if (!send_next(s, slot))
			break;
	}
	if (all_free(s) && !prover_waiting(&s->prover))
		advance(s);
}

void schedule_add(struct schedule *s, struct content *content)
{
	s->progress.contents++;
	s->progress.bytes += content->key.size;
	if (s->state == STATE_ABORTED) {
		settle_unscanned(s, content, s->abort_reason, s->abort_detail);
		return;
	}
	heap_push(&s->heap, content);
	if (s->state == STATE_SCANNING)
		dispatch(s);
}

void schedule_close(struct schedule *s)
{
	s->closed = true;
	dispatch(s);
}

void schedule_suspend(struct schedule *s, const char *why)
{
	if (s->state == STATE_ABORTED || s->state == STATE_ENDED)
		return;
	s->state = STATE_IDLE;
	for (unsigned i = 0; i < s->config.n_workers; i++) {
		struct slot *slot = &s->slots[i], was;

		worker_free(steal_ptr(&slot->worker));
		if (slot->state != SLOT_ASKED)
			continue; /* what is being staged comes back by itself */
		was = release(slot);
		if (was.content)
			settle_failed(s, was.content, REASON_DAEMON, why);
	}
}

void schedule_use(struct schedule *s, const struct schedule_daemon *daemon)
{
	schedule_suspend(s, "the daemon was replaced");
	if (s->state != STATE_IDLE)
		return;
	s->daemon = *daemon;
	prover_use(&s->prover, daemon->canaries, daemon->proven_size);
	s->failures_in_a_row = 0;
	s->state = STATE_PROVING;
	dispatch(s);
}

void schedule_resume(struct schedule *s)
{
	if (s->state != STATE_IDLE)
		return;
	s->state = s->resume_state;
	dispatch(s);
}

void schedule_abort(struct schedule *s, enum reason reason, const char *detail)
{
	struct content *content;

	if (s->state == STATE_ABORTED || s->state == STATE_ENDED)
		return;
	schedule_suspend(s, detail);
	s->state = STATE_ABORTED;
	s->abort_reason = reason;
	s->abort_detail = xstrdup(detail);
	while ((content = heap_pop(&s->heap)))
		settle_unscanned(s, content, reason, detail);
	dispatch(s);
}

void schedule_get_progress(const struct schedule *s, struct schedule_progress *ret)
{
	*ret = s->progress;
	ret->closed = s->closed;
}
