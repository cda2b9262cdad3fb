/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The folder of a daemon of ours, made ready so that clamd can be executed: shared by those that end with a scan and those that stay. */

#include "canary.h"
#include "daemon.h"
#include "work.h"

struct daemon_folder {
	char *path;
	bool temporary; /* made by us outside the work folder: removed by daemon_folder_release() */
	char *tmp;
	bool tmp_temporary;
	char *socket, *config, *worker_config, *database;
	struct account account;
	struct canary_signature signature;
};

/*
 * Chooses and fills the folder. path: where it shall be, made here; NULL or out of the daemon's reach: a fresh one in /tmp and the
 * like. Logs; 0 or a negative errno, and nothing is left.
 */
int daemon_folder_make(struct daemon_folder *ret, const char *path, const struct daemon_config *config);
/* Removes what was made. */
void daemon_folder_release(struct daemon_folder *folder);
/* Frees the memory alone. */
void daemon_folder_forget(struct daemon_folder *folder);

/* Writes a configuration for clamdscan that leads to a daemon at address (a path, or HOST:PORT). Logs; 0 or a negative errno. */
int clamdscan_config_write(const char *path, const char *address);

/* The arguments to execute. */
struct spawn;
void daemon_spawn_init(struct spawn *ret, const struct daemon_folder *folder, const char *const argv[]);
