/* SPDX-License-Identifier: Apache-2.0 */
/* The refused system calls in the report: the kernel and pid 1 saw them, with numbers that the job chose. */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "report/parts.h"
#include "sandbox/call-name.h"

json_t *part_call(const struct denied_row *row)
{
	char text[160];
	unsigned count;
	const struct call_arg *args = call_args(row->arch, row->nr, &count);
	json_t *o = json_object(), *values = json_object();

	(void)json_object_set_new(o, "name",
				  json_string(call_name(row->arch, row->nr, text, sizeof text)));
	(void)json_object_set_new(o, "number", json_integer(row->nr));
	(void)json_object_set_new(
	    o, "arch", json_string(call_arch_name(row->arch, row->nr, text, sizeof text)));
	for (unsigned i = 0; i < count && !row->varied; i++)
		(void)json_object_set_new(
		    values, args[i].label,
		    json_string(call_arg_print(args[i].form, row->args[i], text, sizeof text)));
	(void)json_object_set_new(o, "args", values);
	if (row->late)
		(void)json_object_set_new(o, "second_filter", json_true());
	return o;
}

/* The most frequent first. */
static uint32_t next_row(const struct denied *d, const bool *told, uint32_t rows)
{
	uint32_t best = rows;

	for (uint32_t i = 0; i < rows; i++)
		if (!told[i] && (best == rows || d->rows[i].count > d->rows[best].count))
			best = i;
	return best;
}

json_t *part_denied(const struct denied *d)
{
	json_t *o = json_object(), *list = json_array();
	bool told[DENIED_ROWS] = {false};
	uint32_t rows = d->row_count < DENIED_ROWS ? d->row_count : DENIED_ROWS;

	(void)json_object_set_new(o, "counted", json_boolean(d->asked));
	if (!d->asked) {
		char why[128];
		(void)snprintf(why, sizeof why, "the filter has no listener: %s",
			       err_errno_name(d->os));
		(void)json_object_set_new(o, "why", json_string(why));
	}
	for (uint32_t n = 0; n < rows; n++) {
		uint32_t i = next_row(d, told, rows);
		const struct denied_row *row = &d->rows[i];
		json_t *call = part_call(row);
		told[i] = true;
		(void)json_object_set_new(call, "count", json_integer((json_int_t)row->count));
		(void)json_object_set_new(call, "answer",
					  json_string(row->action == DENIED_KILLED
							  ? "killed"
							  : err_errno_name(row->action)));
		if (row->varied)
			(void)json_object_set_new(call, "varied", json_true());
		(void)json_array_append_new(list, call);
	}
	(void)json_object_set_new(o, "calls", list);
	(void)json_object_set_new(o, "others", json_integer((json_int_t)d->others));
	return o;
}

unsigned denied_names(const struct denied *d, struct refused_names *ret)
{
	enum { TOLD = 6 };
	bool told[DENIED_ROWS] = {false};
	uint32_t rows = d->row_count < DENIED_ROWS ? d->row_count : DENIED_ROWS;
	size_t used = 0;

	ret->text[0] = '\0';
	for (uint32_t n = 0; n < rows; n++) {
		const uint32_t i = next_row(d, told, rows);
		const struct denied_row *row = &d->rows[i];
		char name[64], times[32] = "";
		told[i] = true;
		if (n == TOLD) {
			(void)snprintf(ret->text + used, sizeof ret->text - used, ", and others");
			break;
		}
		if (row->count > 1)
			(void)snprintf(times, sizeof times, " (%llu times)",
				       (unsigned long long)row->count);
		(void)snprintf(ret->text + used, sizeof ret->text - used, "%s%s%s", n ? ", " : "",
			       call_name(row->arch, row->nr, name, sizeof name), times);
		used = strlen(ret->text);
	}
	return rows;
}
