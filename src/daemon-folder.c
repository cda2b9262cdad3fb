/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon-folder.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>

#include "alloc.h"
#include "clamd.h"
#include "cleanup.h"
#include "guard.h"
#include "log.h"
#include "process.h"
#include "shadow.h"
#include "tree.h"
#include "walk.h"

/* Temporary files go to a tmpfs only when it has room for the largest file that ClamAV takes apart. */
#define TMPFS_ROOM_BYTES (UINT64_C(2) << 30)

/* ClamAV nests its parsers deeply: its own recursion limit of 100 needs more than the usual 8 MiB. */
#define STACK_BYTES (64 * 1024 * 1024)

static bool socket_fits(const char *folder)
{
	return strlen(folder) + strlen("/run/clamd.sock") < sizeof(((struct sockaddr_un *)0)->sun_path);
}

/* A fresh folder in parent that the account can use; NULL when there is no such. */
static char *try_parent(const char *parent, const struct account *account)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;

	if (stat(parent, &st) < 0 || !S_ISDIR(st.st_mode) || access(parent, W_OK | X_OK) < 0)
		return NULL;
	if (tree_make_temporary(&path, parent) < 0)
		return NULL;
	guard_add_folder(path);
	if (chmod(path, 0711) == 0 && socket_fits(path) && account_can_read(account, parent))
		return steal_ptr(&path);
	(void)rmdir(path); /* empty, and made here */
	guard_remove_folder(path);
	return NULL;
}

static int choose_folder(struct daemon_folder *folder, const char *preferred)
{
	static const char *const parents[] = { "/tmp", "/var/tmp", "/dev/shm", "/run" };

	if (preferred && socket_fits(preferred)) {
		if (mkdir(preferred, 0755) < 0 || chmod(preferred, 0755) < 0)
			return log_error_errno(-errno, "cannot make the daemon's folder %s", preferred);
		if (account_can_read(&folder->account, preferred)) {
			folder->path = xstrdup(preferred);
			return 0;
		}
		(void)rmdir(preferred); /* empty, and made here */
	}
	for (size_t i = 0; i < sizeof(parents) / sizeof(*parents) && !folder->path; i++)
		folder->path = try_parent(parents[i], &folder->account);
	if (!folder->path) {
		log_error("there is no folder that the daemon's user %s can reach: name one with --work-dir",
			  folder->account.name ?: "(ours)");
		return -EACCES;
	}
	folder->temporary = true;
	return 0;
}

static int give_folder(const struct daemon_folder *folder, const char *path)
{
	if (chmod(path, 0700) < 0 || (folder->account.drop && chown(path, folder->account.uid, folder->account.gid) < 0))
		return log_error_errno(-errno, "cannot give the folder %s to the daemon", path);
	return 0;
}

static bool tmpfs_has_room(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == TMPFS_MAGIC &&
	       (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize >= TMPFS_ROOM_BYTES && access(path, W_OK | X_OK) == 0;
}

/* Temporary files: on a tmpfs, when there is one with room that the daemon's user can reach; else beside the rest. */
static int choose_tmp(struct daemon_folder *folder)
{
	int r;

	if (tmpfs_has_room("/dev/shm") && (folder->tmp = try_parent("/dev/shm", &folder->account))) {
		folder->tmp_temporary = true;
		return give_folder(folder, folder->tmp);
	}
	folder->tmp = xasprintf("%s/tmp", folder->path);
	r = mkdir(folder->tmp, 0700) < 0 ? -errno : 0;
	if (r < 0)
		return log_error_errno(r, "cannot make the folder %s", folder->tmp);
	return give_folder(folder, folder->tmp);
}

/* Everything that matters is said: the host's and the distribution's defaults differ. */
static int write_config(const struct daemon_folder *folder, const struct daemon_config *config)
{
	_cleanup_fclose_ FILE *file = fopen(folder->config, "wxe");

	if (!file)
		return log_error_errno(-errno, "cannot write the daemon's configuration %s", folder->config);
	fprintf(file,
		"Foreground yes\nLogTime yes\nLogVerbose %s\nExtendedDetectionInfo no\n"
		"LocalSocket %s\nLocalSocketMode 600\nFixStaleSocket yes\n"
		"DatabaseDirectory %s\nTemporaryDirectory %s\n"
		"MaxThreads %u\nMaxQueue %u\nMaxConnectionQueueLength 200\n"
		"ReadTimeout 3600\nCommandReadTimeout 3600\nSendBufTimeout 5000\nIdleTimeout 30\n"
		/* One run, one database: no looking for a newer one, no second copy in memory, no cache of what was clean. */
		"SelfCheck 0\nConcurrentDatabaseReload no\nDisableCache yes\n"
		"ExitOnOOM yes\nLeaveTemporaryFiles no\nAllowAllMatchScan no\nPreludeEnable no\n",
		config->verbose ? "yes" : "no", folder->socket, folder->database, folder->tmp, config->threads, config->max_queue);
	fprintf(file,
		"ScanPE yes\nScanELF yes\nScanOLE2 yes\nScanPDF yes\nScanSWF yes\nScanXMLDOCS yes\nScanHWP3 yes\nScanOneNote yes\n"
		"ScanMail yes\nScanPartialMessages no\nScanHTML yes\nScanArchive yes\nScanImage yes\nScanImageFuzzyHash yes\n"
		"PhishingSignatures yes\nPhishingScanURLs yes\nHeuristicAlerts yes\nHeuristicScanPrecedence no\n"
		"DetectPUA no\nStructuredDataDetection no\nCrossFilesystems yes\n"
		"AlertBrokenExecutables no\nAlertBrokenMedia no\n"
		"AlertEncrypted yes\nAlertEncryptedArchive yes\nAlertEncryptedDoc yes\nAlertOLE2Macros yes\n"
		"AlertPhishingSSLMismatch yes\nAlertPhishingCloak yes\nAlertPartitionIntersection yes\nAlertExceedsMax yes\n"
		"Bytecode yes\nBytecodeSecurity TrustSigned\nBytecodeTimeout 60000\n");
	fprintf(file,
		/* MaxFileSize is what ClamAV clamps it to; a larger one leaves a hole. MaxRecursion over 100 lets nesting crash it. */
		"MaxScanTime 0\nMaxScanSize 4095M\nMaxFileSize %ju\nMaxRecursion 100\nMaxFiles 0\n"
		"MaxEmbeddedPE 4095M\nMaxHTMLNormalize 10M\nMaxHTMLNoTags 4095M\nMaxScriptNormalize 5M\nMaxZipTypeRcg 4095M\n"
		"MaxPartitions 50000\nMaxIconsPE 100000\nMaxRecHWP3 20000\n"
		"PCREMatchLimit 100000000\nPCRERecMatchLimit 2000000\nPCREMaxFileSize 4095M\n",
		(uintmax_t)CLAMAV_MAX_FILE_SIZE);
	if (fflush(file) != 0 || ferror(file))
		return log_error_errno(-errno, "cannot write the daemon's configuration %s", folder->config);
	if (fchmod(fileno(file), 0644) < 0)
		return log_error_errno(-errno, "cannot change the mode of %s", folder->config);
	return 0;
}

int clamdscan_config_write(const char *path, const char *address)
{
	_cleanup_fclose_ FILE *file = fopen(path, "we");
	_cleanup_free_ char *host = NULL, *port = NULL;

	if (!file)
		return log_error_errno(-errno, "cannot write clamdscan's configuration %s", path);
	if (!clamd_address_is_tcp(address))
		fprintf(file, "LocalSocket %s\n", address);
	else if (clamd_address_split(address, &host, &port) == 0)
		/* clamdscan cuts a stream at its own StreamMaxLength and says OK: larger than any file that is sent. */
		fprintf(file, "TCPAddr %s\nTCPSocket %s\nStreamMaxLength 4095M\n", host, port);
	if (fflush(file) != 0 || ferror(file))
		return log_error_errno(-errno, "cannot write clamdscan's configuration %s", path);
	return 0;
}

static int fill_folder(struct daemon_folder *folder, const struct daemon_config *config)
{
	int r;

	folder->socket = config->socket ? xstrdup(config->socket) : xasprintf("%s/run/clamd.sock", folder->path);
	folder->config = xasprintf("%s/clamd.conf", folder->path);
	folder->worker_config = xasprintf("%s/clamdscan.conf", folder->path);
	folder->database = xasprintf("%s/db", folder->path);

	_cleanup_free_ char *run = xasprintf("%s/run", folder->path);
	if (mkdir(run, 0700) < 0)
		return log_error_errno(-errno, "cannot make the folder %s", run);
	r = give_folder(folder, run);
	if (r == 0)
		r = choose_tmp(folder);
	if (r == 0)
		r = canary_signature_make(&folder->signature);
	if (r == 0)
		r = shadow_make(folder->database, config->database, &folder->account, &folder->signature);
	if (r == 0)
		r = write_config(folder, config);
	if (r == 0)
		r = clamdscan_config_write(folder->worker_config, folder->socket);
	return r;
}

int daemon_folder_make(struct daemon_folder *ret, const char *path, const struct daemon_config *config)
{
	int r;

	*ret = (struct daemon_folder){};
	account_find(&ret->account);
	r = choose_folder(ret, path);
	if (r == 0)
		r = fill_folder(ret, config);
	if (r < 0)
		daemon_folder_release(ret);
	return r;
}

static void remove_folder(const char *path, bool known_to_guard)
{
	int r = tree_remove(path);

	if (r < 0)
		log_error_errno(r, "cannot remove the daemon's folder %s", path);
	else if (known_to_guard)
		guard_remove_folder(path);
}

void daemon_folder_release(struct daemon_folder *folder)
{
	if (folder->tmp_temporary)
		remove_folder(folder->tmp, true);
	if (folder->path)
		remove_folder(folder->path, folder->temporary);
	daemon_folder_forget(folder);
}

void daemon_folder_forget(struct daemon_folder *folder)
{
	free(folder->path);
	free(folder->tmp);
	free(folder->socket);
	free(folder->config);
	free(folder->worker_config);
	free(folder->database);
	free((char *)folder->account.name);
	*folder = (struct daemon_folder){};
}

void daemon_spawn_init(struct spawn *ret, const struct daemon_folder *folder, const char *const argv[])
{
	/*
	 * For each file ClamAV allocates and frees large arrays. By default glibc maps and unmaps those anew each time; kept in the heap
	 * and in huge pages they cost less (measured: 3 to 4 % of clamd's time).
	 */
	static const char *const env[] = {
		"GLIBC_TUNABLES=glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=1073741824:"
		"glibc.malloc.top_pad=67108864:glibc.malloc.hugetlb=1",
		NULL,
	};

	*ret = (struct spawn){
		.argv = argv,
		.env = env,
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.drop = folder->account.drop,
		.uid = folder->account.uid,
		.gid = folder->account.gid,
		.stack = STACK_BYTES,
	};
}
