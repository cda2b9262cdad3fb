/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The protocol of clamd, as far as the launcher speaks it itself: one command, one answer, within a time limit. Blocking: called in
 * a job's thread. What is scanned goes through clamdscan, not through here.
 */

#include <stdbool.h>
#include <stddef.h>

/* "HOST:PORT" or "[v6]:PORT", not a path. */
bool clamd_address_is_tcp(const char *address);
/* Splits a TCP address; host without brackets. Both malloc'ed. 0 or -EINVAL. */
int clamd_address_split(const char *address, char **ret_host, char **ret_port);

/*
 * Sends "z<command>\0" to the daemon at address and reads its answer up to NUL (or the end) into reply, a string.
 * Returns 0, or a negative errno without logging: -ETIMEDOUT when it stays silent for timeout_ms, -EMSGSIZE when it says too much.
 */
int clamd_command(const char *address, const char *command, unsigned timeout_ms, char *reply, size_t size);

/* 0 when the daemon answers PING with PONG; else a negative errno, -EPROTO for any other answer. */
int clamd_ping(const char *address, unsigned timeout_ms);
