/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to submit work that are not in vk-patterns.c itself. */
#pragma once

#include "clients/gpu-setup.h"

void submit2(struct gpu *g);
void timeline(struct gpu *g);
void late(struct gpu *g);
void ahead(struct gpu *g);
void parts(struct gpu *g);
void gated(struct gpu *g);
void outside(struct gpu *g);
