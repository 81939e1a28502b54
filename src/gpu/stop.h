/* SPDX-License-Identifier: Apache-2.0 */
/* SIGTERM, SIGINT and SIGHUP as a flag that waiting loops look at. */
#pragma once

#include <stdbool.h>

void stop_install(void);
bool stop_asked(void);
