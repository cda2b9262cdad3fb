/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a command and says what it and all its descendants took, as one line of JSON in a file.
 *
 *	account total FILE COMMAND…	wall time, and the CPU time that the kernel charges to all of them: costs nothing
 *	account each  FILE COMMAND…	CPU time and peak memory program by program
 *
 * "each" is exact, not sampled: every task is followed by ptrace, and stopped once more as it ends, when its own account
 * (schedstat, in nanoseconds) and its memory's high-water mark can still be read. Signals of the tasks go through this program,
 * which slows them down a little; that is why times are taken with "total", in runs of their own.
 *
 * A process counts as the program it last executed; its memory is the mark of its whole life. Of two processes alive at the same
 * time the marks are added, which is never less than what they took together.
 *
 * Descendants that outlive their parents come to this program, which waits for all of them. The status is the command's.
 */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PROCESSES 65536
#define OPTIONS                                                                                                     \
	(PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | \
	 PTRACE_O_EXITKILL)

struct process {
	pid_t pid;
	char name[32];
	unsigned long long cpu_ns, peak_kib;
	double begun, ended; /* seconds of the monotonic clock; ended 0: alive */
};

static struct process processes[MAX_PROCESSES];
static size_t n_processes;

static void die(const char *what)
{
	perror(what);
	exit(125);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A number after a key at a line's begin in a file of /proc; 0 where there is none. An empty key: the file's first number. */
static unsigned long long proc_number(pid_t tid, const char *file, const char *key)
{
	char path[64], line[256];
	unsigned long long number = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, file);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key))) {
			number = strtoull(line + strlen(key), NULL, 10);
			break;
		}
	fclose(f);
	return number;
}

static void name_process(struct process *process)
{
	char path[64], exe[4096];
	const char *base;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", process->pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n < 0)
		return;
	exe[n] = '\0';
	base = strrchr(exe, '/');
	snprintf(process->name, sizeof(process->name), "%.31s", base ? base + 1 : exe);
}

/* The live process with this pid, made when it is new. */
static struct process *process_get(pid_t pid)
{
	for (size_t i = n_processes; i-- > 0;)
		if (processes[i].pid == pid && !processes[i].ended)
			return &processes[i];
	if (n_processes == MAX_PROCESSES) {
		fputs("account: too many processes\n", stderr);
		exit(125);
	}
	processes[n_processes] = (struct process){ .pid = pid, .begun = now() };
	name_process(&processes[n_processes]);
	return &processes[n_processes++];
}

static void task_ends(pid_t tid)
{
	struct process *process = process_get((pid_t)proc_number(tid, "status", "Tgid:"));
	unsigned long long peak = proc_number(tid, "status", "VmHWM:");

	process->cpu_ns += proc_number(tid, "schedstat", "");
	if (peak > process->peak_kib)
		process->peak_kib = peak;
}

static void handle_stop(pid_t tid, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	switch (event) {
	case PTRACE_EVENT_EXEC:
		/* A thread that executes takes over its process's id. */
		name_process(process_get(tid));
		sig = 0;
		break;
	case PTRACE_EVENT_EXIT:
		task_ends(tid);
		sig = 0;
		break;
	case PTRACE_EVENT_STOP:
		if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU) {
			/* Stopped as a process, not by us: it stays so until SIGCONT. */
			if (ptrace(PTRACE_LISTEN, tid, NULL, NULL) < 0 && errno != ESRCH)
				die("ptrace listen");
			return;
		}
		process_get((pid_t)proc_number(tid, "status", "Tgid:"));
		sig = 0;
		break;
	case 0:
		break; /* a signal on its way */
	default:
		sig = 0;
	}
	if (ptrace(PTRACE_CONT, tid, NULL, (void *)(long)sig) < 0 && errno != ESRCH)
		die("ptrace cont");
}

/* Waits for the command and everything it has left behind; returns the command's status as waitpid gives it. */
static int wait_for_all(pid_t command)
{
	int status, result = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid < 0)
			continue;
		if (WIFSTOPPED(status)) {
			handle_stop(pid, status);
			continue;
		}
		if (pid == command)
			result = status;
		for (size_t i = n_processes; i-- > 0;)
			if (processes[i].pid == pid && !processes[i].ended) {
				processes[i].ended = now();
				break;
			}
	}
	return result;
}

static pid_t start(char *argv[], bool each)
{
	int gate[2];
	pid_t pid;
	char c;

	if (pipe(gate) < 0)
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(gate[1]);
		if (read(gate[0], &c, 1) != 1)
			_exit(125);
		close(gate[0]);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (each && ptrace(PTRACE_SEIZE, pid, NULL, OPTIONS) < 0)
		die("ptrace seize");
	if (each)
		process_get(pid);
	if (write(gate[1], "", 1) != 1)
		die("write");
	close(gate[0]);
	close(gate[1]);
	return pid;
}

static void write_processes(FILE *f)
{
	fputs(", \"processes\": [", f);
	for (size_t i = 0; i < n_processes; i++)
		fprintf(f, "%s{\"name\": \"%s\", \"cpu_s\": %.6f, \"peak_kib\": %llu, \"begun\": %.6f, \"ended\": %.6f}",
			i ? ", " : "", processes[i].name, (double)processes[i].cpu_ns / 1e9, processes[i].peak_kib,
			processes[i].begun, processes[i].ended);
	fputs("]", f);
}

int main(int argc, char *argv[])
{
	bool each = argc > 3 && !strcmp(argv[1], "each");
	double begun, wall;
	struct rusage used;
	int status;
	FILE *f;

	if (argc < 4 || (!each && strcmp(argv[1], "total"))) {
		fputs("usage: account total|each FILE COMMAND…\n", stderr);
		return 125;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		die("prctl");
	begun = now();
	status = wait_for_all(start(argv + 3, each));
	wall = now() - begun;
	getrusage(RUSAGE_CHILDREN, &used);

	f = fopen(argv[2], "we");
	if (!f)
		die(argv[2]);
	fprintf(f, "{\"wall_s\": %.6f, \"cpu_s\": %.6f, \"status\": %d", wall,
		(double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
			(double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	if (each)
		write_processes(f);
	fputs("}\n", f);
	if (fclose(f))
		die(argv[2]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
