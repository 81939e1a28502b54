/* SPDX-License-Identifier: Apache-2.0 */
/* Values of limits, the same for job file and flags. What depends on the machine only gets a placeholder here. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/cpus.h"
#include "base/text.h"
#include "job/decode.h"
#include "job/spec.h"

#define NS_DAY (24 * 3600 * 1000000000ULL)

enum { SHOWN = 64, IO_DEVICES = 64 };

/* Where zero is a limit that makes sense: nothing may be written, allocated or locked at all. */
static bool limit_may_be_zero(enum limit id)
{
	return id == LIMIT_CORE || id == LIMIT_OUTPUT || id == LIMIT_FILE_SIZE ||
	       id == LIMIT_LOCKED_MEMORY || id == LIMIT_DEVICE_MEMORY;
}

/* Below these the sum of a start time and a limit, or a signed kernel field, cannot overflow. */
static const struct {
	uint64_t most;
	const char *text;
} most_of[] = {
    [LIMIT_DURATION] = {36500 * NS_DAY, "36500d"}, [LIMIT_BYTES] = {INT64_MAX, "8191PiB"},
    [LIMIT_COUNT_OF] = {INT32_MAX, "2147483647"},  [LIMIT_PERCENT] = {1000000, "1000000%"},
    [LIMIT_CPUS_OF] = {CPU_SETSIZE, "1024"},       [LIMIT_BANDWIDTH] = {INT64_MAX, "8191PiB"},
    [LIMIT_RATE] = {1000000000, "1000000000/s"},
};

static int limit_check(enum limit id, uint64_t v, const char *text, const char *where,
		       struct err *e)
{
	enum limit_unit unit = limit_table[id].unit;
	char shown[SHOWN];

	if (v == 0 && !limit_may_be_zero(id))
		return err_bad(e, where, "must be more than 0: write 'none' to lift the limit");
	if (id == LIMIT_GPU_SHARE && v > 100)
		return err_bad(e, where, "must be at most 100%%: write 'none' to lift the limit");
	if (v > most_of[unit].most)
		return err_bad(e, where,
			       "'%s' is too large, the most is %s: write 'none' to lift the limit",
			       text_show(text, shown, sizeof shown), most_of[unit].text);
	return 0;
}

/* "10M" or "10M/s". */
static int parse_bandwidth(const char *text, const char *where, uint64_t *ret, struct err *e)
{
	char size[64];
	size_t n = strlen(text);

	if (n < 2 || n >= sizeof size || strcmp(text + n - 2, "/s") != 0)
		return text_size(text, where, ret, e);
	memcpy(size, text, n - 2);
	size[n - 2] = '\0';
	return text_size(size, where, ret, e);
}

/* A plain number in the limit's unit. */
static int parse_number(enum limit id, const char *text, const char *where, uint64_t *ret,
			struct err *e)
{
	int r = -1;

	switch (limit_table[id].unit) {
	case LIMIT_DURATION:
		r = text_duration(text, where, ret, e);
		break;
	case LIMIT_BYTES:
		r = text_size(text, where, ret, e);
		break;
	case LIMIT_BANDWIDTH:
		r = parse_bandwidth(text, where, ret, e);
		break;
	case LIMIT_RATE:
		r = text_rate(text, where, ret, e);
		break;
	case LIMIT_COUNT_OF:
	case LIMIT_CPUS_OF:
		r = text_count(text, where, ret, e);
		break;
	case LIMIT_PERCENT:
		r = text_percent(text, where, ret, e);
		break;
	}
	return r < 0 || limit_check(id, *ret, text, where, e) < 0 ? -1 : 0;
}

/* "50%": 1 when text is such a share, and what it is of can be shared out; 0 when it is something else. */
static int parse_share(enum limit id, const char *text, const char *where, struct spec_dynamic *ret,
		       struct err *e)
{
	uint64_t percent;
	size_t n = strlen(text);

	if (id != LIMIT_MEMORY || n == 0 || text[n - 1] != '%')
		return 0;
	if (text_percent(text, where, &percent, e) < 0)
		return -1;
	if (percent < 1 || percent > 100)
		return err_bad(e, where, "expected a share from 1%% to 100%%, got '%s'", text);
	ret->percent = (unsigned)percent;
	return 1;
}

/* One value of a limit; LIMIT_NONE for "none"; for a dynamic one the most there can be. */
static int parse_limit(enum limit id, const char *text, const char *where, uint64_t *ret,
		       struct spec_dynamic *ret_dynamic, struct err *e)
{
	*ret = LIMIT_NONE;
	*ret_dynamic = (struct spec_dynamic){.percent = 0};
	if (strcmp(text, "none") == 0)
		return 0;
	int share = parse_share(id, text, where, ret_dynamic, e);
	if (share < 0)
		return -1;
	ret_dynamic->automatic = strcmp(text, "auto") == 0 &&
				 (id == LIMIT_PROCESSES || id == LIMIT_CPUS);
	if (share || ret_dynamic->automatic) {
		*ret = most_of[limit_table[id].unit].most;
		return 0;
	}
	return parse_number(id, text, where, ret, e);
}

/* "0-3,8"; a number alone says how many. */
static int set_cpu_list(struct spec *s, const char *text, const char *where, struct err *e)
{
	cpu_set_t set;
	char shown[SHOWN];

	if (!cpus_parse(text, &set)) {
		(void)err_bad(e, where,
			      "expected how many CPUs, a list such as 0-3,8, or auto, got '%s'",
			      text_show(text, shown, sizeof shown));
		return err_hint(e, "CPU 3 alone is 3-3");
	}
	s->cpu_list = arena_strdup(&s->arena, text);
	s->limits.value[LIMIT_CPUS] = (uint64_t)CPU_COUNT(&set);
	return 0;
}

static bool is_device_number(const char *text)
{
	size_t major = strspn(text, "0123456789");
	const char *minor = text + major + 1;

	return major > 0 && text[major] == ':' && *minor &&
	       minor[strspn(minor, "0123456789")] == '\0';
}

/* One of "DEVICE=VALUE,..."; the limit itself becomes the lowest of them. */
static int add_io(struct spec *s, enum limit id, const char *text, const char *where, struct err *e)
{
	const char *eq = strrchr(text, '=');
	char shown[SHOWN];
	uint64_t v;

	if (s->io_count == IO_DEVICES)
		return err_bad(e, where, "more than %d devices with limits", IO_DEVICES);
	const char *device = eq ? arena_strndup(&s->arena, text, (size_t)(eq - text)) : "";
	if (device[0] != '/' && !is_device_number(device)) {
		(void)err_bad(e, where, "expected a value, or DEVICE=VALUE,..., got '%s'",
			      text_show(text, shown, sizeof shown));
		return err_hint(
		    e,
		    "a device is MAJOR:MINOR, or the absolute path of a device or of a file on one");
	}
	if (parse_number(id, eq + 1, where, &v, e) < 0)
		return -1;
	s->io = arena_grow(&s->arena, s->io, s->io_count, sizeof *s->io);
	s->io[s->io_count++] = (struct spec_io){
	    .limit = id, .device = device, .value = v, .where = s->limit_where[id]};
	if (v < s->limits.value[id] || !limit_is_set(&s->limits, id))
		s->limits.value[id] = v;
	return 0;
}

static int set_io(struct spec *s, enum limit id, const char *text, const char *where, struct err *e)
{
	char *list = arena_strdup(&s->arena, text);
	size_t kept = 0;

	/* A flag replaces all that the job file says. */
	for (size_t i = 0; i < s->io_count; i++)
		if (s->io[i].limit != id)
			s->io[kept++] = s->io[i];
	s->io_count = kept;
	s->limits.value[id] = LIMIT_NONE;
	s->limit_where[id] = arena_strdup(&s->arena, where);
	if (strcmp(text, "none") == 0)
		return 0;
	if (!strchr(text, '='))
		return parse_number(id, text, where, &s->limits.value[id], e);
	for (char *one; (one = strsep(&list, ","));)
		if (add_io(s, id, one, where, e) < 0)
			return -1;
	return 0;
}

int spec_limit_set(struct spec *s, enum limit id, const char *text, const char *where,
		   struct err *e)
{
	uint64_t v;

	if (limit_is_io(id))
		return set_io(s, id, text, where, e);
	if (id == LIMIT_CPUS) {
		s->cpu_list = NULL;
		if (strpbrk(text, "-,")) {
			s->dynamic[id] = (struct spec_dynamic){.percent = 0};
			s->limit_where[id] = arena_strdup(&s->arena, where);
			return set_cpu_list(s, text, where, e);
		}
	}
	if (parse_limit(id, text, where, &v, &s->dynamic[id], e) < 0)
		return -1;
	s->limits.value[id] = v;
	s->limit_where[id] = arena_strdup(&s->arena, where);
	return 0;
}

int spec_soft_set(struct spec *s, enum limit id, const char *text, const char *where, struct err *e)
{
	uint64_t v;

	if (!limit_may_be_soft(id)) {
		(void)err_bad(e, where, "the limit '%s' has no soft value", limit_table[id].key);
		return err_hint(e, "wall, cpu, memory and device-memory can have one");
	}
	if (parse_limit(id, text, where, &v, &s->soft_dynamic[id], e) < 0)
		return -1;
	s->limits.soft[id] = v == LIMIT_NONE ? LIMIT_UNSET : v;
	s->soft_where[id] = arena_strdup(&s->arena, where);
	return 0;
}

int spec_set_soft(struct spec *s, const char *text, const char *where, struct err *e)
{
	const char *keys[LIMIT_COUNT + 1] = {NULL};
	const char *eq = strchr(text, '=');

	for (int i = 0; i < LIMIT_COUNT; i++)
		keys[i] = limit_table[i].key;
	const char *key = arena_strndup(&s->arena, text, eq ? (size_t)(eq - text) : strlen(text));
	int id = choice_find(keys, key);
	if (!eq || id < 0) {
		char shown[SHOWN];
		(void)err_bad(e, where,
			      "expected a limit and its soft value such as memory=800M, got '%s'",
			      text_show(text, shown, sizeof shown));
		return -1;
	}
	return spec_soft_set(s, (enum limit)id, eq + 1, where, e);
}

int spec_add_require(struct spec *s, const char *key, const char *where, struct err *e)
{
	const char *keys[LIMIT_COUNT + 1] = {NULL};
	char shown[SHOWN];

	for (int i = 0; i < LIMIT_COUNT; i++) {
		keys[i] = limit_table[i].key;
		if (strcmp(key, keys[i]) == 0) {
			s->require |= 1U << i;
			return 0;
		}
	}
	const char *near = text_nearest(key, keys);
	(void)text_show(key, shown, sizeof shown);
	if (near)
		return err_bad(e, where, "unknown limit '%s', did you mean '%s'?", shown, near);
	return err_bad(e, where, "unknown limit '%s'", shown);
}

int spec_check_soft(const struct limits *l, const char *const soft_where[LIMIT_COUNT],
		    struct err *e)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (l->soft[i] < LIMIT_UNSET && limit_is_set(l, (enum limit)i) &&
		    l->soft[i] >= l->value[i])
			return err_bad(e, soft_where[i],
				       "the soft value of '%s' must be below the hard one",
				       limit_table[i].key);
	return 0;
}
