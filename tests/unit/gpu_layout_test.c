/* SPDX-License-Identifier: Apache-2.0 */
/* What blocks and images declare: sizes, gaps, element types and layout rules of modules written by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/auto.h"
#include "unit/spirv_module.h"

enum {
	VOID = 1,
	MAIN,
	U32,
	F32,
	F64,
	VEC3,
	VEC4,
	MAT4,
	FOUR,
	COUNT, /* a specialization constant, 4 by default */
	ARRAY,
	INNER,
	BLOCK,
	POINTER,
	VARIABLE,
	IMAGE,
	SAMPLED,
	BOUND,
};

enum { NO_ARRAY, FIXED, OPEN };

struct member {
	uint32_t type, offset;
};

struct row {
	const char *what;
	uint32_t class;
	struct member members[3];
	struct {
		int kind;
		uint32_t of, stride, length;
	} array;
	struct member inner[3];
	/* wanted */
	uint64_t bytes, stride, values;
	enum compute_type type;
	enum spirv_rules rules;
	const char *text;
};

static void members_of(struct module *m, uint32_t id, const struct member *members, bool types)
{
	uint32_t n = 0;

	for (; n < 3 && members[n].type; n++) {
		if (types)
			continue;
		put(m, OP_MEMBER_NAME, &"abc"[n], 2, id, n);
		put(m, OP_MEMBER_DECORATE, NULL, 4, id, n, DECORATION_OFFSET, members[n].offset);
		if (members[n].type == MAT4)
			put(m, OP_MEMBER_DECORATE, NULL, 4, id, n, DECORATION_MATRIX_STRIDE, 16);
	}
	if (types && n)
		put(m, OP_TYPE_STRUCT, NULL, n + 1, id, members[0].type, members[1].type,
		    members[2].type);
}

static void prologue(struct module *m)
{
	*m = (struct module){{SPIRV_MAGIC, 0x00010300, 0, BOUND, 0}, 5};
	put(m, OP_ENTRY_POINT, "main", 2, MODEL_GL_COMPUTE, MAIN);
	put(m, OP_NAME, "Inner", 1, INNER);
	put(m, OP_NAME, "v", 1, VARIABLE);
	put(m, OP_DECORATE, NULL, 3, COUNT, DECORATION_SPEC_ID, 0);
}

static void types(struct module *m)
{
	put(m, OP_TYPE_INT, NULL, 3, U32, 32, 0);
	put(m, OP_TYPE_FLOAT, NULL, 2, F32, 32);
	put(m, OP_TYPE_FLOAT, NULL, 2, F64, 64);
	put(m, OP_TYPE_VECTOR, NULL, 3, VEC3, F32, 3);
	put(m, OP_TYPE_VECTOR, NULL, 3, VEC4, F32, 4);
	put(m, OP_TYPE_MATRIX, NULL, 3, MAT4, VEC4, 4);
	put(m, OP_CONSTANT, NULL, 3, U32, FOUR, 4);
	put(m, OP_SPEC_CONSTANT, NULL, 3, U32, COUNT, 4);
}

static void build(struct module *m, const struct row *r)
{
	prologue(m);
	members_of(m, INNER, r->inner, false);
	members_of(m, BLOCK, r->members, false);
	if (r->array.kind)
		put(m, OP_DECORATE, NULL, 3, ARRAY, DECORATION_ARRAY_STRIDE, r->array.stride);
	types(m);
	members_of(m, INNER, r->inner, true);
	if (r->array.kind == FIXED)
		put(m, OP_TYPE_ARRAY, NULL, 3, ARRAY, r->array.of, r->array.length);
	if (r->array.kind == OPEN)
		put(m, OP_TYPE_RUNTIME_ARRAY, NULL, 2, ARRAY, r->array.of);
	members_of(m, BLOCK, r->members, true);
	put(m, OP_TYPE_POINTER, NULL, 3, POINTER, r->class, BLOCK);
	put(m, OP_VARIABLE, NULL, 3, POINTER, VARIABLE, r->class);
	put(m, OP_FUNCTION, NULL, 4, VOID, MAIN, 0, 0);
}

static const struct row rows[] = {
    {"float[]",
     CLASS_STORAGE_BUFFER,
     {{ARRAY, 0}},
     {OPEN, F32, 4, 0},
     {{0}},
     0,
     4,
     4,
     TYPE_F32,
     RULES_USUAL,
     "{ float abc[]; }"},
    {"a count before uint[]",
     CLASS_STORAGE_BUFFER,
     {{U32, 0}, {ARRAY, 4}},
     {OPEN, U32, 4, 0},
     {{0}},
     4,
     4,
     4,
     TYPE_U32,
     RULES_USUAL,
     "{ uint abc; uint bc[]; }"},
    {"vec3[] with gaps",
     CLASS_STORAGE_BUFFER,
     {{ARRAY, 0}},
     {OPEN, VEC3, 16, 0},
     {{0}},
     0,
     16,
     12,
     TYPE_F32,
     RULES_USUAL,
     "{ vec3 abc[]; }"},
    {"vec3[] without",
     CLASS_STORAGE_BUFFER,
     {{ARRAY, 0}},
     {OPEN, VEC3, 12, 0},
     {{0}},
     0,
     12,
     12,
     TYPE_F32,
     RULES_SCALAR,
     "{ vec3 abc[]; }"},
    {"structs of one type",
     CLASS_STORAGE_BUFFER,
     {{ARRAY, 0}},
     {OPEN, INNER, 32, 0},
     {{VEC3, 0}, {F32, 12}, {VEC4, 16}},
     0,
     32,
     32,
     TYPE_F32,
     RULES_USUAL,
     "{ Inner abc[]; }"},
    {"structs of two types",
     CLASS_STORAGE_BUFFER,
     {{ARRAY, 0}},
     {OPEN, INNER, 16, 0},
     {{F32, 0}, {U32, 4}, {F64, 8}},
     0,
     16,
     16,
     TYPE_NONE,
     RULES_USUAL,
     "{ Inner abc[]; }"},
    {"a vec3 behind a float",
     CLASS_STORAGE_BUFFER,
     {{F32, 0}, {VEC3, 4}},
     {NO_ARRAY, 0, 0, 0},
     {{0}},
     16,
     0,
     16,
     TYPE_F32,
     RULES_USUAL,
     "{ float abc; vec3 bc; }"},
    {"a vec3 across 16 bytes",
     CLASS_STORAGE_BUFFER,
     {{F32, 0}, {F32, 4}, {VEC3, 8}},
     {NO_ARRAY, 0, 0, 0},
     {{0}},
     20,
     0,
     20,
     TYPE_F32,
     RULES_SCALAR,
     "{ float abc; float bc; vec3 c; }"},
    {"std140: float[4] 16 bytes apart",
     CLASS_UNIFORM,
     {{ARRAY, 0}},
     {FIXED, F32, 16, FOUR},
     {{0}},
     64,
     0,
     16,
     TYPE_F32,
     RULES_USUAL,
     "{ float abc[4]; }"},
    {"std430 in a uniform block",
     CLASS_UNIFORM,
     {{ARRAY, 0}},
     {FIXED, F32, 4, FOUR},
     {{0}},
     16,
     0,
     16,
     TYPE_F32,
     RULES_STD430,
     "{ float abc[4]; }"},
    {"an array as long as a constant says",
     CLASS_UNIFORM,
     {{F32, 0}, {ARRAY, 16}},
     {FIXED, VEC3, 16, COUNT},
     {{0}},
     80,
     0,
     52,
     TYPE_F32,
     RULES_USUAL,
     "{ float abc; vec3 bc[4]; }"},
    {"a matrix",
     CLASS_UNIFORM,
     {{MAT4, 0}, {VEC3, 64}},
     {NO_ARRAY, 0, 0, 0},
     {{0}},
     76,
     0,
     76,
     TYPE_F32,
     RULES_USUAL,
     "{ mat4x4 abc; vec3 bc; }"},
    {"a struct at 8 in a uniform block",
     CLASS_UNIFORM,
     {{F32, 0}, {INNER, 8}},
     {NO_ARRAY, 0, 0, 0},
     {{F32, 0}, {F32, 4}},
     16,
     0,
     12,
     TYPE_F32,
     RULES_STD430,
     "{ float abc; Inner bc; }"},
};

static void blocks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		const struct row *r = &rows[i];
		struct spirv_info info;
		struct module m;
		struct err e = ERR_INIT;
		build(&m, r);
		assert_int_equal(reflect(m.words, m.count, "main", &info, &e), 0);
		assert_int_equal(info.binding_count, 1);
		const struct spirv_binding *b = &info.bindings[0];
		const struct spirv_layout *l = &b->layout;
		if (!l->known || l->bytes != r->bytes || l->stride != r->stride ||
		    l->values != r->values || l->type != r->type || l->rules != r->rules)
			fail_msg("%s: known %d, %d bytes, stride %d, values %d, type %d, rules %d",
				 r->what, l->known, (int)l->bytes, (int)l->stride, (int)l->values,
				 (int)l->type, (int)l->rules);
		assert_string_equal(b->text, r->text);
		assert_int_equal(b->kind,
				 r->class == CLASS_UNIFORM ? SPIRV_UNIFORM : SPIRV_STORAGE);
	}
}

static void a_length_follows_its_constant(void **state)
{
	struct spirv_info info;
	struct module words;
	struct spirv m;
	struct err e = ERR_INIT;

	(void)state;
	build(&words, &rows[10]);
	assert_int_equal(spirv_open(&m, words.words, words.count, "main", "x", &e), 0);
	assert_int_equal(spirv_reflect(&m, "x", &info, &e), 0);
	info.specs[0].bits = 100;
	assert_int_equal(spirv_sizes(&m, "x", &info, &e), 0);
	assert_int_equal(info.bindings[0].layout.bytes, 16 + 1600);
	info.specs[0].bits = UINT64_MAX; /* more than can be */
	assert_int_equal(spirv_sizes(&m, "x", &info, &e), 0);
	assert_false(info.bindings[0].layout.known);
	spirv_done(&m);
}

static void images(void **state)
{
	static const struct {
		uint32_t dim, depth, arrayed, multi, sampled, format;
		bool combined;
		enum spirv_kind kind;
		unsigned dims;
		bool plain;
		const char *text;
	} kinds[] = {
	    {DIM_2D, 0, 0, 0, 2, 3, false, SPIRV_STORAGE_IMAGE, 2, true, "image2D"},
	    {DIM_3D, 0, 0, 0, 2, 0, false, SPIRV_STORAGE_IMAGE, 3, true, "image3D"},
	    {DIM_2D, 0, 0, 0, 1, 0, true, SPIRV_COMBINED, 2, true, "sampler2D"},
	    {DIM_2D, 0, 0, 0, 1, 0, false, SPIRV_TEXTURE, 2, true, "texture2D"},
	    {DIM_2D, 1, 1, 0, 1, 0, true, SPIRV_COMBINED, 2, false, "sampler2DArrayShadow"},
	    {DIM_CUBE, 0, 0, 0, 1, 0, true, SPIRV_COMBINED, 0, true, "samplerCube"},
	    {DIM_BUFFER, 0, 0, 0, 2, 3, false, SPIRV_OTHER, 0, true, "textureBuffer"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(kinds); i++) {
		struct spirv_info info;
		struct module m;
		struct err e = ERR_INIT;
		prologue(&m);
		types(&m);
		put(&m, OP_TYPE_IMAGE, NULL, 8, IMAGE, F32, kinds[i].dim, kinds[i].depth,
		    kinds[i].arrayed, kinds[i].multi, kinds[i].sampled, kinds[i].format);
		put(&m, OP_TYPE_SAMPLED_IMAGE, NULL, 2, SAMPLED, IMAGE);
		put(&m, OP_TYPE_POINTER, NULL, 3, POINTER, CLASS_UNIFORM_CONSTANT,
		    kinds[i].combined ? SAMPLED : IMAGE);
		put(&m, OP_VARIABLE, NULL, 3, POINTER, VARIABLE, CLASS_UNIFORM_CONSTANT);
		put(&m, OP_FUNCTION, NULL, 4, VOID, MAIN, 0, 0);
		assert_int_equal(reflect(m.words, m.count, "main", &info, &e), 0);
		assert_int_equal(info.bindings[0].kind, kinds[i].kind);
		assert_int_equal(info.bindings[0].image.dims, kinds[i].dims);
		assert_int_equal(info.bindings[0].image.plain, kinds[i].plain);
		assert_int_equal(info.bindings[0].image.type, TYPE_F32);
		assert_int_equal(info.bindings[0].image.format, kinds[i].format);
		assert_string_equal(info.bindings[0].text, kinds[i].text);
	}
}

/* The copy is exactly as long as what is read, so a read past the end is seen by the sanitizers. */
static void no_block_crashes(void **state)
{
	static const uint32_t values[] = {0,    1,       2,     0xffff, 0x10000, 0xffffffff,
					  MAT4, 0x3001e, BLOCK, ARRAY,  INNER,   BOUND};
	size_t changed = 0;

	(void)state;
	for (size_t r = 0; r < COUNTOF(rows); r++) {
		struct module m;
		struct spirv_info info;
		build(&m, &rows[r]);
		for (size_t i = 0; i < m.count * COUNTOF(values); i++) {
			AUTO_FREE uint32_t *copy = malloc(m.count * 4);
			struct err e = ERR_INIT;
			memcpy(copy, m.words, m.count * 4);
			copy[i / COUNTOF(values)] = values[i % COUNTOF(values)];
			changed += reflect(copy, m.count, "main", &info, &e) < 0 ||
				   info.binding_count != 1 || !info.bindings[0].layout.known;
		}
	}
	assert_true(changed > 1000);
}

/* Members whose decorations are far apart would make the search for each of them long. */
static void spread_decorations_are_not_followed(void **state)
{
	enum { FILLER = 70000 };
	AUTO_FREE uint32_t *words = malloc((FILLER + WORDS_MAX) * 4);
	struct spirv_info info;
	struct module m;
	struct err e = ERR_INIT;
	size_t at = 5;

	(void)state;
	build(&m, &rows[1]);
	while ((m.words[at] & 0xffff) != OP_MEMBER_DECORATE)
		at += m.words[at] >> 16;
	at += m.words[at] >> 16;
	memcpy(words, m.words, at * 4);
	for (size_t i = 0; i < FILLER; i++)
		words[at + i] = 1u << 16; /* OpNop */
	memcpy(words + at + FILLER, m.words + at, (m.count - at) * 4);
	assert_int_equal(reflect(words, m.count + FILLER, "main", &info, &e), 0);
	assert_false(info.bindings[0].layout.known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blocks),
	    cmocka_unit_test(a_length_follows_its_constant),
	    cmocka_unit_test(images),
	    cmocka_unit_test(no_block_crashes),
	    cmocka_unit_test(spread_decorations_are_not_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
