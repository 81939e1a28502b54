/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as people write them, and text that is fit to be printed. No locale, no allocation. */
#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"

#define NS_US 1000ULL
#define NS_MS 1000000ULL
#define NS_S  1000000000ULL

enum { SHOWN = 64, NAME_MAX_LEN = 64, FRACTION_DIGITS = 9 };

struct unit {
	const char *name;
	uint64_t scale;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* ---- reading ------------------------------------------------------------------------------ */

enum scan { SCAN_OK, SCAN_SYNTAX, SCAN_OVERFLOW };

/* A number as whole + fraction / 10^9. */
struct number {
	uint64_t whole, nano;
	bool fraction;
};

static enum scan scan_digits(const char **s, uint64_t *ret)
{
	const char *p = *s;
	uint64_t v = 0;

	if (!is_digit(*p))
		return SCAN_SYNTAX;
	for (; is_digit(*p); p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return SCAN_OVERFLOW;
	*s = p;
	*ret = v;
	return SCAN_OK;
}

static enum scan scan_number(const char **s, struct number *ret)
{
	*ret = (struct number){0};
	enum scan r = scan_digits(s, &ret->whole);
	if (r != SCAN_OK || **s != '.')
		return r;
	const char *p = *s + 1;
	int digits = 0;
	for (; is_digit(*p) && digits < FRACTION_DIGITS; p++, digits++)
		ret->nano = ret->nano * 10 + (uint64_t)(*p - '0');
	if (digits == 0 || is_digit(*p))
		return SCAN_SYNTAX;
	for (; digits < FRACTION_DIGITS; digits++)
		ret->nano *= 10;
	ret->fraction = true;
	*s = p;
	return SCAN_OK;
}

/* number * scale; what is finer than one falls away. */
static enum scan scaled(const struct number *n, uint64_t scale, uint64_t *ret)
{
	if (n->fraction && scale == 1)
		return SCAN_SYNTAX;
	uint64_t whole;
	uint64_t part = (uint64_t)((unsigned __int128)n->nano * scale / NS_S);
	if (__builtin_mul_overflow(n->whole, scale, &whole) ||
	    __builtin_add_overflow(whole, part, ret))
		return SCAN_OVERFLOW;
	return SCAN_OK;
}

static int too_large(const char *s, const char *where, struct err *e)
{
	char shown[SHOWN];
	return err_bad(e, where, "'%s' is too large", text_show(s, shown, sizeof shown));
}

static const struct unit size_units[] = {
    {"", 1},           {"B", 1},
    {"K", 1ULL << 10}, {"KiB", 1ULL << 10},
    {"M", 1ULL << 20}, {"MiB", 1ULL << 20},
    {"G", 1ULL << 30}, {"GiB", 1ULL << 30},
    {"T", 1ULL << 40}, {"TiB", 1ULL << 40},
    {"P", 1ULL << 50}, {"PiB", 1ULL << 50},
};

/* A unit that people use and that is refused: says what to write instead. NULL when it is not one. */
static const char *size_unit_meant(const char *unit)
{
	static const char letters[] = "kmgtp";
	static const char *const meant[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	char low[4] = "";

	if (strlen(unit) > 3 || !unit[0])
		return NULL;
	for (size_t i = 0; unit[i]; i++)
		low[i] = to_lower(unit[i]);
	const char *at = strchr(letters, low[0]);
	if (!at ||
	    (strcmp(low + 1, "") != 0 && strcmp(low + 1, "b") != 0 && strcmp(low + 1, "ib") != 0))
		return NULL;
	return meant[at - letters];
}

int text_size(const char *s, const char *where, uint64_t *ret_bytes, struct err *e)
{
	const char *p = s;
	struct number n;
	enum scan r = scan_number(&p, &n);

	if (r == SCAN_OVERFLOW)
		return too_large(s, where, e);
	for (size_t i = 0; r == SCAN_OK && i < COUNTOF(size_units); i++) {
		if (strcmp(p, size_units[i].name) != 0)
			continue;
		uint64_t bytes;
		r = scaled(&n, size_units[i].scale, &bytes);
		if (r == SCAN_OVERFLOW)
			return too_large(s, where, e);
		if (r != SCAN_OK)
			break;
		*ret_bytes = bytes;
		return 0;
	}
	char shown[SHOWN];
	const char *meant = r == SCAN_OK && p - s < SHOWN ? size_unit_meant(p) : NULL;
	if (meant)
		return err_bad(
		    e, where,
		    "expected a size such as 64MiB, got '%s': write %.*s%s (K, M and KiB, MiB both count in 1024)",
		    text_show(s, shown, sizeof shown), (int)(p - s), s, meant);
	return err_bad(e, where, "expected a size such as 64MiB, got '%s'",
		       text_show(s, shown, sizeof shown));
}

/* In the order in which they may follow each other; "ms" before "m" so that the longer one is taken. */
static const struct unit time_units[] = {
    {"d", 86400 * NS_S}, {"h", 3600 * NS_S}, {"ms", NS_MS}, {"m", 60 * NS_S},
    {"s", NS_S},         {"us", NS_US},      {"ns", 1},
};

static const struct unit *scan_time_unit(const char **s)
{
	for (size_t i = 0; i < COUNTOF(time_units); i++) {
		size_t len = strlen(time_units[i].name);
		if (strncmp(*s, time_units[i].name, len) == 0) {
			*s += len;
			return &time_units[i];
		}
	}
	return NULL;
}

static enum scan scan_duration(const char *s, uint64_t *ret)
{
	uint64_t total = 0, last_scale = UINT64_MAX;

	if (!*s)
		return SCAN_SYNTAX;
	while (*s) {
		struct number n;
		uint64_t part;
		enum scan r = scan_number(&s, &n);
		if (r != SCAN_OK)
			return r;
		const struct unit *u = scan_time_unit(&s);
		/* Units go from large to small, and only the last number may have a fraction. */
		if (!u || u->scale >= last_scale || (n.fraction && *s))
			return SCAN_SYNTAX;
		r = scaled(&n, u->scale, &part);
		if (r != SCAN_OK)
			return r;
		if (__builtin_add_overflow(total, part, &total))
			return SCAN_OVERFLOW;
		last_scale = u->scale;
	}
	*ret = total;
	return SCAN_OK;
}

int text_duration(const char *s, const char *where, uint64_t *ret_ns, struct err *e)
{
	uint64_t v;
	const char *p = s;
	struct number n;
	char shown[SHOWN];

	if (scan_number(&p, &n) == SCAN_OK && !*p) {
		if (n.whole == 0 && n.nano == 0 && !n.fraction) {
			*ret_ns = 0;
			return 0;
		}
		(void)text_show(s, shown, sizeof shown);
		return err_bad(e, where,
			       "'%s' has no unit: write %ss for seconds, or use ms, m or h", shown,
			       shown);
	}
	enum scan r = scan_duration(s, &v);
	if (r == SCAN_OVERFLOW)
		return too_large(s, where, e);
	if (r == SCAN_OK) {
		*ret_ns = v;
		return 0;
	}
	return err_bad(e, where, "expected a duration such as 30s, 250ms or 1h30m, got '%s'",
		       text_show(s, shown, sizeof shown));
}

int text_percent(const char *s, const char *where, uint64_t *ret, struct err *e)
{
	const char *p = s;
	uint64_t v;
	enum scan r = scan_digits(&p, &v);

	if (r == SCAN_OVERFLOW)
		return too_large(s, where, e);
	if (r != SCAN_OK || strcmp(p, "%") != 0) {
		char shown[SHOWN];
		return err_bad(e, where, "expected whole percents such as 150%%, got '%s'",
			       text_show(s, shown, sizeof shown));
	}
	*ret = v;
	return 0;
}

int text_rate(const char *s, const char *where, uint64_t *ret, struct err *e)
{
	const char *p = s;
	uint64_t v;
	enum scan r = scan_digits(&p, &v);

	if (r == SCAN_OVERFLOW)
		return too_large(s, where, e);
	if (r != SCAN_OK || strcmp(p, "/s") != 0) {
		char shown[SHOWN];
		return err_bad(e, where,
			       "expected a number for each second such as 200/s, got '%s'",
			       text_show(s, shown, sizeof shown));
	}
	*ret = v;
	return 0;
}

int text_count(const char *s, const char *where, uint64_t *ret, struct err *e)
{
	const char *p = s;
	uint64_t v;
	enum scan r = scan_digits(&p, &v);

	if (r == SCAN_OVERFLOW)
		return too_large(s, where, e);
	if (r != SCAN_OK || *p) {
		char shown[SHOWN];
		return err_bad(e, where, "expected a whole number such as 64, got '%s'",
			       text_show(s, shown, sizeof shown));
	}
	*ret = v;
	return 0;
}

/* ---- printing ----------------------------------------------------------------------------- */

/* "WHOLE.FRAC" + unit, frac in digits places, zeros at its end left out. */
static int put_decimal(char *buf, size_t size, uint64_t whole, uint64_t frac, int digits,
		       const char *unit)
{
	while (digits > 0 && frac % 10 == 0) {
		frac /= 10;
		digits--;
	}
	if (digits == 0)
		return snprintf(buf, size, "%llu%s", (unsigned long long)whole, unit);
	return snprintf(buf, size, "%llu.%0*llu%s", (unsigned long long)whole, digits,
			(unsigned long long)frac, unit);
}

const char *text_print_size(uint64_t bytes, char *buf, size_t size)
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	size_t unit = 0;

	while (unit + 1 < COUNTOF(names) && bytes >> (10 * (unit + 1)))
		unit++;
	uint64_t whole = bytes >> (10 * unit);
	uint64_t rest = bytes & ((1ULL << (10 * unit)) - 1);
	uint64_t hundredths = (uint64_t)(((unsigned __int128)rest * 100) >> (10 * unit));
	put_decimal(buf, size, whole, hundredths, 2, names[unit]);
	return buf;
}

const char *text_print_duration(uint64_t ns, char *buf, size_t size)
{
	static const struct unit big[] = {
	    {"d", 86400 * NS_S}, {"h", 3600 * NS_S}, {"m", 60 * NS_S}};
	size_t used = 0;

	if (ns < NS_US) {
		(void)snprintf(buf, size, ns ? "%lluns" : "%llus", (unsigned long long)ns);
		return buf;
	}
	if (ns < NS_MS) {
		put_decimal(buf, size, ns / NS_US, ns % NS_US, 3, "us");
		return buf;
	}
	/* Rounded before the unit is chosen, so that 59.9999s becomes 1m and not 60s. */
	uint64_t grain = ns < NS_S ? NS_US : NS_MS;
	if (ns < UINT64_MAX - grain)
		ns = (ns + grain / 2) / grain * grain;
	if (ns < NS_S) {
		put_decimal(buf, size, ns / NS_MS, ns % NS_MS / NS_US, 3, "ms");
		return buf;
	}
	for (size_t i = 0; i < COUNTOF(big); i++) {
		if (ns >= big[i].scale && used < size)
			used += (size_t)put_decimal(buf + used, size - used, ns / big[i].scale, 0,
						    0, big[i].name);
		ns %= big[i].scale;
	}
	if (ns && used < size)
		put_decimal(buf + used, size - used, ns / NS_S, ns % NS_S / NS_MS, 3, "s");
	return buf;
}

/* ---- names -------------------------------------------------------------------------------- */

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;
	return m < c ? m : c;
}

/* Edits (insert, delete, replace, swap of neighbours) between two names; letter case does not count. */
static unsigned distance(const char *a, size_t la, const char *b, size_t lb)
{
	unsigned row[3][NAME_MAX_LEN + 1];
	unsigned *before = row[0], *prev = row[1], *cur = row[2];

	for (size_t j = 0; j <= lb; j++)
		prev[j] = (unsigned)j;
	memcpy(before, prev, sizeof row[0]);
	for (size_t i = 1; i <= la; i++) {
		cur[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			char x = to_lower(a[i - 1]), y = to_lower(b[j - 1]);
			cur[j] = min3(prev[j] + 1, cur[j - 1] + 1, prev[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == to_lower(b[j - 2]) && to_lower(a[i - 2]) == y &&
			    before[j - 2] + 1 < cur[j])
				cur[j] = before[j - 2] + 1;
		}
		unsigned *oldest = before;
		before = prev;
		prev = cur;
		cur = oldest;
	}
	return prev[lb];
}

static bool is_prefix(const char *s, size_t len, const char *of)
{
	for (size_t i = 0; i < len; i++)
		if (to_lower(s[i]) != to_lower(of[i]))
			return false;
	return true;
}

const char *text_nearest(const char *s, const char *const *names)
{
	size_t len = strnlen(s, NAME_MAX_LEN + 1);
	const char *best = NULL;
	unsigned best_distance = (unsigned)(len < 3 ? 1 : len / 3) + 1;

	if (len == 0 || len > NAME_MAX_LEN)
		return NULL;
	for (const char *const *name = names; *name; name++) {
		size_t name_len = strlen(*name);
		if (name_len > NAME_MAX_LEN)
			continue;
		unsigned d = distance(s, len, *name, name_len);
		/* "mem" means "memory", however many letters are missing. */
		if (d > 1 && len >= 3 && len < name_len && is_prefix(s, len, *name))
			d = 1;
		if (d < best_distance && d < name_len) {
			best_distance = d;
			best = *name;
		}
	}
	return best;
}
