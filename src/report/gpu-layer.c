/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Vulkan layer says about a command, in the members that vkjail-exec's claims have for a compute
 * job. Rows are copied from the page before anything in them is believed.
 */
#include <float.h>
#include <string.h>

#include "base/auto.h"
#include "report/parts.h"

static void set_int(json_t *o, const char *key, uint64_t value)
{
	(void)json_object_set_new(o, key,
				  json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

/* Of an array that need not be terminated. */
static void set_text(json_t *o, const char *key, const char *text, size_t size)
{
	char copy[512];
	size_t n = strnlen(text, size < sizeof copy ? size : sizeof copy - 1);

	memcpy(copy, text, n);
	copy[n] = '\0';
	if (n)
		(void)json_object_set_new(o, key, part_string(copy));
}

static void set_hex(json_t *o, const char *key, const uint8_t *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";
	char text[65];

	for (size_t i = 0; i < count && i < 32; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
		text[2 * i + 2] = '\0';
	}
	(void)json_object_set_new(o, key, json_string(text));
}

static json_t *three(const uint32_t *v)
{
	return json_pack("[I,I,I]", (json_int_t)v[0], (json_int_t)v[1], (json_int_t)v[2]);
}

/* ---- devices ------------------------------------------------------------------------------ */

static json_t *heap_of(const struct page_heap *h)
{
	json_t *o = json_object(), *flags = json_array();

	set_int(o, "size", h->size);
	/* VkMemoryHeapFlagBits */
	if (h->flags & 1)
		(void)json_array_append_new(flags, json_string("device-local"));
	if (h->flags & 2)
		(void)json_array_append_new(flags, json_string("multi-instance"));
	(void)json_object_set_new(o, "flags", flags);
	return o;
}

static void set_uuid(json_t *o, const struct page_device *d)
{
	char text[40];
	const uint8_t *u = d->uuid;

	if (!d->has_uuid)
		return;
	(void)snprintf(text, sizeof text,
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0],
		       u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12],
		       u[13], u[14], u[15]);
	(void)json_object_set_new(o, "uuid", json_string(text));
}

static json_t *device_of(const struct page_device *d)
{
	/* By VkPhysicalDeviceType. */
	static const char *const types[] = {"other", "integrated-gpu", "discrete-gpu",
					    "virtual-gpu", "cpu"};
	json_t *o = json_object(), *driver = json_object(), *heaps = json_array();
	char api[32];

	(void)json_object_set_new(o, "name", json_string(""));
	set_text(o, "name", d->name, sizeof d->name);
	(void)json_object_set_new(o, "type",
				  json_string(types[d->type < COUNTOF(types) ? d->type : 0]));
	set_uuid(o, d);
	set_text(driver, "name", d->driver_name, sizeof d->driver_name);
	set_text(driver, "info", d->driver_info, sizeof d->driver_info);
	set_int(driver, "id", d->driver_id);
	(void)json_object_set_new(o, "driver", driver);
	(void)snprintf(api, sizeof api, "%u.%u.%u", d->api_version >> 22 & 0x7f,
		       d->api_version >> 12 & 0x3ff, d->api_version & 0xfff);
	(void)json_object_set_new(o, "api", json_string(api));
	set_text(o, "pci", d->pci, sizeof d->pci);
	set_int(o, "timestamp_valid_bits", d->timestamp_bits);
	/* JSON has no infinity and no NaN: jansson would leave the member out. */
	bool is_period = d->timestamp_period_ns > 0 && d->timestamp_period_ns <= FLT_MAX;
	(void)json_object_set_new(o, "timestamp_period_ns",
				  json_real(is_period ? (double)d->timestamp_period_ns : 0.0));
	for (uint32_t i = 0; i < d->heap_count && i < PAGE_HEAPS; i++)
		(void)json_array_append_new(heaps, heap_of(&d->heaps[i]));
	(void)json_object_set_new(o, "heaps", heaps);
	(void)json_object_set_new(
	    o, "budget_source",
	    json_string(d->has_budget ? "VK_EXT_memory_budget" : "unavailable"));
	return o;
}

/* The most that each heap of the first device held of the job's, beside what its driver said. */
static json_t *peak_of(const struct telemetry *t, const struct page_device *d)
{
	json_t *peak = part_peak(t->budgets), *heaps = json_array();

	set_int(peak, "allocated", t->said.memory_peak);
	for (uint32_t i = 0; d && i < d->heap_count && i < PAGE_HEAPS; i++) {
		const struct page_heap *h = &d->heaps[i];
		json_t *o = json_object();
		set_int(o, "allocated", h->peak);
		if (d->has_budget)
			set_int(o, "usage", h->usage_max);
		(void)json_array_append_new(heaps, o);
	}
	(void)json_object_set_new(peak, "heaps", heaps);
	return peak;
}

static void part_devices(json_t *o, const struct telemetry *t)
{
	json_t *devices = json_array();
	struct page_device d;

	for (size_t i = 0; i < PAGE_DEVICES; i++) {
		memcpy(&d, &t->page->devices[i], sizeof d);
		if (atomic_load(&d.state) != PAGE_ROW_READY)
			continue;
		(void)json_array_append_new(devices, device_of(&d));
		if (json_array_size(devices) == 1)
			(void)json_object_set_new(o, "peak", peak_of(t, &d));
	}
	json_t *first = json_array_get(devices, 0);
	if (!first)
		(void)json_object_set_new(o, "peak", peak_of(t, NULL));
	(void)json_object_set(o, "device", first ? first : json_null());
	(void)json_object_set_new(o, "devices", devices);
}

/* ---- kernels ------------------------------------------------------------------------------ */

/* So that no sum of them overflows, whatever the job wrote. */
static uint64_t bucket_of(const struct page_kernel *k, unsigned bucket)
{
	uint64_t n = k->bucket[bucket];
	return n < 1ull << 40 ? n : 1ull << 40;
}

/* The time that this part of the timed dispatches did not pass, from the histogram; within an eighth. */
static uint64_t percentile(const struct page_kernel *k, double part)
{
	uint64_t timed = 0, before = 0;

	for (unsigned b = 0; b < PAGE_BUCKETS; b++)
		timed += bucket_of(k, b);
	double want = part * (double)timed;
	for (unsigned b = 0; b < PAGE_BUCKETS; b++) {
		uint64_t here = bucket_of(k, b);
		if (here == 0 || (double)(before + here) < want) {
			before += here;
			continue;
		}
		double from = b ? (double)page_bucket_floor(b) : 0;
		double to = (double)page_bucket_floor(b + 1);
		uint64_t at = (uint64_t)(from +
					 (to - from) * (want - (double)before) / (double)here);
		return at < k->min_ns ? k->min_ns : at > k->max_ns ? k->max_ns : at;
	}
	return k->max_ns;
}

/* The dispatches that were not timed took as long as those that were. The first ones stand apart. */
static uint64_t estimate(const struct page_kernel *k)
{
	uint64_t others = k->dispatches > k->first ? k->dispatches - k->first : 0;

	if (k->timed == 0 || others <= k->timed)
		return k->total_ns;
	double all = (double)k->total_ns / (double)k->timed * (double)others;
	return all < 9e18 ? (uint64_t)all : INT64_MAX;
}

static void set_times(json_t *o, const struct page_kernel *k)
{
	(void)json_object_set_new(o, "timed",
				  json_boolean((k->timed || k->first_ns) && !k->by_host));
	if (k->by_host)
		set_int(o, "timed_by_host", k->by_host);
	set_int(o, "timed_dispatches", k->timed);
	if (k->first_ns) {
		set_int(o, "first_ns", k->first_ns);
		set_int(o, "first_dispatches", k->first);
	}
	if (k->lost)
		set_int(o, "lost", k->lost);
	if (!k->timed)
		return;
	set_int(o, "total_ns", estimate(k));
	set_int(o, "min_ns", k->min_ns);
	set_int(o, "p50_ns", percentile(k, 0.5));
	set_int(o, "p95_ns", percentile(k, 0.95));
	set_int(o, "p99_ns", percentile(k, 0.99));
	set_int(o, "max_ns", k->max_ns);
}

static json_t *kernel_of(const struct telemetry *t, const struct page_kernel *k, bool others)
{
	static const uint8_t none[32];
	json_t *o = json_object();
	char name[TELEMETRY_NAME];

	telemetry_kernel_name(t, k, name, sizeof name);
	(void)json_object_set_new(o, "kernel", others ? json_string("others") : part_string(name));
	bool is_binary = k->kind & PAGE_KERNEL_BINARY, has_code = memcmp(k->spirv, none, 32) != 0;
	if (has_code)
		set_hex(o, "sha256", k->spirv, sizeof k->spirv);
	if (is_binary)
		(void)json_object_set_new(o, "code", json_string("binary"));
	set_text(o, "entry", k->entry, sizeof k->entry);
	if (k->specialization) {
		uint8_t bytes[8];
		for (int i = 0; i < 8; i++)
			bytes[i] = (uint8_t)(k->specialization >> (56 - 8 * i));
		set_hex(o, "specialization", bytes, sizeof bytes);
	}
	if (k->local_size[0])
		(void)json_object_set_new(o, "local_size", three(k->local_size));
	if (!others) {
		const uint32_t groups[] = {k->groups[0], k->groups[1], k->groups[2]};
		if (has_code && !is_binary)
			set_int(o, "bindings", k->bindings);
		(void)json_object_set_new(o, "groups", three(groups));
	}
	set_int(o, "dispatches", k->dispatches);
	if (k->indirect)
		set_int(o, "indirect", k->indirect);
	if (k->kind & PAGE_KERNEL_GENERATED && !others) {
		json_t *generated = json_object();
		set_int(generated, "least", k->generated_least);
		set_int(generated, "most", k->generated_most);
		(void)json_object_set_new(o, "generated", generated);
	}
	set_times(o, k);
	return o;
}

/* Two processes may have taken a row each for one kernel. */
static void add_row(struct page_kernel *to, const struct page_kernel *k)
{
	to->recorded += k->recorded;
	to->dispatches += k->dispatches;
	to->indirect += k->indirect;
	to->generated_least += k->generated_least;
	to->generated_most += k->generated_most;
	to->timed += k->timed;
	to->total_ns += k->total_ns;
	to->first += k->first;
	to->first_ns += k->first_ns;
	to->lost += k->lost;
	to->by_host += k->by_host;
	if (k->min_ns && (!to->min_ns || k->min_ns < to->min_ns))
		to->min_ns = k->min_ns;
	if (k->max_ns > to->max_ns)
		to->max_ns = k->max_ns;
	for (size_t i = 0; i < PAGE_BUCKETS; i++)
		to->bucket[i] += k->bucket[i];
}

/* The row of that kernel, with all later ones of the same key; false when an earlier one has it, or it is none. */
static bool read_kernel(const struct telemetry *t, size_t row, struct page_kernel *ret)
{
	const struct page_kernel *rows = t->page->kernels;

	if (atomic_load(&rows[row].state) != PAGE_ROW_READY)
		return false;
	memcpy(ret, &rows[row], sizeof *ret);
	if (atomic_load(&ret->state) != PAGE_ROW_READY)
		return false;
	for (size_t i = 0; i < row; i++)
		if (atomic_load(&rows[i].state) == PAGE_ROW_READY && rows[i].key == ret->key)
			return false;
	for (size_t i = row + 1; i < PAGE_KERNELS; i++) {
		struct page_kernel other;
		if (atomic_load(&rows[i].state) != PAGE_ROW_READY || rows[i].key != ret->key)
			continue;
		memcpy(&other, &rows[i], sizeof other);
		add_row(ret, &other);
	}
	return true;
}

static void part_kernels(json_t *o, const struct telemetry *t)
{
	json_t *list = json_array();
	struct page_kernel k;
	double device_ns = 0;

	for (size_t i = 0; i < PAGE_KERNELS; i++) {
		if (!read_kernel(t, i, &k))
			continue;
		device_ns += (double)estimate(&k) + (double)k.first_ns;
		(void)json_array_append_new(list, kernel_of(t, &k, false));
	}
	memcpy(&k, &t->page->kernels[PAGE_KERNELS], sizeof k);
	if (k.dispatches) {
		device_ns += (double)estimate(&k) + (double)k.first_ns;
		(void)json_array_append_new(list, kernel_of(t, &k, true));
	}
	(void)json_object_set_new(o, "kernels", list);
	set_int(o, "kernels_ns", device_ns < 9e18 ? (uint64_t)device_ns : INT64_MAX);
}

/* ---- the rest ----------------------------------------------------------------------------- */

static json_t *trouble_of(const struct telemetry_event *e)
{
	static const char *const kinds[] = {[PAGE_EVENT_RESULT] = "driver",
					    [PAGE_EVENT_REFUSED] = "limit",
					    [PAGE_EVENT_SOFT] = "soft-limit",
					    [PAGE_EVENT_STOPPED] = "ending"};
	json_t *o = json_object();
	const char *result = page_result_name(e->result);

	set_int(o, "t_ns", e->at_ns);
	(void)json_object_set_new(o, "by", json_string(kinds[e->kind]));
	(void)json_object_set_new(o, "call", json_string(page_call_names[e->call]));
	(void)json_object_set_new(o, "result", json_string(result ? result : "VK_SUCCESS"));
	set_int(o, "pid", e->pid > 0 ? (uint64_t)e->pid : 0);
	if (e->bytes)
		set_int(o, "bytes", e->bytes);
	return o;
}

static void part_troubles(json_t *o, const struct telemetry *t, uint64_t launch_ns)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < t->event_count; i++)
		(void)json_array_append_new(list, trouble_of(&t->events[i]));
	(void)json_object_set_new(o, "troubles", part_since_launch(list, launch_ns));
	if (t->events_dropped || t->events_unread)
		set_int(o, "troubles_dropped", t->events_dropped + t->events_unread);
}

static void part_processes(json_t *o, const struct telemetry *t, uint64_t launch_ns)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < t->hellos && i < TELEMETRY_PROCESSES; i++) {
		const struct telemetry_process *p = &t->processes[i];
		json_t *one = json_object();
		set_int(one, "pid", p->inner_pid > 0 ? (uint64_t)p->inner_pid : 0);
		set_int(one, "t_ns", p->hello_ns > launch_ns ? p->hello_ns - launch_ns : 0);
		set_text(one, "app", p->app, sizeof p->app);
		set_text(one, "engine", p->engine, sizeof p->engine);
		set_int(one, "peak_bytes", p->peak_bytes);
		(void)json_array_append_new(list, one);
	}
	(void)json_object_set_new(o, "processes", list);
}

void part_layer(json_t *o, const struct report_facts *f)
{
	const struct telemetry *t = f->telemetry;
	uint64_t launch_ns = f->seen ? f->seen->launch_ns : 0;
	json_t *counts = json_object();

	part_devices(o, t);
	part_kernels(o, t);
	part_troubles(o, t, launch_ns);
	part_processes(o, t, launch_ns);
	for (size_t i = 0; i < PAGE_COUNTERS; i++)
		set_int(counts, page_counter_keys[i], t->count[i]);
	(void)json_object_set_new(o, "counts", counts);
	if (!t->budgets_taken)
		return;
	(void)json_object_set_new(o, "budgets",
				  part_since_launch(json_deep_copy(t->budgets), launch_ns));
	set_int(o, "budgets_taken", t->budgets_taken);
	set_int(o, "budgets_interval_ns", t->budget_interval_ns);
}
