/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers against what shaders declare, and bindings against what a device has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/auto.h"
#include "gpu/match.h"
#include "gpu/pipeline.h"

#define F32_ARRAY                                                         \
	{                                                                 \
		.known = true, .stride = 4, .values = 4, .type = TYPE_F32 \
	}

static struct shape shape_of(enum compute_type type, const uint64_t dims[4])
{
	struct shape s = {.type = type};
	struct err e = ERR_INIT;

	for (; s.dims < 4 && dims[s.dims]; s.dims++)
		s.dim[s.dims] = dims[s.dims];
	assert_int_equal(shape_finish(&s, "", &e), 0);
	return s;
}

static void buffers(void **state)
{
	static const struct {
		struct spirv_layout layout;
		enum compute_type type;
		uint64_t dims[4];
		const char *says, *hint; /* NULL: fits */
	} rows[] = {
	    {F32_ARRAY, TYPE_F32, {7}, NULL, NULL},
	    {F32_ARRAY, TYPE_F32, {7, 3}, NULL, NULL},
	    {F32_ARRAY,
	     TYPE_U32,
	     {7},
	     "binding 3 'x' is { float x[]; }, which holds f32; buffer 'b' is u32 [7]",
	     "declare u32 in the shader, or give the buffer the type f32"},
	    {F32_ARRAY, TYPE_F64, {7}, "which holds f32; buffer 'b' is f64 [7]", "f64"},
	    {F32_ARRAY, TYPE_U8, {8}, "which holds f32", "u8"},
	    /* Integers are words. */
	    {{.known = true, .stride = 4, .values = 4, .type = TYPE_U32},
	     TYPE_U8,
	     {5, 5, 3},
	     NULL,
	     NULL},
	    {{.known = true, .stride = 4, .values = 4, .type = TYPE_U32},
	     TYPE_I32,
	     {5},
	     NULL,
	     NULL},
	    {{.known = true, .stride = 4, .values = 4, .type = TYPE_U32},
	     TYPE_U64,
	     {5},
	     NULL,
	     NULL},
	    {{.known = true, .stride = 4, .values = 4, .type = TYPE_U32},
	     TYPE_F16,
	     {5},
	     NULL,
	     NULL},
	    {{.known = true, .stride = 4, .values = 4, .type = TYPE_U32},
	     TYPE_F32,
	     {5},
	     "which holds u32; buffer 'b' is f32 [5]",
	     "f32"},
	    {{.known = true, .stride = 2, .values = 2, .type = TYPE_F16},
	     TYPE_U32,
	     {5},
	     "which holds f16",
	     "u32"},
	    /* Several types, and what is not followed: sizes alone. */
	    {{.known = true, .stride = 8, .values = 8, .type = TYPE_NONE},
	     TYPE_F32,
	     {6},
	     NULL,
	     NULL},
	    {{.known = true, .stride = 8, .values = 8, .type = TYPE_NONE},
	     TYPE_F32,
	     {7},
	     "whose elements are 8 bytes apart; buffer 'b' is f32 [7]",
	     NULL},
	    {{.known = false, .stride = 8, .type = TYPE_U32}, TYPE_F32, {7}, NULL, NULL},
	    /* Gaps. */
	    {{.known = true, .stride = 16, .values = 12, .type = TYPE_F32},
	     TYPE_F32,
	     {5, 4},
	     NULL,
	     NULL},
	    {{.known = true, .stride = 16, .values = 12, .type = TYPE_F32},
	     TYPE_F32,
	     {20},
	     NULL,
	     NULL},
	    {{.known = true, .stride = 16, .values = 12, .type = TYPE_F32},
	     TYPE_F32,
	     {4, 3},
	     "whose elements are 16 bytes apart; buffer 'b' is f32 [4, 3]",
	     "each element is 12 bytes and a gap"},
	    /* Blocks of a size. */
	    {{.known = true, .bytes = 64, .values = 16, .type = TYPE_F32},
	     TYPE_F32,
	     {4, 4},
	     NULL,
	     NULL},
	    {{.known = true, .bytes = 64, .values = 16, .type = TYPE_F32},
	     TYPE_F32,
	     {15},
	     "and needs 64 bytes; buffer 'b' is f32 [15]",
	     "std140 puts the elements of arrays 16 bytes apart"},
	    {{.known = true, .bytes = 12, .values = 12, .type = TYPE_U32},
	     TYPE_U8,
	     {9},
	     NULL,
	     NULL},
	    {{.known = true, .bytes = 12, .values = 12, .type = TYPE_U32},
	     TYPE_U8,
	     {8},
	     "and needs 12 bytes",
	     NULL},
	    {{.known = true, .bytes = 8, .stride = 4, .values = 4, .type = TYPE_U32},
	     TYPE_U32,
	     {2},
	     NULL,
	     NULL},
	    {{.known = true, .bytes = 8, .stride = 4, .values = 4, .type = TYPE_U32},
	     TYPE_U32,
	     {1},
	     "and needs 8 bytes before its last array; buffer 'b' is u32 [1]",
	     NULL},
	    {{.known = true, .bytes = 8, .stride = 16, .values = 16, .type = TYPE_U32},
	     TYPE_U32,
	     {7},
	     "whose elements are 16 bytes apart behind what stands before them",
	     NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct spirv_binding b = {.name = "x",
					  .binding = 3,
					  .kind = SPIRV_STORAGE,
					  .text = "{ float x[]; }",
					  .layout = rows[i].layout};
		struct shape s = shape_of(rows[i].type, rows[i].dims);
		struct err e = ERR_INIT;
		int rc = match_buffer(&b, &s, "b", &e);
		if (rc != (rows[i].says ? -1 : 0))
			fail_msg("row %zu: %d, %s", i, rc, e.text);
		if (rows[i].says && !strstr(e.text, rows[i].says))
			fail_msg("row %zu: '%s'", i, e.text);
		if (rows[i].hint && !strstr(e.hint, rows[i].hint))
			fail_msg("row %zu: hint '%s'", i, e.hint);
	}
}

static void images(void **state)
{
	static const struct {
		struct spirv_image image;
		enum compute_type type;
		uint64_t dims[4];
		VkFormat format;
		const char *says;
	} rows[] = {
	    {{2, TYPE_F32, 0, true}, TYPE_F32, {5, 6}, VK_FORMAT_R32_SFLOAT, NULL},
	    {{2, TYPE_F32, 0, true}, TYPE_F32, {5, 6, 4}, VK_FORMAT_R32G32B32A32_SFLOAT, NULL},
	    {{2, TYPE_F32, 0, true}, TYPE_U8, {5, 6, 2}, VK_FORMAT_R8G8_UNORM, NULL},
	    {{2, TYPE_U32, 0, true}, TYPE_U8, {5, 6, 1}, VK_FORMAT_R8_UINT, NULL},
	    {{2, TYPE_I32, 0, true}, TYPE_I16, {5, 6, 4}, VK_FORMAT_R16G16B16A16_SINT, NULL},
	    {{2, TYPE_F32, 0, true}, TYPE_F16, {5, 6}, VK_FORMAT_R16_SFLOAT, NULL},
	    {{3, TYPE_F32, 0, true}, TYPE_F32, {7, 5, 6}, VK_FORMAT_R32_SFLOAT, NULL},
	    {{3, TYPE_F32, 4, true}, TYPE_U8, {7, 5, 6, 4}, VK_FORMAT_R8G8B8A8_UNORM, NULL},
	    {{2, TYPE_F32, 4, true},
	     TYPE_U8,
	     {5, 6},
	     VK_FORMAT_UNDEFINED,
	     "binding 0 'p' is image, buffer 'b' is u8 [5, 6]: the shader's format rgba8 is u8 with 4 channels"},
	    {{2, TYPE_F32, 3, true},
	     TYPE_U32,
	     {5, 6},
	     VK_FORMAT_UNDEFINED,
	     "the shader's format r32f is f32 with 1 channel"},
	    {{2, TYPE_F32, 8, true},
	     TYPE_U32,
	     {5, 6},
	     VK_FORMAT_UNDEFINED,
	     "the shader's format (number 8 in SPIR-V) cannot be used"},
	    {{2, TYPE_U32, 0, true},
	     TYPE_F32,
	     {5, 6},
	     VK_FORMAT_UNDEFINED,
	     "no image of f32 with 1 channel is read as u32"},
	    {{2, TYPE_F32, 0, true}, TYPE_F64, {5, 6}, VK_FORMAT_UNDEFINED, "no image of f64"},
	    {{2, TYPE_F32, 0, true},
	     TYPE_F32,
	     {5, 6, 3},
	     VK_FORMAT_UNDEFINED,
	     "images have 1, 2 or 4 channels"},
	    {{2, TYPE_F32, 0, true},
	     TYPE_F32,
	     {5, 6, 5},
	     VK_FORMAT_UNDEFINED,
	     "images have 1, 2 or 4 channels"},
	    {{2, TYPE_F32, 0, true},
	     TYPE_F32,
	     {5, 6, UINT64_C(0x100000001)},
	     VK_FORMAT_UNDEFINED,
	     "images have 1, 2 or 4 channels"},
	    {{2, TYPE_F32, 0, true},
	     TYPE_F32,
	     {30},
	     VK_FORMAT_UNDEFINED,
	     "it needs the shape [height, width] or"},
	    {{3, TYPE_F32, 0, true},
	     TYPE_F32,
	     {5, 6},
	     VK_FORMAT_UNDEFINED,
	     "it needs the shape [depth, height, width] or"},
	    {{2, TYPE_F32, 0, true},
	     TYPE_U8,
	     {UINT64_C(0x100000000), 1},
	     VK_FORMAT_UNDEFINED,
	     "nor such large axes"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct spirv_binding b = {
		    .name = "p", .kind = SPIRV_TEXTURE, .text = "image", .image = rows[i].image};
		struct shape s = shape_of(rows[i].type, rows[i].dims);
		struct image_want want = {.sampler = false};
		struct err e = ERR_INIT;
		int rc = match_image(&b, &s, "b", &want, &e);
		if (rc != (rows[i].says ? -1 : 0) || want.format != rows[i].format)
			fail_msg("row %zu: %d, format %d, %s", i, rc, want.format, e.text);
		if (rows[i].says && !strstr(e.text, rows[i].says))
			fail_msg("row %zu: '%s'", i, e.text);
		if (rows[i].says)
			continue;
		assert_int_equal(want.width, 6);
		assert_int_equal(want.height, 5);
		assert_int_equal(want.depth, want.dims == 3 ? 7 : 1);
		assert_int_equal((uint64_t)want.texel_bytes * 30 * want.depth, s.bytes);
	}
}

/* All bindings of one buffer must agree on what image it is; how it is used adds up. */
static void steps_agree(void **state)
{
	static const uint64_t dims[4] = {4, 4, 1};
	struct shape s = shape_of(TYPE_U8, dims);
	struct spirv_binding b = {
	    .name = "p", .kind = SPIRV_COMBINED, .image = {2, TYPE_F32, 0, true}};
	struct image_want want = {.sampler = false};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(match_image(&b, &s, "b", &want, &e), 0);
	assert_true(want.sampled && want.sampler && !want.storage);
	b.kind = SPIRV_STORAGE_IMAGE;
	b.image.format = 15; /* r8 */
	assert_int_equal(match_image(&b, &s, "b", &want, &e), 0);
	assert_true(want.sampled && want.storage);
	b.image = (struct spirv_image){2, TYPE_U32, 0, true};
	assert_int_equal(match_image(&b, &s, "b", &want, &e), -1);
	assert_non_null(
	    strstr(e.text, "here it is 2D of format r8ui, elsewhere in the job 2D of format r8"));
	b.image = (struct spirv_image){3, TYPE_F32, 0, true};
	assert_int_equal(match_image(&b, &s, "b", &want, &e), -1);
	assert_non_null(
	    strstr(e.text, "here it is 3D of format r8, elsewhere in the job 2D of format r8"));
	/* A sampler alone is no image. */
	b.kind = SPIRV_SAMPLER;
	want = (struct image_want){.sampler = false};
	assert_int_equal(match_image(&b, &s, "b", &want, &e), 0);
	assert_true(want.sampler && want.format == VK_FORMAT_UNDEFINED);
}

static void devices(void **state)
{
	static const struct {
		struct spirv_binding binding;
		bool scalar, standard;
		const char *says;
	} rows[] = {
	    {{.kind = SPIRV_STORAGE, .layout = F32_ARRAY}, false, false, NULL},
	    {{.kind = SPIRV_STORAGE, .is_array = true},
	     true,
	     true,
	     "an array of descriptors; declare one"},
	    {{.kind = SPIRV_STORAGE, .layout = F32_ARRAY, .set = 3}, false, false, NULL},
	    {{.kind = SPIRV_STORAGE, .layout = F32_ARRAY, .set = 4},
	     true,
	     true,
	     "set 4, binding 0 'x' () is in a descriptor set above 3"},
	    {{.kind = SPIRV_OTHER}, true, true, "neither a buffer nor an image nor a sampler"},
	    {{.kind = SPIRV_TEXTURE, .image = {0, TYPE_F32, 0, true}},
	     true,
	     true,
	     "not two- or three-dimensional"},
	    {{.kind = SPIRV_COMBINED, .image = {2, TYPE_F32, 0, false}},
	     true,
	     true,
	     "an arrayed, multisampled or shadow image"},
	    {{.kind = SPIRV_COMBINED, .image = {2, TYPE_F32, 0, true}}, false, false, NULL},
	    {{.kind = SPIRV_STORAGE, .layout = {.known = true, .rules = RULES_SCALAR}},
	     false,
	     true,
	     "scalarBlockLayout"},
	    {{.kind = SPIRV_STORAGE, .layout = {.known = true, .rules = RULES_SCALAR}},
	     true,
	     false,
	     NULL},
	    {{.kind = SPIRV_STORAGE, .layout = {.known = false}}, false, true, "scalarBlockLayout"},
	    {{.kind = SPIRV_UNIFORM, .layout = {.known = true, .rules = RULES_STD430}},
	     false,
	     false,
	     "uniformBufferStandardLayout"},
	    {{.kind = SPIRV_UNIFORM, .layout = {.known = true, .rules = RULES_STD430}},
	     false,
	     true,
	     NULL},
	    {{.kind = SPIRV_UNIFORM, .layout = {.known = true, .rules = RULES_STD430}},
	     true,
	     false,
	     NULL},
	    {{.kind = SPIRV_UNIFORM, .layout = {.known = true, .bytes = 16385}},
	     true,
	     true,
	     "the device allows 16384 (maxUniformBufferRange)"},
	    {{.kind = SPIRV_SAMPLER},
	     true,
	     true,
	     "has 1 samplers, the device allows 0 (maxPerStageDescriptorSamplers)"},
	};
	static const struct request_kernel request = {.name = "k"};
	struct device d = {.props.limits = {.maxUniformBufferRange = 16384,
					    .maxPerStageDescriptorStorageBuffers = 1,
					    .maxPerStageDescriptorUniformBuffers = 1,
					    .maxPerStageDescriptorSampledImages = 1,
					    .maxPerStageDescriptorStorageImages = 1}};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct gpu g = {.info = &d,
				.scalar_layout = rows[i].scalar,
				.uniform_standard = rows[i].standard};
		AUTO_FREE struct kernel *k = calloc(1, sizeof *k);
		struct fail f = FAIL_INIT;
		d.props.limits.maxPerStageDescriptorSamplers = rows[i].binding.kind == SPIRV_SAMPLER
								   ? 0
								   : 1;
		k->request = &request;
		k->info.binding_count = 1;
		k->info.bindings[0] = rows[i].binding;
		(void)snprintf(k->info.bindings[0].name, SPIRV_NAME, "x");
		int rc = kernel_check_bindings(k, &g, &f);
		if (rc != (rows[i].says ? -1 : 0))
			fail_msg("row %zu: %d, %s", i, rc, f.err.text);
		if (rows[i].says && !strstr(f.err.text, rows[i].says))
			fail_msg("row %zu: '%s'", i, f.err.text);
	}
}

static void capabilities(void **state)
{
	struct device d = {.subgroup_ops = 0};
	struct gpu g = {.info = &d, .features.shaderInt64 = VK_TRUE};
	char why[160];

	(void)state;
	assert_true(gpu_has_capability(&g, 1, why, sizeof why));
	assert_true(gpu_has_capability(&g, 11, why, sizeof why));
	assert_false(gpu_has_capability(&g, 10, why, sizeof why));
	assert_string_equal(why, "capability Float64, the device does not have shaderFloat64");
	assert_false(gpu_has_capability(&g, 55, why, sizeof why));
	assert_non_null(strstr(why, "shaderStorageImageReadWithoutFormat"));
	assert_false(gpu_has_capability(&g, 4445, why, sizeof why));
	assert_string_equal(why, "capability 4445, which cannot be used here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(buffers),      cmocka_unit_test(images),
	    cmocka_unit_test(steps_agree),  cmocka_unit_test(devices),
	    cmocka_unit_test(capabilities),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
