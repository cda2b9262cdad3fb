/* SPDX-License-Identifier: Apache-2.0 */
#include "clamd-ask.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "clamd.h"

struct question {
	struct job job;
	char *address;
	unsigned timeout_ms;
	bool want_version;
	char version[256];
	int result;
	clamd_answer_fn fn;
	void *data;
};

void clamd_version(const char *address, unsigned timeout_ms, char *version, size_t size)
{
	if (clamd_command(address, "VERSION", timeout_ms, version, size) < 0 || strncmp(version, "ClamAV ", strlen("ClamAV ")))
		*version = '\0';
}

static void run(struct job *job)
{
	struct question *q = (struct question *)job;

	q->result = clamd_ping(q->address, q->timeout_ms);
	if (q->result == 0 && q->want_version)
		clamd_version(q->address, q->timeout_ms, q->version, sizeof(q->version));
}

static void done(struct job *job)
{
	struct question *q = (struct question *)job;

	q->fn(q->data, q->address, q->result, *q->version ? q->version : NULL);
	free(q->address);
	free(q);
}

void clamd_ask(struct jobs *jobs, const char *address, unsigned timeout_ms, bool want_version, clamd_answer_fn fn, void *data)
{
	struct question *q = xcalloc(1, sizeof(*q));

	*q = (struct question){
		.job = { .run = run, .done = done },
		.address = xstrdup(address),
		.timeout_ms = timeout_ms,
		.want_version = want_version,
		.fn = fn,
		.data = data,
	};
	jobs_start(jobs, &q->job);
}
