/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A clamd of our own: its folder, configuration, start, and what it says until it ends.
 *
 *	FOLDER/             0711, where its user can get to
 *	  clamd.conf        complete: nothing of the host's configuration is read
 *	  clamdscan.conf    for who wants to talk to it
 *	  run/clamd.sock
 *	  db/               the shadow folder (shadow.h)
 *	  tmp/              its temporary files, unless a tmpfs has room for them
 *
 * It gives up root before it is executed. What it and libclamav print is read from pipes to the end, kept in the log, and searched
 * for complaints: libclamav says OK to some archives when it cannot write temporary files, and tells standard error alone.
 */

#include <stdbool.h>
#include <stdint.h>

#include "canary.h"
#include "daemon-state.h"
#include "jobs.h"
#include "loop.h"
#include "work.h"

struct daemon;

struct daemon_config {
	const char *database;
	const char *preferred_folder; /* made; used when its user can reach it and the socket's path is short enough */
	unsigned threads, max_queue;
	bool verbose;
	uint64_t timeout_ms; /* to load the database */
	bool stays;	     /* its output goes to the log directly; see daemon_keep() */
	const char *socket;  /* where its socket shall be; NULL: in the folder */
};

struct daemon_listener {
	void *data;
	/* It answers PING. Once. */
	void (*ready)(void *data);
	/* It ended, by itself or because it was too slow; text says how, and what it said last. Never after daemon_stop(). */
	void (*ended)(void *data, const char *text);
};

/* Starts it; listener is called from the loop. Logs; 0 or a negative errno. */
int daemon_start(struct daemon **ret, struct loop *loop, struct jobs *jobs, const struct daemon_config *config,
		 const struct daemon_listener *listener);
/* Ends it (SIGTERM is not waited for: it holds nothing worth saving), removes its folders. NULL is fine. */
void daemon_stop(struct daemon *daemon);

const char *daemon_socket(const struct daemon *daemon);
const char *daemon_worker_config(const struct daemon *daemon);
const struct canary_signature *daemon_signature(const struct daemon *daemon);
/* Copies what it has said since its start to clamd.log in the folder. Logs when it cannot. */
void daemon_save_log(const struct daemon *daemon, const char *folder);

/* It goes on after us: daemon_stop() only forgets it from now on. Fills in all of *ret but the database and its fingerprint. */
void daemon_keep(struct daemon *daemon, struct daemon_state *ret);
/* One that was kept, as if it had been started by us; daemon_stop() forgets it. Does not log; 0 or a negative errno. */
int daemon_adopt(struct daemon **ret, const struct daemon_state *state);
bool daemon_stays(const struct daemon *daemon);

/* Reads what it has said up to now; the latest complaint that was not returned yet, or NULL. */
const char *daemon_complaint(struct daemon *daemon);
