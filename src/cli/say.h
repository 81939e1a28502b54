/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that vkjail prints about a run or an error; the only room that prints besides the commands. */
#pragma once

#include "job/spec.h"
#include "run/supervise.h"

/* "vkjail: OBJECT: TEXT" and the hint, on stderr. */
void say_error(const struct err *e);

/* Warnings, the summary when it is due, and what became of the report. */
void say_result(const struct spec *spec, const struct run_result *r);
