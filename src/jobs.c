/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"

struct queue {
	struct job *first, **last;
};

struct jobs {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct queue todo, finished; /* under lock */
	unsigned idle;		     /* under lock: threads that wait for work */
	pthread_t *threads;
	unsigned n_threads;
	atomic_bool stopping;
	int wake_fd;
	struct source *wake;
};

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

static void queue_push(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct job *queue_take_all(struct queue *queue)
{
	struct job *first = queue->first;

	queue_init(queue);
	return first;
}

static void deliver(struct jobs *jobs)
{
	struct job *job, *next;

	pthread_mutex_lock(&jobs->lock);
	job = queue_take_all(&jobs->finished);
	pthread_mutex_unlock(&jobs->lock);
	for (; job; job = next) {
		next = job->next;
		job->done(job);
	}
}

static void on_wake(void *data, uint32_t events)
{
	struct jobs *jobs = data;
	uint64_t n;

	(void)events;
	/* An empty counter only means that an earlier round has delivered already. */
	(void)!read(jobs->wake_fd, &n, sizeof(n));
	deliver(jobs);
}

void jobs_post(struct jobs *jobs, struct job *message)
{
	bool first;

	pthread_mutex_lock(&jobs->lock);
	first = !jobs->finished.first;
	queue_push(&jobs->finished, message);
	pthread_mutex_unlock(&jobs->lock);
	/* The counter cannot overflow: one is added only when the list was empty. */
	if (first)
		(void)eventfd_write(jobs->wake_fd, 1);
}

static void *thread_main(void *data)
{
	struct jobs *jobs = data;
	struct job *job;

	pthread_mutex_lock(&jobs->lock);
	for (;;) {
		while (!jobs->todo.first && !jobs->stopping) {
			jobs->idle++;
			pthread_cond_wait(&jobs->work, &jobs->lock);
			jobs->idle--;
		}
		job = jobs->todo.first;
		if (!job)
			break;
		jobs->todo.first = job->next;
		if (!job->next)
			queue_init(&jobs->todo);
		pthread_mutex_unlock(&jobs->lock);
		job->run(job);
		jobs_post(jobs, job);
		pthread_mutex_lock(&jobs->lock);
	}
	pthread_mutex_unlock(&jobs->lock);
	return NULL;
}

struct jobs *jobs_new(struct loop *loop)
{
	struct jobs *jobs = xcalloc(1, sizeof(*jobs));

	pthread_mutex_init(&jobs->lock, NULL);
	pthread_cond_init(&jobs->work, NULL);
	queue_init(&jobs->todo);
	queue_init(&jobs->finished);
	jobs->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (jobs->wake_fd < 0)
		die_oom();
	jobs->wake = loop_add(loop, jobs->wake_fd, EPOLLIN, on_wake, jobs);
	return jobs;
}

void jobs_start(struct jobs *jobs, struct job *job)
{
	unsigned waiting = 0;
	bool grow;

	pthread_mutex_lock(&jobs->lock);
	queue_push(&jobs->todo, job);
	for (struct job *j = jobs->todo.first; j; j = j->next)
		waiting++;
	grow = waiting > jobs->idle;
	pthread_cond_signal(&jobs->work);
	pthread_mutex_unlock(&jobs->lock);
	if (!grow)
		return;

	jobs->threads = xrealloc(jobs->threads, (jobs->n_threads + 1) * sizeof(*jobs->threads));
	errno = pthread_create(&jobs->threads[jobs->n_threads], NULL, thread_main, jobs);
	if (errno == 0) {
		jobs->n_threads++;
	} else if (jobs->n_threads == 0) {
		log_error_errno(-errno, "cannot start a thread");
		_exit(2);
	} /* else: a busy thread takes it later */
}

bool jobs_stopping(struct jobs *jobs)
{
	return atomic_load(&jobs->stopping);
}

void jobs_free(struct jobs *jobs)
{
	if (!jobs)
		return;
	pthread_mutex_lock(&jobs->lock);
	atomic_store(&jobs->stopping, true);
	pthread_cond_broadcast(&jobs->work);
	pthread_mutex_unlock(&jobs->lock);
	for (unsigned i = 0; i < jobs->n_threads; i++)
		pthread_join(jobs->threads[i], NULL);
	deliver(jobs);
	loop_remove(&jobs->wake);
	close(jobs->wake_fd);
	pthread_cond_destroy(&jobs->work);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs->threads);
	free(jobs);
}
