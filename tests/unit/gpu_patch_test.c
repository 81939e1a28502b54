/* SPDX-License-Identifier: Apache-2.0 */
/* gl_NumWorkGroups written into a module: word by word, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gpu/spirv-patch.h"
#include "unit/spirv_module.h"

enum {
	MAIN = 1,
	NAME,
	GROUPS,
	OTHER,
	UINT,
	VEC,
	IN_VEC,
	IN_UINT,
	FIRST,
	LOADED,
	PART,
	LAST,
	GROUP,
	BOUND
};
enum { OP_NAME_OF = 5, OP_FUNCTION_END = 56 };

/* How the variable is used, and where. */
struct shape {
	uint32_t version;
	bool by_reference, chain_of_chain, odd_type, twice, group;
};

static void header(struct module *m, const struct shape *s)
{
	const uint32_t words[] = {SPIRV_MAGIC, s->version, 0, BOUND, 0};

	memcpy(m->words, words, sizeof words);
	m->count = 5;
}

static void make(struct module *m, const struct shape *s)
{
	header(m, s);
	put(m, OP_CAPABILITY, NULL, 1, 1);
	put(m, OP_ENTRY_POINT, NULL, 6, MODEL_GL_COMPUTE, MAIN, 0x6e69616d, 0, GROUPS, OTHER);
	put(m, OP_NAME_OF, "gl_NumWorkGroups", 1, GROUPS);
	put(m, OP_DECORATE, NULL, 3, s->group ? GROUP : GROUPS, DECORATION_BUILT_IN,
	    BUILT_IN_NUM_WORKGROUPS);
	put(m, OP_DECORATE, NULL, 3, OTHER, DECORATION_BUILT_IN, 26);
	put(m, OP_TYPE_INT, NULL, 3, UINT, 32, 0);
	put(m, OP_TYPE_VECTOR, NULL, 3, VEC, UINT, s->odd_type ? 4 : 3);
	put(m, OP_TYPE_POINTER, NULL, 3, IN_VEC, CLASS_INPUT, VEC);
	put(m, OP_TYPE_POINTER, NULL, 3, IN_UINT, CLASS_INPUT, UINT);
	put(m, OP_VARIABLE, NULL, 3, IN_VEC, OTHER, CLASS_INPUT);
	put(m, OP_VARIABLE, NULL, 3, IN_VEC, GROUPS, CLASS_INPUT);
	if (s->twice)
		put(m, OP_VARIABLE, NULL, 3, IN_VEC, GROUPS, CLASS_INPUT);
	put(m, OP_CONSTANT, NULL, 3, UINT, FIRST, GROUPS); /* a number like our id */
	put(m, OP_FUNCTION, NULL, 4, UINT, MAIN, 0, UINT);
	put(m, OP_LOAD, NULL, 3, VEC, LOADED, GROUPS);
	put(m, OP_COMPOSITE_EXTRACT, NULL, 4, UINT, LAST, LOADED, GROUPS);
	put(m, OP_ACCESS_CHAIN, NULL, 4, IN_UINT, PART, GROUPS, FIRST);
	if (s->chain_of_chain)
		put(m, OP_ACCESS_CHAIN, NULL, 4, IN_UINT, LAST, PART, FIRST);
	put(m, OP_ACCESS_CHAIN, NULL, 4, IN_UINT, LAST, OTHER, FIRST);
	if (s->by_reference)
		put(m, OP_FUNCTION_CALL, NULL, 4, UINT, LAST, MAIN, PART);
	put(m, OP_FUNCTION_END, NULL, 0);
}

static const uint32_t grid[3] = {70000, 3, 5};

/* The first instruction of this kind after `at`; 0: none. */
static size_t find(const uint32_t *words, size_t count, size_t at, unsigned op)
{
	for (at = at ? at + (words[at] >> 16) : 5; at < count; at += words[at] >> 16)
		if ((words[at] & 0xffff) == op)
			return at;
	return 0;
}

static void expect(const uint32_t *words, size_t at, const uint32_t *want, size_t n)
{
	assert_true(at != 0);
	assert_int_equal(words[at] >> 16, n + 1);
	assert_memory_equal(words + at + 1, want, n * 4);
}

static void word_by_word(void **state)
{
	struct module m;
	uint32_t *w;
	size_t n, at;
	const char *why;

	(void)state;
	make(&m, &(struct shape){.version = 0x00010300});
	assert_true(spirv_wants_groups(m.words, m.count));
	assert_int_equal(spirv_patch_groups(m.words, m.count, grid, &w, &n, &why), 0);
	assert_int_equal(w[3], BOUND + 6);
	/* The other built-in stays as it is, ours is no input any more. */
	at = find(w, n, 0, OP_ENTRY_POINT);
	expect(w, at, (const uint32_t[]){MODEL_GL_COMPUTE, MAIN, 0x6e69616d, 0, OTHER}, 5);
	at = find(w, n, 0, OP_DECORATE);
	expect(w, at, (const uint32_t[]){OTHER, DECORATION_BUILT_IN, 26}, 3);
	assert_int_equal(find(w, n, at, OP_DECORATE), 0);
	at = find(w, n, 0, OP_VARIABLE);
	expect(w, at, (const uint32_t[]){IN_VEC, OTHER, CLASS_INPUT}, 3);
	/* Three numbers, their vector, two pointer types, the variable. */
	at = find(w, n, at, OP_CONSTANT);
	for (uint32_t i = 0; i < 3; i++, at = find(w, n, at, OP_CONSTANT))
		expect(w, at, (const uint32_t[]){UINT, BOUND + i, grid[i]}, 3);
	expect(w, at, (const uint32_t[]){UINT, FIRST, GROUPS}, 3);
	at = find(w, n, 0, OP_CONSTANT_COMPOSITE);
	expect(w, at, (const uint32_t[]){VEC, BOUND + 3, BOUND, BOUND + 1, BOUND + 2}, 5);
	at = find(w, n, at, OP_TYPE_POINTER);
	expect(w, at, (const uint32_t[]){BOUND + 4, CLASS_PRIVATE, VEC}, 3);
	at = find(w, n, at, OP_TYPE_POINTER);
	expect(w, at, (const uint32_t[]){BOUND + 5, CLASS_PRIVATE, UINT}, 3);
	at = find(w, n, at, OP_VARIABLE);
	expect(w, at, (const uint32_t[]){BOUND + 4, GROUPS, CLASS_PRIVATE, BOUND + 3}, 4);
	/* Loads stay; a pointer to a part of it has the new type, one to a part of the other not. */
	expect(w, find(w, n, 0, OP_LOAD), (const uint32_t[]){VEC, LOADED, GROUPS}, 3);
	at = find(w, n, 0, OP_ACCESS_CHAIN);
	expect(w, at, (const uint32_t[]){BOUND + 5, PART, GROUPS, FIRST}, 4);
	at = find(w, n, at, OP_ACCESS_CHAIN);
	expect(w, at, (const uint32_t[]){IN_UINT, LAST, OTHER, FIRST}, 4);
	assert_true(n == m.count - 1 - 4 + 1 + 3 * 4 + 6 + 2 * 4);
	assert_false(spirv_wants_groups(w, n));
	free(w);
}

static void the_interface_has_all_since_1_4(void **state)
{
	struct module m;
	uint32_t *w;
	size_t n;
	const char *why;

	(void)state;
	make(&m, &(struct shape){.version = 0x00010400});
	assert_int_equal(spirv_patch_groups(m.words, m.count, grid, &w, &n, &why), 0);
	expect(w, find(w, n, 0, OP_ENTRY_POINT),
	       (const uint32_t[]){MODEL_GL_COMPUTE, MAIN, 0x6e69616d, 0, GROUPS, OTHER}, 6);
	free(w);
}

static void refused(void **state)
{
	static const struct {
		struct shape shape;
		const char *why;
	} rows[] = {
	    {{.version = 0x00010300, .by_reference = true},
	     "it passes gl_NumWorkGroups on by reference"},
	    {{.version = 0x00010300, .chain_of_chain = true},
	     "it takes a part of gl_NumWorkGroups in an unusual way"},
	    {{.version = 0x00010300, .odd_type = true},
	     "its gl_NumWorkGroups is declared in an unusual way"},
	    {{.version = 0x00010300, .twice = true}, "it declares gl_NumWorkGroups more than once"},
	    {{.version = 0x00010300, .group = true},
	     "its gl_NumWorkGroups is declared in an unusual way"},
	};
	struct module m;
	uint32_t *w;
	size_t n;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		make(&m, &rows[i].shape);
		assert_true(spirv_wants_groups(m.words, m.count));
		assert_int_equal(spirv_patch_groups(m.words, m.count, grid, &w, &n, &why), -1);
		assert_string_equal(why, rows[i].why);
		assert_null(w);
	}
}

/* Cut anywhere and with any word changed it stays inside; the sanitizers watch. */
static void any_bytes(void **state)
{
	static const uint32_t odd[] = {0, 1, 0xffffffff, 0x7fffffff, BOUND, 0x00010000, 0xffff0047};
	struct module m, changed;
	uint32_t *w;
	size_t n;
	const char *why;

	(void)state;
	make(&m, &(struct shape){.version = 0x00010300});
	for (size_t cut = 0; cut < m.count; cut++) {
		uint32_t *exact = malloc(cut * 4 + 4); /* what lies behind must not be read */
		assert_non_null(exact);
		memcpy(exact, m.words, cut * 4);
		(void)spirv_wants_groups(exact, cut);
		if (spirv_patch_groups(exact, cut, grid, &w, &n, &why) == 0)
			free(w);
		else
			assert_non_null(why);
		free(exact);
	}
	for (size_t i = 0; i < m.count; i++)
		for (size_t o = 0; o < sizeof odd / sizeof odd[0]; o++) {
			changed = m;
			changed.words[i] = odd[o];
			(void)spirv_wants_groups(changed.words, changed.count);
			if (spirv_patch_groups(changed.words, changed.count, grid, &w, &n, &why) ==
			    0)
				free(w);
			else
				assert_non_null(why);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(word_by_word),
	    cmocka_unit_test(the_interface_has_all_since_1_4),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
