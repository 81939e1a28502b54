/* SPDX-License-Identifier: Apache-2.0 */
/* What was seen of the GPU from outside of the job: nobody in it claims that. A member for each mechanism. */
#include "base/auto.h"
#include "report/parts.h"

static void set_int(json_t *o, const char *key, uint64_t value)
{
	(void)json_object_set_new(o, key,
				  json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

static json_t *of_fdinfo(const struct fdinfo_sum *s)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "source", json_string("DRM fdinfo, sampled"));
	set_int(o, "clients", s->clients);
	set_int(o, "memory_peak_bytes", s->memory_peak_bytes);
	set_int(o, "engine_ns", s->engine_ns);
	if (s->readings_cut)
		set_int(o, "readings_cut", s->readings_cut);
	return o;
}

static json_t *of_nvml_device(const struct nvml_device *d)
{
	json_t *o = json_object();

	set_int(o, "index", d->index);
	if (d->uuid[0])
		(void)json_object_set_new(o, "uuid", part_string(d->uuid));
	if (d->total_bytes)
		set_int(o, "total_bytes", d->total_bytes);
	if (d->has_memory)
		set_int(o, "memory_peak_bytes", d->memory_peak_bytes);
	if (d->has_busy) {
		set_int(o, "busy_percent_peak", d->busy_peak);
		set_int(o, "busy_ns", d->busy_ns);
	}
	set_int(o, "processes_peak", d->processes_peak);
	set_int(o, "other_processes", d->foreign);
	return o;
}

static json_t *of_nvml(const struct nvml *n)
{
	json_t *o = json_object(), *devices = json_array();

	(void)json_object_set_new(o, "source", json_string("NVML, sampled by vkjail-nvml"));
	if (n->driver[0])
		(void)json_object_set_new(o, "driver", part_string(n->driver));
	set_int(o, "readings", n->readings);
	if (n->why[0])
		(void)json_object_set_new(o, "why", part_string(n->why));
	for (unsigned i = 0; i < n->count; i++)
		if (n->devices[i].found)
			(void)json_array_append_new(devices, of_nvml_device(&n->devices[i]));
	(void)json_object_set_new(o, "devices", devices);
	if (n->errors_dropped)
		set_int(o, "errors_dropped", n->errors_dropped);
	return o;
}

void part_observed(json_t *to, const struct observed *seen)
{
	json_t *all = json_object();

	if (seen->drm.clients)
		(void)json_object_set_new(all, "fdinfo", of_fdinfo(&seen->drm));
	if (seen->dmem_counted) {
		json_t *o = json_object();
		(void)json_object_set_new(o, "source",
					  json_string("cgroup v2 dmem.current, sampled"));
		set_int(o, "memory_peak_bytes", seen->dmem_peak_bytes);
		(void)json_object_set_new(all, "dmem", o);
	}
	if (seen->nvml.started)
		(void)json_object_set_new(all, "nvml", of_nvml(&seen->nvml));
	if (json_object_size(all))
		(void)json_object_set(to, "observed", all);
	json_decref(all);
}

void part_gpu_errors(const struct observed *seen, json_t *list)
{
	const struct nvml *n = &seen->nvml;

	for (unsigned i = 0; i < n->error_count; i++) {
		const struct nvml_error *e = &n->errors[i];
		uint64_t since = e->at_ns > seen->launch_ns ? e->at_ns - seen->launch_ns : 0;
		json_t *o = json_object();
		set_int(o, "t_ns", since);
		(void)json_object_set_new(o, "kind", json_string("gpu-error"));
		set_int(o, "gpu", n->devices[e->device].index);
		(void)json_object_set_new(o, "error", json_string(e->is_xid ? "xid" : "ecc"));
		if (e->is_xid)
			set_int(o, "xid", e->xid);
		(void)json_array_append_new(list, o);
	}
}
