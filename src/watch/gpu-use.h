/* SPDX-License-Identifier: Apache-2.0 */
/* Whether processes use a GPU driver, by what they have mapped and opened: for a job whose layer says nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The first sign of a driver, as a sentence without an end ("a process maps libvulkan_lvp.so, ..."); false when none is
 * found in the first some thousands of lines and descriptors. proc is "/proc".
 */
bool gpu_use_find(const char *proc, const pid_t *pids, unsigned count, char *ret, size_t size);
