/* SPDX-License-Identifier: Apache-2.0 */
/* Whether processes use a GPU driver, by what they have mapped and opened: for a job whose layer says nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The first sign of a driver, as a sentence without an end ("process 12 maps libvulkan_lvp.so, ..."); false when there
 * is none. proc is "/proc".
 */
bool gpu_use_find(const char *proc, const pid_t *pids, unsigned count, char *ret, size_t size);
