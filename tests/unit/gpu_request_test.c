/* SPDX-License-Identifier: Apache-2.0 */
/* The request of a declarative job: a good one, each kind of wrong one, shapes and references. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/auto.h"
#include "gpu/data.h"
#include "gpu/request.h"

static const char good[] =
    "{\"version\":1,\"name\":\"j\",\"device\":\"named\",\"device_name\":\"lvp\",\"compiler\":\"/c\","
    "\"filter\":{\"software\":7,\"hardware\":8},\"limits\":{\"kernel_ns\":5,\"device_memory\":7},\"sample_ns\":9,\"progress_ns\":11,\"dry_run\":true,"
    "\"kernels\":[{\"name\":\"k\",\"path\":\"k.comp\",\"fd\":5,\"where\":\"j.yaml:3\","
    "\"constants\":[{\"id\":2,\"value\":1.5},{\"name\":\"R\",\"value\":true}]}],"
    "\"buffers\":[{\"name\":\"a\",\"sampler\":{\"filter\":\"linear\"},\"source\":\"iota\",\"type\":\"f32\",\"shape\":[3,4]},"
    "{\"name\":\"b\",\"source\":\"random\",\"seed\":-1,\"like\":\"c\"},{\"name\":\"c\",\"source\":\"zeros\",\"like\":\"a\",\"type\":\"u8\"}],"
    "\"steps\":[{\"run\":\"k\",\"bind\":[\"b\",\"a\"],\"push\":[{\"value\":3},{\"type\":\"f32\",\"value\":2},{\"ref\":\"a.shape[1]\"}],"
    "\"elements\":[{\"ref\":\"b.elements\"},{\"value\":1},{\"value\":1}],\"repeat\":10}],"
    "\"outputs\":[{\"buffer\":\"b\",\"path\":\"b.npy\",\"fd\":6,\"format\":\"npy\",\"keep\":true}]}";

static void a_good_one(void **state)
{
	struct request q;
	struct data data[3];
	struct err e = ERR_INIT;
	size_t bad;

	(void)state;
	assert_int_equal(request_parse(good, strlen(good), &q, &e), 0);
	assert_int_equal(q.device, DEVICE_NAMED);
	assert_true(q.has_filter && q.filter_software == 7 && q.filter_hardware == 8);
	assert_true(q.kernel_ns == 5 && q.device_memory == 7 && q.sample_ns == 9 && q.progress_ns == 11 && q.dry_run);
	assert_string_equal(q.kernels[0].entry, "main");
	assert_int_equal(q.kernels[0].constant_count, 2);
	assert_true(q.kernels[0].constants[1].value.is_integer &&
		    q.kernels[0].constants[1].value.i == 1);
	assert_true(q.buffers[1].seed == UINT64_MAX);
	assert_int_equal(q.buffers[0].filter, FILTER_LINEAR);
	assert_int_equal(q.buffers[0].address, ADDRESS_CLAMP);
	assert_int_equal(q.steps[0].bind[0], 1);
	assert_false(q.steps[0].has_groups);
	assert_int_equal(q.steps[0].repeat, 10);
	assert_int_equal(q.outputs[0].buffer, 1);
	assert_true(q.outputs[0].keep);
	assert_true(q.chunk_ns == CHUNK_DEFAULT_NS);

	/* b is like c, which is like a but u8 */
	assert_int_equal(data_open(&q, data, &bad, &e), 0);
	assert_int_equal(data[1].shape.type, TYPE_U8);
	assert_int_equal(data[1].shape.bytes, 12);
	assert_int_equal(data[2].shape.dims, 2);
	request_done(&q);
}

static void keys(void **state)
{
	static const char fd[] = "\"fd\":5,", bind[] = "[\"b\",\"a\"]";
	char text[sizeof good + 200];
	struct request q;
	struct err e = ERR_INIT;

	(void)state;
	const char *f = strstr(good, fd), *b = strstr(good, bind);
	assert_true(f && b);
	int n = snprintf(
	    text, sizeof text,
	    "%.*s\"define\":{\"TILE\":\"16\",\"FAST\":null},%.*s{\"to\":\"b\",\"7\":\"a\"}%s",
	    (int)(f - good), good, (int)(b - f), f, b + strlen(bind));
	assert_int_equal(request_parse(text, (size_t)n, &q, &e), 0);
	assert_int_equal(q.kernels[0].define_count, 2);
	assert_string_equal(q.kernels[0].defines[0].name, "TILE");
	assert_string_equal(q.kernels[0].defines[0].value, "16");
	assert_null(q.kernels[0].defines[1].value);
	assert_int_equal(q.steps[0].bind_count, 2);
	assert_string_equal(q.steps[0].bind_to[0], "to");
	assert_int_equal(q.steps[0].bind[0], 1);
	assert_string_equal(q.steps[0].bind_to[1], "7");
	assert_int_equal(q.steps[0].bind[1], 0);
	request_done(&q);
}

static void references(void **state)
{
	static const struct {
		const char *ref;
		int rc;
		int64_t value;
	} rows[] = {
	    {"a.shape[0]", 0, 3},   {"a.shape[1]", 0, 4},   {"a.elements", 0, 12},
	    {"a.shape[2]", -1, 0},  {"a.shape[-1]", -1, 0}, {"a.shape[ 1]", -1, 0},
	    {"a.shape[+1]", -1, 0}, {"a.shape[1]x", -1, 0}, {"a.shape[1", -1, 0},
	    {"a.shape[11]", -1, 0}, {"a.shape", -1, 0},     {"x.elements", -1, 0},
	    {".elements", -1, 0},   {"a", -1, 0},           {"", -1, 0},
	    {"aa.elements", -1, 0},
	};
	struct shape shapes[3] = {{.type = TYPE_F32, .dims = 2, .dim = {3, 4}, .count = 12}};
	struct request q;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(request_parse(good, strlen(good), &q, &e), 0);
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct compute_number n = {.ref = rows[i].ref}, out;
		assert_int_equal(request_resolve(&q, shapes, &n, &out, &e), rows[i].rc);
		if (rows[i].rc == 0)
			assert_true(out.is_integer && out.i == rows[i].value && !out.ref);
	}
	request_done(&q);
}

/* Each row replaces one piece of the good request. */
static void bad_ones(void **state)
{
	static const struct {
		const char *from, *to, *says;
	} rows[] = {
	    {"\"version\":1", "\"version\":2", "version"},
	    {"\"version\":1,", "", "version"},
	    {"\"name\":\"j\"", "\"name\":\"j\",\"nome\":1", "unknown member 'nome'"},
	    {"\"name\":\"j\"", "\"name\":\"j\",\"name\":\"k\"", "not JSON"},
	    {"\"device\":\"named\"", "\"device\":\"any one\"", "'any one' is not known"},
	    {"\"device_name\":\"lvp\",", "", "device_name"},
	    {"\"kernel_ns\":5", "\"kernel_ns\":-5", "kernel_ns"},
	    {"\"kernel_ns\":5", "\"kernel_ns\":1e308", "kernel_ns"},
	    {"\"kernel_ns\":5", "\"kernel_ns\":\"5\"", "kernel_ns"},
	    {"\"software\":7", "\"software\":2", "software"},
	    {",\"hardware\":8", "", "hardware"},
	    {"\"hardware\":8", "\"hardware\":8,\"other\":9", "unknown member 'other'"},
	    {"\"fd\":5", "\"fd\":4", "fd"},
	    {"\"fd\":5", "\"fd\":4294967296", "fd"},
	    {"\"path\":\"k.comp\"", "\"path\":7", "path"},
	    {"\"path\":\"k.comp\"", "\"path\":\"k\\u0000.comp\"", "not JSON"},
	    {"{\"id\":2,\"value\":1.5}", "{\"id\":2}", "constants"},
	    {"{\"id\":2,\"value\":1.5}", "{\"id\":4294967296,\"value\":1}", "id"},
	    {"{\"id\":2,\"value\":1.5}", "7", "expected an object"},
	    {"\"source\":\"iota\"", "\"source\":\"itoa\"", "'itoa'"},
	    {"\"type\":\"f32\",\"shape\":[3,4]", "\"type\":\"f33\",\"shape\":[3,4]", "'f33'"},
	    {"\"type\":\"f32\",\"shape\":[3,4]", "\"type\":\"f32\"", "needs type and shape"},
	    {"\"shape\":[3,4]", "\"shape\":[3,-4]", "shape"},
	    {"\"shape\":[3,4]", "\"shape\":[3,4.5]", "shape"},
	    {"\"shape\":[3,4]", "\"shape\":[1,1,1,1,1,1,1,1,1]", "at most 8"},
	    {"\"shape\":[3,4]", "\"shape\":{}", "array"},
	    {"\"name\":\"c\"", "\"name\":\"a\"", "twice"},
	    {"\"like\":\"c\"", "\"like\":\"z\"", "no buffer 'z'"},
	    {"\"like\":\"a\"", "\"like\":\"b\"", "like itself"},
	    {"\"seed\":-1", "\"seed\":1.5", "seed"},
	    {"\"linear\"", "\"cubic\"", "cubic"},
	    {"{\"filter\":\"linear\"}", "{\"wrap\":1}", "wrap"},
	    {"{\"filter\":\"linear\"}", "[]", "sampler"},
	    {"{\"filter\":\"linear\"}", "{\"address\":\"x\"}", "'x' is not known"},
	    {"\"run\":\"k\"", "\"run\":\"l\"", "no kernel 'l'"},
	    {"[\"b\",\"a\"]", "[\"b\",3]", "bind"},
	    {"[\"b\",\"a\"]", "{\"to\":\"b\",\"7\":3}", "bind"},
	    {"[\"b\",\"a\"]", "{\"to\":\"x\"}", "there is no buffer 'x'"},
	    {"\"fd\":5,", "\"fd\":5,\"define\":[1],", "define"},
	    {"\"compiler\":\"/c\",", "\"compiler\":\"/c\",\"cache\":{\"key\":\"0g\"},",
	     "expected a key of 64 hexadecimal digits"},
	    {"\"compiler\":\"/c\",",
	     "\"compiler\":\"/c\",\"cache\":{\"key\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\",\"spirv\":{\"in\":4}},",
	     "in"},
	    {"\"fd\":5,", "\"fd\":5,\"define\":{\"A\":1},", "'A' is neither text nor null"},
	    {"[\"b\",\"a\"]", "\"b\"", "array"},
	    {"{\"value\":3}", "{\"value\":\"3\"}", "number"},
	    {"{\"value\":3}", "{\"value\":null}", "number"},
	    {"\"repeat\":10", "\"repeat\":4294967296", "repeat"},
	    {"{\"value\":1},{\"value\":1}]", "{\"value\":1}]", "three numbers"},
	    {"\"repeat\":10", "\"groups\":[{\"value\":1},{\"value\":1},{\"value\":1}]",
	     "three numbers"},
	    {"\"buffer\":\"b\"", "\"buffer\":\"q\"", "no buffer 'q'"},
	    {"\"format\":\"npy\"", "\"format\":\"gif\"", "'gif'"},
	    {"\"format\":\"npy\"", "\"format\":null", "format"},
	    {"\"outputs\":[", "\"outputs\":[[],", "expected an object"},
	};
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		char text[2 * sizeof good];
		const char *at = strstr(good, rows[i].from);
		struct request q;
		struct err e = ERR_INIT;
		assert_non_null(at);
		(void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, rows[i].to,
			       at + strlen(rows[i].from));
		if (request_parse(text, strlen(text), &q, &e) == 0)
			fail_msg("row %zu: '%s' was taken", i, rows[i].to);
		if (!strstr(e.text, rows[i].says))
			fail_msg("row %zu: '%s' does not say '%s'", i, e.text, rows[i].says);
	}
	for (size_t n = 0; n < strlen(good); n += 7) {
		struct request q;
		struct err e = ERR_INIT;
		assert_int_equal(request_parse(good, n, &q, &e), -1);
	}
}

static void files_and_their_sizes(void **state)
{
	static const struct {
		off_t size;
		const char *extra, *says; /* NULL: good */
	} rows[] = {
	    {12, "\"type\":\"f32\",\"shape\":[3]", NULL},
	    {11, "\"type\":\"f32\",\"shape\":[3]", "cut off"},
	    {13, "\"type\":\"f32\",\"shape\":[3]", "too long"},
	    {0, "\"type\":\"f32\",\"shape\":[0]", NULL},
	    {12, "\"type\":\"f32\",\"shape\":[4611686018427387904]", "63 bits"},
	};
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		AUTO_FD int fd = memfd_create("test", MFD_CLOEXEC);
		char text[512];
		struct request q;
		struct data data = {0};
		struct err e = ERR_INIT;
		size_t bad;
		assert_int_equal(ftruncate(fd, rows[i].size), 0);
		(void)snprintf(
		    text, sizeof text,
		    "{\"version\":1,\"compiler\":\"c\",\"buffers\":[{\"name\":\"r\",\"source\":\"file\",\"path\":\"r.bin\",\"fd\":9,\"format\":\"raw\",%s}]}",
		    rows[i].extra);
		assert_int_equal(request_parse(text, strlen(text), &q, &e), 0);
		q.buffers[0].fd = fd;
		int rc = data_open(&q, &data, &bad, &e);
		assert_int_equal(rc, rows[i].says ? -1 : 0);
		if (rows[i].says)
			assert_non_null(strstr(e.text, rows[i].says));
		request_done(&q);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_good_one),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(references),
	    cmocka_unit_test(bad_ones),
	    cmocka_unit_test(files_and_their_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
