/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The work folder of one scan, and the user that our daemon gives up root for.
 *
 *	WORK/            0711, ours
 *	  stage/         0700, what is being scanned, under numbers
 *	  canary/        0700
 *	  image/         0700, the wrapper's: layout, unpacked file systems, tools' logs
 *	  clamdscan.conf
 *
 * The daemon has a folder of its own (daemon.h): WORK/daemon where its user can get there, else a fresh one elsewhere.
 */

#include <stdbool.h>
#include <sys/types.h>

struct work {
	char *path; /* real, without white space or control characters, short enough for clamdscan's lists */
	char *stage, *canary, *image;
};

/* parent: NULL for $TMPDIR or /tmp. Known to the guard from here on. Logs; 0 or a negative errno. */
int work_make(struct work *ret, const char *parent);
/* Removes the folder with all that is in it. */
void work_remove(struct work *work);

struct account {
	bool drop; /* false: we are not root, or cannot give it up */
	uid_t uid;
	gid_t gid;
	const char *name;
};
/* Of the distribution's ClamAV: clamav, clamscan, else nobody. Never fails; a line says so where root cannot be given up. */
void account_find(struct account *ret);
/* Whether that account can enter the folder, or read the file, itself: tried in a child that has given up root. */
bool account_can_read(const struct account *account, const char *path);
