/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that are more than one dispatch: each key with what it accepts and refuses, and where groups end. */
#include "unit/jobfile.h"

#define JOB(steps)                                                                      \
	"compute:\n  steps: " steps "\n  kernels: {k: {shader: a.comp}}\n"              \
	"  buffers: {x: {type: f32, shape: [4, 5]}, n: {type: u32, shape: [9]}, a: {file: a.npy}}\n"
#define AT   "job.yaml:2: compute.steps[0]"
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_loops(void **state)
{
	(void)state;
	static const struct job_row rows[] = {
		{JOB("[{run: k, groups: 1, repeat: 9, until: {buffer: x, below: 1e-6}}]"), NULL},
		{JOB("[{run: k, groups: 1, repeat: 9, until: {buffer: x, element: 19, above: 3, every: 9}}]"),
			NULL},
		{JOB("[{run: k, groups: 1, until: {buffer: x, below: 1}}]"),
			AT ": 'until' needs 'repeat', the number of rounds after which it ends in any case"},
		{JOB("[{run: k, groups: 1, repeat: 9, until: {buffer: x, below: 1, every: 10}}]"),
			AT ": 'until' would never be looked at: every 10 rounds of 9"},
		{JOB("[{run: k, groups: 1, repeat: 9, until: {buffer: x, below: 1, every: 0}}]"),
			AT ".until.every: must be from 1 to 1000000000, got 0"},
		{JOB("[{run: k, groups: 1, repeat: 9, until: {below: 1}}]"),
			AT ".until: 'buffer' is missing"},
		{JOB("[{run: k, groups: 1, repeat: 9, until: {buffer: x}}]"),
			AT ".until: needs either 'below' or 'above'"},
		{JOB("[{run: k, groups: 1, repeat: 9, until: {buffer: x, below: 1, above: 1}}]"),
			AT ".until: needs either 'below' or 'above'"},
		{JOB("[{run: k, groups: 1, repeat: 9, until: {buffer: y, below: 1}}]"),
			AT ": there is no buffer 'y'"},
		{JOB("[{run: k, groups: 1, repeat: 9, until: {buffer: x, below: .nan}}]"),
			AT ".until.below: expected a finite number, got '.nan'"},
		{JOB("[{run: k, groups: 1, repeat: 9, until: {buffer: x, element: -1, below: 1}}]"),
			AT ".until.element: expected a whole number such as 64, got '-1'"},
		{JOB("[{run: k, groups: 1, repeat: 9, until: x}]"),
			AT ".until: expected a map, got text"},
		{JOB("[{repeat: 2, steps: [{clear: x}, {steps: [{run: k, groups: 1}]}]}]"), NULL},
		{JOB("[{repeat: 2, steps: []}]"), AT ".steps: a group needs at least one step"},
		{JOB("[{repeat: 2, steps: x}]"), AT ".steps: expected a list of steps, got text"},
		{JOB("[{repeat: 2, steps: [{run: kk, groups: 1}]}]"),
			AT ".steps[0]: there is no kernel 'kk'"},
		{JOB("[{repeat: 2, queue: q, steps: [{clear: x}]}]"),
			AT ".queue: unknown key 'queue'"},
		{JOB("[{until: {buffer: x, below: 1}, steps: [{clear: x}]}]"),
			AT ": 'until' needs 'repeat', the number of rounds after which it ends in any case"},
		{JOB("[{steps: [{steps: [{steps: [{steps: [{clear: x}]}]}]}]}]"), NULL},
		{JOB("[{steps: [{steps: [{steps: [{steps: [{steps: [{clear: x}]}]}]}]}]}]"),
			AT ".steps[0].steps[0].steps[0].steps[0]: more than 4 groups of steps in one another"},
		{JOB("[{repeat: 3}]"),
			AT ": 'run' is missing (or one of 'copy', 'clear', 'check' and 'steps')"},
		{JOB("[{clear: x, run: k}]"),
			AT ": 'run' and 'clear' are two steps: write one below the other"},
		{JOB("[x]"), AT ": expected a map, got text"},
	};
	jobfile_check(rows, COUNTOF(rows));
}

static void test_kinds(void **state)
{
	(void)state;
	static const struct job_row rows[] = {
		{JOB("[{copy: {from: x, to: a}}, {copy: {from: x, to: x, from-element: 0, to-element: 'n.shape[0]', elements: n.elements}, queue: q}]"),
			NULL},
		{JOB("[{copy: x}]"), AT ".copy: expected a map, got text"},
		{JOB("[{copy: {from: x}}]"), AT ".copy: needs 'from' and 'to'"},
		{JOB("[{copy: {from: x, to: y}}]"), AT ": there is no buffer 'y'"},
		{JOB("[{copy: {from: x, to: a, elements: -1}}]"),
			AT ".copy.elements: expected a whole number such as 64, got '-1'"},
		{JOB("[{copy: {from: x, to: a, elements: y.elements}}]"),
			AT ": there is no buffer 'y'"},
		{JOB("[{copy: {from: x, to: a, to-element: 'x.shape[2]'}}]"),
			AT ": 'x.shape[2]': 'x' has 2 dimensions, counted from 0"},
		{JOB("[{copy: {from: x, to: a}, repeat: 2}]"),
			AT ".repeat: unknown key 'repeat'"},
		{JOB("[{clear: x}, {clear: {buffer: n, value: 3}, queue: q}]"), NULL},
		{JOB("[{clear: y}]"), AT ": there is no buffer 'y'"},
		{JOB("[{clear: {value: 3}}]"), AT ".clear: 'buffer' is missing"},
		{JOB("[{clear: {buffer: x, value: blue}}]"),
			AT ".clear.value: expected a number such as 3, 0x10 or 0.5, got 'blue'"},
		{JOB("[{check: {buffer: x, sha256: " HASH "}}]"), NULL},
		{JOB("[{check: {buffer: x, file: b.npy, max-abs: 1e-5, max-rel: 0}}]"), NULL},
		{JOB("[{check: {buffer: x, file: b, format: raw}}]"), NULL},
		{JOB("[{check: {buffer: x, file: b}}]"),
			AT ".check: cannot tell the format of 'b' from its ending (.npy, .npz, .safetensors, .png, .raw, .bin): give 'format'"},
		{JOB("[{check: {buffer: x}}]"), AT ".check: needs either 'sha256' or 'file'"},
		{JOB("[{check: {buffer: x, file: b.npy, sha256: " HASH "}}]"),
			AT ".check: needs either 'sha256' or 'file'"},
		{JOB("[{check: {file: b.npy}}]"), AT ".check: 'buffer' is missing"},
		{JOB("[{check: {buffer: y, file: b.npy}}]"), AT ": there is no buffer 'y'"},
		{JOB("[{check: {buffer: x, sha256: " HASH ", max-abs: 1}}]"),
			AT ".check: 'sha256' is exact: there is nothing else to say"},
		{JOB("[{check: {buffer: x, sha256: 12}}]"),
			AT ".check.sha256: expected 64 hexadecimal digits, got '12'"},
		{JOB("[{check: {buffer: x, file: b.npy, max-abs: -1}}]"),
			AT ".check.max-abs: expected a number of 0 or more"},
		{JOB("[{check: {buffer: x, file: b.npy}}]") "  outputs: {x: b.npy}\n",
			"job.yaml:5: compute.outputs.x: 'b.npy' is also an input: an output needs a file of its own"},
		{JOB("[{run: k, indirect: n}, {run: k, indirect: {buffer: n, element: 6}, queue: q}]"),
			NULL},
		{JOB("[{run: k, indirect: n, groups: 1}]"),
			AT ": needs either 'groups', 'elements' or 'indirect'"},
		{JOB("[{run: k, indirect: {element: 6}}]"), AT ".indirect: 'buffer' is missing"},
		{JOB("[{run: k, indirect: y}]"), AT ": there is no buffer 'y'"},
		{JOB("[{run: k, groups: 1, queue: a.b}]"),
			AT ".queue: expected a name of 1 to 64 letters, digits, '_' and '-', got 'a.b'"},
	};
	jobfile_check(rows, COUNTOF(rows));
}

/* The list is flat: each group knows how many steps are inside. */
static void test_order(void **state)
{
	static const char text[] = JOB(
		"[{clear: x}, {repeat: 5, steps: [{run: k, groups: 1}, {steps: [{clear: n}, {copy: {from: x, to: a}}]}, {check: {buffer: x, sha256: " HASH
		"}}]}, {run: k, groups: 2}]");
	static const struct {
		enum compute_work work;
		size_t inner;
	} want[] = {{WORK_CLEAR, 0}, {WORK_GROUP, 5}, {WORK_RUN, 0},   {WORK_GROUP, 2},
		    {WORK_CLEAR, 0}, {WORK_COPY, 0},  {WORK_CHECK, 0}, {WORK_RUN, 0}};
	struct spec s;
	char buf[1024];

	(void)state;
	assert_string_equal(jobfile_read(&s, text, strlen(text), buf, sizeof buf), "");
	assert_int_equal(s.compute->step_count, COUNTOF(want));
	for (size_t i = 0; i < COUNTOF(want); i++) {
		assert_int_equal(s.compute->steps[i].work, want[i].work);
		assert_int_equal(s.compute->steps[i].inner, want[i].inner);
	}
	assert_int_equal(s.compute->steps[1].repeat, 5);
	assert_string_equal(s.compute->steps[5].where,
			    "job.yaml:2: compute.steps[1].steps[1].steps[1]");
	spec_done(&s);
}

/* Those inside groups count as well. */
static void test_counts(void **state)
{
	(void)state;
	for (int more = 0; more < 2; more++) {
		struct jobfile_text t;
		jobfile_text_open(&t);
		(void)fprintf(t.f, "compute:\n  kernels: {k: {shader: a}}\n  buffers: {x: {type: u8, shape: [1]}}\n  steps:\n");
		for (int i = 0; i < BOUND_STEPS / 2 - 1; i++)
			(void)fprintf(t.f, "  - steps: [{clear: x}]\n");
		(void)fprintf(t.f, "  - steps: [{clear: x}%s]\n", more ? ", {clear: x}" : "");
		jobfile_text_check(&t, more ? "job.yaml:4: compute.steps: more than 4096 steps" : "");
	}
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, jobfile_setup, jobfile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(test_loops),
		IN_DIR(test_kinds),
		IN_DIR(test_order),
		IN_DIR(test_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
