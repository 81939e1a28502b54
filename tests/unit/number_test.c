/* SPDX-License-Identifier: Apache-2.0 */
/* What buffers are filled with, and so the numbers of shaders: their spellings and their ranges. */
#include "unit/jobfile.h"

#define BUFFER(b)                           \
	"compute:\n  buffers: {x: " b "}\n" \
	"  kernels: {k: {shader: a.comp}}\n  steps: [{run: k, bind: [x], groups: 1}]\n"

#define FILL(type, fill) BUFFER("{fill: " fill ", type: " type ", shape: [4]}")

static void test_fill(void **state)
{
	(void)state;
	static const struct job_row rows[] = {
		{FILL("f32", "zeros"), NULL},
		{FILL("f32", "iota"), NULL},
		{FILL("f32", "random"), NULL},
		{FILL("f32", "{random: 42}"), NULL},
		{FILL("f32", "{value: 1.5}"), NULL},
		{FILL("f32", "{value: 3}"), NULL},
		{FILL("f32", "{value: -1.5e-3}"), NULL},
		{FILL("f32", "{value: +2E+2}"), NULL},
		{FILL("f32", "{value: 1e}"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a number such as 3, 0x10 or 0.5, got '1e'"},
		{FILL("f32", "{value: 0x}"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a number such as 3, 0x10 or 0.5, got '0x'"},
		{FILL("f32", "{value: 0x1.8p3}"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a number such as 3, 0x10 or 0.5, got '0x1.8p3'"},
		{FILL("f32", "{value: [1]}"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a number, got a list"},
		{FILL("bool", "{value: true}"), NULL},
		{FILL("u8", "{value: 0xff}"), NULL},
		{FILL("f32", "zero"),
			"job.yaml:2: compute.buffers.x.fill: expected zeros, iota, random, {random: SEED} or {value: NUMBER}, got 'zero'"},
		{FILL("f32", "[1]"),
			"job.yaml:2: compute.buffers.x.fill: expected zeros, iota, random, {random: SEED} or {value: NUMBER}, got a list"},
		{FILL("f32", "1.5"),
			"job.yaml:2: compute.buffers.x.fill: expected zeros, iota, random, {random: SEED} or {value: NUMBER}, got '1.5'"},
		{FILL("f32", "{}"),
			"job.yaml:2: compute.buffers.x.fill: expected exactly one of 'random' and 'value'"},
		{FILL("f32", "{random: 1, value: 2}"),
			"job.yaml:2: compute.buffers.x.fill: expected exactly one of 'random' and 'value'"},
		{FILL("f32", "{rnadom: 1}"),
			"job.yaml:2: compute.buffers.x.fill.rnadom: unknown key 'rnadom', did you mean 'random'?"},
		{FILL("f32", "{random: -1}"),
			"job.yaml:2: compute.buffers.x.fill.random: expected a whole number such as 64, got '-1'"},
		{FILL("f32", "{random: 9223372036854775808}"),
			"job.yaml:2: compute.buffers.x.fill.random: must be from 0 to 9223372036854775807, got 9223372036854775808"},
		{FILL("f32", "{value: true}"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a number for f32, got 'true'"},
		{FILL("u8", "{value: 256}"),
			"job.yaml:2: compute.buffers.x.fill.value: 256 does not fit into u8 (0 to 255)"},
		{FILL("u8", "{value: -1}"),
			"job.yaml:2: compute.buffers.x.fill.value: -1 does not fit into u8 (0 to 255)"},
		{FILL("i8", "{value: -128}"), NULL},
		{FILL("i8", "{value: -129}"),
			"job.yaml:2: compute.buffers.x.fill.value: -129 does not fit into i8 (-128 to 127)"},
		{FILL("u32", "{value: 4294967295}"), NULL},
		{FILL("u32", "{value: 4294967296}"),
			"job.yaml:2: compute.buffers.x.fill.value: 4294967296 does not fit into u32 (0 to 4294967295)"},
		{FILL("i64", "{value: -9223372036854775808}"), NULL},
		{FILL("u64", "{value: 9223372036854775807}"), NULL},
		{FILL("u64", "{value: 9223372036854775808}"),
			"job.yaml:2: compute.buffers.x.fill.value: '9223372036854775808' is too large"},
		{FILL("u32", "{value: 1.0}"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a whole number for u32, got '1.0'"},
		{FILL("bool", "{value: 2}"),
			"job.yaml:2: compute.buffers.x.fill.value: 2 does not fit into bool (0 to 1)"},
		{FILL("f16", "{value: 65504}"), NULL},
		{FILL("f16", "{value: 65505}"),
			"job.yaml:2: compute.buffers.x.fill.value: 65505 is too large for f16"},
		{FILL("f32", "{value: 3.4028234e38}"), NULL},
		{FILL("f32", "{value: 1e308}"),
			"job.yaml:2: compute.buffers.x.fill.value: 1e308 is too large for f32"},
		{FILL("f64", "{value: 1e308}"), NULL},
		{FILL("f64", "{value: -1e309}"),
			"job.yaml:2: compute.buffers.x.fill.value: '-1e309' is too large"},
		{FILL("f32", "{value: .nan}"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a finite number, got '.nan'"},
		{FILL("f32", "{value: NaN}"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a finite number, got 'NaN'"},
		{FILL("f32", "{value: -.inf}"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a finite number, got '-.inf'"},
		{FILL("f32", "{value: 010}"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a number such as 3, 0x10 or 0.5, got '010'"},
		{FILL("f32", "{value: 1_000}"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a number such as 3, 0x10 or 0.5, got '1_000'"},
		{FILL("f32", "{value: 1.}"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a number such as 3, 0x10 or 0.5, got '1.'"},
		{FILL("f32", "{value: '1'}"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a number, got the text '1': write it without quotes"},
		{FILL("f32", "{value: }"),
			"job.yaml:2: compute.buffers.x.fill.value: expected a number such as 3, 0x10 or 0.5, got ''"},
	};
	jobfile_check(rows, COUNTOF(rows));
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, jobfile_setup, jobfile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {IN_DIR(test_fill)};
	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
