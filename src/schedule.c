/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "heap.h"
#include "pool.h"
#include "prover.h"
#include "verdict.h"

#define MAX_ATTEMPTS 2

enum schedule_state {
	STATE_IDLE,	/* no daemon, or one in doubt: nothing is sent */
	STATE_PROVING,	/* the first canaries are under way */
	STATE_SCANNING, /* contents, and a canary now and then */
	STATE_ENDING,	/* the last canaries are under way */
	STATE_ABORTED,	/* whatever is added gets the abort's verdict */
	STATE_ENDED,
};

struct schedule {
	struct schedule_config config;
	struct schedule_listener listener;
	struct pool *pool;
	enum schedule_state state, resume_state;

	struct heap heap;
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
static void on_answer(void *data, const struct pool_item *item, const struct reply *reply);
static void on_failure(void *data, const struct pool_item *item, const struct worker_failure *failure);
static void on_unstaged(void *data, struct content *content, int r, const char *error);

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
	r = pool_new(&s->pool,
		     &(struct pool_config){
			     .loop = config->loop,
			     .jobs = config->jobs,
			     .stage_folder = config->stage_folder,
			     .n_workers = config->n_workers,
			     .file_timeout_ms = config->file_timeout_ms,
		     },
		     &(struct pool_listener){ .data = s, .answered = on_answer, .failed = on_failure, .unstaged = on_unstaged });
	if (r < 0) {
		free(s);
		return r;
	}
	s->canary_timer = loop_add_timer(config->loop, on_canary_timer, s);
	*ret = s;
	return 0;
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	pool_free(s->pool);
	loop_remove(&s->canary_timer);
	heap_release(&s->heap);
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

static void settle_reply(struct schedule *s, const struct pool_item *item, const struct reply *reply)
{
	enum reason reason;
	const char *detail;

	if (verdict_from_reply(item->content, reply, item->suspect ? s->complaint : NULL, &reason, &detail))
		settled(s, item->content);
	else
		settle_failed(s, item->content, reason, detail);
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

/* --- answers --- */

static bool sending(const struct schedule *s)
{
	return s->state == STATE_PROVING || s->state == STATE_SCANNING || s->state == STATE_ENDING;
}

static void on_unstaged(void *data, struct content *content, int r, const char *error)
{
	struct schedule *s = data;

	s->waiting_for_room = false;
	if (r == -ESTALE) {
		settle_unscanned(s, content, REASON_CHANGED, error);
	} else if (s->state == STATE_ABORTED) {
		settle_unscanned(s, content, s->abort_reason, s->abort_detail);
	} else if (r == 0) {
		heap_push(&s->heap, content); /* the daemon went away meanwhile */
	} else if (r == -ENOSPC && !pool_is_empty(s->pool)) {
		heap_push(&s->heap, content); /* others will make room */
		s->waiting_for_room = true;
	} else {
		settle_unscanned(s, content, r == -ENOSPC ? REASON_NO_SPACE : REASON_INTERNAL, error);
	}
	dispatch(s);
}

static void on_answer(void *data, const struct pool_item *item, const struct reply *reply)
{
	struct schedule *s = data;
	const char *complaint = s->listener.complaint(s->listener.data);
	struct pool_item now = *item;

	if (complaint) {
		/* It may concern this file, or any other that is under way. */
		snprintf(s->complaint, sizeof(s->complaint), "%s", complaint);
		pool_suspect(s->pool);
		now.suspect = true;
	}
	s->waiting_for_room = false;
	s->failures_in_a_row = 0;
	if (now.content)
		settle_reply(s, &now, reply);
	else if (prover_answer(&s->prover, now.canary, reply) == CANARY_LOST)
		canary_lost(s, now.canary, reply->kind == REPLY_OK ? "it says OK" : reply->text);
	dispatch(s);
}

static void on_failure(void *data, const struct pool_item *item, const struct worker_failure *failure)
{
	struct schedule *s = data;

	s->waiting_for_room = false;
	s->failures_in_a_row++;
	if (item->content) {
		settle_failed(s, item->content, failure->timeout ? REASON_TIMEOUT : REASON_DAEMON, failure->text);
	} else if (sending(s) && prover_answer(&s->prover, item->canary, NULL) == CANARY_LOST) {
		canary_lost(s, item->canary, failure->text);
		return;
	}
	if (!sending(s))
		return; /* in doubt already, or all workers are being dropped */
	if (s->failures_in_a_row > 2 * s->config.n_workers + 2) {
		schedule_abort(s, REASON_DAEMON, failure->text);
		return;
	}
	s->resume_state = s->state;
	s->state = STATE_IDLE;
	pool_hold(s->pool, true);
	s->listener.doubted(s->listener.data);
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
static bool send_next(struct schedule *s)
{
	struct content *content = heap_top(&s->heap);

	if (s->state != STATE_SCANNING || s->waiting_for_room || !content)
		return false;
	switch (prover_size(&s->prover, content->key.size)) {
	case SIZE_PROVEN:
		pool_send(s->pool, heap_pop(&s->heap));
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
	int r;

	while (sending(s) && pool_has_room(s->pool)) {
		canary = prover_take(&s->prover);
		if (canary) {
			r = pool_send_canary(s->pool, canary);
			if (r < 0)
				canary_lost(s, canary, strerror(-r));
		} else if (!send_next(s)) {
			break;
		}
	}
	if (pool_is_empty(s->pool) && !prover_waiting(&s->prover))
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
	pool_hold(s->pool, true);
	pool_drop(s->pool, why);
}

void schedule_use(struct schedule *s, const struct schedule_daemon *daemon)
{
	schedule_suspend(s, "the daemon was replaced");
	if (s->state != STATE_IDLE)
		return;
	pool_set_daemon(s->pool, daemon->worker_config, daemon->stream);
	pool_hold(s->pool, false);
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
	pool_hold(s->pool, false);
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
