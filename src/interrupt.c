/* SPDX-License-Identifier: Apache-2.0 */
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"

struct interrupt {
	int fd;
	struct source *source;
	interrupt_fn fn;
	void *data;
};

static void fill(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

static const char *name_of(unsigned number)
{
	return number == SIGINT ? "SIGINT" : number == SIGTERM ? "SIGTERM" : "SIGHUP";
}

static void on_signal(void *data, uint32_t events)
{
	struct interrupt *interrupt = data;
	struct signalfd_siginfo info;
	sigset_t set;

	(void)events;
	if (read(interrupt->fd, &info, sizeof(info)) != sizeof(info))
		return;
	fill(&set);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL); /* fails for a wrong argument only */
	interrupt->fn(interrupt->data, name_of(info.ssi_signo));
}

int interrupt_watch(struct interrupt **ret, struct loop *loop, interrupt_fn fn, void *data)
{
	struct interrupt *interrupt;
	sigset_t set;
	int fd;

	fill(&set);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return log_error_errno(-errno, "cannot block signals");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return log_error_errno(-errno, "cannot watch signals");
	interrupt = xcalloc(1, sizeof(*interrupt));
	*interrupt = (struct interrupt){ .fd = fd, .fn = fn, .data = data };
	interrupt->source = loop_add(loop, fd, EPOLLIN, on_signal, interrupt);
	*ret = interrupt;
	return 0;
}

void interrupt_free(struct interrupt *interrupt)
{
	if (!interrupt)
		return;
	loop_remove(&interrupt->source);
	close(interrupt->fd);
	free(interrupt);
}
