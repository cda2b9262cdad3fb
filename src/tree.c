/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"

#define OPEN_FLAGS (O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* Makes what we unpacked readable for its owner, through a descriptor so that no link is followed. */
static int make_accessible(int dir_fd, const char *name)
{
	_cleanup_close_ int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char path[64];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -EACCES;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (chmod(path, (st.st_mode & 07777) | (S_ISDIR(st.st_mode) ? 0700 : 0400)) < 0)
		return -errno;
	return 0;
}

int tree_open(int dir_fd, const char *name, int flags, bool ours)
{
	int fd = openat(dir_fd, name, OPEN_FLAGS | flags);
	struct stat st;
	int r;

	if (fd >= 0) {
		/* A folder that may be read but not entered opens, and then hides what is in it. */
		if (ours && (flags & O_DIRECTORY) && fstat(fd, &st) == 0 && (st.st_mode & 0500) != 0500)
			(void)fchmod(fd, (st.st_mode & 07777) | 0700); /* else its entries tell that they cannot be reached */
		return fd;
	}
	if (errno != EACCES || !ours)
		return -errno;
	r = make_accessible(dir_fd, name);
	if (r < 0)
		return r;
	fd = openat(dir_fd, name, OPEN_FLAGS | flags);
	return fd < 0 ? -errno : fd;
}

int folder_open(const struct folder *folder)
{
	_cleanup_free_ const struct folder **chain = NULL;
	size_t depth = 0, i = 0;
	int fd;

	for (const struct folder *f = folder; f->parent; f = f->parent)
		depth++;
	chain = xcalloc(depth + 1, sizeof(*chain));
	for (const struct folder *f = folder; f->parent; f = f->parent)
		chain[depth - ++i] = f;

	fd = fcntl(folder->root->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	for (i = 0; i < depth; i++) {
		int next = tree_open(fd, chain[i]->name, O_DIRECTORY, folder->root->ours);

		close(fd);
		if (next < 0)
			return next;
		fd = next;
	}
	return fd;
}

int location_open(const struct location *location)
{
	const struct root *root = location->folder->root;
	_cleanup_close_ int dir_fd = -1, fd = -1;
	struct stat st;

	if (root->fd < 0) {
		/* The root is a file: a link that the user named is the user's wish. */
		fd = open(root->path, OPEN_FLAGS & ~O_NOFOLLOW);
		if (fd < 0)
			return -errno;
	} else {
		dir_fd = folder_open(location->folder);
		if (dir_fd < 0)
			return dir_fd;
		fd = tree_open(dir_fd, location->name, 0, root->ours);
		if (fd < 0)
			return fd;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ESTALE;
	return steal_fd(&fd);
}

/*
 * Unlinks what it can of the folder dir_fd. Returns a descriptor of the first subfolder that is not empty, its name in name; or
 * -ENOENT when nothing is left; or the errno of what cannot be removed.
 */
static int empty_folder(int dir_fd, char name[NAME_MAX + 1])
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = -ENOENT;
	struct dirent *entry;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlinkat(dir_fd, entry->d_name, 0) == 0 || unlinkat(dir_fd, entry->d_name, AT_REMOVEDIR) == 0)
			continue;
		if (errno == ENOTEMPTY || errno == EEXIST) {
			fd = tree_open(dir_fd, entry->d_name, O_DIRECTORY, true);
			if (fd >= 0) {
				(void)fchmod(fd, 0700); /* ours: so that its entries can be unlinked; else the unlinking says so */
				snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
				return fd;
			}
			errno = -fd;
		}
		error = -errno;
	}
	return error;
}

/*
 * Removes what is in the folder fd, and closes it. Deep trees must exhaust neither descriptors nor the stack: one level down the
 * parent is closed and reached again by "..", which is sound here because nobody else changes a tree of ours.
 */
static int remove_contents(int fd)
{
	_cleanup_free_ char(*names)[NAME_MAX + 1] = NULL; /* from the top down to fd */
	size_t depth = 0;
	int r;

	for (;;) {
		int next;

		names = xrealloc(names, (depth + 1) * sizeof(*names));
		next = empty_folder(fd, names[depth]);
		if (next >= 0) {
			depth++;
		} else {
			r = next == -ENOENT ? 0 : next;
			if (r < 0 || depth == 0)
				break;
			next = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (next < 0 || unlinkat(next, names[--depth], AT_REMOVEDIR) < 0) {
				r = -errno;
				safe_close(&next);
				break;
			}
		}
		close(fd);
		fd = next;
	}
	close(fd);
	return r;
}

int tree_remove(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = remove_contents(fd);
	if (rmdir(path) < 0 && errno != ENOENT)
		r = r ?: -errno;
	return r;
}

int tree_make_temporary(char **ret_path, const char *parent)
{
	_cleanup_free_ char *path = xasprintf("%s/clamav-scan.XXXXXX", parent), *real = NULL;

	if (!mkdtemp(path))
		return log_error_errno(-errno, "cannot make a work folder in %s (another can be named with --work-dir)", parent);
	/* Workers print real paths: the names we hand them must be real already. */
	real = realpath(path, NULL);
	if (!real)
		return log_error_errno(-errno, "cannot resolve the work folder %s", path);
	*ret_path = steal_ptr(&real);
	return 0;
}
