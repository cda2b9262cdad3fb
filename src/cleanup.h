/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Resources that free themselves when their variable goes out of scope.
 *
 *	_cleanup_free_ char *name = strdup(...);
 *	_cleanup_close_ int fd = open(...);
 *	...
 *	*ret_name = steal_ptr(&name);
 *	*ret_fd = steal_fd(&fd);
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd); /* nothing was written that is not checked elsewhere */
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define _cleanup_free_ _cleanup_(cleanup_free)
#define _cleanup_close_ _cleanup_(cleanup_close)
#define _cleanup_fclose_ _cleanup_(cleanup_fclose)
#define _cleanup_closedir_ _cleanup_(cleanup_closedir)

static inline int steal_fd(int *fd)
{
	int r = *fd;
	*fd = -1;
	return r;
}

#define steal_ptr(pp)                         \
	({                                    \
		__typeof__(*(pp)) _p = *(pp); \
		*(pp) = NULL;                 \
		_p;                           \
	})

/* Closes *fd, if any, and marks it as closed. */
static inline void safe_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
