/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A daemon of ours that stays after the command that started it: what later commands need to know to use and to end it. Kept as JSON,
 * mode 0600, in $XDG_RUNTIME_DIR/clamav-scan (for root without one /run/clamav-scan, else /tmp/clamav-scan-UID), or, with a --socket
 * of its own, beside that socket.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct daemon_state {
	char *socket;
	char *folder;	   /* of daemon-folder.h */
	char *tmp;	   /* its temporary folder, which may stand elsewhere */
	char *log;	   /* or NULL */
	char *database;	   /* the folder it was loaded from */
	char *fingerprint; /* of that folder then */
	pid_t pid;
	uint64_t start_time; /* of the process, in clock ticks since boot: a number that is used again has another */
};

/* Where the state is kept: malloc'ed. socket: --socket, or NULL. */
char *daemon_state_path(const char *socket);

/* 0; -ENOENT when there is none; -EPERM when it is not ours; -EBADMSG when it makes no sense. Does not log. */
int daemon_state_read(struct daemon_state *ret, const char *path);
/* Makes the folder. Logs; 0 or a negative errno. */
int daemon_state_write(const struct daemon_state *state, const char *path);
void daemon_state_release(struct daemon_state *state);

/* Whether that very process is still there. */
bool daemon_state_alive(const struct daemon_state *state);
/* The start time of a process; 0 when it is gone. */
uint64_t process_start_time(pid_t pid);
