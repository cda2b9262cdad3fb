/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The shadow folder: what our own daemon loads instead of the user's database folder, which is never written to.
 *
 * It holds a link to each file of that folder (a copy of those that the daemon's user cannot reach), the run's canary signature, and
 * a .cfg file that turns the raw scan of long HTML on: ClamAV skips HTML over MaxHTMLNormalize altogether otherwise.
 */

#include "canary.h"
#include "work.h"

/* Makes the folder. Logs, naming the database folder; 0 or a negative errno. */
int shadow_make(const char *folder, const char *database, const struct account *account, const struct canary_signature *signature);
/* The canary signature in a shadow folder made earlier. */
int shadow_read_signature(const char *folder, struct canary_signature *ret);
