/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the #include lines of a GLSL text, one by one, and nothing that only looks like one: not
 * in comments, not in a continued line. It evaluates no #if. Pure, safe on any bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct include_scan {
	const char *text;
	size_t size, at;
	unsigned line;   /* of what stands at `at`, from 1 */
	bool in_comment; /* a block comment began before `at` */
	bool continued;  /* the line at `at` belongs to the one before */
	bool in_remark;  /* ... and that one ends in a // comment */

	/* What was found: the line without its end. */
	unsigned found_line;
	size_t found_at, found_end;
	const char *name; /* borrowed from text, not terminated */
	size_t name_size;
	bool angled; /* <name> */
};

void include_scan_init(struct include_scan *s, const char *text, size_t size);
/* The next one; false at the end of the text. */
bool include_scan_next(struct include_scan *s);
