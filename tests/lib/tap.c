/* SPDX-License-Identifier: Apache-2.0 */

/* Linked into every unit test: it speaks TAP, whatever the test itself does to the environment. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

__attribute__((constructor)) static void speak_tap(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
}
