/* SPDX-License-Identifier: Apache-2.0 */
/* How much a job file may hold: BOUND_KERNELS and so on, from bounds.def. */
#pragma once

enum bound {
#define BOUND(id, value, what) BOUND_##id = (value),
#include "job/bounds.def"
#undef BOUND
};

/* The words of a bound for "more than 256 kernels". They take the bound's short name: BOUND_WHAT(KERNELS). */
#define BOUND_WHAT(id)         BOUND_WHAT_##id
#define BOUND(id, value, what) static const char BOUND_WHAT_##id[] __attribute__((unused)) = what;
#include "job/bounds.def"
#undef BOUND
