/* SPDX-License-Identifier: Apache-2.0 */
/* Reflection of SPIR-V: a module written by hand, then the same with every word changed or cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/auto.h"
#include "unit/spirv_module.h"

enum {
	ID_VOID = 1,
	ID_MAIN,
	ID_U32,
	ID_F32,
	ID_RUNTIME,
	ID_BLOCK_A,
	ID_BLOCK_B,
	ID_PTR_A,
	ID_PTR_B,
	ID_VAR_A,
	ID_VAR_B,
	ID_PUSH,
	ID_PTR_PUSH,
	ID_VAR_PUSH,
	ID_VEC,
	ID_SIZE_X,
	ID_ONE,
	ID_UVEC3,
	ID_SIZE,
	ID_RADIUS,
	ID_SHARED,
	ID_PTR_SHARED,
	ID_VAR_SHARED,
	ID_PTR_F32,
	ID_CHAIN_A,
	ID_CHAIN_B,
	ID_CHAIN_CHAIN,
	ID_LOADED,
	ID_BOUND,
};

static void header(struct module *m, uint32_t version)
{
	*m = (struct module){{SPIRV_MAGIC, version, 0, ID_BOUND, 0}, 5};
	put(m, OP_CAPABILITY, NULL, 1, 1);
	put(m, OP_ENTRY_POINT, "main", 2, MODEL_GL_COMPUTE, ID_MAIN);
	put(m, OP_EXECUTION_MODE, NULL, 5, ID_MAIN, MODE_LOCAL_SIZE, 4, 5, 6);
	put(m, OP_NAME, "source", 1, ID_VAR_A);
	put(m, OP_NAME, "Target", 1, ID_BLOCK_B);
	put(m, OP_NAME, "RADIUS", 1, ID_RADIUS);
	put(m, OP_MEMBER_NAME, "scale", 2, ID_PUSH, 0);
	put(m, OP_MEMBER_NAME, "offset", 2, ID_PUSH, 1);
}

/*
 * Binding 7 is 'source' (readonly), binding 2 has no name but its block's; push constants are a
 * float and a uvec3; the constants are the local size in x (id 10) and RADIUS (id 3).
 */
static void build(struct module *m)
{
	header(m, 0x00010300);
	put(m, OP_DECORATE, NULL, 3, ID_VAR_A, DECORATION_DESCRIPTOR_SET, 0);
	put(m, OP_DECORATE, NULL, 3, ID_VAR_A, DECORATION_BINDING, 7);
	put(m, OP_DECORATE, NULL, 2, ID_VAR_A, DECORATION_NON_WRITABLE);
	put(m, OP_DECORATE, NULL, 3, ID_VAR_B, DECORATION_DESCRIPTOR_SET, 0);
	put(m, OP_DECORATE, NULL, 3, ID_VAR_B, DECORATION_BINDING, 2);
	put(m, OP_MEMBER_DECORATE, NULL, 3, ID_BLOCK_B, 0, DECORATION_NON_READABLE);
	put(m, OP_MEMBER_DECORATE, NULL, 4, ID_PUSH, 0, DECORATION_OFFSET, 0);
	put(m, OP_MEMBER_DECORATE, NULL, 4, ID_PUSH, 1, DECORATION_OFFSET, 16);
	put(m, OP_DECORATE, NULL, 3, ID_SIZE_X, DECORATION_SPEC_ID, 10);
	put(m, OP_DECORATE, NULL, 3, ID_RADIUS, DECORATION_SPEC_ID, 3);
	put(m, OP_DECORATE, NULL, 3, ID_SIZE, DECORATION_BUILT_IN, BUILT_IN_WORKGROUP_SIZE);
	put(m, OP_TYPE_INT, NULL, 3, ID_U32, 32, 0);
	put(m, OP_TYPE_FLOAT, NULL, 2, ID_F32, 32);
	put(m, OP_TYPE_RUNTIME_ARRAY, NULL, 2, ID_RUNTIME, ID_F32);
	put(m, OP_TYPE_STRUCT, NULL, 2, ID_BLOCK_A, ID_RUNTIME);
	put(m, OP_TYPE_STRUCT, NULL, 2, ID_BLOCK_B, ID_RUNTIME);
	put(m, OP_TYPE_POINTER, NULL, 3, ID_PTR_A, CLASS_STORAGE_BUFFER, ID_BLOCK_A);
	put(m, OP_TYPE_POINTER, NULL, 3, ID_PTR_B, CLASS_STORAGE_BUFFER, ID_BLOCK_B);
	put(m, OP_TYPE_VECTOR, NULL, 3, ID_UVEC3, ID_U32, 3);
	put(m, OP_TYPE_STRUCT, NULL, 3, ID_PUSH, ID_F32, ID_UVEC3);
	put(m, OP_TYPE_POINTER, NULL, 3, ID_PTR_PUSH, CLASS_PUSH_CONSTANT, ID_PUSH);
	put(m, OP_SPEC_CONSTANT, NULL, 3, ID_U32, ID_SIZE_X, 32);
	put(m, OP_CONSTANT, NULL, 3, ID_U32, ID_ONE, 1);
	put(m, OP_SPEC_CONSTANT_COMPOSITE, NULL, 5, ID_UVEC3, ID_SIZE, ID_SIZE_X, ID_ONE, ID_ONE);
	put(m, OP_SPEC_CONSTANT, NULL, 3, ID_U32, ID_RADIUS, 5);
	put(m, OP_TYPE_ARRAY, NULL, 3, ID_SHARED, ID_UVEC3, ID_RADIUS);
	put(m, OP_TYPE_POINTER, NULL, 3, ID_PTR_SHARED, CLASS_WORKGROUP, ID_SHARED);
	put(m, OP_VARIABLE, NULL, 3, ID_PTR_A, ID_VAR_A, CLASS_STORAGE_BUFFER);
	put(m, OP_VARIABLE, NULL, 3, ID_PTR_B, ID_VAR_B, CLASS_STORAGE_BUFFER);
	put(m, OP_VARIABLE, NULL, 3, ID_PTR_PUSH, ID_VAR_PUSH, CLASS_PUSH_CONSTANT);
	put(m, OP_VARIABLE, NULL, 3, ID_PTR_SHARED, ID_VAR_SHARED, CLASS_WORKGROUP);
	put(m, OP_FUNCTION, NULL, 4, ID_VOID, ID_MAIN, 0, 0);
}

/* A body for main in which b[1] = a[1]. */
static void build_body(struct module *m)
{
	build(m);
	put(m, OP_ACCESS_CHAIN, NULL, 5, ID_PTR_F32, ID_CHAIN_A, ID_VAR_A, ID_ONE, ID_ONE);
	put(m, OP_LOAD, NULL, 3, ID_F32, ID_LOADED, ID_CHAIN_A);
	put(m, OP_ACCESS_CHAIN, NULL, 4, ID_PTR_F32, ID_CHAIN_B, ID_VAR_B, ID_ONE);
	put(m, OP_ACCESS_CHAIN, NULL, 4, ID_PTR_F32, ID_CHAIN_CHAIN, ID_CHAIN_B, ID_ONE);
	put(m, OP_STORE, NULL, 2, ID_CHAIN_CHAIN, ID_LOADED);
}

static void everything_is_found(void **state)
{
	struct module m;
	struct spirv_info i;
	struct err e = ERR_INIT;

	(void)state;
	build(&m);
	assert_int_equal(reflect(m.words, m.count, "main", &i, &e), 0);
	assert_int_equal(i.version, 0x00010300);
	assert_int_equal(i.binding_count, 2);
	assert_int_equal(i.bindings[0].binding, 2);
	assert_string_equal(i.bindings[0].name, "Target");
	assert_true(i.bindings[0].can_write && !i.bindings[0].can_read);
	assert_int_equal(i.bindings[0].kind, SPIRV_STORAGE);
	assert_int_equal(i.bindings[1].binding, 7);
	assert_string_equal(i.bindings[1].name, "source");
	assert_true(i.bindings[1].can_read && !i.bindings[1].can_write);
	assert_int_equal(i.push_count, 4);
	assert_int_equal(i.push_bytes, 28);
	assert_int_equal(i.push[0].type, TYPE_F32);
	assert_string_equal(i.push[0].name, "scale");
	assert_int_equal(i.push[3].offset, 24);
	assert_string_equal(i.push[3].name, "offset[2]");
	assert_int_equal(i.spec_count, 2);
	assert_string_equal(i.specs[1].name, "RADIUS");
	assert_int_equal(i.specs[1].id, 3);
	assert_int_equal(i.specs[1].bits, 5);
	assert_true(i.has_local_size);
	assert_int_equal(i.local_size[0], 32); /* the built-in goes before the execution mode */
	assert_int_equal(i.local_size[1], 1);
	assert_int_equal(i.shared_bytes, 60);
}

/* What main does to bindings 2 (may be written only) and 7 (may be read only): "w" and "r". */
static void uses_are(struct module *m, const char *want)
{
	struct spirv_info i;
	struct err e = ERR_INIT;
	char have[8];

	assert_int_equal(reflect(m->words, m->count, "main", &i, &e), 0);
	(void)snprintf(have, sizeof have, "%s%s %s%s", i.bindings[0].reads ? "r" : "",
		       i.bindings[0].writes ? "w" : "", i.bindings[1].reads ? "r" : "",
		       i.bindings[1].writes ? "w" : "");
	assert_string_equal(have, want);
}

static void loads_and_stores_are_found(void **state)
{
	enum { OP_PHI = 245, OP_UNKNOWN = 4242, OP_ATOMIC_I_ADD = 234 };
	struct module m;

	(void)state;
	build(&m);
	uses_are(&m, " ");
	build_body(&m);
	uses_are(&m, "w r");
	/* What cannot be followed counts as all that the declaration allows. */
	build(&m);
	put(&m, OP_FUNCTION_CALL, NULL, 5, ID_VOID, ID_LOADED, ID_MAIN, ID_VAR_A, ID_VAR_B);
	uses_are(&m, "w r");
	build(&m);
	put(&m, OP_COPY_OBJECT, NULL, 3, ID_PTR_F32, ID_CHAIN_A, ID_VAR_A);
	put(&m, OP_PHI, NULL, 6, ID_PTR_F32, ID_LOADED, ID_CHAIN_A, ID_ONE, ID_ONE, ID_ONE);
	uses_are(&m, " r");
	build(&m);
	put(&m, OP_UNKNOWN, NULL, 1, ID_VAR_B);
	uses_are(&m, "w ");
	/* What an instruction says is believed before the declaration. */
	build(&m);
	put(&m, OP_STORE, NULL, 2, ID_VAR_A, ID_ONE);
	put(&m, OP_LOAD, NULL, 3, ID_F32, ID_LOADED, ID_VAR_B);
	uses_are(&m, "r w");
	build(&m);
	put(&m, OP_ATOMIC_I_ADD, NULL, 6, ID_U32, ID_LOADED, ID_VAR_A, ID_ONE, ID_ONE, ID_ONE);
	uses_are(&m, " rw");
	/* Lengths and line numbers are nothing. */
	build(&m);
	put(&m, OP_ARRAY_LENGTH, NULL, 4, ID_U32, ID_LOADED, ID_VAR_A, 0);
	put(&m, OP_LINE, NULL, 3, ID_ONE, ID_VAR_A, ID_VAR_B);
	uses_are(&m, " ");
}

static void specialization_changes_sizes(void **state)
{
	struct module words;
	struct spirv_info i;
	struct spirv m;
	struct err e = ERR_INIT;

	(void)state;
	build(&words);
	assert_int_equal(spirv_open(&m, words.words, words.count, "main", "x", &e), 0);
	assert_int_equal(spirv_reflect(&m, "x", &i, &e), 0);
	i.specs[0].bits = 64;
	i.specs[1].bits = 10;
	assert_int_equal(spirv_sizes(&m, "x", &i, &e), 0);
	assert_int_equal(i.local_size[0], 64);
	assert_int_equal(i.shared_bytes, 120);
	i.specs[0].bits = 0; /* no size at all */
	assert_int_equal(spirv_sizes(&m, "x", &i, &e), 0);
	assert_false(i.has_local_size);
	spirv_done(&m);
}

static void entry_points_are_named(void **state)
{
	struct module m;
	struct spirv_info i;
	struct err e = ERR_INIT;

	(void)state;
	build(&m);
	assert_int_equal(reflect(m.words, m.count, "mai", &i, &e), -1);
	assert_non_null(strstr(e.text, "'mai', there is 'main'"));
	assert_int_equal(reflect(m.words, m.count, "main2", &i, &e), -1);
	m.words[5 + 2 + 1] = 0; /* a vertex shader */
	assert_int_equal(reflect(m.words, m.count, "main", &i, &e), -1);
	assert_non_null(strstr(e.text, "no compute entry point"));
}

static void the_interface_counts_from_1_4_on(void **state)
{
	struct module m;
	struct spirv_info i;
	struct err e = ERR_INIT;

	(void)state;
	build(&m);
	m.words[1] = 0x00010400; /* whose entry point lists no variable */
	assert_int_equal(reflect(m.words, m.count, "main", &i, &e), 0);
	assert_int_equal(i.binding_count, 0);
	assert_int_equal(i.shared_bytes, 0);
}

static void two_variables_at_one_binding(void **state)
{
	struct module m;
	struct spirv_info i;
	struct err e = ERR_INIT;

	(void)state;
	build(&m);
	for (size_t w = 5; w + 3 < m.count; w += m.words[w] >> 16)
		if ((m.words[w] & 0xffff) == OP_DECORATE && m.words[w + 2] == DECORATION_BINDING)
			m.words[w + 3] = 1;
	assert_int_equal(reflect(m.words, m.count, "main", &i, &e), -1);
	assert_non_null(strstr(e.text, "twice"));
}

/* The copy is exactly as long as what is read, so a read past the end is seen by the sanitizers. */
static void no_module_crashes(void **state)
{
	static const uint32_t values[] = {0,          1,          2,       0xffff,    0x10000,
					  0xffffffff, 0x0003001e, ID_PUSH, ID_SHARED, ID_BOUND};
	struct module m;
	struct spirv_info info;
	size_t refused = 0;

	(void)state;
	build_body(&m);
	for (size_t i = 0; i < m.count; i++) {
		for (size_t v = 0; v < COUNTOF(values); v++) {
			AUTO_FREE uint32_t *copy = malloc(m.count * 4);
			struct err e = ERR_INIT;
			memcpy(copy, m.words, m.count * 4);
			copy[i] = values[v];
			refused += reflect(copy, m.count, "main", &info, &e) < 0;
		}
		AUTO_FREE uint32_t *cut = malloc(i * 4 + !i);
		struct err e = ERR_INIT;
		memcpy(cut, m.words, i * 4);
		refused += reflect(cut, i, "main", &info, &e) < 0;
	}
	assert_true(refused > m.count);
}

/* What the compiler makes, cut at every length: nothing that is left is taken for the whole. */
static void a_real_module_is_cut(void **state)
{
	static const uint32_t real[] = {
#include "gpu/loop-limit.inc"
	};
	struct spirv_info info;
	struct err e = ERR_INIT;
	size_t refused = 0;

	(void)state;
	assert_int_equal(reflect(real, COUNTOF(real), "main", &info, &e), 0);
	assert_int_equal(info.binding_count, 1);
	for (size_t n = 0; n < COUNTOF(real); n++) {
		AUTO_FREE uint32_t *cut = malloc(n * 4 + !n);
		e = ERR_INIT;
		memcpy(cut, real, n * 4);
		bool bad = reflect(cut, n, "main", &info, &e) < 0;
		assert_int_equal(bad, e.kind != ERR_NONE);
		refused += bad;
	}
	/* Only a cut between two instructions leaves something that can be walked through. */
	assert_true(refused > COUNTOF(real) / 2);
}

static void types_may_be_circles(void **state)
{
	struct module m;
	struct spirv_info i;
	struct err e = ERR_INIT;

	(void)state;
	header(&m, 0x00010300);
	put(&m, OP_MEMBER_DECORATE, NULL, 4, ID_PUSH, 0, DECORATION_OFFSET, 0);
	put(&m, OP_TYPE_STRUCT, NULL, 2, ID_PUSH, ID_PUSH);
	put(&m, OP_TYPE_POINTER, NULL, 3, ID_PTR_PUSH, CLASS_PUSH_CONSTANT, ID_PUSH);
	put(&m, OP_VARIABLE, NULL, 3, ID_PTR_PUSH, ID_VAR_PUSH, CLASS_PUSH_CONSTANT);
	assert_int_equal(reflect(m.words, m.count, "main", &i, &e), -1);
	assert_non_null(strstr(e.text, "too deep"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everything_is_found),
	    cmocka_unit_test(loads_and_stores_are_found),
	    cmocka_unit_test(specialization_changes_sizes),
	    cmocka_unit_test(entry_points_are_named),
	    cmocka_unit_test(the_interface_counts_from_1_4_on),
	    cmocka_unit_test(two_variables_at_one_binding),
	    cmocka_unit_test(no_module_crashes),
	    cmocka_unit_test(a_real_module_is_cut),
	    cmocka_unit_test(types_may_be_circles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
