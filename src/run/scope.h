/* SPDX-License-Identifier: Apache-2.0 */
/* Asks systemd, through vkjail-scope, for a control group in which we may make others. */
#pragma once

#include <stddef.h>

/*
 * Moves this process to a scope of its own (docs/protocol.md, vkjail-scope). libexec: where the helpers are. 0, or -1
 * with the reason in why. Takes tens of milliseconds.
 */
int scope_ask(const char *libexec, char *why, size_t size);
