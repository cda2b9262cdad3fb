/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Folders and files below a root that strangers named: always openat() one component at a time, never through a symbolic link, so
 * that nothing leads out of the root, and no path is too long.
 */

#include <stdbool.h>

#include "ledger.h"

/* A descriptor of the folder (O_RDONLY), or a negative errno. */
int folder_open(const struct folder *folder);
/* A descriptor of the file, checked to be a regular one (else -ESTALE), or a negative errno. */
int location_open(const struct location *location);

/*
 * Opens name, a folder or a regular file of mode 000 perhaps, within dir_fd. ours: modes may be changed to get in.
 * flags: O_DIRECTORY or 0. Returns a descriptor or a negative errno.
 */
int tree_open(int dir_fd, const char *name, int flags, bool ours);

/* rm -rf, of any depth and any mode that the owner may change. Returns 0 or a negative errno. */
int tree_remove(const char *path);

/* A fresh folder of mode 0700 below parent, its name malloc'ed. Logs, naming --work-dir; 0 or a negative errno. */
int tree_make_temporary(char **ret_path, const char *parent);
