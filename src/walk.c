/* SPDX-License-Identifier: Apache-2.0 */
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "alloc.h"
#include "cleanup.h"
#include "tree.h"

/* So many levels keep their folder open; farther up it is reached again by "..", so that depth costs no descriptors. */
#define OPEN_LEVELS 32

/* So many entries travel to the main loop at once. */
#define BATCH 128

enum entry_kind { ENTRY_FOLDER, ENTRY_FILE, ENTRY_UNSCANNED, ENTRY_SKIPPED, ENTRY_WARNING };

struct entry {
	enum entry_kind kind;
	union {
		struct folder *folder;
		struct location *location;
		enum skipped skipped;
	};
	unsigned char sha256[32];
	uint64_t size;
	enum reason reason;
	char *detail; /* malloc'ed, or NULL */
};

struct walk;

struct batch {
	struct job job;
	struct walk *walk;
	unsigned n;
	struct entry entries[BATCH];
};

struct level {
	struct folder *folder;
	int fd; /* -1: closed for now */
	dev_t dev;
	ino_t ino;
	char **subfolders;
	size_t n_subfolders;
};

struct walk {
	struct job job;
	struct jobs *jobs;
	struct ledger *ledger;
	struct root *root;
	const struct walk_listener *listener;
	struct batch *batch;
	struct level *levels;
	size_t depth;
};

/* In the main loop: what the thread found enters the ledger. */
static void batch_done(struct job *job)
{
	struct batch *batch = (struct batch *)job;
	struct walk *walk = batch->walk;

	for (unsigned i = 0; i < batch->n; i++) {
		struct entry *e = &batch->entries[i];

		switch (e->kind) {
		case ENTRY_FOLDER:
			ledger_add_folder(walk->ledger, e->folder);
			break;
		case ENTRY_FILE:
			walk->listener->met(walk->listener->data,
					    ledger_add_location(walk->ledger, e->location, e->sha256, e->size));
			break;
		case ENTRY_UNSCANNED:
			ledger_add_unscanned(walk->ledger, e->location, e->reason, e->detail);
			break;
		case ENTRY_SKIPPED:
			walk->ledger->skipped[e->skipped]++;
			break;
		case ENTRY_WARNING:
			ledger_warn(walk->ledger, "pseudo-filesystem", e->detail);
			break;
		}
		free(e->detail);
	}
	free(batch);
}

static void flush(struct walk *walk)
{
	if (walk->batch)
		jobs_post(walk->jobs, &steal_ptr(&walk->batch)->job);
}

static struct entry *emit(struct walk *walk, enum entry_kind kind)
{
	struct entry *entry;

	if (walk->batch && walk->batch->n == BATCH)
		flush(walk);
	if (!walk->batch) {
		walk->batch = xcalloc(1, sizeof(*walk->batch));
		walk->batch->job.done = batch_done;
		walk->batch->walk = walk;
	}
	entry = &walk->batch->entries[walk->batch->n++];
	entry->kind = kind;
	return entry;
}

static void emit_unscanned(struct walk *walk, struct folder *folder, const char *name, enum reason reason, char *detail)
{
	struct entry *entry = emit(walk, ENTRY_UNSCANNED);

	entry->location = location_new(folder, name);
	entry->reason = reason;
	entry->detail = detail;
}

static void emit_skipped(struct walk *walk, mode_t mode)
{
	emit(walk, ENTRY_SKIPPED)->skipped = S_ISLNK(mode)    ? SKIPPED_SYMLINK
					     : S_ISFIFO(mode) ? SKIPPED_FIFO
					     : S_ISSOCK(mode) ? SKIPPED_SOCKET
							      : SKIPPED_DEVICE;
}

/* fd: of a regular file met as name in folder; closed. */
static void take_file(struct walk *walk, struct folder *folder, const char *name, int fd)
{
	_cleanup_close_ int file_fd = fd;
	unsigned char sha256[32];
	struct entry *entry;
	struct stat st;
	uint64_t size;
	int r;

	if (fd < 0) {
		emit_unscanned(walk, folder, name, REASON_READ_ERROR, xasprintf("cannot open: %s", strerror(-fd)));
		return;
	}
	if (fstat(file_fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		emit_unscanned(walk, folder, name, REASON_CHANGED, xstrdup("it was replaced while it was opened"));
		return;
	}
	if ((uint64_t)st.st_size > CLAMAV_MAX_FILE_SIZE) {
		emit_unscanned(walk, folder, name, REASON_TOO_LARGE,
			       xasprintf("%jd bytes: ClamAV scans files of up to %ju bytes", (intmax_t)st.st_size,
					 (uintmax_t)CLAMAV_MAX_FILE_SIZE));
		return;
	}
	r = hash_file(walk->jobs, file_fd, -1, sha256, &size);
	if (r == -ESTALE) {
		emit_unscanned(walk, folder, name, REASON_CHANGED, xstrdup("it changed while it was read"));
	} else if (r == -ECANCELED) {
		emit_unscanned(walk, folder, name, REASON_INTERRUPTED, xstrdup("the scan was ended before it was read"));
	} else if (r < 0) {
		emit_unscanned(walk, folder, name, REASON_READ_ERROR, xasprintf("cannot read: %s", strerror(-r)));
	} else {
		entry = emit(walk, ENTRY_FILE);
		entry->location = location_new(folder, name);
		entry->size = size;
		memcpy(entry->sha256, sha256, sizeof(entry->sha256));
	}
}

static bool is_pseudo(int fd)
{
	static const unsigned long types[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC,	    CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,	 DEBUGFS_MAGIC,
		TRACEFS_MAGIC,	  SECURITYFS_MAGIC, BPF_FS_MAGIC,	DEVPTS_SUPER_MAGIC,	 PSTOREFS_MAGIC,
		BINFMTFS_MAGIC,	  SELINUX_MAGIC,    EFIVARFS_MAGIC,	0x19800202 /* mqueue */, 0x62656570 /* configfs */,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if ((unsigned long)fs.f_type == types[i])
			return true;
	return false;
}

static void take_entry(struct walk *walk, struct level *level, const char *name)
{
	struct stat st;

	if (fstatat(level->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		emit_unscanned(walk, level->folder, name, errno == ENOENT ? REASON_CHANGED : REASON_READ_ERROR,
			       xasprintf("cannot stat: %s", strerror(errno)));
	} else if (S_ISDIR(st.st_mode)) {
		level->subfolders = xrealloc(level->subfolders, (level->n_subfolders + 1) * sizeof(char *));
		level->subfolders[level->n_subfolders++] = xstrdup(name);
	} else if (S_ISREG(st.st_mode)) {
		take_file(walk, level->folder, name, tree_open(level->fd, name, 0, walk->root->ours));
	} else {
		emit_skipped(walk, st.st_mode);
	}
}

/* Reads the folder that has just been pushed: files are hashed as they are met, subfolders are kept for later. */
static void read_level(struct walk *walk, struct level *level)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd = fcntl(level->fd, F_DUPFD_CLOEXEC, 3);
	struct dirent *entry = NULL;
	int error = errno;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir)
		rewinddir(dir); /* the descriptor may have been read before */
	while (dir && !jobs_stopping(walk->jobs)) {
		errno = 0; /* to tell the end from an error */
		entry = readdir(dir);
		error = errno;
		if (!entry)
			break;
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			take_entry(walk, level, entry->d_name);
	}
	if (!dir || (!entry && error))
		emit_unscanned(walk, level->folder, ".", REASON_READ_ERROR,
			       xasprintf("cannot read the folder: %s", strerror(error)));
}

/* fd: of the folder; owned from here on. */
static void push_level(struct walk *walk, struct folder *folder, int fd, const struct stat *st)
{
	struct level *level;

	if (walk->depth >= OPEN_LEVELS)
		safe_close(&walk->levels[walk->depth - OPEN_LEVELS].fd);
	walk->levels = xrealloc(walk->levels, (walk->depth + 1) * sizeof(*walk->levels));
	level = &walk->levels[walk->depth++];
	*level = (struct level){ .folder = folder, .fd = fd, .dev = st->st_dev, .ino = st->st_ino };
	read_level(walk, level);
}

/* The folder of a level that was closed for its depth: by ".." from below where that still is the same folder, else from the root. */
static int reopen(const struct level *level, int below_fd)
{
	struct stat st;
	int fd = openat(below_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == level->dev && st.st_ino == level->ino)
		return fd;
	if (fd >= 0)
		close(fd);
	return folder_open(level->folder);
}

static void pop_level(struct walk *walk)
{
	struct level *level = &walk->levels[--walk->depth];

	if (walk->depth > 0 && walk->levels[walk->depth - 1].fd < 0)
		walk->levels[walk->depth - 1].fd = reopen(&walk->levels[walk->depth - 1], level->fd);
	while (level->n_subfolders > 0)
		free(level->subfolders[--level->n_subfolders]);
	free(level->subfolders);
	safe_close(&level->fd);
}

static void descend(struct walk *walk, struct level *level, const char *name)
{
	struct folder *folder;
	struct stat st;
	int fd = level->fd < 0 ? level->fd : tree_open(level->fd, name, O_DIRECTORY, walk->root->ours);

	if (fd < 0 || fstat(fd, &st) < 0) {
		emit_unscanned(walk, level->folder, name, REASON_READ_ERROR,
			       xasprintf("cannot open the folder: %s", strerror(fd < 0 ? -fd : errno)));
		safe_close(&fd);
		return;
	}
	if (!walk->root->ours && st.st_dev != level->dev && is_pseudo(fd)) {
		_cleanup_free_ struct location *here = location_new(level->folder, name);
		_cleanup_free_ char *path = location_path(here);

		emit(walk, ENTRY_WARNING)->detail = xasprintf("%s is a pseudo file system of the kernel: not scanned", path);
		close(fd);
		return;
	}
	folder = folder_new(walk->root, level->folder, name);
	emit(walk, ENTRY_FOLDER)->folder = folder;
	push_level(walk, folder, fd, &st);
}

static void walk_folder(struct walk *walk, struct folder *top)
{
	struct stat st;
	int fd = fcntl(walk->root->fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0 || fstat(fd, &st) < 0) {
		emit_unscanned(walk, top, "", REASON_READ_ERROR, xasprintf("cannot open the folder: %s", strerror(errno)));
		safe_close(&fd);
		return;
	}
	push_level(walk, top, fd, &st);
	while (walk->depth > 0) {
		struct level *level = &walk->levels[walk->depth - 1];

		if (level->n_subfolders == 0 || jobs_stopping(walk->jobs)) {
			pop_level(walk);
		} else {
			_cleanup_free_ char *name = level->subfolders[--level->n_subfolders];

			descend(walk, level, name);
		}
	}
	free(walk->levels);
}

static void walk_run(struct job *job)
{
	struct walk *walk = (struct walk *)job;
	struct folder *top = folder_new(walk->root, NULL, "");
	struct location *file;

	emit(walk, ENTRY_FOLDER)->folder = top;
	if (walk->root->fd >= 0) {
		walk_folder(walk, top);
	} else {
		file = location_new(top, "");
		take_file(walk, top, "", location_open(file));
		free(file);
	}
	flush(walk);
}

static void walk_done(struct job *job)
{
	struct walk *walk = (struct walk *)job;

	walk->listener->ended(walk->listener->data, walk->root);
	free(walk);
}

void walk_start(struct jobs *jobs, struct ledger *ledger, struct root *root, const struct walk_listener *listener)
{
	struct walk *walk = xcalloc(1, sizeof(*walk));

	*walk = (struct walk){
		.job = { .run = walk_run, .done = walk_done },
		.jobs = jobs,
		.ledger = ledger,
		.root = root,
		.listener = listener,
	};
	jobs_start(jobs, &walk->job);
}
