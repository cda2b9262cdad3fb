/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Functions that nobody may call here: they overflow, take half a number for a whole one, or hand data to a shell.
 * Included by the compiler's command line into every source file, before the file's own text.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets
#pragma GCC poison strtok atoi atol atoll atof
#pragma GCC poison system popen tmpnam tempnam mktemp
