/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Work done in threads, its results taken up by the main loop: hashing, copying, waiting for a daemon's answer.
 *
 * A job is a struct that begins with struct job. run() is called in a thread, done() afterwards in the main loop; done() owns the job
 * and frees it. A thread may also post a job without run(): a message.
 */

#include <stdbool.h>

#include "loop.h"

struct job {
	void (*run)(struct job *job);
	void (*done)(struct job *job);
	struct job *next;
};

struct jobs;

struct jobs *jobs_new(struct loop *loop);
/* Tells the threads to stop (jobs_stopping), waits for them, and calls done() for what is left. */
void jobs_free(struct jobs *jobs);

/* From the main thread. A thread that is idle takes it, or a new one is made: no job waits for another. */
void jobs_start(struct jobs *jobs, struct job *job);
/* From any thread: done() is called in the main loop, in the order of posting. */
void jobs_post(struct jobs *jobs, struct job *message);
/* From any thread: whether a long job should end early. */
bool jobs_stopping(struct jobs *jobs);
