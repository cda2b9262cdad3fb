/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cleanup.h"
#include "json-build.h"
#include "log.h"
#include "report-items.h"
#include "report-parts.h"

#define RESULTS_NAME "results.json"
#define ARTIFACT_NAME "artifact-meta.json"
#define TEMPORARY_PREFIX ".clamav-scan-tmp-"

const char *phase_name(enum phase phase)
{
	static const char *const names[_PHASE_MAX] = {
		[PHASE_FETCH] = "fetch", [PHASE_UNPACK] = "unpack", [PHASE_DAEMON] = "daemon",
		[PHASE_HASH] = "hash",	 [PHASE_SCAN] = "scan",
	};
	return names[phase];
}

char *report_log_name(const struct platform *platform)
{
	return xasprintf("clamscan-result-%s.log", platform->log_suffix);
}

/* A file's text while it is put together in memory; what is written is written whole, or not at all. */
struct text {
	char *data;
	size_t size;
};

static void text_release(struct text *text)
{
	free(text->data);
}
#define _cleanup_text_ _cleanup_(text_release)

static FILE *text_open(struct text *text)
{
	FILE *file = open_memstream(&text->data, &text->size);

	if (!file)
		die_oom();
	return file;
}

/* Closes *file. r: what the writing returned; writing to memory fails for want of memory only. */
static void text_close(FILE **file, int r)
{
	if (fclose(steal_ptr(file)) == EOF || r < 0)
		die_oom();
}

/* Each folder of the path that is missing. */
static int make_folders(const char *folder)
{
	_cleanup_free_ char *path = xstrdup(folder);

	for (char *slash = path;; *slash++ = '/') {
		slash += strspn(slash, "/");
		slash += strcspn(slash, "/");
		bool last = *slash == '\0';

		*slash = '\0';
		if (*path && mkdir(path, 0777) < 0 && errno != EEXIST && (last || (errno != EROFS && errno != EACCES)))
			return -errno;
		if (last)
			return 0;
	}
}

static int open_folder(const char *folder, int *ret_fd)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0 && errno == ENOENT) {
		r = make_folders(folder);
		if (r < 0)
			return log_error_errno(r, "cannot make the output folder %s; choose another with --output", folder);
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return log_error_errno(-errno, "cannot open the output folder %s; choose another with --output", folder);
	*ret_fd = fd;
	return 0;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int open_temporary(int folder_fd, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(folder_fd, name, flags, 0666);

	/* A killed run of the same process id, as containers have them, left it. */
	if (fd < 0 && errno == EEXIST && unlinkat(folder_fd, name, 0) == 0)
		fd = openat(folder_fd, name, flags, 0666);
	return fd < 0 ? -errno : fd;
}

/* Some file systems, of networks above all, cannot sync, least of all a folder. */
static int sync_fd(int fd)
{
	return fsync(fd) < 0 && errno != EINVAL && errno != ENOTSUP ? -errno : 0;
}

/* Nobody sees a part of the file, nor an empty one after a crash. Logs. */
static int write_file(int folder_fd, const char *folder, const char *name, const struct text *text)
{
	_cleanup_free_ char *temporary = xasprintf(TEMPORARY_PREFIX "%d-%s", (int)getpid(), name);
	_cleanup_close_ int fd = open_temporary(folder_fd, temporary);
	int r;

	if (fd < 0)
		return log_error_errno(fd, "cannot write %s/%s", folder, name);
	r = write_all(fd, text->data, text->size);
	if (r == 0)
		r = sync_fd(fd);
	if (r == 0 && renameat(folder_fd, temporary, folder_fd, name) < 0)
		r = -errno;
	if (r == 0)
		r = sync_fd(folder_fd);
	if (r < 0) {
		/* Gone already where the rename worked. */
		unlinkat(folder_fd, temporary, 0);
		return log_error_errno(r, "cannot write %s/%s", folder, name);
	}
	return 0;
}

static bool is_report_file(const char *name)
{
	static const char *const patterns[] = { "clamscan-result-*.log", "clamscan-result-log-*.json", "clamscan-ec-test-*.json" };

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return !strcmp(name, RESULTS_NAME) || !strcmp(name, ARTIFACT_NAME) ||
	       !strncmp(name, TEMPORARY_PREFIX, strlen(TEMPORARY_PREFIX));
}

static int remove_leftovers(int folder_fd, const char *folder)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		safe_close(&fd);
		return log_error_errno(-errno, "cannot read the output folder %s", folder);
	}
	while ((errno = 0, entry = readdir(dir)))
		if (is_report_file(entry->d_name) && unlinkat(folder_fd, entry->d_name, 0) < 0 && errno != ENOENT)
			return log_error_errno(-errno, "cannot remove an older scan's %s/%s", folder, entry->d_name);
	return errno ? log_error_errno(-errno, "cannot read the output folder %s", folder) : 0;
}

static int write_results(const struct report *report, int (*print)(const struct report *, FILE *), int folder_fd,
			 const char *folder)
{
	_cleanup_text_ struct text text = {};
	_cleanup_fclose_ FILE *file = text_open(&text);

	text_close(&file, print(report, file));
	return write_file(folder_fd, folder, RESULTS_NAME, &text);
}

/* clamscan-result-<suffix>.log, and the same text as the policy's input. */
static int write_log(const struct report *report, const struct items *items, const struct platform *platform, int folder_fd,
		     const char *folder)
{
	_cleanup_free_ char *name = report_log_name(platform);
	_cleanup_free_ char *json_name = xasprintf("clamscan-result-log-%s.json", platform->log_suffix);
	_cleanup_text_ struct text log = {}, json = {};
	_cleanup_fclose_ FILE *file = text_open(&log);
	json_object *object;
	int r;

	text_close(&file, report_log(report, items, platform, file));
	r = write_file(folder_fd, folder, name, &log);
	if (r < 0)
		return r;

	object = json_new_object();
	json_add_text(object, "output", log.data);
	file = text_open(&json);
	text_close(&file, json_print(object, file));
	json_object_put(object);
	return write_file(folder_fd, folder, json_name, &json);
}

static int write_logs(const struct report *report, int folder_fd, const char *folder)
{
	struct items items;
	int r = 0;

	items_collect(report->ledger, &items);
	for (const struct platform *p = report->ledger->platforms; p && r == 0; p = p->next)
		r = write_log(report, &items, p, folder_fd, folder);
	items_release(&items);
	return r;
}

static int write_artifact(const struct report *report, int folder_fd, const char *folder)
{
	json_object *object = json_new_object(), *artifact = json_new_object();
	_cleanup_text_ struct text text = {};
	_cleanup_fclose_ FILE *file = text_open(&text);
	const char *type = "image";

	for (const struct platform *p = report->ledger->platforms; p; p = p->next)
		if (!strcmp(p->log_suffix, "oci"))
			type = "oci";
	json_add_text(artifact, "pullspec", report->reference);
	json_add_text(artifact, "type", type);
	json_add_text(artifact, "mediaType", report->media_type);
	json_add_text(artifact, "artifactType", report->artifact_type);
	json_add(object, "artifact", artifact);
	text_close(&file, json_print(object, file));
	json_object_put(object);
	return write_file(folder_fd, folder, ARTIFACT_NAME, &text);
}

int report_write(const struct report *report, const char *folder)
{
	_cleanup_close_ int folder_fd = -1;
	int r = open_folder(folder, &folder_fd);

	if (r < 0)
		return r;
	r = write_logs(report, folder_fd, folder);
	if (r == 0 && !strcmp(report->kind, "image"))
		r = write_artifact(report, folder_fd, folder);
	/* The last: who sees the verdict may count on the rest. */
	if (r == 0)
		r = write_results(report, report_json, folder_fd, folder);
	if (r < 0 && unlinkat(folder_fd, RESULTS_NAME, 0) < 0 && errno != ENOENT)
		log_error_errno(-errno, "cannot remove %s/" RESULTS_NAME ", which is not this scan's", folder);
	return r;
}

int report_begin(const struct report *report, const char *folder)
{
	_cleanup_close_ int folder_fd = -1;
	int r = open_folder(folder, &folder_fd);

	if (r < 0)
		return r;
	r = remove_leftovers(folder_fd, folder);
	if (r < 0)
		return r;
	return write_results(report, report_json_provisional, folder_fd, folder);
}
