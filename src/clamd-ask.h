/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Asks a daemon in a thread whether it is there (PING) and, if wanted, what it is (VERSION). */

#include <stdbool.h>
#include <stddef.h>

#include "jobs.h"

/* r: 0, or clamd_ping()'s errno. version: "ClamAV 1.4.6/27900/…", or NULL: not wanted, or not told (from 1.5 on it can be turned off). */
typedef void (*clamd_answer_fn)(void *data, const char *address, int r, const char *version);

/* fn is called from the loop, once; data must live until then. */
void clamd_ask(struct jobs *jobs, const char *address, unsigned timeout_ms, bool want_version, clamd_answer_fn fn, void *data);
/* The blocking half: into version, "" when it is not told. */
void clamd_version(const char *address, unsigned timeout_ms, char *version, size_t size);
