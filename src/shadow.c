/* SPDX-License-Identifier: Apache-2.0 */
#include "shadow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"

#define CANARY_FILE "clamav-scan-canary.ndb"
/* Engine dconf: all of a document is scanned raw too, beside its normalized form. */
#define CONFIG_FILE "clamav-scan-raw-html.cfg"
#define CONFIG_TEXT "DOCUMENT:0xffef:1:255\n"

static int copy_file(const char *from, const char *to)
{
	_cleanup_close_ int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
	ssize_t n;

	if (in < 0)
		return log_error_errno(-errno, "cannot read the database file %s", from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out < 0 || fchmod(out, 0644) < 0)
		return log_error_errno(-errno, "cannot write %s", to);
	while ((n = sendfile(out, in, NULL, 64 * 1024 * 1024)) > 0)
		;
	if (n < 0)
		return log_error_errno(-errno, "cannot copy the database file %s to %s", from, to);
	return 0;
}

static int add_file(const char *folder, const char *database, const char *name, const struct account *account)
{
	_cleanup_free_ char *from = xasprintf("%s/%s", database, name), *to = xasprintf("%s/%s", folder, name);
	struct stat st;

	if (stat(from, &st) < 0)
		return errno == ENOENT ? 0 : log_error_errno(-errno, "cannot read the database file %s", from);
	if (!S_ISREG(st.st_mode))
		return 0;
	if (!account_can_read(account, from))
		return copy_file(from, to);
	if (symlink(from, to) < 0)
		return log_error_errno(-errno, "cannot make the link %s", to);
	return 0;
}

static int add_all(const char *folder, const char *database, const struct account *account)
{
	_cleanup_closedir_ DIR *dir = opendir(database);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return log_error_errno(-errno,
				       "cannot open the database folder %s (freshclam fetches one, --database names another)",
				       database);
	errno = 0;
	while (r == 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			r = add_file(folder, database, entry->d_name, account);
		errno = 0;
	}
	if (r == 0 && errno)
		r = log_error_errno(-errno, "cannot read the database folder %s", database);
	return r;
}

static int add_config(const char *folder)
{
	_cleanup_free_ char *path = xasprintf("%s/" CONFIG_FILE, folder);
	_cleanup_fclose_ FILE *file = fopen(path, "wxe");

	if (!file || fputs(CONFIG_TEXT, file) < 0 || fflush(file) != 0)
		return log_error_errno(-errno, "cannot write %s", path);
	return 0;
}

int shadow_make(const char *folder, const char *database, const struct account *account, const struct canary_signature *signature)
{
	_cleanup_free_ char *real = realpath(database, NULL), *canary = xasprintf("%s/" CANARY_FILE, folder);
	int r;

	if (!real)
		return log_error_errno(-errno,
				       "cannot open the database folder %s (freshclam fetches one, --database names another)",
				       database);
	if (mkdir(folder, 0755) < 0 || chmod(folder, 0755) < 0)
		return log_error_errno(-errno, "cannot make the folder %s", folder);
	r = add_all(folder, real, account);
	if (r == 0)
		r = add_config(folder);
	if (r == 0)
		r = canary_signature_write_ndb(signature, canary);
	if (r == 0 && chmod(canary, 0644) < 0)
		r = log_error_errno(-errno, "cannot change the mode of %s", canary);
	return r;
}

int shadow_read_signature(const char *folder, struct canary_signature *ret)
{
	_cleanup_free_ char *path = xasprintf("%s/" CANARY_FILE, folder);

	return canary_signature_read_ndb(ret, path);
}
