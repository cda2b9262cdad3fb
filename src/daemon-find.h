/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Looks for daemons that answer: --socket, the one of ours that stayed (daemon-state.h), the usual places, and what the host's clamd
 * configuration names. A socket in a place where anybody may make one counts only when root, we or ClamAV's user made it.
 */

#include "daemon-state.h"
#include "jobs.h"

struct found_daemon {
	char *address;		    /* a path or HOST:PORT */
	char *version_line;	    /* its answer to VERSION; NULL: none */
	struct daemon_state *state; /* of ours; NULL: somebody else's */
};

struct found_daemons {
	struct found_daemon *list; /* in the order of preference */
	size_t n;
};

/* found: the callee's, to be released. */
typedef void (*daemon_find_fn)(void *data, struct found_daemons *found);

/* In a thread; fn is called from the loop. socket: --socket or NULL; that it does not answer is told at level info. */
void daemon_find(struct jobs *jobs, const char *socket, daemon_find_fn fn, void *data);
void found_daemons_release(struct found_daemons *found);
