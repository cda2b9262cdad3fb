/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "clamd-ask.h"
#include "clamd.h"
#include "cleanup.h"
#include "clock.h"
#include "daemon-find.h"
#include "daemon-folder.h"
#include "daemon.h"
#include "database-age.h"
#include "log.h"

/* A daemon that answers, but needs longer than this for it, is as good as gone. */
#define PING_TIMEOUT_MS 10000

/* Of a foreign daemon nothing is known but that it found the canaries, of a few kilobytes. */
#define FOREIGN_PROVEN_SIZE 4096

struct engine {
	struct engine_config config;
	engine_failed_fn failed;
	void *data;

	struct found_daemons found;
	size_t next; /* of found: to be tried */
	struct daemon *own;
	bool restarted, failed_already, loading;
	uint64_t started_ms, loading_ms;

	/* What is in use. */
	char *address, *version_line, *worker_config;
	char *name; /* "ClamAV 1.4.6", or NULL */
	struct canaries canaries;
	unsigned n_canaries;
	struct database database;
	enum { DATABASE_UNKNOWN, DATABASE_BEING_READ, DATABASE_KNOWN } database_state;
	char *expected_fingerprint; /* of a daemon that stayed: the folder may have changed since */
	bool ready;		    /* the daemon answers */
	char *last_words;	    /* of our own, when it ended while its database was still being read */
};

static void start_own(struct engine *e);
static void use(struct engine *e);

/* Started for this scan, and ended with it; not one of ours that stays. */
static bool is_ours_alone(const struct engine *e)
{
	return e->own && !daemon_stays(e->own);
}

static void fail(struct engine *e, enum reason reason, const char *detail)
{
	e->loading = false;
	if (e->failed_already)
		return;
	e->failed_already = true;
	e->failed(e->data, reason, detail);
}

/* --- the database, read in a thread while the daemon loads it --- */

struct reading {
	struct job job;
	struct engine *engine;
	char *folder;
	struct database database;
	int result;
	char error[512];
};

static void reading_run(struct job *job)
{
	struct reading *reading = (struct reading *)job;

	reading->result = database_read(&reading->database, reading->folder);
	if (reading->result < 0)
		snprintf(reading->error, sizeof(reading->error), "%s", log_last_error());
}

static void reading_done(struct job *job)
{
	struct reading *reading = (struct reading *)job;
	struct engine *e = reading->engine;

	if (reading->result < 0) {
		log_adopt_error(reading->error);
		fail(e, REASON_DATABASE, reading->error);
	} else if (e->expected_fingerprint && strcmp(e->expected_fingerprint, reading->database.fingerprint)) {
		log_info("the database in %s is not the one any more that the daemon has loaded", reading->folder);
		database_release(&reading->database);
		e->database_state = DATABASE_UNKNOWN;
		use(e);
	} else {
		e->database = reading->database;
		e->database_state = DATABASE_KNOWN;
		if (e->last_words)
			fail(e, REASON_DAEMON, e->last_words); /* the database is not to blame for the daemon's end */
		use(e);
	}
	free(reading->folder);
	free(reading);
}

static void read_database(struct engine *e, const char *folder)
{
	struct reading *reading = xcalloc(1, sizeof(*reading));

	*reading = (struct reading){ .job = { .run = reading_run, .done = reading_done }, .engine = e, .folder = xstrdup(folder) };
	e->database_state = DATABASE_BEING_READ;
	jobs_start(e->config.jobs, &reading->job);
}

/* --- taking a daemon into use --- */

static int make_canaries(struct engine *e, const struct canary_signature *signature)
{
	_cleanup_free_ char *folder = xasprintf("%s/%u", e->config.work->canary, e->n_canaries++);

	canaries_release(&e->canaries);
	if (mkdir(folder, 0700) < 0)
		return log_error_errno(-errno, "cannot make the folder %s", folder);
	return canaries_make(&e->canaries, folder, signature);
}

/* Once the daemon answers and the database is read: the schedule sends canaries first. */
static void use(struct engine *e)
{
	struct schedule_daemon daemon;

	if (!e->ready || e->database_state == DATABASE_BEING_READ || e->failed_already)
		return;
	if (make_canaries(e, e->own ? daemon_signature(e->own) : NULL) < 0) {
		fail(e, REASON_INTERNAL, log_last_error());
		return;
	}
	daemon = (struct schedule_daemon){
		.worker_config = e->worker_config,
		.stream = clamd_address_is_tcp(e->address),
		.canaries = &e->canaries,
		.proven_size = e->own ? UINT64_MAX : FOREIGN_PROVEN_SIZE,
	};
	schedule_use(e->config.schedule, &daemon);
}

static void set_daemon(struct engine *e, const char *address, const char *worker_config, const char *version_line)
{
	free(e->address);
	free(e->worker_config);
	free(e->version_line);
	e->address = xstrdup(address);
	e->worker_config = xstrdup(worker_config);
	e->version_line = xstrdup_or_null(version_line);
	free(e->name);
	e->name = version_line ? xasprintf("%.*s", (int)strcspn(version_line, "/"), version_line) : NULL;
}

static void forget_database(struct engine *e)
{
	if (e->database_state == DATABASE_KNOWN)
		database_release(&e->database);
	e->database_state = DATABASE_UNKNOWN;
	free(steal_ptr(&e->expected_fingerprint));
}

/* --- a daemon that was there --- */

static void adopt(struct engine *e, const struct found_daemon *found)
{
	_cleanup_free_ char *config = xasprintf("%s/clamdscan.conf", e->config.work->path);

	if (clamdscan_config_write(config, found->address) < 0) {
		fail(e, REASON_INTERNAL, log_last_error());
		return;
	}
	log_debug("trying the daemon at %s; a file can be scanned by hand with: clamdscan --config-file=%s %s FILE", found->address,
		  config, clamd_address_is_tcp(found->address) ? "--stream" : "--fdpass");
	set_daemon(e, found->address, config, found->version_line);
	forget_database(e);
	e->ready = true;
	if (found->state && daemon_adopt(&e->own, found->state) == 0) {
		e->expected_fingerprint = xstrdup(found->state->fingerprint);
		read_database(e, found->state->database);
	} else {
		use(e);
	}
}

static void next_daemon(struct engine *e)
{
	daemon_stop(steal_ptr(&e->own));
	e->ready = false;
	if (e->next < e->found.n) {
		adopt(e, &e->found.list[e->next++]);
	} else if (e->config.options->daemon == DAEMON_AUTO) {
		log_debug("no daemon to use was found: starting one");
		start_own(e);
	} else {
		fail(e, REASON_DAEMON,
		     e->found.n ? "no daemon that answers finds the canaries: look at its configuration, or use --daemon own"
				: "no daemon answers: start one, name its --socket, or use --daemon own");
	}
}

static void on_found(void *data, struct found_daemons *found)
{
	struct engine *e = data;

	e->found = *found;
	next_daemon(e);
}

/* --- a daemon of our own --- */

static void on_version(void *data, const char *address, int r, const char *version)
{
	struct engine *e = data;

	/* Has it ended meanwhile? Then on_own_ended() has done what is to be done. */
	if (r < 0 || !e->own || e->failed_already || strcmp(address, daemon_socket(e->own)))
		return;
	set_daemon(e, address, daemon_worker_config(e->own), version);
	e->ready = true;
	use(e);
}

static void on_own_ready(void *data)
{
	struct engine *e = data;

	e->loading_ms += clock_ms() - e->started_ms;
	e->loading = false;
	clamd_ask(e->config.jobs, daemon_socket(e->own), PING_TIMEOUT_MS, true, on_version, e);
}

static void on_own_ended(void *data, const char *text)
{
	struct engine *e = data;
	bool first = !e->restarted && e->ready;

	e->ready = false;
	schedule_suspend(e->config.schedule, text);
	/* What it had called clean can't be confirmed by canaries any more. */
	ledger_distrust(e->config.ledger, "the daemon died before it could be proven again");
	/* Before it was ready, its database or its configuration is at fault: no other will fare better. */
	if (!first) {
		/* Where the database is at fault its reading says so more plainly. */
		if (e->database_state == DATABASE_BEING_READ)
			e->last_words = xstrdup(text);
		else
			fail(e, REASON_DAEMON, text);
		return;
	}
	log_warning("%s; starting it once more", text);
	ledger_warn(e->config.ledger, "daemon-restarted", text);
	e->restarted = true;
	daemon_stop(steal_ptr(&e->own));
	start_own(e);
}

static void start_own(struct engine *e)
{
	_cleanup_free_ char *folder = xasprintf("%s/daemon%s", e->config.work->path, e->restarted ? "-2" : "");
	const struct options *options = e->config.options;
	struct daemon_config config = {
		.database = options->database,
		.preferred_folder = folder,
		.threads = e->config.threads,
		.max_queue = 2 * e->config.n_workers + 10,
		.verbose = options->verbosity > 0,
		.timeout_ms = options->daemon_timeout_s * UINT64_C(1000),
	};

	if (access(options->database, R_OK | X_OK) < 0) {
		log_error_errno(-errno,
				"cannot open the database folder %s (fetch one with freshclam, or name another with --database)",
				options->database);
		fail(e, REASON_DATABASE, log_last_error());
		return;
	}
	if (e->database_state == DATABASE_UNKNOWN)
		read_database(e, options->database);
	e->started_ms = clock_ms();
	e->loading = true;
	if (daemon_start(&e->own, e->config.loop, e->config.jobs, &config,
			 &(struct daemon_listener){ .data = e, .ready = on_own_ready, .ended = on_own_ended }) < 0)
		fail(e, REASON_DAEMON, log_last_error());
}

void engine_proven(struct engine *e)
{
	log_debug("the daemon at %s finds the canaries", e->address);
	database_age_check(e->database_state == DATABASE_KNOWN ? &e->database : NULL, e->version_line,
			   e->config.options->max_db_age_days, e->config.ledger);
}

void engine_disproved(struct engine *e, const char *detail)
{
	if (is_ours_alone(e)) {
		fail(e, REASON_CANARY, detail);
		return;
	}
	log_info("not using the daemon at %s: %s", e->address, detail);
	next_daemon(e);
}

static void on_doubt_answered(void *data, const char *address, int r, const char *version)
{
	struct engine *e = data;
	_cleanup_free_ char *text = NULL;

	(void)version;
	if (!e->ready || strcmp(address, e->address))
		return; /* it has been replaced meanwhile */
	if (r == 0) {
		schedule_resume(e->config.schedule);
		return;
	}
	text = xasprintf("the daemon at %s does not answer any more: %s", address, strerror(-r));
	if (is_ours_alone(e)) {
		on_own_ended(e, text);
	} else {
		schedule_suspend(e->config.schedule, text);
		ledger_distrust(e->config.ledger, text);
		fail(e, REASON_DAEMON, text);
	}
}

void engine_doubted(struct engine *e)
{
	clamd_ask(e->config.jobs, e->address, PING_TIMEOUT_MS, false, on_doubt_answered, e);
}

const char *engine_complaint(struct engine *e)
{
	return e->own ? daemon_complaint(e->own) : NULL;
}

struct engine *engine_new(const struct engine_config *config, engine_failed_fn failed, void *data)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	*e = (struct engine){ .config = *config, .failed = failed, .data = data };
	return e;
}

void engine_start(struct engine *e)
{
	if (e->config.options->daemon == DAEMON_OWN)
		start_own(e);
	else
		daemon_find(e->config.jobs, e->config.options->socket, on_found, e);
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	daemon_stop(e->own);
	found_daemons_release(&e->found);
	forget_database(e);
	canaries_release(&e->canaries);
	free(e->address);
	free(e->version_line);
	free(e->name);
	free(e->worker_config);
	free(e->last_words);
	free(e);
}

bool engine_is_loading(const struct engine *e)
{
	return e->loading;
}

void engine_describe(const struct engine *e, struct report *report)
{
	report->phase_ms[PHASE_DAEMON] = e->loading_ms;
	if (e->database_state == DATABASE_KNOWN)
		report->database = &e->database;
	if (!e->address)
		return;
	report->engine = e->name;
	report->engine_version_line = e->version_line;
	report->daemon = is_ours_alone(e) ? "own" : "existing";
	report->socket = e->address;
}

void engine_save_log(const struct engine *e, const char *folder)
{
	if (e->own)
		daemon_save_log(e->own, folder);
}
