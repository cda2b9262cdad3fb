/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Walks one root in a thread of its own, in one pass: every regular file is read and hashed, and ends up in the ledger, with a content
 * or with the reason why not. No link is followed, nothing but folders and regular files is opened, any depth and any name will do.
 *
 * Pseudo file systems (proc, sysfs, …) met below the root are passed over with a warning: their files are no bytes that ship.
 */

#include "jobs.h"
#include "ledger.h"

/* Over this, ClamAV does not scan: MaxFileSize is clamped to it. */
#define CLAMAV_MAX_FILE_SIZE UINT64_C(2147483645)

struct walk_listener {
	void *data;
	/* In the main loop. A content is met, for the first time or again: its verdict may be there already. */
	void (*met)(void *data, struct content *content);
	/* This root's walk has ended, after its last met(). */
	void (*ended)(void *data, struct root *root);
};

/* ledger, root and listener outlive the walk; jobs_free() ends it early, and then ended() comes too. */
void walk_start(struct jobs *jobs, struct ledger *ledger, struct root *root, const struct walk_listener *listener);

/*
 * SHA-256 of fd from its beginning to its end, in buffer-sized steps; with out_fd >= 0 the bytes are written there on the way.
 * Returns 0; -ESTALE when the file changed meanwhile; -ECANCELED when jobs are stopping; or the negative errno of a read; of a write,
 * it comes as a positive errno.
 */
int hash_file(struct jobs *jobs, int fd, int out_fd, unsigned char sha256[32], uint64_t *ret_size);
