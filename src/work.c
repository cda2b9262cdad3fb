/* SPDX-License-Identifier: Apache-2.0 */
#include "work.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "alloc.h"
#include "cleanup.h"
#include "guard.h"
#include "log.h"
#include "tree.h"

/* clamdscan cuts the lines of its list at 1,023 bytes; the numbers need a few. */
#define MAX_PATH_BYTES 900

static int make_folder(char **ret, const char *parent, const char *name)
{
	*ret = xasprintf("%s/%s", parent, name);
	if (mkdir(*ret, 0700) < 0)
		return log_error_errno(-errno, "cannot make the folder %s", *ret);
	return 0;
}

static bool path_is_neutral(const char *path)
{
	for (const unsigned char *c = (const unsigned char *)path; *c; c++)
		if (*c <= 0x20 || *c == 0x7f)
			return false;
	return strlen(path) <= MAX_PATH_BYTES;
}

int work_make(struct work *ret, const char *parent)
{
	const char *tmpdir = getenv("TMPDIR");
	int r;

	*ret = (struct work){};
	r = tree_make_temporary(&ret->path, parent ?: (tmpdir && *tmpdir ? tmpdir : "/tmp"));
	if (r < 0)
		return r;
	guard_add_folder(ret->path);
	if (!path_is_neutral(ret->path)) {
		log_error("the work folder's path %s is too long, or holds white space: name another with --work-dir", ret->path);
		r = -EINVAL;
	} else if (chmod(ret->path, 0711) < 0) {
		r = log_error_errno(-errno, "cannot change the mode of %s", ret->path);
	}
	if (r == 0)
		r = make_folder(&ret->stage, ret->path, "stage");
	if (r == 0)
		r = make_folder(&ret->canary, ret->path, "canary");
	if (r == 0)
		r = make_folder(&ret->image, ret->path, "image");
	if (r < 0)
		work_remove(ret);
	return r;
}

void work_remove(struct work *work)
{
	int r;

	if (!work->path)
		return;
	r = tree_remove(work->path);
	if (r < 0)
		log_error_errno(r, "cannot remove the work folder %s", work->path);
	else
		guard_remove_folder(work->path);
	free(work->stage);
	free(work->canary);
	free(work->image);
	free(work->path);
	*work = (struct work){};
}

/* Runs in a child: whether this process can become the account, and read path then; path NULL: the former alone. */
static bool try_as(const struct account *account, const char *path)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return false;
	if (pid == 0) {
		if (setgroups(1, &account->gid) < 0 || setresgid(account->gid, account->gid, account->gid) < 0 ||
		    setresuid(account->uid, account->uid, account->uid) < 0)
			_exit(1);
		_exit(path && open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) < 0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void account_find(struct account *ret)
{
	static const char *const names[] = { "clamav", "clamscan", "nobody" };
	const struct passwd *pw = NULL;

	*ret = (struct account){ .uid = geteuid(), .gid = getegid() };
	if (ret->uid != 0)
		return;
	for (size_t i = 0; !pw && i < sizeof(names) / sizeof(*names); i++)
		pw = getpwnam(names[i]);
	if (pw) {
		*ret = (struct account){ .drop = true, .uid = pw->pw_uid, .gid = pw->pw_gid, .name = xstrdup(pw->pw_name) };
		if (try_as(ret, NULL))
			return;
		free((char *)ret->name);
	}
	/* A user namespace with one user in it, or a container without CAP_SETUID. */
	log_info("cannot give up root for the daemon here: it runs as root");
	*ret = (struct account){ .uid = 0, .gid = getegid() };
}

bool account_can_read(const struct account *account, const char *path)
{
	_cleanup_close_ int fd = -1;

	if (account->drop)
		return try_as(account, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd >= 0;
}
