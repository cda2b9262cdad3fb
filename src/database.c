/* SPDX-License-Identifier: Apache-2.0 */
#include "database.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "database-file.h"
#include "log.h"

#define REMEDY "(fetch a database with freshclam, or name another folder with --database)"

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct database_file *)a)->name, ((const struct database_file *)b)->name);
}

/* The names that clamd would load, sorted. Logs; a negative errno. */
static int list_folder(struct database *db, DIR *dir)
{
	struct dirent *entry;
	int r;

	while (errno = 0, (entry = readdir(dir))) {
		if (!database_format(entry->d_name))
			continue;
		db->files = xrealloc(db->files, (db->n_files + 1) * sizeof(*db->files));
		db->files[db->n_files++] = (struct database_file){ .name = xstrdup(entry->d_name) };
	}
	r = -errno;
	if (r < 0)
		log_error("cannot read the database folder %s: %s " REMEDY, db->folder, strerror(errno));
	else if (db->files)
		qsort(db->files, db->n_files, sizeof(*db->files), compare_names);
	return r;
}

static bool is_daily(const struct database_file *file)
{
	return strcmp(file->name, "daily.cvd") == 0 || strcmp(file->name, "daily.cld") == 0;
}

/* Of daily.cld and daily.cvd side by side clamd loads the newer alone. */
static bool is_superseded(const struct database *db, const struct database_file *file)
{
	for (size_t i = 0; is_daily(file) && i < db->n_files; i++) {
		const struct database_file *other = &db->files[i];

		if (other != file && is_daily(other) &&
		    (other->version > file->version || (other->version == file->version && other > file)))
			return true;
	}
	return false;
}

static void sum_up(struct database *db)
{
	bool daily = false;

	for (size_t i = 0; i < db->n_files; i++) {
		const struct database_file *file = &db->files[i];

		if (!file->signatures || is_superseded(db, file))
			continue;
		db->signatures += file->n_signatures;
		if (is_daily(file)) {
			db->newest = file->built;
			daily = true;
		} else if (!daily && file->built > db->newest) {
			db->newest = file->built;
		}
	}
}

static void print_hex(FILE *file, const unsigned char sha256[32])
{
	for (size_t i = 0; i < 32; i++)
		fprintf(file, "%02x", sha256[i]);
}

/* Reads them all, lists "<SHA-256> <size> <name>", and leaves out those that vanished since. Logs; a negative errno. */
static int read_files(struct database *db, int folder_fd, FILE *listing)
{
	size_t kept = 0, i;
	int r = 0;

	for (i = 0; i < db->n_files; i++) {
		struct database_file *file = &db->files[i];
		unsigned char sha256[32];

		r = database_file_read(file, sha256, folder_fd, db->folder);
		if (r == -ESTALE) {
			log_debug("%s/%s vanished while the folder was read", db->folder, file->name);
			free(file->name);
			r = 0;
			continue;
		}
		if (r < 0)
			break;
		print_hex(listing, sha256);
		fprintf(listing, " %llu %s\n", (unsigned long long)file->size, file->name);
		db->files[kept++] = *file;
	}
	for (; i < db->n_files; i++) /* after an error: still ours to free */
		db->files[kept++] = db->files[i];
	db->n_files = kept;
	return r;
}

static int read_and_fingerprint(struct database *db, int folder_fd)
{
	_cleanup_free_ char *listing = NULL;
	unsigned char sha256[32];
	size_t size = 0;
	FILE *file;
	int r;

	file = open_memstream(&listing, &size);
	if (!file)
		die_oom();
	r = read_files(db, folder_fd, file);
	if (fclose(file) != 0)
		die_oom();
	if (r < 0)
		return r;
	if (EVP_Digest(listing, size, sha256, NULL, EVP_sha256(), NULL) != 1)
		return log_error_errno(-EIO, "cannot make the database's fingerprint");

	file = fmemopen(db->fingerprint, sizeof(db->fingerprint), "w");
	if (!file)
		die_oom();
	fputs("sha256:", file);
	print_hex(file, sha256);
	if (fclose(file) != 0)
		die_oom();
	return 0;
}

int database_read(struct database *ret, const char *folder)
{
	_cleanup_closedir_ DIR *dir = opendir(folder);
	struct database db = {};
	int r;

	if (!dir) {
		r = -errno;
		log_error("cannot open the database folder %s: %s " REMEDY, folder, strerror(errno));
		return r;
	}
	db.folder = xstrdup(folder);
	r = list_folder(&db, dir);
	if (r == 0)
		r = read_and_fingerprint(&db, dirfd(dir));
	if (r == 0) {
		sum_up(&db);
		if (db.signatures == 0) {
			log_error("the database folder %s holds no signatures " REMEDY, folder);
			r = -ENODATA;
		}
	}
	if (r < 0)
		database_release(&db);
	else
		*ret = db;
	return r;
}

void database_release(struct database *db)
{
	for (size_t i = 0; i < db->n_files; i++)
		free(db->files[i].name);
	free(db->files);
	free(db->folder);
	*db = (struct database){};
}

unsigned database_age_days(const struct database *db, time_t now)
{
	return now > db->newest ? (unsigned)((now - db->newest) / 86400) : 0;
}
