/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The guard: a small process that outlives the launcher by a moment. When the launcher ends without a word (kill -9, a crash, the
 * memory's end, a second Ctrl-C), it ends every child the launcher had, with their children, and removes the work folder.
 *
 * It learns of both over a socket that only the launcher, and a child between fork and exec, holds open.
 */

#include <sys/types.h>

/* Forks the guard. Before any thread and any child. Logs; returns 0 or a negative errno. */
int guard_start(void);

/* The folder to remove, and the child to end: also without a guard these do nothing harmful. */
void guard_add_folder(const char *path);
void guard_remove_folder(const char *path);
int guard_add_self(void); /* async-signal-safe; 0 or -1 with errno */
void guard_remove(pid_t pid);

/* An orderly end: the guard has nothing left to do, and is reaped. */
void guard_dismiss(void);
