/* SPDX-License-Identifier: Apache-2.0 */
/* SIGTERM, SIGINT and SIGHUP as a flag that waiting loops look at. */
#pragma once

#include <stdbool.h>

void stop_install(void);
bool stop_asked(void);
/* Waits until there is something to read (or its end), or room to write. False: a signal asked to stop. */
bool stop_wait_readable(int fd);
bool stop_wait_writable(int fd);
