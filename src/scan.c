/* SPDX-License-Identifier: Apache-2.0 */
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cleanup.h"
#include "clock.h"
#include "cmd.h"
#include "engine.h"
#include "image.h"
#include "interrupt.h"
#include "jobs.h"
#include "log.h"
#include "loop.h"
#include "progress.h"
#include "schedule.h"
#include "walk.h"

/* How often the progress is looked at; progress.h decides when it is shown. */
#define PROGRESS_INTERVAL_MS 100
/* In a long scan, a canary now and then: what was called clean since the last one is at stake. */
#define CANARY_INTERVAL_MS 60000

struct scan {
	const struct options *options;
	const struct work *work;
	struct loop *loop;
	struct jobs *jobs;
	struct ledger ledger;
	struct schedule *schedule;
	struct engine *engine;
	struct image *image;
	struct walk_listener walk_listener;
	unsigned threads, producers; /* producers: walks and the wrapper, as far as they have not ended */
	bool ending;
	struct interrupt *interrupt;
	struct source *progress_timer;
	struct timespec started;
	uint64_t hash_started_ms, scan_started_ms, phase_ms[_PHASE_MAX];
	const char *image_phase;
	uint64_t image_done, image_total;
};

static void end(struct scan *scan)
{
	scan->ending = true;
	loop_quit(scan->loop);
}

void scan_fail(struct scan *scan, enum reason reason, const char *detail)
{
	ledger_fail(&scan->ledger, reason, NULL, detail);
	end(scan);
}

/* --- producers: walks and the wrapper --- */

static void producer_ended(struct scan *scan)
{
	if (--scan->producers == 0 && !scan->ending)
		schedule_close(scan->schedule);
}

static void on_met(void *data, struct content *content)
{
	struct scan *scan = data;

	/* Met before: it is waiting, or has its verdict. */
	if (!scan->ending && !content->locations->next)
		schedule_add(scan->schedule, content);
}

static void on_walk_ended(void *data, struct root *root)
{
	struct scan *scan = data;

	(void)root;
	scan->phase_ms[PHASE_HASH] = clock_ms() - scan->hash_started_ms;
	producer_ended(scan);
}

static void walk(struct scan *scan, struct platform *platform, const char *path, const char *shown, int fd, bool ours)
{
	if (!scan->hash_started_ms)
		scan->hash_started_ms = clock_ms();
	scan->producers++;
	walk_start(scan->jobs, &scan->ledger, ledger_add_root(&scan->ledger, platform, path, shown, fd, ours),
		   &scan->walk_listener);
}

static void on_platform(void *data, const char *name, const char *digest, const char *rootfs)
{
	struct scan *scan = data;
	int fd = open(rootfs, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;

	/* An image may give its own root mode 000. */
	if (fd < 0 && errno == EACCES && chmod(rootfs, 0700) == 0)
		fd = open(rootfs, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		text = xasprintf("cannot open what was unpacked in %s: %s", rootfs, strerror(errno));
		log_error("%s", text);
		ledger_fail(&scan->ledger, REASON_UNPACK, name, text);
		return;
	}
	walk(scan, ledger_add_platform(&scan->ledger, name, digest, image_target(scan->image)->artifact ? "oci" : NULL), rootfs, "",
	     fd, true);
}

static void on_image_progress(void *data, const char *phase, uint64_t done, uint64_t total)
{
	struct scan *scan = data;

	scan->image_phase = !strcmp(phase, "fetch") ? "fetching" : "unpacking";
	scan->image_done = done;
	scan->image_total = total;
}

static void on_image_phase(void *data, const char *phase, uint64_t ms)
{
	struct scan *scan = data;

	scan->phase_ms[!strcmp(phase, "fetch") ? PHASE_FETCH : PHASE_UNPACK] = ms;
}

static void on_image_error(void *data, enum reason reason, const char *platform, const char *message)
{
	struct scan *scan = data;

	log_error("%s", message);
	ledger_fail(&scan->ledger, reason, platform, message);
}

static void on_image_ended(void *data)
{
	struct scan *scan = data;

	scan->image_phase = NULL;
	/* Nothing came of it: there is no need to wait for the database. */
	if (!scan->ledger.platforms) {
		if (!scan->ledger.failures)
			ledger_fail(&scan->ledger, REASON_INTERNAL, NULL,
				    "libexec/image found nothing to scan, and did not say why");
		end(scan);
	}
	producer_ended(scan);
}

static int start_paths(struct scan *scan)
{
	struct platform *platform = ledger_add_platform(&scan->ledger, NULL, NULL, "path");

	for (int i = 0; i < scan->options->n_args; i++) {
		const char *path = scan->options->args[i];
		struct stat st;
		int fd = -1;

		if (stat(path, &st) < 0)
			return log_error_errno(-errno, "cannot scan %s", path);
		if (S_ISDIR(st.st_mode)) {
			fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (fd < 0)
				return log_error_errno(-errno, "cannot open the folder %s", path);
		} else if (!S_ISREG(st.st_mode)) {
			log_error("cannot scan %s: it is neither a folder nor a regular file", path);
			return -EINVAL;
		}
		walk(scan, platform, path, path, fd, false);
	}
	return 0;
}

int scan_start(struct scan *scan)
{
	struct image_listener listener = {
		.data = scan,
		.platform = on_platform,
		.progress = on_image_progress,
		.phase = on_image_phase,
		.error = on_image_error,
		.ended = on_image_ended,
	};
	int r;

	if (scan->options->command == COMMAND_IMAGE) {
		scan->producers++;
		r = image_start(&scan->image, scan->loop, scan->options, scan->work->image, scan->threads, &listener);
	} else {
		r = start_paths(scan);
	}
	if (r == 0)
		engine_start(scan->engine);
	return r;
}

/* --- the schedule and the engine --- */

static void on_proven(void *data)
{
	struct scan *scan = data;

	if (!scan->scan_started_ms)
		scan->scan_started_ms = clock_ms();
	engine_proven(scan->engine);
}

static void on_disproved(void *data, const char *detail)
{
	engine_disproved(((struct scan *)data)->engine, detail);
}

static void on_doubted(void *data)
{
	engine_doubted(((struct scan *)data)->engine);
}

static const char *on_complaint(void *data)
{
	return engine_complaint(((struct scan *)data)->engine);
}

static void on_schedule_ended(void *data)
{
	end(data);
}

/* The rest cannot be scanned, and waiting for it would not help. */
static void on_engine_failed(void *data, enum reason reason, const char *detail)
{
	struct scan *scan = data;

	if (strcmp(detail, log_last_error()))
		log_error("%s", detail);
	schedule_abort(scan->schedule, reason, detail);
	scan_fail(scan, reason, detail);
}

/* --- signals and progress --- */

static void on_interrupt(void *data, const char *signal_name)
{
	struct scan *scan = data;
	_cleanup_free_ char *text = xasprintf("interrupted by %s: what was not scanned yet is not scanned", signal_name);

	log_error("%s", text);
	scan_fail(scan, REASON_INTERRUPTED, text);
}

static void on_progress_timer(void *data)
{
	struct scan *scan = data;
	struct schedule_progress now;
	struct progress shown = {};

	schedule_get_progress(scan->schedule, &now);
	shown = (struct progress){
		.files_done = now.contents_done,
		.files_total = now.contents,
		.bytes_done = now.bytes_done,
		.bytes_total = now.bytes,
		.findings = now.infected,
		.unscanned = now.unscanned,
		.total_known = now.closed,
	};
	if (scan->image_phase) {
		shown.phase = scan->image_phase;
		if (!scan->ledger.platforms) {
			shown.bytes_done = scan->image_done;
			shown.bytes_total = scan->image_total;
		}
	} else {
		shown.phase = engine_is_loading(scan->engine) ? "loading the database" : "scanning";
	}
	progress_show(&shown);
	timer_set(scan->progress_timer, PROGRESS_INTERVAL_MS);
}

/* --- life --- */

int scan_new(struct scan **ret, const struct options *options, const struct work *work)
{
	struct scan *scan = xcalloc(1, sizeof(*scan));
	struct schedule_config schedule_config;
	struct engine_config engine_config;
	int r;

	*scan = (struct scan){ .options = options, .work = work };
	clock_gettime(CLOCK_REALTIME, &scan->started);
	scan->loop = loop_new();
	scan->jobs = jobs_new(scan->loop);
	scan->threads = threads_count(options);
	scan->walk_listener = (struct walk_listener){ .data = scan, .met = on_met, .ended = on_walk_ended };
	r = interrupt_watch(&scan->interrupt, scan->loop, on_interrupt, scan);
	schedule_config = (struct schedule_config){
		.loop = scan->loop,
		.jobs = scan->jobs,
		.ledger = &scan->ledger,
		.stage_folder = work->stage,
		/* While one request of a thread is scanned, the next waits in the daemon's queue. */
		.n_workers = 2 * scan->threads,
		.file_timeout_ms = options->file_timeout_s * UINT64_C(1000),
		.canary_interval_ms = CANARY_INTERVAL_MS,
	};
	if (r == 0)
		r = schedule_new(&scan->schedule, &schedule_config,
				 &(struct schedule_listener){
					 .data = scan,
					 .proven = on_proven,
					 .disproved = on_disproved,
					 .doubted = on_doubted,
					 .complaint = on_complaint,
					 .ended = on_schedule_ended,
				 });
	if (r < 0) {
		scan_free(scan);
		return r;
	}
	engine_config = (struct engine_config){
		.loop = scan->loop,
		.jobs = scan->jobs,
		.ledger = &scan->ledger,
		.options = options,
		.work = work,
		.schedule = scan->schedule,
		.threads = scan->threads,
		.n_workers = schedule_config.n_workers,
	};
	scan->engine = engine_new(&engine_config, on_engine_failed, scan);
	scan->progress_timer = loop_add_timer(scan->loop, on_progress_timer, scan);
	*ret = scan;
	return 0;
}

/* Threads first: what they still bring is taken into the ledger, but nothing more is sent. */
static void stop_all(struct scan *scan)
{
	scan->ending = true;
	if (scan->schedule)
		schedule_abort(scan->schedule, REASON_INTERRUPTED, "the scan was ended before its turn");
	jobs_free(steal_ptr(&scan->jobs));
}

void scan_run(struct scan *scan)
{
	if (!scan->ending) {
		progress_start(scan->options->verbosity < 0 ? PROGRESS_NONE : scan->options->progress);
		timer_set(scan->progress_timer, PROGRESS_INTERVAL_MS);
		loop_run(scan->loop);
		progress_end();
	}
	stop_all(scan);
	if (scan->scan_started_ms)
		scan->phase_ms[PHASE_SCAN] = clock_ms() - scan->scan_started_ms;
	ledger_end_pending(&scan->ledger, REASON_INTERRUPTED, "the scan was ended before its turn");
}

void scan_describe(struct scan *scan, struct report *report)
{
	struct schedule_progress progress;

	schedule_get_progress(scan->schedule, &progress);
	memcpy(report->phase_ms, scan->phase_ms, sizeof(report->phase_ms));
	report->ledger = &scan->ledger;
	report->strict = scan->options->strict;
	report->kind = scan->options->command == COMMAND_IMAGE ? "image" : "path";
	report->started = scan->started;
	report->bytes_scanned = progress.bytes_done;
	engine_describe(scan->engine, report);
	if (scan->image) {
		report->digest = image_target(scan->image)->digest;
		report->media_type = image_target(scan->image)->media_type;
		report->artifact_type = image_target(scan->image)->artifact_type;
	}
}

void scan_save_log(struct scan *scan, const char *folder)
{
	engine_save_log(scan->engine, folder);
}

void scan_free(struct scan *scan)
{
	if (!scan)
		return;
	if (scan->jobs)
		stop_all(scan);
	image_free(scan->image);
	schedule_free(scan->schedule);
	engine_free(scan->engine);
	interrupt_free(scan->interrupt);
	loop_remove(&scan->progress_timer);
	loop_free(scan->loop);
	ledger_free(&scan->ledger);
	free(scan);
}
