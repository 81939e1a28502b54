/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON read from left to right, for headers of files that anybody may have written: nothing is
 * allocated, nothing recurses. False means that what was asked for is not there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_scan {
	const char *text;
	size_t size, at;
};

/* After white space. */
bool json_scan_take(struct json_scan *s, char what);
/* Only white space and padding follow. */
bool json_scan_ended(struct json_scan *s);
/* Digits only, up to 64 bits. */
bool json_scan_number(struct json_scan *s, uint64_t *ret);
/* As UTF-8 with a zero behind it; false as well when it does not fit or holds a zero. buf NULL: skipped. */
bool json_scan_string(struct json_scan *s, char *buf, size_t size);
