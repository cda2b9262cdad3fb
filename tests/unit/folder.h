/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A fresh folder for each test, removed afterwards with what it holds (no deeper than one empty folder). Include it after cmocka.h.
 *
 *	cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)
 *	folder_write("a.ndb", "one\n", 4);
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char test_folder[64];

static inline int folder_make(void **state)
{
	(void)state;
	snprintf(test_folder, sizeof(test_folder), "/tmp/clamav-scan-unit.XXXXXX");
	return mkdtemp(test_folder) ? 0 : -1;
}

static inline int folder_remove(void **state)
{
	DIR *dir = opendir(test_folder);
	struct dirent *entry;

	(void)state;
	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) < 0 && unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR) < 0)
			return -1;
	}
	closedir(dir);
	return rmdir(test_folder);
}

/* Valid until the next call but three. */
static inline const char *folder_path(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", test_folder, name);
	return path;
}

/* modified: Unix seconds, or 0: now. */
static inline void folder_write_at(const char *name, const char *data, size_t size, time_t modified)
{
	int fd = open(folder_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct timespec times[2] = { { .tv_sec = modified }, { .tv_sec = modified } };

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	assert_int_equal(modified == 0 || futimens(fd, times) == 0, 1);
	assert_int_equal(close(fd), 0);
}

static inline void folder_write(const char *name, const char *data, size_t size)
{
	folder_write_at(name, data, size, 0);
}
