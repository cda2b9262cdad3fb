/* SPDX-License-Identifier: Apache-2.0 */
#include "clamd.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "alloc.h"
#include "cleanup.h"
#include "clock.h"

bool clamd_address_is_tcp(const char *address)
{
	return address[0] != '/';
}

int clamd_address_split(const char *address, char **ret_host, char **ret_port)
{
	const char *colon = strrchr(address, ':');
	size_t host_size;

	if (!colon || colon == address || !colon[1])
		return -EINVAL;
	host_size = (size_t)(colon - address);
	if (address[0] == '[') {
		if (host_size < 3 || address[host_size - 1] != ']')
			return -EINVAL;
		address++;
		host_size -= 2;
	}
	*ret_host = xasprintf("%.*s", (int)host_size, address);
	*ret_port = xstrdup(colon + 1);
	return 0;
}

static int wait_for(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = events };
		int64_t left = deadline_ms - (int64_t)clock_ms();
		int n;

		if (left <= 0)
			return -ETIMEDOUT;
		n = poll(&poll_fd, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			return 0;
	}
}

static int connect_to(int fd, const struct sockaddr *address, socklen_t size, int64_t deadline_ms)
{
	int error, r;
	socklen_t error_size = sizeof(error);

	if (connect(fd, address, size) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno; /* a UNIX socket whose queue is full: EAGAIN */
	r = wait_for(fd, POLLOUT, deadline_ms);
	if (r < 0)
		return r;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) < 0)
		return -errno;
	return -error;
}

static int connect_unix(const char *path, int64_t deadline_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = connect_to(fd, (struct sockaddr *)&address, sizeof(address), deadline_ms);
	return r < 0 ? r : steal_fd(&fd);
}

static int connect_tcp(const char *text, int64_t deadline_ms)
{
	_cleanup_free_ char *host = NULL, *port = NULL;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *addresses;
	int r = clamd_address_split(text, &host, &port);

	if (r < 0)
		return r;
	if (getaddrinfo(host, port, &hints, &addresses) != 0)
		return -EHOSTUNREACH;
	r = -EHOSTUNREACH;
	for (struct addrinfo *a = addresses; a; a = a->ai_next) {
		int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);

		r = fd < 0 ? -errno : connect_to(fd, a->ai_addr, a->ai_addrlen, deadline_ms);
		if (r == 0) {
			r = fd;
			break;
		}
		if (fd >= 0)
			close(fd);
	}
	freeaddrinfo(addresses);
	return r;
}

static int receive(int fd, char *reply, size_t size, int64_t deadline_ms)
{
	size_t used = 0;

	for (;;) {
		ssize_t n;
		int r = wait_for(fd, POLLIN, deadline_ms);

		if (r < 0)
			return r;
		n = recv(fd, reply + used, size - used, 0);
		if (n < 0) {
			if (errno == EAGAIN || errno == EINTR)
				continue;
			return -errno;
		}
		if (n == 0 && used == 0)
			return -ECONNRESET;
		if (n == 0 || memchr(reply + used, '\0', (size_t)n)) {
			used += (size_t)n;
			break;
		}
		used += (size_t)n;
		if (used == size)
			return -EMSGSIZE;
	}
	if (used == size && !memchr(reply, '\0', size))
		return -EMSGSIZE;
	if (used < size)
		reply[used] = '\0';
	reply[strcspn(reply, "\n")] = '\0';
	return 0;
}

int clamd_command(const char *address, const char *command, unsigned timeout_ms, char *reply, size_t size)
{
	int64_t deadline_ms = (int64_t)clock_ms() + timeout_ms;
	_cleanup_free_ char *request = xasprintf("z%s", command);
	_cleanup_close_ int fd = -1;

	fd = clamd_address_is_tcp(address) ? connect_tcp(address, deadline_ms) : connect_unix(address, deadline_ms);
	if (fd < 0)
		return fd;
	/* So short that it fits into any socket's buffer. */
	if (send(fd, request, strlen(request) + 1, MSG_NOSIGNAL) != (ssize_t)strlen(request) + 1)
		return errno ? -errno : -EIO;
	return receive(fd, reply, size, deadline_ms);
}

int clamd_ping(const char *address, unsigned timeout_ms)
{
	char reply[64];
	int r = clamd_command(address, "PING", timeout_ms, reply, sizeof(reply));

	if (r < 0)
		return r;
	return strcmp(reply, "PONG") ? -EPROTO : 0;
}
