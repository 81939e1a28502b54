/* SPDX-License-Identifier: Apache-2.0 */
/* What is told about a kernel: its shader once the pipeline is there, its times when all is over. */
#include "gpu/answer.h"
#include "gpu/pipeline.h"

static void set_int(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

void kernel_answer_shader(const struct kernel *k)
{
	const uint32_t *l = k->info.local_size;
	json_t *o = json_pack("{s:s, s:s, s:s}", "kernel", k->request->name, "sha256", k->sha256,
			      "entry", k->request->entry);

	if (k->info.has_local_size)
		json_object_set_new(
		    o, "local_size",
		    json_pack("[I, I, I]", (json_int_t)l[0], (json_int_t)l[1], (json_int_t)l[2]));
	json_object_set_new(o, "cached", json_boolean(k->was_cached));
	if (k->pipeline_told)
		json_object_set_new(o, "pipeline_cached", json_boolean(!k->pipeline_missed));
	set_int(o, "compile_ns", k->compile_ns);
	set_int(o, "pipeline_ns", k->pipeline_ns);
	json_object_set_new(o, "source", json_string(k->glsl ? "glsl" : "spirv"));
	answer_send("shader", o);
}

void kernel_answer_times(struct kernel *k, bool timed, bool predicated)
{
	struct stats_summary s;

	stats_finish(&k->stats, &s);
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
	    {"timed_dispatches", s.timed},
	    {"total_ns", s.total},
	    {"min_ns", s.min},
	    {"p50_ns", s.p50},
	    {"p95_ns", s.p95},
	    {"p99_ns", s.p99},
	    {"max_ns", s.max},
	    {"first_ns", s.first},
	    {"chunks", k->chunks},
	    {"longest_chunk_ns", k->longest_ns},
	    {"bytes_bound", k->bytes_bound},
	};
	json_t *o = json_pack("{s:s, s:I, s:[I, I, I]}", "kernel", k->request->name, "dispatches",
			      (json_int_t)s.count, "groups", (json_int_t)k->groups[0],
			      (json_int_t)k->groups[1], (json_int_t)k->groups[2]);

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		set_int(o, numbers[i].key, numbers[i].value);
	/* Bytes by nanoseconds are 10^9 bytes by seconds. */
	if (s.total)
		json_object_set_new(o, "gb_per_s",
				    json_real((double)k->bytes_bound / (double)s.total));
	json_object_set_new(o, "timed", json_boolean(timed));
	json_object_set_new(o, "predicated", json_boolean(predicated));
	if (k->whole)
		json_object_set_new(o, "whole", json_string(k->whole));
	answer_send("kernel", o);
}
