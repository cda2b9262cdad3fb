/* SPDX-License-Identifier: Apache-2.0 */
#include "canary.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"

#define FILLER_BYTES 4096

struct bytes {
	unsigned char data[FILLER_BYTES + CANARY_PATTERN_BYTES + 80];
	size_t size;
};

static void to_hex(char *hex, const unsigned char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		snprintf(hex + 2 * i, 3, "%02x", data[i]);
}

int canary_signature_make(struct canary_signature *ret)
{
	unsigned char id[4];
	char hex[2 * sizeof(id) + 1];

	if (getrandom(ret->pattern, sizeof(ret->pattern), 0) != sizeof(ret->pattern) || getrandom(id, sizeof(id), 0) != sizeof(id))
		return log_error_errno(-errno, "cannot get random bytes for the canary signature");
	/* The name tells nothing of the pattern. */
	to_hex(hex, id, sizeof(id));
	snprintf(ret->name, sizeof(ret->name), "Clamav-Scan.Canary.%s", hex);
	return 0;
}

int canary_signature_write_ndb(const struct canary_signature *signature, const char *path)
{
	char hex[2 * CANARY_PATTERN_BYTES + 1];
	_cleanup_fclose_ FILE *file = fopen(path, "wxe");

	to_hex(hex, signature->pattern, CANARY_PATTERN_BYTES);
	if (!file || fprintf(file, "%s:0:*:%s\n", signature->name, hex) < 0 || fflush(file) != 0)
		return log_error_errno(-errno, "cannot write the canary signature to %s", path);
	return 0;
}

int canary_signature_read_ndb(struct canary_signature *ret, const char *path)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	char hex[2 * CANARY_PATTERN_BYTES + 1];

	if (!file)
		return -errno;
	if (fscanf(file, "%63[^:]:0:*:%48[0-9a-f]", ret->name, hex) != 2 || strlen(hex) != 2 * CANARY_PATTERN_BYTES)
		return -EBADMSG;
	for (size_t i = 0; i < CANARY_PATTERN_BYTES; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &ret->pattern[i]) != 1)
			return -EBADMSG;
	return 0;
}

/* The EICAR test string. It is stored reversed, and turned around here, so that this program is not taken for malware itself. */
static void eicar(struct bytes *bytes)
{
	static const char reversed[] = "*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)CC7)^P(45XZP\\4[PA@%P!O5X";

	bytes->size = sizeof(reversed) - 1;
	for (size_t i = 0; i < bytes->size; i++)
		bytes->data[i] = (unsigned char)reversed[bytes->size - 1 - i];
}

/* What an archive's member, or a plain file, holds: the pattern at the very end, or the EICAR string alone. */
static void payload(const struct canary_signature *signature, struct bytes *ret)
{
	if (!*signature->name) {
		eicar(ret);
		return;
	}
	for (size_t i = 0; i < FILLER_BYTES; i++)
		ret->data[i] = (unsigned char)("clamav-scan "[i % 12]);
	memcpy(ret->data + FILLER_BYTES, signature->pattern, CANARY_PATTERN_BYTES);
	ret->size = FILLER_BYTES + CANARY_PATTERN_BYTES;
}

static int write_file(const char *path, const void *data, size_t size)
{
	_cleanup_fclose_ FILE *file = fopen(path, "we");

	if (!file || fwrite(data, 1, size, file) != size || fflush(file) != 0)
		return -errno;
	return 0;
}

static bool add_member(struct archive *archive, const char *name, const void *data, size_t size)
{
	struct archive_entry *entry = archive_entry_new();
	bool ok;

	if (!entry)
		die_oom();
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)size);
	ok = archive_write_header(archive, entry) == ARCHIVE_OK && archive_write_data(archive, data, size) == (la_ssize_t)size;
	archive_entry_free(entry);
	return ok;
}

/* An archive of two members, the canary the last of them. */
static int write_archive(const char *path, int (*set_format)(struct archive *), bool gzip, const void *data, size_t size)
{
	struct archive *archive = archive_write_new();
	bool ok;

	if (!archive)
		die_oom();
	ok = set_format(archive) == ARCHIVE_OK && (!gzip || archive_write_add_filter_gzip(archive) == ARCHIVE_OK) &&
	     archive_write_open_filename(archive, path) == ARCHIVE_OK && add_member(archive, "first", "first member\n", 13) &&
	     add_member(archive, "last", data, size) && archive_write_close(archive) == ARCHIVE_OK;
	if (!ok)
		log_error("cannot write the canary %s: %s", path, archive_error_string(archive) ?: "unknown error");
	archive_write_free(archive);
	return ok ? 0 : -EIO;
}

/* The zip, as one member of a tar.gz. */
static int write_nested(const char *path, const char *zip_path)
{
	_cleanup_fclose_ FILE *zip = fopen(zip_path, "re");
	unsigned char data[16 * 1024];
	size_t size;

	if (!zip)
		return log_error_errno(-errno, "cannot read the canary %s", zip_path);
	size = fread(data, 1, sizeof(data), zip);
	if (ferror(zip) || size == sizeof(data))
		return log_error_errno(-EIO, "cannot read the canary %s", zip_path);
	return write_archive(path, archive_write_set_format_ustar, true, data, size);
}

static char *add(struct canaries *canaries, const char *kind)
{
	struct canary *canary = &canaries->list[canaries->n++];

	canary->kind = kind;
	canary->path = xasprintf("%s/%s", canaries->folder, kind);
	return canary->path;
}

int canaries_make(struct canaries *ret, const char *folder, const struct canary_signature *signature)
{
	struct bytes bytes;
	char *plain, *zip;
	int r;

	*ret = (struct canaries){ .folder = xstrdup(folder) };
	if (signature)
		ret->signature = *signature;
	payload(&ret->signature, &bytes);

	plain = add(ret, "plain");
	r = write_file(plain, bytes.data, bytes.size);
	if (r < 0) {
		log_error_errno(r, "cannot write the canary %s", plain);
		return r;
	}
	zip = add(ret, "zip");
	r = write_archive(zip, archive_write_set_format_zip, false, bytes.data, bytes.size);
	if (r == 0)
		r = write_archive(add(ret, "7z"), archive_write_set_format_7zip, false, bytes.data, bytes.size);
	if (r == 0)
		r = write_nested(add(ret, "nested"), zip);
	return r;
}

int canary_make_size(struct canary *ret, const struct canaries *canaries, uint64_t size)
{
	_cleanup_free_ char *path = xasprintf("%s/size-%ju", canaries->folder, (uintmax_t)size);
	_cleanup_free_ char *tail_path = xasprintf("%s/size-tail", canaries->folder);
	_cleanup_close_ int fd = -1;
	static const char magic[8] = { 'u', 's', 't', 'a', 'r', '\0', '0', '0' };
	unsigned char header[512] = { 0 }, tail[16 * 1024];
	_cleanup_fclose_ FILE *tail_file = NULL;
	struct bytes bytes;
	size_t tail_size;
	unsigned sum = 0;
	uint64_t filler = (size + 511) / 512 * 512;
	int r;

	payload(&canaries->signature, &bytes);
	r = write_archive(tail_path, archive_write_set_format_ustar, false, bytes.data, bytes.size);
	if (r < 0)
		return r;
	tail_file = fopen(tail_path, "re");
	if (!tail_file)
		return log_error_errno(-errno, "cannot read the canary %s", tail_path);
	tail_size = fread(tail, 1, sizeof(tail), tail_file);
	(void)unlink(tail_path); /* goes with the work folder anyway */

	/* One ustar header over a hole of the wanted size, then an ordinary tar: together one archive. */
	snprintf((char *)header, 100, "filler");
	snprintf((char *)header + 100, 8, "%07o", 0644);
	snprintf((char *)header + 124, 12, "%011o", (unsigned)filler); /* far below 2³² */
	header[156] = '0';
	memcpy(header + 257, magic, sizeof(magic));
	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(header); i++)
		sum += header[i];
	snprintf((char *)header + 148, 8, "%06o", sum);

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || pwrite(fd, header, sizeof(header), 0) != sizeof(header) ||
	    pwrite(fd, tail, tail_size, (off_t)(sizeof(header) + filler)) != (ssize_t)tail_size)
		return log_error_errno(-errno, "cannot write the canary %s", path);
	*ret = (struct canary){ .kind = "size", .path = steal_ptr(&path), .size = size };
	return 0;
}

void canaries_release(struct canaries *canaries)
{
	for (size_t i = 0; i < canaries->n; i++)
		free(canaries->list[i].path);
	free(canaries->folder);
	*canaries = (struct canaries){};
}

bool canary_matches(const struct canaries *canaries, const char *signature)
{
	/* Databases name EICAR differently: Win.Test.EICAR_HDB-1, Eicar-Test-Signature, … */
	if (!*canaries->signature.name)
		return strcasestr(signature, "eicar") != NULL;
	return !strcmp(signature, canaries->signature.name);
}
