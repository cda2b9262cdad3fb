/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Numbers as people read them. Each fills the caller's buffer of HUMAN_SIZE bytes and returns it.
 */

#include <stdint.h>

#define HUMAN_SIZE 48

/* "5,237" */
char *human_number(char *buffer, uint64_t number);
/* "1 file", "5,237 files" */
char *human_count(char *buffer, uint64_t number, const char *one, const char *many);
/* "512 bytes", "1.2 MiB" */
char *human_size(char *buffer, uint64_t bytes);
/* "0.3 s", "36 s", "2 min 5 s", "1 h 3 min" */
char *human_duration(char *buffer, uint64_t duration_ms);
