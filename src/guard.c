/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "cleanup.h"
#include "log.h"
#include "process.h"
#include "tree.h"

enum guard_verb { GUARD_ADD_CHILD, GUARD_REMOVE_CHILD, GUARD_ADD_FOLDER, GUARD_REMOVE_FOLDER, GUARD_DISMISS };

struct message {
	enum guard_verb verb;
	pid_t pid;
	char folder[PATH_MAX];
};

#define MAX_CHILDREN 1024 /* workers, the daemon, the wrapper, and those not yet told off */
#define MAX_FOLDERS 8

static int guard_fd = -1;
static pid_t guard_pid;

static pid_t children[MAX_CHILDREN];
static char folders[MAX_FOLDERS][PATH_MAX];

static void replace_child(pid_t from, pid_t to)
{
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		if (children[i] == from) {
			children[i] = to;
			return;
		}
}

static void replace_folder(const char *from, const char *to)
{
	for (size_t i = 0; i < MAX_FOLDERS; i++)
		if (!strcmp(folders[i], from)) {
			snprintf(folders[i], PATH_MAX, "%s", to);
			return;
		}
}

static void clean_up(void)
{
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		if (children[i])
			session_kill(children[i]);
	for (size_t i = 0; i < MAX_FOLDERS; i++)
		if (*folders[i])
			(void)tree_remove(folders[i]); /* nobody is left to tell */
}

__attribute__((noreturn)) static void guard_main(int fd)
{
	struct message message;
	sigset_t all;

	/* Whoever ends the launcher with a signal to its group or terminal does not mean the guard. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	(void)setsid();
	(void)prctl(PR_SET_NAME, "clamav-scan-grd");
	/* A reader of the launcher's output must see its end when the launcher ends, not when the guard does. */
	for (int i = 0; i < 3; i++)
		close(i);

	for (;;) {
		ssize_t n = recv(fd, &message, sizeof(message), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(message))
			break;
		switch (message.verb) {
		case GUARD_ADD_CHILD:
			replace_child(0, message.pid);
			break;
		case GUARD_REMOVE_CHILD:
			replace_child(message.pid, 0);
			break;
		case GUARD_ADD_FOLDER:
			replace_folder("", message.folder);
			break;
		case GUARD_REMOVE_FOLDER:
			replace_folder(message.folder, "");
			break;
		case GUARD_DISMISS:
			_exit(0);
		}
	}
	clean_up();
	_exit(0);
}

int guard_start(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return log_error_errno(-errno, "cannot start the guard process");
	guard_pid = fork();
	if (guard_pid < 0) {
		int r = -errno;
		close(fds[0]);
		close(fds[1]);
		return log_error_errno(r, "cannot start the guard process");
	}
	if (guard_pid == 0) {
		close(fds[1]);
		guard_main(fds[0]);
	}
	close(fds[0]);
	guard_fd = fds[1];
	return 0;
}

static int tell(enum guard_verb verb, pid_t pid, const char *folder)
{
	struct message message;

	if (guard_fd < 0)
		return 0;
	memset(&message, 0, sizeof(message));
	message.verb = verb;
	message.pid = pid;
	if (folder)
		snprintf(message.folder, sizeof(message.folder), "%s", folder);
	return send(guard_fd, &message, sizeof(message), MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* A guard that is gone can't be told; the scan itself does not need it. */
void guard_add_folder(const char *path)
{
	(void)tell(GUARD_ADD_FOLDER, 0, path);
}

void guard_remove_folder(const char *path)
{
	(void)tell(GUARD_REMOVE_FOLDER, 0, path);
}

int guard_add_self(void)
{
	return tell(GUARD_ADD_CHILD, getpid(), NULL);
}

void guard_remove(pid_t pid)
{
	(void)tell(GUARD_REMOVE_CHILD, pid, NULL);
}

void guard_dismiss(void)
{
	if (guard_fd < 0)
		return;
	(void)tell(GUARD_DISMISS, 0, NULL);
	safe_close(&guard_fd);
	while (waitpid(guard_pid, NULL, 0) < 0 && errno == EINTR)
		;
}
