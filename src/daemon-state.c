/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon-state.h"

#include <errno.h>
#include <fcntl.h>
#include <json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"

static void cleanup_json(json_object **object)
{
	json_object_put(*object);
}

static char *state_folder(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (runtime && *runtime)
		return xasprintf("%s/clamav-scan", runtime);
	if (geteuid() == 0)
		return xstrdup("/run/clamav-scan");
	return xasprintf("/tmp/clamav-scan-%u", geteuid());
}

char *daemon_state_path(const char *socket)
{
	_cleanup_free_ char *folder = NULL;

	if (socket)
		return xasprintf("%s.json", socket);
	folder = state_folder();
	return xasprintf("%s/daemon.json", folder);
}

uint64_t process_start_time(pid_t pid)
{
	_cleanup_close_ int fd = -1;
	char path[64], text[1024];
	unsigned long long start;
	char *p, state;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (n = read(fd, text, sizeof(text) - 1)) <= 0)
		return 0;
	text[n] = '\0';
	p = strrchr(text, ')');
	/* The 22nd field; the state, behind the parenthesis, is the third. */
	if (!p ||
	    sscanf(p + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &state, &start) != 2)
		return 0;
	/* Dead, but nobody has waited for it: so it stays where the first process of a container reaps nothing. */
	return state == 'Z' || state == 'X' ? 0 : start;
}

bool daemon_state_alive(const struct daemon_state *state)
{
	return state->pid > 0 && state->start_time && process_start_time(state->pid) == state->start_time;
}

static char *get_string(json_object *object, const char *key)
{
	json_object *value = json_object_object_get(object, key);

	return json_object_is_type(value, json_type_string) ? xstrdup(json_object_get_string(value)) : NULL;
}

int daemon_state_read(struct daemon_state *ret, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_(cleanup_json) json_object *object = NULL;
	struct stat st;

	if (fd < 0)
		return -errno;
	/* Whoever may write it could name any process, and have us end it. */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return -EPERM;
	object = json_object_from_fd(fd);
	if (!json_object_is_type(object, json_type_object))
		return -EBADMSG;
	*ret = (struct daemon_state){
		.socket = get_string(object, "socket"),
		.folder = get_string(object, "folder"),
		.tmp = get_string(object, "tmp"),
		.log = get_string(object, "log"),
		.database = get_string(object, "database"),
		.fingerprint = get_string(object, "fingerprint"),
		.pid = json_object_get_int(json_object_object_get(object, "pid")),
		.start_time = (uint64_t)json_object_get_int64(json_object_object_get(object, "start_time")),
	};
	if (ret->socket && ret->folder && ret->tmp && ret->database && ret->fingerprint && ret->pid > 1)
		return 0;
	daemon_state_release(ret);
	return -EBADMSG;
}

static int make_folder(const char *path)
{
	_cleanup_free_ char *folder = xstrdup(path);
	struct stat st;

	*strrchr(folder, '/') = '\0';
	if (mkdir(folder, 0700) == 0 || errno != EEXIST)
		return access(folder, W_OK) < 0 ? log_error_errno(-errno, "cannot make the folder %s", folder) : 0;
	/* In /tmp somebody else may have been first. */
	if (lstat(folder, &st) < 0)
		return log_error_errno(-errno, "cannot use the folder %s", folder);
	if (!S_ISDIR(st.st_mode) || (st.st_uid != geteuid() && st.st_uid != 0))
		return log_error_errno(-EPERM, "cannot use the folder %s", folder);
	return 0;
}

int daemon_state_write(const struct daemon_state *state, const char *path)
{
	_cleanup_(cleanup_json) json_object *object = json_object_new_object();
	_cleanup_free_ char *aside = xasprintf("%s.new", path);
	_cleanup_close_ int fd = -1;
	int r = make_folder(path);

	if (r < 0)
		return r;
	if (!object)
		die_oom();
	json_object_object_add(object, "socket", json_object_new_string(state->socket));
	json_object_object_add(object, "folder", json_object_new_string(state->folder));
	json_object_object_add(object, "tmp", json_object_new_string(state->tmp));
	json_object_object_add(object, "log", state->log ? json_object_new_string(state->log) : NULL);
	json_object_object_add(object, "database", json_object_new_string(state->database));
	json_object_object_add(object, "fingerprint", json_object_new_string(state->fingerprint));
	json_object_object_add(object, "pid", json_object_new_int(state->pid));
	json_object_object_add(object, "start_time", json_object_new_int64((int64_t)state->start_time));

	(void)unlink(aside); /* left by one that was killed; else the next line says what is wrong */
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return log_error_errno(-errno, "cannot write the daemon's state %s", aside);
	if (json_object_to_fd(fd, object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE) < 0 || rename(aside, path) < 0)
		return log_error_errno(-(errno ?: EIO), "cannot write the daemon's state %s", path);
	return 0;
}

void daemon_state_release(struct daemon_state *state)
{
	free(state->socket);
	free(state->folder);
	free(state->tmp);
	free(state->log);
	free(state->database);
	free(state->fingerprint);
	*state = (struct daemon_state){};
}
