/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <json.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"
#include "process.h"

/* An event holds a reference, a path of ours and a message: far less. */
#define LINE_BYTES (64 * 1024)
/* --work DIR --platform P --authfile F --cert-dir D --tls-verify B --jobs N REF, the program and NULL */
#define MAX_ARGUMENTS 16

struct image {
	struct image_listener listener;
	const char *folder;
	struct process process;
	int fd;
	struct source *readable;
	char *line;
	size_t used;
	bool done, failed;
	struct image_target target;
};

static void cleanup_json(json_object **object)
{
	json_object_put(*object);
}

static void cleanup_tokener(json_tokener **tokener)
{
	json_tokener_free(*tokener);
}

static void fail(struct image *image, enum reason reason, const char *platform, const char *message)
{
	image->failed = true;
	image->listener.error(image->listener.data, reason, platform, message);
}

/* NULL where the key is missing, null, or no string. */
static const char *string_of(json_object *event, const char *key)
{
	json_object *value = json_object_object_get(event, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static uint64_t number_of(json_object *event, const char *key)
{
	int64_t value = json_object_get_int64(json_object_object_get(event, key));

	return value > 0 ? (uint64_t)value : 0;
}

static void replace(char **text, const char *with)
{
	free(*text);
	*text = xstrdup_or_null(with);
}

static void on_target(struct image *image, json_object *event)
{
	const char *kind = string_of(event, "kind");

	replace(&image->target.reference, string_of(event, "reference"));
	replace(&image->target.digest, string_of(event, "digest"));
	replace(&image->target.media_type, string_of(event, "media_type"));
	replace(&image->target.artifact_type, string_of(event, "artifact_type"));
	image->target.artifact = kind && !strcmp(kind, "artifact");
}

static void on_platform(struct image *image, json_object *event)
{
	const char *rootfs = string_of(event, "rootfs");

	/* It must lie below the wrapper's folder: what is there may be changed and removed. */
	if (!rootfs || strncmp(rootfs, image->folder, strlen(image->folder)) || rootfs[strlen(image->folder)] != '/' ||
	    strstr(rootfs, "/.."))
		fail(image, REASON_INTERNAL, NULL, "libexec/image named a folder that is not its own");
	else
		image->listener.platform(image->listener.data, string_of(event, "platform"), string_of(event, "digest"), rootfs);
}

static void on_error(struct image *image, json_object *event)
{
	static const enum reason reasons[] = { REASON_FETCH, REASON_UNPACK, REASON_NO_SPACE };
	const char *word = string_of(event, "reason") ?: "", *message = string_of(event, "message");
	enum reason reason = REASON_INTERNAL;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (!strcmp(word, reason_name(reasons[i])))
			reason = reasons[i];
	fail(image, reason, string_of(event, "platform"), message ?: "libexec/image failed without saying why");
}

static void on_event(struct image *image, json_object *event)
{
	const char *word = string_of(event, "event") ?: "", *phase = string_of(event, "phase") ?: "";
	void *data = image->listener.data;

	if (!strcmp(word, "target"))
		on_target(image, event);
	else if (!strcmp(word, "platform"))
		on_platform(image, event);
	else if (!strcmp(word, "progress"))
		image->listener.progress(data, phase, number_of(event, "done"), number_of(event, "total"));
	else if (!strcmp(word, "phase"))
		image->listener.phase(data, phase, number_of(event, "ms"));
	else if (!strcmp(word, "error"))
		on_error(image, event);
	else if (!strcmp(word, "done"))
		image->done = true;
	else
		fail(image, REASON_INTERNAL, NULL, "libexec/image sent an event that is not known");
}

static void on_line(struct image *image, const char *line, size_t size)
{
	_cleanup_(cleanup_tokener) json_tokener *tokener = json_tokener_new_ex(4);
	_cleanup_(cleanup_json) json_object *event = NULL;

	if (!tokener)
		die_oom();
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	event = json_tokener_parse_ex(tokener, line, (int)size);
	if (json_tokener_get_error(tokener) == json_tokener_success && json_object_is_type(event, json_type_object))
		on_event(image, event);
	else
		fail(image, REASON_INTERNAL, NULL, "libexec/image sent a line that is no event");
}

static void ended(struct image *image)
{
	char status[64];
	_cleanup_free_ char *message = NULL;

	loop_remove(&image->readable);
	process_kill(&image->process); /* its output has ended, and so has its work */
	if (!image->failed && (!image->done || image->process.status != 0)) {
		message = xasprintf("libexec/image %s without being done",
				    process_status_text(image->process.status, status, sizeof(status)));
		fail(image, REASON_FETCH, NULL, message);
	}
	image->listener.ended(image->listener.data);
}

static void on_readable(void *data, uint32_t events)
{
	struct image *image = data;
	ssize_t n = read(image->fd, image->line + image->used, LINE_BYTES - image->used);
	char *end;

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		ended(image);
		return;
	}
	image->used += (size_t)n;
	while ((end = memchr(image->line, '\n', image->used))) {
		size_t size = (size_t)(end - image->line);

		on_line(image, image->line, size);
		image->used -= size + 1;
		memmove(image->line, end + 1, image->used);
	}
	if (image->used == LINE_BYTES) {
		fail(image, REASON_INTERNAL, NULL, "libexec/image sent a line that does not end");
		image->used = 0;
	}
}

static void add_argument(const char **argv, size_t *n, const char *name, const char *value)
{
	if (!value)
		return;
	argv[(*n)++] = name;
	argv[(*n)++] = value;
}

int image_start(struct image **ret, struct loop *loop, const struct options *options, const char *folder, unsigned jobs,
		const struct image_listener *listener)
{
	_cleanup_free_ char *program = xasprintf("%s/image", getenv("CLAMAV_SCAN_LIBEXEC") ?: LIBEXECDIR);
	_cleanup_free_ char *jobs_text = xasprintf("%u", jobs);
	const char *argv[MAX_ARGUMENTS] = { program };
	struct image *image = xcalloc(1, sizeof(*image));
	_cleanup_close_ int child_fd = -1;
	size_t n = 1;
	int fds[2], r;

	add_argument(argv, &n, "--work", folder);
	add_argument(argv, &n, "--platform", options->platform);
	add_argument(argv, &n, "--authfile", options->authfile);
	add_argument(argv, &n, "--cert-dir", options->cert_dir);
	add_argument(argv, &n, "--tls-verify", options->tls_verify);
	add_argument(argv, &n, "--jobs", jobs_text);
	argv[n] = options->args[0];

	*image = (struct image){ .listener = *listener, .folder = folder, .fd = -1, .process.pidfd = -1 };
	image->line = xcalloc(1, LINE_BYTES);
	r = pipe2(fds, O_CLOEXEC) < 0 ? -errno : 0;
	if (r == 0) {
		image->fd = fds[0];
		child_fd = fds[1];
		r = fcntl(image->fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
	}
	if (r == 0)
		r = process_spawn(&image->process,
				  &(struct spawn){ .argv = argv, .stdin_fd = -1, .stdout_fd = child_fd, .stderr_fd = 2 });
	if (r < 0) {
		log_error_errno(r, "cannot run %s", program);
		image_free(image);
		return r;
	}
	image->readable = loop_add(loop, image->fd, EPOLLIN, on_readable, image);
	*ret = image;
	return 0;
}

void image_free(struct image *image)
{
	if (!image)
		return;
	loop_remove(&image->readable);
	process_kill(&image->process);
	safe_close(&image->fd);
	free(image->line);
	free(image->target.reference);
	free(image->target.digest);
	free(image->target.media_type);
	free(image->target.artifact_type);
	free(image);
}

const struct image_target *image_target(const struct image *image)
{
	return &image->target;
}
