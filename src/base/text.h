/* SPDX-License-Identifier: Apache-2.0 */
/* Text and numbers as people write them: strict sizes, durations, counts; their printing; nearest names. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Strict parsers: the whole string must match, no sign, no spaces, no overflow. where names the
 * place for the message. "none" is not known here. 0 or -1 with *e.
 *   text_size:     "512M", "512MiB" (binary; K M G T P), "123B", or bare bytes "0" and "123"; "1GB" is refused with advice
 *   text_duration: "250ms", "1.5s", "2m", "1h", "10us", "5ns", "1d", combined "1h30m"; a bare number needs a unit (except 0)
 *   text_count:    decimal digits
 *   text_percent:  decimal digits and a percent sign
 */
int text_size(const char *s, const char *where, uint64_t *ret_bytes, struct err *e);
int text_duration(const char *s, const char *where, uint64_t *ret_ns, struct err *e);
int text_count(const char *s, const char *where, uint64_t *ret, struct err *e);
/* "150%": whole percents */
int text_percent(const char *s, const char *where, uint64_t *ret, struct err *e);
/* "200/s": whole ones for each second */
int text_rate(const char *s, const char *where, uint64_t *ret, struct err *e);

/* "64MiB", "1.5GiB", "123B" / "1.5s", "250ms", "2m", "1h30m". buf of at least 32 bytes; returns buf. */
const char *text_print_size(uint64_t bytes, char *buf, size_t size);
const char *text_print_duration(uint64_t ns, char *buf, size_t size);

/* The name in names (NULL-terminated) nearest to s, or NULL when none is near enough to be meant. */
const char *text_nearest(const char *s, const char *const *names);

/*
 * Copies s (any bytes) as valid UTF-8: bytes that are not become "\xNN", so does a backslash before
 * such an escape ("\\"), control characters are kept for JSON to escape. Always terminated; returns buf.
 */
const char *text_to_utf8(const char *s, size_t len, char *buf, size_t size);

/* Length in bytes of the valid UTF-8 character at s, 0 when there is none (len >= 1). */
size_t text_utf8_length(const char *s, size_t len);

/*
 * s as it may stand in a message: control characters and bytes that are not UTF-8 become "\xNN",
 * so that a job file cannot write to the terminal; what does not fit is cut and ends in "...".
 */
const char *text_show(const char *s, char *buf, size_t size);
