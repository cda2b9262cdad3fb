/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The engine behind a scan: finds a daemon or starts one, proves it by way of the schedule, looks at it when a worker failed, and
 * replaces one of ours, once, when it died.
 *
 *	auto      the first that answers and finds the canaries, else one of ours
 *	existing  as auto, but never one of ours
 *	own       one of ours
 */

#include "jobs.h"
#include "ledger.h"
#include "loop.h"
#include "options.h"
#include "report.h"
#include "schedule.h"
#include "work.h"

struct engine;

struct engine_config {
	struct loop *loop;
	struct jobs *jobs;
	struct ledger *ledger;
	const struct options *options;
	const struct work *work;
	struct schedule *schedule;
	unsigned threads, n_workers;
};

/* No daemon can be had (any more): nothing more will be scanned. */
typedef void (*engine_failed_fn)(void *data, enum reason reason, const char *detail);

struct engine *engine_new(const struct engine_config *config, engine_failed_fn failed, void *data);
/* Begins to look, or to load. */
void engine_start(struct engine *engine);
/* Ends what is ours. After jobs_free(). */
void engine_free(struct engine *engine);

/* For the schedule's listener. */
void engine_proven(struct engine *engine);
void engine_disproved(struct engine *engine, const char *detail);
void engine_doubted(struct engine *engine);
const char *engine_complaint(struct engine *engine);

/* Fills in engine, engine_version_line, daemon, socket, database and the phase of the daemon; valid while the engine lives. */
void engine_describe(const struct engine *engine, struct report *report);
/* Whether the daemon is being waited for: for the progress line. */
bool engine_is_loading(const struct engine *engine);
/* Copies what our daemon has said in this run to a file clamd.log in the folder, if there was one. Logs. */
void engine_save_log(const struct engine *engine, const char *folder);
