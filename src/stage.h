/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The stage: a folder in which what is scanned stands under a name of our own making, a number, for as long as it is scanned. No
 * name that an image or a user chose ever reaches clamdscan.
 *
 * A file that we unpacked ourselves is hard-linked there. Any other is copied, and hashed again on the way: what was hashed is what
 * is scanned. A location that turns out to be different is marked as changed, and the content's next location is tried.
 */

#include "jobs.h"
#include "ledger.h"

struct stage;

/* folder: a real path (the daemon's answers repeat it to the letter), which exists. Logs; 0 or a negative errno. */
int stage_new(struct stage **ret, struct jobs *jobs, const char *folder);
void stage_free(struct stage *stage);

/* 0: staged. -ESTALE: no location holds this content any more (each says so). -ENOSPC, or another negative errno: error says more. */
typedef void (*stage_fn)(void *data, int r, const char *error);

/* Calls fn once, perhaps before it returns. number: not in use. */
void stage_put(struct stage *stage, struct content *content, unsigned long number, stage_fn fn, void *data);
/* A file of ours, a canary, linked in. 0 or a negative errno. */
int stage_link(struct stage *stage, const char *path, unsigned long number);
/* malloc'ed */
char *stage_path(const struct stage *stage, unsigned long number);
void stage_drop(struct stage *stage, unsigned long number);
