/* SPDX-License-Identifier: Apache-2.0 */
/* What this program gives up before it loads somebody else's library. */
#pragma once

#include "base/err.h"

/*
 * From here on: no capability, for root another user where that can be, no new privileges, dead with its parent, and a
 * filter against starting programs, other processes, the network and changes to files. 0, or -1 with *e.
 */
int confine(struct err *e);
