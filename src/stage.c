/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"
#include "tree.h"
#include "walk.h"

struct stage {
	struct jobs *jobs;
	char *folder;
	int fd;
};

struct copy {
	struct job job;
	struct stage *stage;
	struct content *content;
	struct location *location; /* the one being copied */
	unsigned long number;
	stage_fn fn;
	void *data;
	int result; /* 0; -ESTALE: the location changed; else a negative errno, of reading or, with writing set, of writing */
	bool writing;
};

int stage_new(struct stage **ret, struct jobs *jobs, const char *folder)
{
	struct stage *stage;
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return log_error_errno(-errno, "cannot open the folder %s", folder);
	stage = xcalloc(1, sizeof(*stage));
	*stage = (struct stage){ .jobs = jobs, .folder = xstrdup(folder), .fd = fd };
	*ret = stage;
	return 0;
}

void stage_free(struct stage *stage)
{
	if (!stage)
		return;
	safe_close(&stage->fd);
	free(stage->folder);
	free(stage);
}

static void format_name(char name[24], unsigned long number)
{
	snprintf(name, 24, "%06lu", number);
}

char *stage_path(const struct stage *stage, unsigned long number)
{
	return xasprintf("%s/%06lu", stage->folder, number);
}

void stage_drop(struct stage *stage, unsigned long number)
{
	char name[24];

	format_name(name, number);
	(void)unlinkat(stage->fd, name, 0); /* what stays goes with the work folder */
}

int stage_link(struct stage *stage, const char *path, unsigned long number)
{
	char name[24];

	format_name(name, number);
	return linkat(AT_FDCWD, path, stage->fd, name, 0) < 0 ? -errno : 0;
}

static struct location *next_usable(struct location *location)
{
	while (location && location->reason)
		location = location->next;
	return location;
}

/* In a thread. */
static int copy_location(struct copy *copy, int out_fd)
{
	unsigned char sha256[32];
	uint64_t size;
	_cleanup_close_ int fd = location_open(copy->location);
	int r;

	if (fd < 0)
		return fd == -ENOENT ? -ESTALE : fd;
	r = hash_file(copy->stage->jobs, fd, out_fd, sha256, &size);
	if (r > 0) {
		copy->writing = true;
		return -r;
	}
	if (r < 0)
		return r;
	if (size != copy->content->key.size || memcmp(sha256, copy->content->key.sha256, sizeof(sha256)))
		return -ESTALE;
	return 0;
}

static void copy_run(struct job *job)
{
	struct copy *copy = (struct copy *)job;
	char name[24];
	int fd;

	format_name(name, copy->number);
	fd = openat(copy->stage->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		copy->writing = true;
		copy->result = -errno;
		return;
	}
	copy->result = copy_location(copy, fd);
	/* A delayed write error (a quota, NFS) shows here at the latest. */
	if (close(fd) < 0 && copy->result == 0) {
		copy->writing = true;
		copy->result = -errno;
	}
}

static void copy_next(struct copy *copy);

static void copy_done(struct job *job)
{
	struct copy *copy = (struct copy *)job;
	_cleanup_free_ char *error = NULL;
	int r = copy->result;

	if (r < 0)
		stage_drop(copy->stage, copy->number);
	if (r < 0 && r != -ECANCELED && !copy->writing) {
		error = xasprintf(r == -ESTALE ? "it changed after it was hashed" : "it could not be read again: %s", strerror(-r));
		ledger_location_unscanned(copy->location, REASON_CHANGED, error);
		copy_next(copy);
		return;
	}
	if (r < 0)
		error = xasprintf("cannot copy it into %s: %s", copy->stage->folder, strerror(-r));
	copy->fn(copy->data, r, error);
	free(copy);
}

static void copy_next(struct copy *copy)
{
	copy->location = next_usable(copy->content->locations);
	copy->writing = false;
	if (copy->location) {
		jobs_start(copy->stage->jobs, &copy->job);
		return;
	}
	copy->fn(copy->data, -ESTALE, "it changed after it was hashed");
	free(copy);
}

/* Of what we unpacked: no other process changes it. Returns false where a link cannot be made; then a copy may do. */
static bool link_location(struct stage *stage, const struct location *location, unsigned long number)
{
	_cleanup_close_ int dir_fd = -1;
	char name[24];

	if (!location || !location->folder->root->ours || location->folder->root->fd < 0)
		return false;
	dir_fd = folder_open(location->folder);
	if (dir_fd < 0)
		return false;
	format_name(name, number);
	return linkat(dir_fd, location->name, stage->fd, name, 0) == 0;
}

void stage_put(struct stage *stage, struct content *content, unsigned long number, stage_fn fn, void *data)
{
	struct copy *copy;

	if (link_location(stage, next_usable(content->locations), number)) {
		fn(data, 0, NULL);
		return;
	}
	copy = xcalloc(1, sizeof(*copy));
	*copy = (struct copy){
		.job = { .run = copy_run, .done = copy_done },
		.stage = stage,
		.content = content,
		.number = number,
		.fn = fn,
		.data = data,
	};
	copy_next(copy);
}
