/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Progress of a long scan on standard error: one live line on a terminal (at most 10 times a second), a plain line every 10 s in a
 * log. The caller says what is so when it likes; this module decides when it is shown.
 */

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

struct progress {
	const char *phase;		  /* a static string: "fetching", "unpacking", "loading the database", "scanning" */
	const char *detail;		  /* or NULL: "linux/arm64" */
	uint64_t files_done, files_total; /* contents */
	uint64_t bytes_done, bytes_total;
	uint64_t findings, unscanned;
	bool total_known; /* false while files are still being met: no time left is shown */
};

/* auto: a live line where standard error is a terminal that is not dumb, else plain. Registers itself with log_set_before(). */
void progress_start(enum progress_mode mode);
void progress_show(const struct progress *now);
/* Wipes the live line. */
void progress_end(void);

/* The clock, in milliseconds from any point. Tests set their own, and so need not sleep. */
extern uint64_t (*progress_now_ms)(void);
