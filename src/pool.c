/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include "alloc.h"
#include "cleanup.h"
#include "stage.h"

enum slot_state { SLOT_FREE, SLOT_STAGING, SLOT_ASKED };

struct slot {
	struct pool *pool;
	struct worker *worker; /* NULL: to be made */
	enum slot_state state;
	struct pool_item item;
	unsigned long number; /* of the name on the stage */
};

struct pool {
	struct pool_config config;
	struct pool_listener listener;
	struct worker_listener worker_listener;
	struct stage *stage;
	struct slot *slots;
	unsigned long last_number;
	const char *worker_config;
	bool stream, held;
};

static struct slot *slot_of(const struct pool *pool, const struct worker *worker)
{
	for (unsigned i = 0; i < pool->config.n_workers; i++)
		if (pool->slots[i].worker == worker)
			return &pool->slots[i];
	abort(); /* every worker that speaks is one of ours */
}

static struct slot *free_slot(const struct pool *pool)
{
	for (unsigned i = 0; i < pool->config.n_workers; i++)
		if (pool->slots[i].state == SLOT_FREE)
			return &pool->slots[i];
	return NULL;
}

bool pool_has_room(const struct pool *pool)
{
	return free_slot(pool) != NULL;
}

bool pool_is_empty(const struct pool *pool)
{
	for (unsigned i = 0; i < pool->config.n_workers; i++)
		if (pool->slots[i].state != SLOT_FREE)
			return false;
	return true;
}

static struct pool_item release(struct slot *slot)
{
	struct pool_item item = slot->item;

	stage_drop(slot->pool->stage, slot->number);
	slot->state = SLOT_FREE;
	slot->item = (struct pool_item){};
	return item;
}

static void on_answer(void *data, struct worker *worker, const struct reply *reply)
{
	struct pool *pool = data;
	struct pool_item item = release(slot_of(pool, worker));

	pool->listener.answered(pool->listener.data, &item, reply);
}

static void on_failure(void *data, struct worker *worker, const struct worker_failure *failure)
{
	struct pool *pool = data;
	struct pool_item item = release(slot_of(pool, worker));

	pool->listener.failed(pool->listener.data, &item, failure);
}

int pool_new(struct pool **ret, const struct pool_config *config, const struct pool_listener *listener)
{
	struct pool *pool = xcalloc(1, sizeof(*pool));
	int r;

	*pool = (struct pool){ .config = *config, .listener = *listener, .held = true };
	pool->worker_listener = (struct worker_listener){ .data = pool, .answered = on_answer, .failed = on_failure };
	r = stage_new(&pool->stage, config->jobs, config->stage_folder);
	if (r < 0) {
		free(pool);
		return r;
	}
	pool->slots = xcalloc(config->n_workers, sizeof(*pool->slots));
	for (unsigned i = 0; i < config->n_workers; i++)
		pool->slots[i].pool = pool;
	*ret = pool;
	return 0;
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	for (unsigned i = 0; i < pool->config.n_workers; i++)
		worker_free(pool->slots[i].worker);
	stage_free(pool->stage);
	free(pool->slots);
	free(pool);
}

void pool_set_daemon(struct pool *pool, const char *worker_config, bool stream)
{
	pool->worker_config = worker_config;
	pool->stream = stream;
}

void pool_hold(struct pool *pool, bool held)
{
	pool->held = held;
}

void pool_drop(struct pool *pool, const char *why)
{
	for (unsigned i = 0; i < pool->config.n_workers; i++) {
		struct slot *slot = &pool->slots[i];
		struct pool_item item;

		worker_free(steal_ptr(&slot->worker));
		if (slot->state != SLOT_ASKED)
			continue;
		item = release(slot);
		pool->listener.failed(pool->listener.data, &item, &(struct worker_failure){ .text = why });
	}
}

static void ask(struct slot *slot)
{
	struct pool *pool = slot->pool;
	_cleanup_free_ char *path = stage_path(pool->stage, slot->number);

	slot->state = SLOT_ASKED;
	if (!slot->worker)
		slot->worker = worker_new(pool->config.loop, pool->worker_config, pool->stream, &pool->worker_listener);
	worker_ask(slot->worker, path, pool->config.file_timeout_ms);
}

static void on_staged(void *data, int r, const char *error)
{
	struct slot *slot = data;
	struct pool *pool = slot->pool;

	if (r == 0 && !pool->held)
		ask(slot);
	else
		pool->listener.unstaged(pool->listener.data, release(slot).content, r, error);
}

void pool_send(struct pool *pool, struct content *content)
{
	struct slot *slot = free_slot(pool);

	slot->item.content = content;
	slot->number = ++pool->last_number;
	slot->state = SLOT_STAGING;
	stage_put(pool->stage, content, slot->number, on_staged, slot);
}

int pool_send_canary(struct pool *pool, const struct canary *canary)
{
	struct slot *slot = free_slot(pool);
	int r;

	slot->item.canary = canary;
	slot->number = ++pool->last_number;
	r = stage_link(pool->stage, canary->path, slot->number);
	if (r < 0)
		release(slot);
	else
		ask(slot);
	return r;
}

void pool_suspect(struct pool *pool)
{
	for (unsigned i = 0; i < pool->config.n_workers; i++)
		pool->slots[i].item.suspect |= pool->slots[i].state == SLOT_ASKED;
}
