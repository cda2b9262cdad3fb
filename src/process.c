/* SPDX-License-Identifier: Apache-2.0 */
#include "process.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "alloc.h"
#include "cleanup.h"
#include "guard.h"

extern char **environ;

static char **environment(const char *const *more)
{
	size_t n = 0, m = 0;
	char **env;

	while (environ[n])
		n++;
	while (more && more[m])
		m++;
	env = xcalloc(n + m + 1, sizeof(*env));
	n = 0;
	for (char **e = environ; *e; e++) {
		bool replaced = false;

		for (size_t i = 0; i < m; i++)
			replaced |= !strncmp(*e, more[i], strcspn(more[i], "=") + 1);
		if (!replaced)
			env[n++] = *e;
	}
	for (size_t i = 0; i < m; i++)
		env[n++] = (char *)more[i];
	return env;
}

static void limit(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit rlimit;

	if (value == 0 || getrlimit(resource, &rlimit) < 0)
		return;
	rlimit.rlim_cur = value < rlimit.rlim_max ? value : rlimit.rlim_max;
	/* Below the hard limit this cannot fail. */
	(void)setrlimit(resource, &rlimit);
}

static int use_fd(int fd, int target)
{
	if (fd == target)
		return fcntl(fd, F_SETFD, 0);
	return dup2(fd, target);
}

/* In the child, between fork and exec: async-signal-safe calls only, for the parent has threads. Returns only when it failed. */
static int child(const struct spawn *spawn, char *const *env, int null_fd)
{
	sigset_t none;
	int fds[] = { spawn->stdin_fd, spawn->stdout_fd, spawn->stderr_fd };

	if (setsid() < 0)
		return -errno;
	if (!spawn->outlive && guard_add_self() < 0)
		return -errno;
	/* Sources first get out of the way of 0, 1 and 2. */
	for (int i = 0; i < 3; i++) {
		fds[i] = fcntl(fds[i] < 0 ? null_fd : fds[i], F_DUPFD_CLOEXEC, 3);
		if (fds[i] < 0)
			return -errno;
	}
	for (int i = 0; i < 3; i++)
		if (use_fd(fds[i], i) < 0)
			return -errno;
	limit(RLIMIT_STACK, spawn->stack);
	if (spawn->drop && (setgroups(1, &spawn->gid) < 0 || setresgid(spawn->gid, spawn->gid, spawn->gid) < 0 ||
			    setresuid(spawn->uid, spawn->uid, spawn->uid) < 0))
		return -errno;
	sigemptyset(&none);
	/* main ignores SIGPIPE; a shell that inherits that cannot turn it back. */
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0 || signal(SIGPIPE, SIG_DFL) == SIG_ERR)
		return -errno;
	execvpe(spawn->argv[0], (char *const *)spawn->argv, env);
	return -errno;
}

int process_spawn(struct process *ret, const struct spawn *spawn)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), report_read = -1, report_write = -1;
	_cleanup_free_ char **env = environment(spawn->env);
	struct process process = { .pidfd = -1 };
	int report[2], error = 0;

	if (null_fd < 0 || pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	report_read = report[0];
	report_write = report[1];

	process.pid = fork();
	if (process.pid < 0)
		return -errno;
	if (process.pid == 0) {
		error = child(spawn, env, null_fd);
		/* The parent takes an unreadable report for an executed child, and then sees it end at once. */
		if (write(report_write, &error, sizeof(error)) < 0)
			_exit(126);
		_exit(127);
	}

	safe_close(&report_write);
	if (read(report_read, &error, sizeof(error)) == sizeof(error)) {
		process_kill(&process);
		return error;
	}
	/* The child is not reaped yet, so its number is still its own. By number, for glibc 2.34 has no wrapper. */
	process.pidfd = (int)syscall(SYS_pidfd_open, process.pid, 0);
	if (process.pidfd < 0) {
		error = -errno;
		process_kill(&process);
		return error;
	}
	fcntl(process.pidfd, F_SETFD, FD_CLOEXEC);
	*ret = process;
	return 0;
}

/* The session of a process from /proc/PID/stat, whose second field may hold anything, parentheses too; -1: it is gone, or dead. */
static pid_t session_of(const char *pid)
{
	_cleanup_close_ int fd = -1;
	char path[64], text[512], state;
	int session;
	ssize_t n;
	char *p;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (n = read(fd, text, sizeof(text) - 1)) <= 0)
		return -1;
	text[n] = '\0';
	p = strrchr(text, ')');
	if (!p || sscanf(p + 1, " %c %*d %*d %d", &state, &session) != 2 || state == 'Z' || state == 'X')
		return -1;
	return session;
}

static bool kill_members(pid_t sid)
{
	_cleanup_closedir_ DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while (proc && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]) || session_of(entry->d_name) != sid)
			continue;
		/* A member keeps the session's number alive; a race can only meet one that has just ended. */
		if (kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL) == 0)
			found = true;
	}
	return found;
}

void session_kill(pid_t sid)
{
	/* A member may fork while the list is read: again until it is empty. The bound is for a member that cannot be killed. */
	for (int i = 0; i < 100 && kill_members(sid); i++)
		;
}

static void reap(struct process *process)
{
	while (waitpid(process->pid, &process->status, 0) < 0 && errno == EINTR)
		;
	if (process->pidfd >= 0)
		safe_close(&process->pidfd);
	guard_remove(process->pid);
	process->pid = 0;
}

void process_kill(struct process *process)
{
	if (process->pid == 0)
		return;
	(void)kill(process->pid, SIGKILL); /* ours until it is reaped; ended already is fine */
	session_kill(process->pid);
	reap(process);
}

void process_reap(struct process *process)
{
	if (process->pid == 0)
		return;
	session_kill(process->pid);
	reap(process);
}

const char *process_status_text(int status, char *buffer, size_t size)
{
	if (WIFEXITED(status))
		snprintf(buffer, size, "ended with status %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		snprintf(buffer, size, "was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(buffer, size, "ended with wait status %d", status);
	return buffer;
}
