/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Children: each in a session of its own (so that the terminal's signals reach the launcher alone, and a whole family of
 * grandchildren can be found and ended), watched through a pidfd, reported to the guard before it is executed.
 */

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "loop.h"

struct spawn {
	const char *const *argv;	    /* argv[0] is looked up in PATH */
	const char *const *env;		    /* NAME=VALUE added to our environment, NULL-terminated; or NULL */
	int stdin_fd, stdout_fd, stderr_fd; /* -1: /dev/null */
	bool drop;			    /* give up root for uid and gid */
	uid_t uid;
	gid_t gid;
	rlim_t stack; /* RLIMIT_STACK in bytes, as far as the hard limit allows; 0: leave it */
	rlim_t data;  /* RLIMIT_DATA in bytes; 0: leave it */
	bool outlive; /* a daemon that goes on after us: not the guard's */
};

struct process {
	pid_t pid;  /* 0: none */
	int pidfd;  /* readable once it has ended */
	int status; /* as wait(2), once reaped */
};

/* Returns 0, or a negative errno without logging; the errno of a failed exec included. */
int process_spawn(struct process *ret, const struct spawn *spawn);

/* Ends every process of its session with SIGKILL, reaps the child itself; *process is empty afterwards, but for status. */
void process_kill(struct process *process);
/* Reaps a child whose pidfd is readable, and ends what it left behind in its session. */
void process_reap(struct process *process);

/* "ended with status 2", "was killed by signal 9 (Killed)": into buffer. */
const char *process_status_text(int status, char *buffer, size_t size);

/* SIGKILL to every process whose session is sid, until none is left. */
void session_kill(pid_t sid);
