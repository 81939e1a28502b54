/* SPDX-License-Identifier: Apache-2.0 */
/* See fdinfo.h. */
#include "watch/fdinfo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"

enum { TEXT_MAX = 8192, REGIONS = 16, REGION_NAME = 24 };

/* Of one region of memory. The keys came one after the other: resident- and shared- are the newer ones. */
struct region {
	char name[REGION_NAME];
	uint64_t resident, memory, total, shared;
	bool has_resident, has_memory, has_total;
};

struct parsing {
	struct fdinfo_client *c;
	struct region regions[REGIONS];
	unsigned count;
};

/* "123", "123 KiB", "123 MiB", "123 GiB" in bytes; values that overflow are as much as can be. */
static uint64_t bytes_of(const char *s)
{
	static const struct {
		const char *unit;
		unsigned shift;
	} units[] = {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
	char *end;
	uint64_t v = strtoull(s, &end, 10);

	end += strspn(end, " \t");
	for (size_t i = 0; i < COUNTOF(units); i++)
		if (strncmp(end, units[i].unit, 3) == 0)
			v = v > (uint64_t)INT64_MAX >> units[i].shift ? INT64_MAX
								      : v << units[i].shift;
	return v > INT64_MAX ? INT64_MAX : v;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t r;
	return __builtin_add_overflow(a, b, &r) || r > INT64_MAX ? INT64_MAX : r;
}

static void copy(char *to, size_t size, const char *from, size_t len)
{
	size_t n = len < size ? len : size - 1;
	memcpy(to, from, n);
	to[n] = '\0';
}

static struct region *region_of(struct parsing *p, const char *name, size_t len)
{
	for (unsigned i = 0; i < p->count; i++)
		if (strlen(p->regions[i].name) == len &&
		    strncmp(p->regions[i].name, name, len) == 0)
			return &p->regions[i];
	if (p->count == REGIONS || len == 0 || len >= REGION_NAME)
		return NULL;
	copy(p->regions[p->count].name, REGION_NAME, name, len);
	return &p->regions[p->count++];
}

static void take_cycles(struct fdinfo_client *c, const char *name, size_t len, uint64_t value,
			bool total)
{
	unsigned i = 0;

	while (i < c->engines &&
	       (strlen(c->engine[i].name) != len || strncmp(c->engine[i].name, name, len) != 0))
		i++;
	if (i == FDINFO_ENGINES || len >= sizeof c->engine[0].name)
		return;
	if (i == c->engines) {
		copy(c->engine[i].name, sizeof c->engine[i].name, name, len);
		c->engines++;
	}
	*(total ? &c->engine[i].total : &c->engine[i].busy) = value;
}

/* key without "drm-", up to the colon. */
static void take(struct parsing *p, const char *key, size_t len, const char *value)
{
	static const char *const kinds[] = {"resident-", "memory-", "total-", "shared-"};
	struct fdinfo_client *c = p->c;

	if (len > 13 && strncmp(key, "total-cycles-", 13) == 0) {
		take_cycles(c, key + 13, len - 13, strtoull(value, NULL, 10), true);
		return;
	}
	if (len > 7 && strncmp(key, "cycles-", 7) == 0) {
		take_cycles(c, key + 7, len - 7, strtoull(value, NULL, 10), false);
		return;
	}
	if (len > 7 && strncmp(key, "engine-", 7) == 0) {
		/* How many of an engine there are is no time. */
		if (strncmp(key, "engine-capacity-", 16) != 0)
			c->engine_ns = add(c->engine_ns, strtoull(value, NULL, 10));
		return;
	}
	for (size_t k = 0; k < COUNTOF(kinds); k++) {
		size_t n = strlen(kinds[k]);
		if (len <= n || strncmp(key, kinds[k], n) != 0)
			continue;
		struct region *r = region_of(p, key + n, len - n);
		if (!r)
			return;
		uint64_t v = bytes_of(value);
		if (k == 0)
			r->resident = v, r->has_resident = true;
		else if (k == 1)
			r->memory = v, r->has_memory = true;
		else if (k == 2)
			r->total = v, r->has_total = true;
		else
			r->shared = v;
		return;
	}
}

/* amdgpu: vram; i915: local0; xe: vram0, vram1; nouveau: vram. */
static bool is_local(const char *region)
{
	return strncmp(region, "vram", 4) == 0 || strncmp(region, "local", 5) == 0;
}

static void add_regions(struct parsing *p)
{
	struct fdinfo_client *c = p->c;

	for (unsigned i = 0; i < p->count; i++) {
		const struct region *r = &p->regions[i];
		/* "cpu": not in use by the device at the moment. "stolen-...": a part of another region. */
		if (strcmp(r->name, "cpu") == 0 || strncmp(r->name, "stolen-", 7) == 0 ||
		    !(r->has_resident || r->has_memory || r->has_total))
			continue;
		uint64_t held = r->has_resident ? r->resident
				: r->has_memory ? r->memory
						: r->total;
		held -= r->shared < held ? r->shared : held;
		c->has_memory = true;
		c->bytes = add(c->bytes, held);
		if (is_local(r->name)) {
			c->has_local = true;
			c->local_bytes = add(c->local_bytes, held);
		}
	}
}

bool fdinfo_parse(const char *text, struct fdinfo_client *ret)
{
	struct parsing p = {.c = ret};
	bool has_id = false;

	memset(ret, 0, sizeof *ret);
	for (const char *line = text; line && *line;) {
		const char *end = strchr(line, '\n');
		const char *colon = strchr(line, ':');
		if (colon && (!end || colon < end) && strncmp(line, "drm-", 4) == 0) {
			const char *key = line + 4, *value = colon + 1 + strspn(colon + 1, " \t");
			size_t len = (size_t)(colon - key), size = strcspn(value, "\n");
			if (len == 6 && strncmp(key, "driver", 6) == 0)
				copy(ret->driver, sizeof ret->driver, value, size);
			else if (len == 4 && strncmp(key, "pdev", 4) == 0)
				copy(ret->pdev, sizeof ret->pdev, value, size);
			else if (len == 9 && strncmp(key, "client-id", 9) == 0)
				ret->id = strtoull(value, NULL, 10), has_id = true;
			else
				take(&p, key, len, value);
		}
		line = end ? end + 1 : NULL;
	}
	add_regions(&p);
	return ret->driver[0] && has_id;
}

bool fdinfo_read_file(const char *path, struct fdinfo_client *ret)
{
	UNINITIALIZED char text[TEXT_MAX];
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return fdinfo_parse(text, ret);
}

/* ---- of a job ----------------------------------------------------------------------------- */

void fdinfo_done(struct fdinfo_sum *s)
{
	free(TAKE_PTR(s->at));
	free(TAKE_PTR(s->now));
}

/* Busy cycles as a share of all cycles of the same time; drivers that count no nanoseconds do that. */
static uint64_t cycles_ns(const struct fdinfo_client *was, const struct fdinfo_client *is,
			  uint64_t passed_ns)
{
	double sum = 0;

	for (unsigned i = 0; i < is->engines; i++)
		for (unsigned k = 0; k < was->engines; k++) {
			if (strcmp(is->engine[i].name, was->engine[k].name) != 0 ||
			    is->engine[i].total <= was->engine[k].total ||
			    is->engine[i].busy < was->engine[k].busy)
				continue;
			double part = (double)(is->engine[i].busy - was->engine[k].busy) /
				      (double)(is->engine[i].total - was->engine[k].total);
			sum += part < 1 ? part : 1;
		}
	return (uint64_t)(sum * (double)passed_ns);
}

static void take_client(struct fdinfo_sum *s, const struct fdinfo_client *c, uint64_t now_ns)
{
	unsigned i = 0;

	while (i < s->clients && (s->at[i].id != c->id || strcmp(s->at[i].pdev, c->pdev) != 0 ||
				  strcmp(s->at[i].driver, c->driver) != 0))
		i++;
	if (i == FDINFO_CLIENTS || (i < s->clients && s->now[i]))
		return;
	s->now[i] = true;
	/* Times may step back: the most is what counts. */
	if (i < s->clients) {
		if (c->engine_ns > s->at[i].engine_ns)
			s->engine_ns = add(s->engine_ns, c->engine_ns - s->at[i].engine_ns);
		if (c->engine_ns == 0 && now_ns > s->read_ns)
			s->engine_ns = add(s->engine_ns,
					   cycles_ns(&s->at[i], c, now_ns - s->read_ns));
	} else {
		s->clients++;
		s->engine_ns = add(s->engine_ns, c->engine_ns);
	}
	uint64_t most = i < s->clients ? s->at[i].engine_ns : 0;
	s->at[i] = *c;
	if (most > c->engine_ns)
		s->at[i].engine_ns = most;
	s->memory_bytes = add(s->memory_bytes, c->has_local ? c->local_bytes : c->bytes);
	if (c->has_memory && strncmp(c->driver, "nvidia", 6) == 0)
		s->nvidia_here = true;
}

/* False when *left, of descriptors to look at, were too few. */
static bool read_process(struct fdinfo_sum *s, const char *proc, pid_t pid, uint64_t now_ns,
			 unsigned *left)
{
	bool enough = true;
	char path[512], link[64];

	(void)snprintf(path, sizeof path, "%s/%d/fd", proc, (int)pid);
	DIR *dir = opendir(path);
	if (!dir && (errno == EACCES || errno == EPERM))
		s->nvidia = true;
	for (struct dirent *d; dir && (d = readdir(dir));) {
		if (d->d_name[0] == '.')
			continue;
		if (*left == 0) {
			enough = false;
			break;
		}
		--*left;
		struct fdinfo_client c;
		ssize_t n = readlinkat(dirfd(dir), d->d_name, link, sizeof link - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		if (strncmp(link, "/dev/nvidia", 11) == 0)
			s->nvidia = true;
		if (strncmp(link, "/dev/dri/", 9) != 0)
			continue;
		(void)snprintf(path, sizeof path, "%s/%d/fdinfo/%.20s", proc, (int)pid, d->d_name);
		if (fdinfo_read_file(path, &c))
			take_client(s, &c, now_ns);
	}
	if (dir)
		(void)closedir(dir);
	return enough;
}

void fdinfo_read(struct fdinfo_sum *s, const char *proc, const pid_t *pids, unsigned count,
		 uint64_t now_ns)
{
	if (!s->at)
		s->at = calloc(FDINFO_CLIENTS, sizeof *s->at);
	if (!s->now)
		s->now = calloc(FDINFO_CLIENTS, sizeof *s->now);
	if (!s->at || !s->now)
		return;
	memset(s->now, 0, FDINFO_CLIENTS * sizeof *s->now);
	s->memory_bytes = 0;
	unsigned left = FDINFO_DESCRIPTORS;
	bool enough = true;
	for (unsigned i = 0; enough && i < count; i++)
		enough = read_process(s, proc, pids[i], now_ns, &left);
	s->readings_cut += !enough;
	if (s->memory_bytes > s->memory_peak_bytes)
		s->memory_peak_bytes = s->memory_bytes;
	s->read_ns = now_ns;
}
