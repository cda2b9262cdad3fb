/* SPDX-License-Identifier: Apache-2.0 */
#include "database-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"
#include "parse.h"

#define BLOCK_SIZE (1 << 20)
#define REMEDY "(fetch it anew with freshclam, or name another folder with --database)"

enum kind {
	KIND_LINES,	/* a text file, a line an entry */
	KIND_CONTAINER, /* with a CVD's header */
	KIND_YARA,
	KIND_SINGLE, /* one entry a file */
	KIND_OPAQUE, /* no entries to count */
};

/*
 * What libclamav 1.4 loads from a folder, and the detached signatures that 1.5 wants beside it. Signatures are what can make a file
 * FOUND by default: no ignore lists, passwords, trusted hashes and certificates, no phishing domains to look at or away from, no icons
 * (parts of others), no file types, and none of those for unwanted programs (.hdu and so on), which a daemon must be told to load.
 */
static const struct database_format {
	const char *extension;
	enum kind kind;
	bool signatures;
} formats[] = {
	{ ".cvd", KIND_CONTAINER, true }, { ".cld", KIND_CONTAINER, true }, { ".cud", KIND_CONTAINER, true },
	{ ".db", KIND_LINES, true },	  { ".ndb", KIND_LINES, true },	    { ".ldb", KIND_LINES, true },
	{ ".sdb", KIND_LINES, true },	  { ".hdb", KIND_LINES, true },	    { ".hsb", KIND_LINES, true },
	{ ".mdb", KIND_LINES, true },	  { ".msb", KIND_LINES, true },	    { ".imp", KIND_LINES, true },
	{ ".cdb", KIND_LINES, true },	  { ".zmd", KIND_LINES, true },	    { ".rmd", KIND_LINES, true },
	{ ".gdb", KIND_LINES, true },	  { ".yar", KIND_YARA, true },	    { ".yara", KIND_YARA, true },
	{ ".cbc", KIND_SINGLE, true },	  { ".ioc", KIND_SINGLE, true },    { ".ndu", KIND_LINES, false },
	{ ".ldu", KIND_LINES, false },	  { ".hdu", KIND_LINES, false },    { ".hsu", KIND_LINES, false },
	{ ".mdu", KIND_LINES, false },	  { ".msu", KIND_LINES, false },    { ".fp", KIND_LINES, false },
	{ ".sfp", KIND_LINES, false },	  { ".ign", KIND_LINES, false },    { ".ign2", KIND_LINES, false },
	{ ".idb", KIND_LINES, false },	  { ".pdb", KIND_LINES, false },    { ".wdb", KIND_LINES, false },
	{ ".crb", KIND_LINES, false },	  { ".cat", KIND_OPAQUE, false },   { ".pwdb", KIND_LINES, false },
	{ ".ftm", KIND_LINES, false },	  { ".cfg", KIND_LINES, false },    { ".sign", KIND_OPAQUE, false },
};

const struct database_format *database_format(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		size_t n = strlen(formats[i].extension);

		if (length >= n && strcasecmp(name + length - n, formats[i].extension) == 0)
			return &formats[i];
	}
	return NULL;
}

int database_parse_header(struct database_file *file, const char header[CVD_HEADER_SIZE])
{
	enum { MAGIC, BUILT_TEXT, VERSION, SIGNATURES, LEVEL, MD5, SIGNATURE, BUILDER, BUILT, FIELDS };
	const char *fields[FIELDS], *end = header + CVD_HEADER_SIZE;
	size_t sizes[FIELDS];
	uint64_t version, signatures, level, built;
	int n = 0;

	while (end > header && (end[-1] == ' ' || end[-1] == '\n'))
		end--;
	for (const char *field = header;;) {
		const char *colon = memchr(field, ':', (size_t)(end - field));

		fields[n] = field;
		sizes[n++] = (size_t)((colon ? colon : end) - field);
		if (!colon)
			break;
		if (n == FIELDS)
			return -EBADMSG;
		field = colon + 1;
	}
	if (n != FIELDS || sizes[MAGIC] != 10 || memcmp(fields[MAGIC], "ClamAV-VDB", 10) != 0)
		return -EBADMSG;
	if (parse_u64n(fields[VERSION], sizes[VERSION], UINT_MAX, &version) < 0 ||
	    parse_u64n(fields[SIGNATURES], sizes[SIGNATURES], UINT_MAX, &signatures) < 0 ||
	    parse_u64n(fields[LEVEL], sizes[LEVEL], UINT_MAX, &level) < 0 ||
	    parse_u64n(fields[BUILT], sizes[BUILT], UINT32_MAX, &built) < 0)
		return -EBADMSG;
	file->version = (unsigned)version;
	file->n_signatures = (unsigned)signatures;
	file->built = (time_t)built;
	return 0;
}

/* Counts entries in what comes block by block. */
struct counter {
	enum kind kind;
	unsigned count;
	char line[32]; /* how the line at hand begins */
	size_t length;
	bool in_line, comment;
};

static void count_line_end(struct counter *counter)
{
	static const char *const words[] = { "rule ", "private rule ", "global rule " };
	const char *line = counter->line;

	if (counter->kind == KIND_YARA) {
		line += strspn(line, " \t");
		for (size_t i = 0; i < 3; i++)
			counter->count += strncmp(line, words[i], strlen(words[i])) == 0;
	} else if (!counter->comment) {
		counter->count++;
	}
	counter->length = 0;
	counter->in_line = counter->comment = false;
}

static void count_block(struct counter *counter, const char *block, size_t size)
{
	const char *end = block + size;

	if (counter->kind != KIND_LINES && counter->kind != KIND_YARA)
		return;
	while (block < end) {
		const char *feed = NULL;
		size_t n;

		if (!counter->in_line && (*block == '\n' || *block == '\r')) {
			block++;
			continue;
		}
		if (!counter->in_line)
			counter->comment = *block == '#';
		counter->in_line = true;
		feed = memchr(block, '\n', (size_t)(end - block));
		n = (size_t)((feed ? feed : end) - block);
		if (counter->kind == KIND_YARA) {
			size_t room = sizeof(counter->line) - 1 - counter->length;

			memcpy(counter->line + counter->length, block, n < room ? n : room);
			counter->length += n < room ? n : room;
			counter->line[counter->length] = '\0';
		}
		if (feed)
			count_line_end(counter);
		block += n + (feed != NULL);
	}
}

static void cleanup_digest(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

/* From the descriptor to the digest and the counter, in large blocks: a database has hundreds of megabytes. */
static int read_contents(struct database_file *file, unsigned char sha256[32], int fd, const char *path, struct counter *counter)
{
	_cleanup_free_ char *block = xcalloc(1, BLOCK_SIZE);
	_cleanup_(cleanup_digest) EVP_MD_CTX *context = EVP_MD_CTX_new();
	char header[CVD_HEADER_SIZE] = {};
	ssize_t n;

	if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
		log_error("cannot read %s: OpenSSL has no SHA-256", path);
		return -EIO;
	}
	file->size = 0;
	while ((n = read(fd, block, BLOCK_SIZE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			n = -errno;
			log_error("cannot read the database file %s: %s " REMEDY, path, strerror(errno));
			return (int)n;
		}
		if (file->size < sizeof(header)) {
			size_t room = sizeof(header) - (size_t)file->size;

			memcpy(header + file->size, block, (size_t)n < room ? (size_t)n : room);
		}
		file->size += (uint64_t)n;
		count_block(counter, block, (size_t)n);
		if (EVP_DigestUpdate(context, block, (size_t)n) != 1)
			return log_error_errno(-EIO, "cannot hash %s", path);
	}
	if (EVP_DigestFinal_ex(context, sha256, NULL) != 1)
		return log_error_errno(-EIO, "cannot hash %s", path);

	if (counter->kind != KIND_CONTAINER)
		return 0;
	/* That its body is whole is for clamd to check: it holds the signature's key. */
	if (file->size <= CVD_HEADER_SIZE) {
		log_error("the database file %s is cut short: it has %llu bytes " REMEDY, path, (unsigned long long)file->size);
		return -EBADMSG;
	}
	if (database_parse_header(file, header) < 0) {
		log_error("the database file %s is damaged: it has no valid CVD header " REMEDY, path);
		return -EBADMSG;
	}
	return 0;
}

int database_file_read(struct database_file *file, unsigned char sha256[32], int folder_fd, const char *folder)
{
	const struct database_format *format = database_format(file->name);
	_cleanup_free_ char *path = xasprintf("%s/%s", folder, file->name);
	struct counter counter = { .kind = format->kind };
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	/* Without O_NONBLOCK, a FIFO would keep us here. */
	fd = openat(folder_fd, file->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT && fstatat(folder_fd, file->name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return -ESTALE;
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = -errno;
		log_error("cannot open the database file %s: %s " REMEDY, path, strerror(errno));
		return r;
	}
	if (!S_ISREG(st.st_mode)) {
		log_error("the database file %s is no regular file " REMEDY, path);
		return -EBADMSG;
	}

	file->signatures = format->signatures;
	file->built = st.st_mtime;
	r = read_contents(file, sha256, fd, path, &counter);
	if (r < 0 || counter.kind == KIND_CONTAINER)
		return r;
	if (counter.in_line)
		count_line_end(&counter);
	file->n_signatures = counter.kind == KIND_SINGLE ? 1 : counter.count;
	return 0;
}
