/* SPDX-License-Identifier: Apache-2.0 */
/* The report's member "gpu": what the job claims, and nothing that the kernel said. */
#include "base/auto.h"
#include "report/parts.h"

/* to[key] becomes from[key] when that is more. */
static void raise_to(json_t *to, const json_t *from, const char *key)
{
	const json_t *value = json_object_get(from, key);

	if (value && json_integer_value(value) >= json_integer_value(json_object_get(to, key)))
		(void)json_object_set_new(to, key, json_integer(json_integer_value(value)));
}

/* The highest of all readings, each for itself; where readings merged, they kept theirs. */
json_t *part_peak(const json_t *budgets)
{
	json_t *peak = json_object(), *heaps = json_array();

	for (size_t i = 0; i < json_array_size(budgets); i++) {
		const json_t *reading = json_array_get(budgets, i);
		const json_t *from = json_object_get(reading, "heaps");
		raise_to(peak, reading, "allocated");
		while (json_array_size(heaps) < json_array_size(from))
			(void)json_array_append_new(heaps, json_object());
		for (size_t h = 0; h < json_array_size(from); h++)
			raise_to(json_array_get(heaps, h), json_array_get(from, h), "usage");
	}
	(void)json_object_set_new(peak, "heaps", heaps);
	return peak;
}

json_t *part_since_launch(json_t *list, uint64_t launch_ns)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *item = json_array_get(list, i);
		const json_t *t = json_object_get(item, "t_ns");
		if (!t)
			continue;
		json_int_t since = json_integer_value(t) - (json_int_t)launch_ns;
		(void)json_object_set_new(item, "t_ns", json_integer(since < 0 ? 0 : since));
	}
	return list;
}

/* Whether the layer was in the job's programs, and why there is nothing of it. */
static json_t *part_telemetry(const struct report_facts *f)
{
	const struct telemetry *t = f->telemetry;
	json_t *o = json_object();
	const char *why = NULL;

	(void)json_object_set_new(o, "on", json_boolean(f->plan->telemetry));
	if (!f->plan->telemetry)
		why = f->plan->telemetry_why;
	else if (t && t->hellos == 0 && f->seen && f->seen->gpu_use[0])
		why = f->seen->gpu_use;
	else if (t && t->hellos == 0)
		why = "no program of the job used Vulkan through a loader that takes layers";
	if (why)
		(void)json_object_set_new(o, "why", part_string(why));
	if (t && f->plan->telemetry) {
		(void)json_object_set_new(o, "programs", json_integer(t->hellos));
		(void)json_object_set_new(o, "turned_away", json_integer(t->refused));
	}
	return o;
}

static json_t *part_strings(const char *const *list, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(array, part_string(list[i]));
	return array;
}

json_t *part_gpu_choice(const struct report_facts *f)
{
	const struct plan *p = f->plan;
	json_t *o = json_object(), *gpus = json_array();

	(void)json_object_set_new(o, "asked", part_string(spec_gpu_text(f->spec)));
	for (size_t i = 0; i < p->gpu_count; i++) {
		const struct host_gpu *g = &p->gpus[i];
		json_t *gpu = json_object();
		(void)json_object_set_new(gpu, "index", json_integer(g->index));
		(void)json_object_set_new(gpu, "vendor", json_string(gpu_vendor_names[g->vendor]));
		(void)json_object_set_new(gpu, "name", part_string(g->name));
		(void)json_object_set_new(gpu, "pci", part_string(g->pci));
		(void)json_object_set_new(gpu, "uuid", part_string(g->uuid));
		(void)json_array_append_new(gpus, gpu);
	}
	(void)json_object_set_new(o, "gpus", gpus);
	(void)json_object_set_new(o, "restricted_by",
				  part_strings(p->gpu_because, p->gpu_because_count));
	if (p->drivers_only)
		(void)json_object_set_new(o, "drivers", part_strings(p->drivers, p->driver_count));
	return o;
}

json_t *part_gpu(const struct report_facts *f)
{
	json_t *o = json_object(), *nodes = json_array();
	const struct claims *c = f->claims;
	const char *key;
	json_t *list;

	for (size_t i = 0; i < f->plan->gpu_node_count; i++)
		(void)json_array_append_new(nodes, part_string(f->plan->gpu_nodes[i]));
	(void)json_object_set_new(o, "nodes", nodes);
	(void)json_object_set_new(o, "given", part_gpu_choice(f));
	(void)json_object_set_new(o, "telemetry", part_telemetry(f));
	if (f->seen)
		part_observed(o, f->seen);
	if (!f->spec->compute) {
		const struct telemetry *t = f->telemetry;
		(void)json_object_set_new(o, "source",
					  t && t->page
					      ? json_string("the Vulkan layer, inside the sandbox")
					      : json_null());
		if (t && t->page)
			part_layer(o, f);
		return o;
	}
	(void)json_object_set_new(o, "source", json_string("vkjail-exec, inside the sandbox"));
	if (!f->outcome || !c)
		return o;
	(void)json_object_set(o, "device", c->device ? c->device : json_null());
	if (f->plan->second[FILTER_SECOND_SOFTWARE].len)
		(void)json_object_set(o, "second_filter", c->filter ? c->filter : json_null());
	json_object_foreach(c->lists, key, list)(void) json_object_set_new(
	    o, key, part_since_launch(json_deep_copy(list), f->seen ? f->seen->launch_ns : 0));
	if (c->budgets_taken) {
		(void)json_object_set_new(o, "budgets_taken", json_integer(c->budgets_taken));
		(void)json_object_set_new(o, "budgets_interval_ns",
					  json_integer((json_int_t)c->budget_interval_ns));
		(void)json_object_set_new(o, "peak",
					  part_peak(json_object_get(c->lists, "budgets")));
	}
	if (c->end)
		(void)json_object_set(o, "end", c->end);
	if (c->refused || c->dropped) {
		(void)json_object_set_new(o, "messages_refused", json_integer(c->refused));
		(void)json_object_set_new(o, "messages_dropped", json_integer(c->dropped));
	}
	return o;
}
