/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a scan tells the world: the summary, results.json, the clamscan-compatible logs. All three are made from the ledger and the
 * facts below, once, at the end of the scan, and on every way out of it.
 */

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "database.h"
#include "ledger.h"

enum phase { PHASE_FETCH, PHASE_UNPACK, PHASE_DAEMON, PHASE_HASH, PHASE_SCAN, _PHASE_MAX };
const char *phase_name(enum phase phase); /* "fetch", … */

struct report {
	const struct ledger *ledger;
	bool strict;

	const char *engine;		 /* "ClamAV 1.4.6", or NULL when no daemon answered */
	const char *engine_version_line; /* the daemon's answer to VERSION: "ClamAV 1.4.6/27900/Mon …", or NULL */
	const char *daemon;		 /* "own", "existing", or NULL */
	const char *socket;		 /* or NULL */
	const struct database *database; /* of our own daemon; NULL: unknown */

	const char *kind;			/* "image" or "path" */
	const char *reference;			/* as given; several paths are joined by a space */
	const char *digest;			/* of an image, or NULL */
	const char *media_type, *artifact_type; /* or NULL */

	struct timespec started, finished; /* CLOCK_REALTIME */
	uint64_t phase_ms[_PHASE_MAX];
	uint64_t bytes_scanned; /* handed to the daemon: each content once */
};

/*
 * The summary for a person, on file: at most 50 findings, 50 warnings and 50 unscanned files, then "and N more"; its last line is the
 * verdict. Returns 0 or a negative errno.
 */
int report_summary(const struct report *report, FILE *file);

/* results.json as one object, a line feed at its end. Returns 0 or a negative errno. */
int report_json(const struct report *report, FILE *file);

/*
 * Writes a clamscan-result-<suffix>.log a platform, the same text as {"output": …} in clamscan-result-log-<suffix>.json, for an image
 * artifact-meta.json, and as the last results.json, into the folder, which is made when it is missing; each is written aside, synced
 * and renamed. Logs and returns a negative errno when one could not be: then
 * no older results.json is left there.
 */
int report_write(const struct report *report, const char *folder);

/*
 * Takes away an older scan's results.json, logs, clamscan-ec-test-*.json and artifact-meta.json, and nothing else, from the folder (made when missing) and writes a provisional results.json that
 * says incomplete, so that a launcher killed in mid-scan leaves no verdict of another run. Logs; 0 or a negative errno.
 */
int report_begin(const struct report *report, const char *folder);
