/* SPDX-License-Identifier: Apache-2.0 */
/* Declarative compute jobs: each key with what it accepts and refuses, references, formats, clashes. */
#include "unit/jobfile.h"

/* Parts of a job that is fine, so that a row shows only what it is about. */
#define KERNELS    "  kernels: {k: {shader: a.comp}}\n"
#define BUFFERS    "  buffers: {x: {type: f32, shape: [4, 5]}}\n"
#define STEPS      "  steps: [{run: k, bind: [x], groups: 1}]\n"
#define JOB(parts) "compute:\n" parts
/* Rows about one part stand in line 2 or 4. */
#define KERNEL(k)  JOB("  kernels: {k: " k "}\n" BUFFERS STEPS)
#define BUFFER(b) \
	JOB("  buffers: {x: " b ", photo: {file: p.png}, a: {file: a.npy}}\n" KERNELS STEPS)
#define STEP(s)                          \
	JOB("  steps: [" s "]\n" KERNELS \
	    "  buffers: {x: {type: f32, shape: [4, 5]}, photo: {file: p.png}, a: {file: a.npy}, l: {like: photo}}\n")
#define OUTPUTS(o) JOB("  outputs: " o "\n" KERNELS BUFFERS STEPS)

static void test_compute(void **state)
{
	(void)state;
	static const struct job_row rows[] = {
		{JOB(KERNELS BUFFERS STEPS), NULL},
		{JOB("  device: software\n" KERNELS BUFFERS STEPS), NULL},
		{JOB("  device: NVIDIA H200\n" KERNELS BUFFERS STEPS), NULL},
		{JOB("  cache: false\n" KERNELS BUFFERS STEPS), NULL},
		{JOB("  cache: 'no'\n" KERNELS BUFFERS STEPS),
			"job.yaml:2: compute.cache: expected true or false, got 'no'"},
		{JOB("  device: ''\n" KERNELS BUFFERS STEPS),
			"job.yaml:2: compute.device: must not be empty"},
		{JOB("  chunk: 20ms\n" KERNELS BUFFERS STEPS), NULL},
		{JOB("  chunk: 1ms\n" KERNELS BUFFERS STEPS), NULL},
		{JOB("  chunk: 10s\n" KERNELS BUFFERS STEPS), NULL},
		{JOB("  chunk: none\n" KERNELS BUFFERS STEPS), NULL},
		{JOB("  chunk: 999us\n" KERNELS BUFFERS STEPS),
			"job.yaml:2: compute.chunk: must be from 1ms to 10s, or 'none'"},
		{JOB("  chunk: 10001ms\n" KERNELS BUFFERS STEPS),
			"job.yaml:2: compute.chunk: must be from 1ms to 10s, or 'none'"},
		{JOB("  chunk: 20\n" KERNELS BUFFERS STEPS),
			"job.yaml:2: compute.chunk: '20' has no unit: write 20s for seconds, or use ms, m or h"},
		{JOB("  chunk: [20ms]\n" KERNELS BUFFERS STEPS),
			"job.yaml:2: compute.chunk: expected text, got a list"},
		{JOB("  devices: any\n" KERNELS BUFFERS STEPS),
			"job.yaml:2: compute.devices: unknown key 'devices', did you mean 'device'?"},
		{"compute: a.comp\n", "job.yaml:1: compute: expected a map, got text"},
		{"compute: {}\n", "job.yaml:1: compute: needs at least one kernel in 'kernels'"},
		{JOB(KERNELS), "job.yaml:1: compute: needs at least one step in 'steps'"},
		{JOB(KERNELS "  steps: []\n"),
			"job.yaml:1: compute: needs at least one step in 'steps'"},
		{JOB("  kernels: [k]\n"),
			"job.yaml:2: compute.kernels: expected a map of kernels, got a list"},
		{JOB("  buffers: [k]\n"),
			"job.yaml:2: compute.buffers: expected a map of buffers, got a list"},
		{JOB("  steps: {k: 1}\n"),
			"job.yaml:2: compute.steps: expected a list of steps, got a map"},
		{JOB("  outputs: [k]\n"),
			"job.yaml:2: compute.outputs: expected a map such as {out: out.png}, got a list"},
	};
	jobfile_check(rows, COUNTOF(rows));
}

static void test_kernels(void **state)
{
	(void)state;
	static const struct job_row rows[] = {
		{KERNEL("{shader: a.spv, entry: blur_h, constants: {0: 16, RADIUS: 3, F: 0.5, B: true, 4294967295: -1}}"),
			NULL},
		{KERNEL("a.comp"), "job.yaml:2: compute.kernels.k: expected a map, got text"},
		{KERNEL("{}"), "job.yaml:2: compute.kernels.k: 'shader' is missing"},
		{KERNEL("{shader: ''}"), "job.yaml:2: compute.kernels.k.shader: must not be empty"},
		{KERNEL("{file: a}"), "job.yaml:2: compute.kernels.k.file: unknown key 'file'"},
		{KERNEL("{shader: a, entry: a-b}"),
			"job.yaml:2: compute.kernels.k.entry: expected the name of a function in the shader, got 'a-b'"},
		{KERNEL("{shader: a, constants: [1]}"),
			"job.yaml:2: compute.kernels.k.constants: expected a map such as {0: 16, RADIUS: 3}, got a list"},
		{KERNEL("{shader: a, constants: {4294967296: 1}}"),
			"job.yaml:2: compute.kernels.k.constants.4294967296: expected the number or the name of a specialization constant, got '4294967296'"},
		{KERNEL("{shader: a, constants: {01: 1}}"),
			"job.yaml:2: compute.kernels.k.constants.01: expected the number or the name of a specialization constant, got '01'"},
		{KERNEL("{shader: a, constants: {00: 1}}"),
			"job.yaml:2: compute.kernels.k.constants.00: expected the number or the name of a specialization constant, got '00'"},
		{KERNEL("{shader: a, constants: {-1: 1}}"),
			"job.yaml:2: compute.kernels.k.constants.-1: expected the number or the name of a specialization constant, got '-1'"},
		{KERNEL("{shader: a, constants: {A: x.elements}}"),
			"job.yaml:2: compute.kernels.k.constants.A: expected a number such as 3, 0x10 or 0.5, got 'x.elements'"},
		{KERNEL("{shader: a, define: {TILE: 16, FAST: null, F: 1e-3, B: true, T: 'vec2(1, 2)', E: ''}}"),
			NULL},
		{KERNEL("{shader: a, define: [A]}"),
			"job.yaml:2: compute.kernels.k.define: expected a map such as {TILE: 16, FAST: null}, got a list"},
		{KERNEL("{shader: a, define: {1A: 1}}"),
			"job.yaml:2: compute.kernels.k.define.1A: expected the name of a macro, not one that belongs to GLSL, got '1A'"},
		{KERNEL("{shader: a, define: {gl_A: 1}}"),
			"job.yaml:2: compute.kernels.k.define.gl_A: expected the name of a macro, not one that belongs to GLSL, got 'gl_A'"},
		{KERNEL("{shader: a, define: {defined: 1}}"),
			"job.yaml:2: compute.kernels.k.define.defined: expected the name of a macro, not one that belongs to GLSL, got 'defined'"},
		{KERNEL("{shader: a, define: {A: \"1\\n#include <x>\"}}"),
			"job.yaml:2: compute.kernels.k.define.A: expected one line of text without a '\\' at its end"},
		{KERNEL("{shader: a, define: {A: '1\\'}}"),
			"job.yaml:2: compute.kernels.k.define.A: expected one line of text without a '\\' at its end"},
		{KERNEL("{shader: a, define: {A: [1]}}"),
			"job.yaml:2: compute.kernels.k.define.A: expected text, got a list"},
		{JOB("  kernels: {a.b: {shader: a}}\n"),
			"job.yaml:2: compute.kernels.a.b: expected a name of 1 to 64 letters, digits, '_' and '-', got 'a.b'"},
	};
	jobfile_check(rows, COUNTOF(rows));
}

static void test_define_bytes(void **state)
{
	(void)state;
	for (int more = 0; more < 2; more++) {
		struct jobfile_text t;
		jobfile_text_open(&t);
		(void)fprintf(t.f, JOB("  kernels: {k: {shader: a, define: {M: '%0*d'}}}\n" BUFFERS STEPS),
			BOUND_DEFINE_BYTES + more, 0);
		jobfile_text_check(&t,
			more ? "job.yaml:2: compute.kernels.k.define.M: more than 256 bytes in a macro's value"
			     : "");
	}
}

static void test_buffers(void **state)
{
	(void)state;
	static const struct job_row rows[] = {
		{BUFFER("{file: 'a.npz#w'}"), NULL},
		{BUFFER("{file: a.npz}"), NULL},
		{BUFFER("{file: a.npz, member: 'w#1'}"), NULL},
		{BUFFER("{file: 'd#1/m.safetensors#layer.0#w', type: f32}"), NULL},
		{BUFFER("{file: 'm.bin#w', format: safetensors}"), NULL},
		{BUFFER("{file: 'a#1.npy'}"), NULL},
		{BUFFER("{file: '-', format: npy}"), NULL},
		{BUFFER("{file: 'a.npz#'}"),
			"job.yaml:2: compute.buffers.x: expected the name of an array after the '#' in 'a.npz#'"},
		{BUFFER("{file: a.npy, member: w}"),
			"job.yaml:2: compute.buffers.x: 'member' is for .npz and .safetensors files, 'a.npy' is read as npy"},
		{BUFFER("{type: f32, shape: [1], member: w}"),
			"job.yaml:2: compute.buffers.x: 'member' belongs to 'file', which is missing"},
		{BUFFER("{file: '-', format: npz}"),
			"job.yaml:2: compute.buffers.x: a file of format npz cannot come from stdin, because it is not read from front to back: give a file"},
		{BUFFER("{file: '-', format: npy}, y: {file: '-', format: png}"),
			"job.yaml:2: compute.buffers.y: stdin can be read once, and another buffer comes from it already"},
		{BUFFER("{file: p.png}"), NULL},
		{BUFFER("{file: P.PNG}"), NULL},
		{BUFFER("{file: a.npy, type: f32, shape: [3]}"), NULL},
		{BUFFER("{file: a.raw, type: f32, shape: [3]}"), NULL},
		{BUFFER("{file: a.bin, type: f32, shape: [3]}"), NULL},
		{BUFFER("{file: a.dat, format: npy}"), NULL},
		{BUFFER("{file: a.dat, format: auto}"),
			"job.yaml:2: compute.buffers.x: cannot tell the format of 'a.dat' from its ending (.npy, .npz, .safetensors, .png, .raw, .bin): give 'format'"},
		{BUFFER("{file: .png}"),
			"job.yaml:2: compute.buffers.x: cannot tell the format of '.png' from its ending (.npy, .npz, .safetensors, .png, .raw, .bin): give 'format'"},
		{BUFFER("{file: a.raw}"),
			"job.yaml:2: compute.buffers.x: a raw file says nothing about itself: give 'type' and 'shape'"},
		{BUFFER("{file: a.raw, type: u8}"),
			"job.yaml:2: compute.buffers.x: a raw file says nothing about itself: give 'type' and 'shape'"},
		{BUFFER("{file: a.png, format: jpeg}"),
			"job.yaml:2: compute.buffers.x.format: expected 'auto', 'npy', 'png', 'raw', 'npz' or 'safetensors', got 'jpeg'"},
		{BUFFER("{like: photo}"), NULL},
		{BUFFER("{like: photo, fill: iota}"), NULL},
		{BUFFER("{like: photo, sampler: {}}"), NULL},
		{BUFFER("{like: photo, sampler: {filter: linear, address: border}}"), NULL},
		{BUFFER("{like: photo, sampler: linear}"),
			"job.yaml:2: compute.buffers.x.sampler: expected a map, got text"},
		{BUFFER("{like: photo, sampler: {filter: cubic}}"),
			"job.yaml:2: compute.buffers.x.sampler.filter: expected 'nearest' or 'linear', got 'cubic'"},
		{BUFFER("{like: photo, sampler: {address: wrap}}"),
			"job.yaml:2: compute.buffers.x.sampler.address: expected 'clamp', 'repeat', 'mirror' or 'border', got 'wrap'"},
		{BUFFER("{like: photo, sampler: {mode: repeat}}"),
			"job.yaml:2: compute.buffers.x.sampler.mode: unknown key 'mode'"},
		{BUFFER("{like: phoot}"),
			"job.yaml:2: compute.buffers.x: there is no buffer 'phoot', did you mean 'photo'?"},
		{BUFFER("{like: x}"),
			"job.yaml:2: compute.buffers.x: 'like' goes round in a circle"},
		{JOB(KERNELS STEPS "  buffers: {x: {like: y}, y: {like: z}, z: {like: y}}\n"),
			"job.yaml:4: compute.buffers.x: 'like' goes round in a circle"},
		{BUFFER("{like: photo, type: f32}"),
			"job.yaml:2: compute.buffers.x: 'like' takes type and shape from 'photo', leave out 'type' and 'shape'"},
		{BUFFER("{like: photo, file: a.npy}"),
			"job.yaml:2: compute.buffers.x: 'file' and 'like' exclude each other: a file has its own type and shape"},
		{BUFFER("{fill: zeros, file: a.npy}"),
			"job.yaml:2: compute.buffers.x: 'file' and 'fill' exclude each other"},
		{BUFFER("{format: npy, type: f32, shape: [1]}"),
			"job.yaml:2: compute.buffers.x: 'format' belongs to 'file', which is missing"},
		{BUFFER("{}"),
			"job.yaml:2: compute.buffers.x: needs 'file', 'like', or both 'type' and 'shape'"},
		{BUFFER("{type: f32}"),
			"job.yaml:2: compute.buffers.x: needs 'file', 'like', or both 'type' and 'shape'"},
		{BUFFER("{type: none, shape: [1]}"),
			"job.yaml:2: compute.buffers.x.type: expected 'u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'f32', 'u64', 'i64', 'f64', 'f16' or 'bool', got 'none'"},
		{BUFFER("{type: f32, shape: 4}"),
			"job.yaml:2: compute.buffers.x.shape: expected a list such as [480, 640], got text"},
		{BUFFER("{type: f32, shape: []}"),
			"job.yaml:2: compute.buffers.x.shape: must have at least one dimension"},
		{BUFFER("{type: f32, shape: [0]}"),
			"job.yaml:2: compute.buffers.x.shape[0]: must be from 1 to 9223372036854775807, got 0"},
		{BUFFER("{type: f32, shape: [-1]}"),
			"job.yaml:2: compute.buffers.x.shape[0]: expected a whole number such as 64, got '-1'"},
		{BUFFER("{type: f32, shape: [1.5]}"),
			"job.yaml:2: compute.buffers.x.shape[0]: expected a whole number such as 64, got '1.5'"},
		{BUFFER("{type: f32, shape: ['4']}"),
			"job.yaml:2: compute.buffers.x.shape[0]: expected a whole number, got text: write it without quotes"},
		{BUFFER("{type: f32, shape: [~]}"),
			"job.yaml:2: compute.buffers.x.shape[0]: expected a whole number, got nothing"},
		{BUFFER("{type: u8, shape: [1152921504606846975]}"), NULL},
		{BUFFER("{type: u8, shape: [1152921504606846976]}"),
			"job.yaml:2: compute.buffers.x.shape: is too large"},
		{BUFFER("{type: u8, shape: [4294967296, 4294967296]}"),
			"job.yaml:2: compute.buffers.x.shape: is too large"},
		{BUFFER("{type: u8, shape: [1, 1, 1, 1, 1, 1, 1, 1]}"), NULL},
		{BUFFER("{type: u8, shape: [1, 1, 1, 1, 1, 1, 1, 1, 1]}"),
			"job.yaml:2: compute.buffers.x.shape: more than 8 dimensions in a shape"},
	};
	jobfile_check(rows, COUNTOF(rows));
}

static void test_steps(void **state)
{
	(void)state;
	static const struct job_row rows[] = {
		{STEP("{run: k, groups: 1}"), NULL},
		{STEP("{run: k, groups: [1, 2, 4294967295]}"), NULL},
		{STEP("{run: k, elements: ['photo.shape[1]', 'photo.shape[0]']}"), NULL},
		{STEP("{run: k, elements: x.elements, repeat: 1000000000}"), NULL},
		{STEP("{run: k, groups: 1, push: [1, -1, 0.5, true, {f32: 3}, {u32: x.elements}, 'l.shape[2]', 'a.shape[7]']}"),
			NULL},
		{STEP("{groups: 1}"), 
			"job.yaml:2: compute.steps[0]: 'run' is missing (or one of 'copy', 'clear', 'check' and 'steps')"},
		{STEP("{run: kk, groups: 1}"),
			"job.yaml:2: compute.steps[0]: there is no kernel 'kk'"},
		{STEP("{run: k}"),
			"job.yaml:2: compute.steps[0]: needs either 'groups', 'elements' or 'indirect'"},
		{STEP("{run: k, groups: 1, elements: 1}"),
			"job.yaml:2: compute.steps[0]: needs either 'groups', 'elements' or 'indirect'"},
		{STEP("{run: k, groups: []}"),
			"job.yaml:2: compute.steps[0].groups: expected one to three numbers, got 0"},
		{STEP("{run: k, groups: [1, 1, 1, 1]}"),
			"job.yaml:2: compute.steps[0].groups: expected one to three numbers, got 4"},
		{STEP("{run: k, groups: [0]}"),
			"job.yaml:2: compute.steps[0].groups[0]: must be from 1 to 4294967295, got 0"},
		{STEP("{run: k, groups: 4294967296}"),
			"job.yaml:2: compute.steps[0].groups: must be from 1 to 4294967295, got 4294967296"},
		{STEP("{run: k, groups: {x: 1}}"),
			"job.yaml:2: compute.steps[0].groups: expected a list of one to three numbers, got a map"},
		{STEP("{run: k, groups: y.elements}"),
			"job.yaml:2: compute.steps[0]: there is no buffer 'y'"},
		{STEP("{run: k, groups: x.element}"),
			"job.yaml:2: compute.steps[0].groups: expected a reference such as photo.shape[1] or photo.elements, got 'x.element'"},
		{STEP("{run: k, groups: 'x.shape[2]'}"),
			"job.yaml:2: compute.steps[0]: 'x.shape[2]': 'x' has 2 dimensions, counted from 0"},
		{STEP("{run: k, groups: 'photo.shape[3]'}"),
			"job.yaml:2: compute.steps[0]: 'photo.shape[3]': 'photo' has 3 dimensions, counted from 0"},
		{STEP("{run: k, groups: 'a.shape[8]'}"),
			"job.yaml:2: compute.steps[0]: 'a.shape[8]': 'a' has at most 8 dimensions, counted from 0"},
		{STEP("{run: k, groups: 'x.shape[10]'}"),
			"job.yaml:2: compute.steps[0].groups: expected a reference such as photo.shape[1] or photo.elements, got 'x.shape[10]'"},
		{STEP("{run: k, groups: 'x.shape[-1]'}"),
			"job.yaml:2: compute.steps[0].groups: expected a reference such as photo.shape[1] or photo.elements, got 'x.shape[-1]'"},
		{STEP("{run: k, groups: 1, bind: [y]}"),
			"job.yaml:2: compute.steps[0]: there is no buffer 'y'"},
		{STEP("{run: k, groups: 1, bind: x}"),
			"job.yaml:2: compute.steps[0].bind: expected a list of buffers or a map such as {source: photo, 1: out}, got text"},
		{STEP("{run: k, groups: 1, bind: {source: x, 4294967295: photo, 0: x, _a: 'a'}}"), NULL},
		{STEP("{run: k, groups: 1, bind: {source: y}}"),
			"job.yaml:2: compute.steps[0]: there is no buffer 'y'"},
		{STEP("{run: k, groups: 1, bind: {source: [x]}}"),
			"job.yaml:2: compute.steps[0].bind.source: expected text, got a list"},
		{STEP("{run: k, groups: 1, bind: {4294967296: x}}"),
			"job.yaml:2: compute.steps[0].bind.4294967296: expected the number of a binding or its name in the shader, got '4294967296'"},
		{STEP("{run: k, groups: 1, bind: {01: x}}"),
			"job.yaml:2: compute.steps[0].bind.01: expected the number of a binding or its name in the shader, got '01'"},
		{STEP("{run: k, groups: 1, bind: {a-b: x}}"),
			"job.yaml:2: compute.steps[0].bind.a-b: expected the number of a binding or its name in the shader, got 'a-b'"},
		{STEP("{run: k, groups: 1, push: 3}"),
			"job.yaml:2: compute.steps[0].push: expected a list of values, got text"},
		{STEP("{run: k, groups: 1, push: [abc]}"),
			"job.yaml:2: compute.steps[0].push[0]: expected a number such as 3, 0x10 or 0.5, got 'abc'"},
		{STEP("{run: k, groups: 1, push: [yes]}"),
			"job.yaml:2: compute.steps[0].push[0]: expected a number such as 3, 0x10 or 0.5, got 'yes'"},
		{STEP("{run: k, groups: 1, push: [{f31: 1}]}"),
			"job.yaml:2: compute.steps[0].push[0].f31: unknown key 'f31', did you mean 'f32'?"},
		{STEP("{run: k, groups: 1, push: [{u8: 256}]}"),
			"job.yaml:2: compute.steps[0].push[0].u8: 256 does not fit into u8 (0 to 255)"},
		{STEP("{run: k, groups: 1, push: [{f32: 1, u8: 1}]}"),
			"job.yaml:2: compute.steps[0].push[0]: expected one type and its value, such as {f32: 0.5}"},
		{STEP("{run: k, groups: 1, push: [z.elements]}"),
			"job.yaml:2: compute.steps[0]: there is no buffer 'z'"},
		{STEP("{run: k, groups: 1, repeat: 0}"),
			"job.yaml:2: compute.steps[0].repeat: must be from 1 to 1000000000, got 0"},
		{STEP("{run: k, groups: 1, repeat: 1000000001}"),
			"job.yaml:2: compute.steps[0].repeat: must be from 1 to 1000000000, got 1000000001"},
		{STEP("{run: k, groups: 1, repat: 1}"),
			"job.yaml:2: compute.steps[0].repat: unknown key 'repat', did you mean 'repeat'?"},
	};
	jobfile_check(rows, COUNTOF(rows));
}

/* What of a file's name is its path and what is the name of an array in it. */
static void test_members(void **state)
{
	(void)state;
	static const struct {
		const char *file, *path, *member;
	} rows[] = {
		{"{file: 'a.npz#w'}", "a.npz", "w"},
		{"{file: 'A.NPZ#b.npz#w'}", "A.NPZ", "b.npz#w"},
		{"{file: 'd#1/m.safetensors#l#w'}", "d#1/m.safetensors", "l#w"},
		{"{file: 'm#1#w', format: npz}", "m#1", "w"},
		{"{file: 'm.npz#1', format: npz, member: w}", "m.npz#1", "w"},
		{"{file: 'a#w.npy'}", "a#w.npy", NULL},
		{"{file: a.npz}", "a.npz", NULL},
	};
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct spec s;
		char text[256], buf[1024];
		int n = snprintf(text, sizeof text, "compute:\n  buffers: {x: %s}\n" KERNELS STEPS,
				 rows[i].file);
		assert_string_equal(jobfile_read(&s, text, (size_t)n, buf, sizeof buf), "");
		const struct compute_buffer *b = &s.compute->buffers[0];
		assert_string_equal(b->path, rows[i].path);
		assert_int_equal(!b->member, !rows[i].member);
		if (rows[i].member)
			assert_string_equal(b->member, rows[i].member);
		spec_done(&s);
	}
}

static void test_outputs(void **state)
{
	(void)state;
	static const struct job_row rows[] = {
		{OUTPUTS("{x: x.npy}"), NULL},
		{OUTPUTS("{x: {file: x.npy}}"), NULL},
		{OUTPUTS("{x: {file: x.dat, format: raw}}"), NULL},
		{OUTPUTS("{x: {file: x.npy, on-limit: keep}}"), NULL},
		{OUTPUTS("{x: {file: x.npy, on-limit: drop}}"), NULL},
		{OUTPUTS("{x: {file: x.npy, on-limit: always}}"),
			"job.yaml:2: compute.outputs.x.on-limit: expected 'drop' or 'keep', got 'always'"},
		{OUTPUTS("{x: '-'}"),
			"job.yaml:2: compute.outputs.x: cannot tell the format of '-' from its ending (.npy, .npz, .safetensors, .png, .raw, .bin): give 'format'"},
		{OUTPUTS("{x: {file: '-', format: npy}}"), NULL},
		{"report: '-'\n" OUTPUTS("{x: {file: '-', format: npy}}"),
			"job.yaml:3: compute.outputs.x: stdout takes one output and nothing else, and the report goes there already"},
		{JOB("  outputs: {x: {file: '-', format: npy}, y: {file: '-', format: raw}}\n" KERNELS STEPS
		     "  buffers: {x: {file: p.png}, y: {like: x}}\n"),
			"job.yaml:2: compute.outputs.y: stdout takes one output and nothing else, and another output goes there already"},
		{OUTPUTS("{x: x.npz}"),
			"job.yaml:2: compute.outputs.x: format npz can only be read: write npy, png or raw"},
		{OUTPUTS("{x: {file: x, format: safetensors}}"),
			"job.yaml:2: compute.outputs.x: format safetensors can only be read: write npy, png or raw"},
		{OUTPUTS("{x: 'x-%04d.npy'}"), NULL},
		{OUTPUTS("{x: 'x-%d.npy'}"), NULL},
		{OUTPUTS("{x: '100%.npy'}"), NULL},
		{OUTPUTS("{x: '%4d/%5.npy'}"), NULL},
		{OUTPUTS("{x: 'x-%d-%04d.npy'}"),
			"job.yaml:2: compute.outputs.x: 'x-%d-%04d.npy' has more than one place for a number"},
		{JOB("  outputs: {x: 'x-%d.npy'}\n" KERNELS STEPS "  buffers: {x: {file: p.png}}\n"),
			"job.yaml:2: compute.outputs.x: 'x-%d.npy' is a sequence of files, one for each place of the first axis: give buffer 'x' a 'shape' of two or more dimensions in the job file"},
		{JOB("  outputs: {x: 'x-%d.npy'}\n" KERNELS STEPS
		     "  buffers: {x: {type: f32, shape: [5]}}\n"),
			"job.yaml:2: compute.outputs.x: 'x-%d.npy' is a sequence of files, one for each place of the first axis: give buffer 'x' a 'shape' of two or more dimensions in the job file"},
		{JOB("  outputs: {x: 'x-%d.npy'}\n" KERNELS STEPS
		     "  buffers: {x: {type: f32, shape: [10000, 1]}}\n"),
			NULL},
		{JOB("  outputs: {x: 'x-%d.npy'}\n" KERNELS STEPS
		     "  buffers: {x: {type: f32, shape: [10001, 1]}}\n"),
			"job.yaml:2: compute.outputs.x: 'x-%d.npy' would be 10001 files, more than 10000 files in a sequence"},
		{JOB("  outputs: {x: 'x-%02d.npy', y: x-7.npy}\n" KERNELS STEPS
		     "  buffers: {x: {type: f32, shape: [4, 5]}, y: {like: x}}\n"),
			"job.yaml:2: compute.outputs.y: 'x-7.npy' is also another output: an output needs a file of its own"},
		{JOB("  outputs: {x: 'x-%02d.npy', y: 'x-%d.npy'}\n" KERNELS STEPS
		     "  buffers: {x: {type: f32, shape: [4, 5]}, y: {like: x}}\n"),
			"job.yaml:2: compute.outputs.y: 'x-%d.npy' is also another output: an output needs a file of its own"},
		{JOB("  outputs: {x: 'x-%02d.png'}\n" KERNELS STEPS
		     "  buffers: {x: {type: f32, shape: [4, 5]}, y: {file: x-00.png}}\n"),
			"job.yaml:2: compute.outputs.x: 'x-%02d.png' is also an input: an output needs a file of its own"},
		{OUTPUTS("{y: y.npy}"), "job.yaml:2: compute.outputs.y: there is no buffer 'y'"},
		{OUTPUTS("{x: x.dat}"),
			"job.yaml:2: compute.outputs.x: cannot tell the format of 'x.dat' from its ending (.npy, .npz, .safetensors, .png, .raw, .bin): give 'format'"},
		{OUTPUTS("{x: {format: raw}}"), "job.yaml:2: compute.outputs.x: 'file' is missing"},
		{OUTPUTS("{x: ''}"), "job.yaml:2: compute.outputs.x: must not be empty"},
		{OUTPUTS("{x: {file: job.yaml, format: raw}}"),
			"job.yaml:2: compute.outputs.x: 'job.yaml' is also the job file: an output needs a file of its own"},
		{JOB("  outputs: {x: ./d/../p.png}\n" KERNELS STEPS
		     "  buffers: {x: {file: p.png}}\n"),
			"job.yaml:2: compute.outputs.x: './d/../p.png' is also an input: an output needs a file of its own"},
		{JOB("  outputs: {x: o.npy, y: ./o.npy}\n" KERNELS STEPS
		     "  buffers: {x: {file: p.png}, y: {like: x}}\n"),
			"job.yaml:2: compute.outputs.y: './o.npy' is also another output: an output needs a file of its own"},
	};
	jobfile_check(rows, COUNTOF(rows));
}

static void test_counts(void **state)
{
	(void)state;
	static const struct {
		const char *before, *item, *after;
		int bound;
		const char *message;
	} rows[] = {
		{JOB(BUFFERS STEPS "  kernels: {k: {shader: a}"), ", k%d: {shader: a}", "}\n",
			BOUND_KERNELS - 1, "job.yaml:4: compute.kernels: more than 256 kernels"},
		{JOB(KERNELS STEPS "  buffers: {x: {file: a.npy}"), ", x%d: {like: x}", "}\n",
			BOUND_BUFFERS - 1, "job.yaml:4: compute.buffers: more than 256 buffers"},
		{JOB(KERNELS BUFFERS "  steps:\n"), "  - {run: k, groups: 1}#%d\n", "", BOUND_STEPS,
			"job.yaml:4: compute.steps: more than 4096 steps"},
		{JOB(KERNELS BUFFERS "  steps: [{run: k, groups: 1, bind: ["), "x, #%d\n", "]}]\n",
			BOUND_BINDINGS,
			"job.yaml:4: compute.steps[0].bind: more than 64 buffers bound in a step"},
		{JOB(KERNELS BUFFERS "  steps: [{run: k, groups: 1, bind: {"), "%d: x,", "}}]\n",
			BOUND_BINDINGS,
			"job.yaml:4: compute.steps[0].bind: more than 64 buffers bound in a step"},
		{JOB(BUFFERS STEPS "  kernels: {k: {shader: a, define: {"), "M%d: 1,", "}}}\n",
			BOUND_DEFINES,
			"job.yaml:4: compute.kernels.k.define: more than 64 macros in a kernel"},
		{JOB(KERNELS BUFFERS "  steps: [{run: k, groups: 1, push: ["), "%d,", "]}]\n",
			BOUND_PUSHES,
			"job.yaml:4: compute.steps[0].push: more than 256 push constants in a step"},
		{JOB(BUFFERS STEPS "  kernels: {k: {shader: a, constants: {"), "%d: 1,", "}}}\n",
			BOUND_CONSTANTS,
			"job.yaml:4: compute.kernels.k.constants: more than 256 specialization constants in a kernel"},
	};
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		for (int more = 0; more < 2; more++) {
			struct jobfile_text t;
			jobfile_text_open(&t);
			fputs(rows[i].before, t.f);
			const char *at = strchr(rows[i].item, '%');
			for (int k = 0; k < rows[i].bound + more; k++)
				fprintf(t.f, "%.*s%d%s", (int)(at - rows[i].item), rows[i].item, k,
					at + 2);
			fputs(rows[i].after, t.f);
			jobfile_text_check(&t, more ? rows[i].message : "");
		}
	}
}

/* What the values become. */
static void test_values(void **state)
{
	(void)state;
	static const char text[] =
		"name: blur\n"
		"compute:\n"
		"  device: llvmpipe\n"
		"  kernels: {blur: {shader: ../s/blur.comp, constants: {0: 16, R: 0.5, B: true}}}\n"
		"  buffers:\n"
		"    photo: {file: photo.png, sampler: {filter: linear, address: mirror}}\n"
		"    out: {like: tmp}\n"
		"    tmp: {like: photo}\n"
		"    v: {fill: {value: 0x10}, type: u8, shape: [3, 4]}\n"
		"    w: {like: v, fill: {random: 7}}\n"
		"  steps:\n"
		"    - {run: blur, bind: [photo, out], push: [3, {f32: 1}, 'photo.shape[1]', true, -0.5], groups: [64, v.elements], repeat: 10}\n"
		"    - {run: blur, elements: 7}\n"
		"  outputs: {out: out.png, w: /tmp/w.raw}\n";
	struct spec s;
	char buf[1024];

	assert_string_equal(jobfile_read(&s, text, sizeof text - 1, buf, sizeof buf), "");
	const struct compute *c = s.compute;
	assert_non_null(c);
	assert_null(s.command);
	assert_int_equal(c->device, DEVICE_NAMED);
	assert_string_equal(c->device_name, "llvmpipe");
	const struct compute_kernel *k = &c->kernels[0];
	assert_string_equal(k->entry, "main");
	assert_string_equal(k->where, "job.yaml:4: compute.kernels.blur");
	assert_int_equal(k->constant_count, 3);
	assert_null(k->constants[0].name);
	assert_int_equal(k->constants[0].value.i, 16);
	assert_string_equal(k->constants[1].name, "R");
	assert_true(k->constants[1].value.f == 0.5 && !k->constants[1].value.is_integer);
	assert_true(k->constants[2].value.is_integer && k->constants[2].value.i == 1);
	assert_int_equal(k->constants[2].value.type, TYPE_NONE);
	const struct compute_buffer *b = c->buffers;
	assert_int_equal(c->buffer_count, 5);
	assert_int_equal(b[0].source, SOURCE_FILE);
	assert_int_equal(b[0].format, FORMAT_PNG);
	assert_int_equal(b[0].filter, FILTER_LINEAR);
	assert_int_equal(b[0].address, ADDRESS_MIRROR);
	assert_int_equal(b[1].filter, FILTER_NEAREST);
	assert_int_equal(b[1].address, ADDRESS_CLAMP);
	/* like leads to a file, or is resolved. */
	assert_string_equal(b[1].like, "photo");
	assert_string_equal(b[2].like, "photo");
	assert_int_equal(b[3].source, SOURCE_VALUE);
	assert_int_equal(b[3].value.i, 16);
	assert_int_equal(b[3].value.type, TYPE_U8);
	assert_null(b[4].like);
	assert_int_equal(b[4].type, TYPE_U8);
	assert_int_equal(b[4].dims, 2);
	assert_int_equal(b[4].shape[1], 4);
	assert_int_equal(b[4].source, SOURCE_RANDOM);
	assert_int_equal(b[4].seed, 7);
	const struct compute_step *step = c->steps;
	assert_int_equal(step[0].push_count, 5);
	assert_int_equal(step[0].push[0].type, TYPE_NONE);
	assert_int_equal(step[0].push[1].type, TYPE_F32);
	assert_string_equal(step[0].push[2].ref, "photo.shape[1]");
	assert_true(step[0].push[4].f == -0.5);
	assert_true(step[0].has_groups && !step[1].has_groups);
	assert_int_equal(step[0].groups[0].i, 64);
	assert_string_equal(step[0].groups[1].ref, "v.elements");
	assert_int_equal(step[0].groups[2].i, 1);
	assert_int_equal(step[1].elements[0].i, 7);
	assert_int_equal(step[1].repeat, 1);
	assert_string_equal(step[0].bind[1], "out");
	assert_int_equal(c->outputs[1].format, FORMAT_RAW);
	assert_string_equal(c->outputs[1].path, "/tmp/w.raw");
	spec_done(&s);
}

/* --input and --output: relative to the caller, not to the job file. */
static void test_file_flags(void **state)
{
	(void)state;
	static const char text[] =
		"compute:\n" KERNELS STEPS
		"  buffers: {x: {file: a.png}, y: {like: x}, z: {file: z.raw, type: u8, shape: [2]}}\n  outputs: {y: y.png}\n";
	struct spec s;
	struct err e = ERR_INIT;
	char dir[256], path[300];

	jobfile_write(text, sizeof text - 1);
	assert_non_null(getcwd(dir, sizeof dir));
	(void)snprintf(path, sizeof path, "%s/job.yaml", dir);
	spec_init(&s);
	assert_int_equal(spec_read_file(&s, path, &e), 0);
	assert_int_equal(spec_set_input(&s, "x=in.npy", "--input", &e), 0);
	assert_int_equal(spec_set_input(&s, "z=z=.dat", "--input", &e), 0);
	assert_int_equal(spec_set_output(&s, "y=y.npy", "--output", &e), 0);
	assert_int_equal(spec_set_output(&s, "x=x.npy", "--output", &e), 0);
	assert_int_equal(spec_finish(&s, &e), 0);
	assert_string_equal(s.compute->buffers[0].path, "in.npy");
	assert_int_equal(s.compute->buffers[0].format, FORMAT_NPY);
	/* An ending that says nothing leaves the format as it was. */
	assert_int_equal(s.compute->buffers[2].format, FORMAT_RAW);
	assert_string_equal(s.compute->buffers[2].path, "z=.dat");
	assert_int_equal(s.compute->output_count, 2);
	assert_string_equal(s.compute->outputs[0].path, "y.npy");
	assert_int_equal(s.compute->outputs[0].format, FORMAT_NPY);
	assert_string_equal(s.compute->outputs[1].buffer, "x");
	(void)snprintf(path, sizeof path, "%s/a.comp", dir);
	assert_string_equal(s.compute->kernels[0].shader_path, path);
	assert_string_equal(s.compute->kernels[0].shader, "a.comp");
	spec_done(&s);
}

static void test_wrong_file_flags(void **state)
{
	(void)state;
	static const char text[] = "compute:\n" KERNELS STEPS
				   "  buffers: {x: {file: a.png}, y: {like: x}}\n";
	static const struct {
		int (*set)(
			struct spec *s, const char *name_eq_file, const char *where, struct err *e);
		const char *value, *message;
	} rows[] = {
		{spec_set_input, "x", "--here: expected NAME=FILE, got 'x'"},
		{spec_set_input, "=a", "--here: expected NAME=FILE, got '=a'"},
		{spec_set_output, "x=", "--here: expected NAME=FILE, got 'x='"},
		{spec_set_input, "photo=a.png", "--here: there is no buffer 'photo'"},
		{spec_set_output, "yy=a.png", "--here: there is no buffer 'yy'"},
		{spec_set_output, "y=a.xyz",
			"--here: cannot tell the format of 'a.xyz' from its ending (.npy, .npz, .safetensors, .png, .raw, .bin): give 'format'"},
		{spec_set_output, "y=a.png",
			"--here: 'a.png' is also an input: an output needs a file of its own"},
		{spec_set_input, "x=a.raw",
			"--here: a raw file says nothing about itself: give 'type' and 'shape'"},
	};
	jobfile_write(text, sizeof text - 1);
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct spec s;
		struct err e = ERR_INIT;
		char buf[1024];
		spec_init(&s);
		assert_int_equal(spec_read_file(&s, "job.yaml", &e), 0);
		bool failed = rows[i].set(&s, rows[i].value, "--here", &e) < 0 ||
			      spec_finish(&s, &e) < 0;
		assert_true(failed);
		assert_string_equal(err_render(&e, buf, sizeof buf), rows[i].message);
		spec_done(&s);
	}
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, jobfile_setup, jobfile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(test_compute),
		IN_DIR(test_kernels),
		IN_DIR(test_define_bytes),
		IN_DIR(test_buffers),

		IN_DIR(test_steps),
		IN_DIR(test_members),
		IN_DIR(test_outputs),
		IN_DIR(test_counts),
		IN_DIR(test_values),
		IN_DIR(test_file_flags),
		IN_DIR(test_wrong_file_flags),
	};
	return cmocka_run_group_tests_name("compute", tests, NULL, NULL);
}
