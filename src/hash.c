/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cleanup.h"
#include "walk.h"

#define BUFFER_BYTES (256 * 1024) /* fits into the second-level cache beside the digest's state */

static void cleanup_evp(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_file(const struct stat *a, const struct stat *b, uint64_t size)
{
	return a->st_size == b->st_size && same_time(&a->st_mtim, &b->st_mtim) && (uint64_t)b->st_size == size;
}

static int write_all(int fd, const unsigned char *buffer, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, buffer, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EIO;
		buffer += n;
		size -= (size_t)n;
	}
	return 0;
}

int hash_file(struct jobs *jobs, int fd, int out_fd, unsigned char sha256[32], uint64_t *ret_size)
{
	static _Thread_local unsigned char buffer[BUFFER_BYTES];
	_cleanup_(cleanup_evp) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct stat before, after;
	uint64_t size = 0;
	ssize_t n;
	int r;

	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		die_oom();
	if (fstat(fd, &before) < 0)
		return -errno;
	if (before.st_size > BUFFER_BYTES)
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* a hint */
	while ((n = read(fd, buffer, sizeof(buffer))) != 0) {
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (jobs_stopping(jobs))
			return -ECANCELED;
		if (!EVP_DigestUpdate(ctx, buffer, (size_t)n))
			return -EIO;
		if (out_fd >= 0 && (r = write_all(out_fd, buffer, (size_t)n)) > 0)
			return r;
		size += (uint64_t)n;
	}
	if (fstat(fd, &after) < 0)
		return -errno;
	if (!same_file(&before, &after, size))
		return -ESTALE;
	if (!EVP_DigestFinal_ex(ctx, sha256, NULL))
		return -EIO;
	*ret_size = size;
	return 0;
}
