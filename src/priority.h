/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sets the nice value of this process, which its children inherit. Where that is not allowed, one line at level info says so, and
 * the scan goes on: never an error.
 */
void priority_set(int nice);
