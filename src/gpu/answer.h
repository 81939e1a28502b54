/* SPDX-License-Identifier: Apache-2.0 */
/* What vkjail-exec says to the supervisor: one JSON object a datagram on ANSWER_FD (docs/protocol.md). */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "gpu/fail.h"

enum { ANSWER_FD = 4, ANSWER_MAX = 32 << 10 };

/* Takes `members`: an object, or NULL when making it failed. */
void answer_send(const char *event, json_t *members);
void answer_phase(const char *name, uint64_t since_ns);
void answer_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* `trouble` when a Vulkan call caused it, then `end`. false: the end did not arrive. */
bool answer_end(const struct fail *f);

uint64_t now_ns(void);
