/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a kernel: hash, entry point, constants, local size; and the map from handles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layer/identity.h"
#include "layer/map.h"

static void check_sha256(const char *text, const char *want)
{
	uint8_t digest[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];

	sha256(text, strlen(text), digest);
	for (size_t i = 0; i < sizeof digest; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(hex, want);
}

/* The examples of FIPS 180-4, and lengths around the end of a block, taken from sha256sum(1). */
static void test_sha256(void **state)
{
	char long_text[120];

	(void)state;
	check_sha256("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check_sha256("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(long_text, 'a', sizeof long_text);
	long_text[55] = '\0';
	check_sha256(long_text, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
	long_text[55] = 'a';
	long_text[64] = '\0';
	check_sha256(long_text, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

#define OP(length, code) ((uint32_t)(length) << 16 | (code))

/* Two entry points; "main" has a local size of which x can be specialized (id 3, default 8). */
static const uint32_t words[] = {
    0x07230203, 0x00010300, 0,          40,         0,          OP(7, 7), 20,        0x656d6f68,
    0x6c62202f, 0x612f7275, 0x6f632e62, 0x0000706d, /* "home /blur/ab.comp" */
    OP(4, 3),   2,          450,        20,         OP(5, 15),  5,        10,        0x6e69616d,
    0,                                                          /* "main" */
    OP(5, 15),  5,          11,         0x6568746f, 0x00000072, /* "other" */
    OP(6, 16),  11,         17,         4,          2,          1,        OP(6, 16), 10,
    17,         1,          1,          1,          OP(4, 71),  30,       1,         3,
    OP(4, 71),  33,         11,         25,         OP(4, 71),  34,       34,        0,
    OP(4, 71),  34,         33,         0,          OP(4, 71),  35,       34,        0,
    OP(4, 71),  35,         33,         0,          OP(4, 71),  36,       34,        1,
    OP(4, 71),  36,         33,         0,          OP(4, 50),  1,        30,        8,
    OP(4, 43),  1,          31,         2,          OP(6, 51),  2,        33,        30,
    31,         31,         OP(5, 54),  1,          10,         0,        9,
};

static void test_entry(void **state)
{
	struct identity_constant constant = {.id = 3, .size = 4, .value = {32}};
	struct identity_specialization s = {.constants = &constant, .count = 1};
	const uint32_t plain[3] = {8, 2, 2}, special[3] = {32, 2, 2}, other[3] = {4, 2, 1};
	struct identity id;

	(void)state;
	identity_module(words, sizeof words / 4, &id);
	assert_string_equal(id.source, "ab.comp");
	assert_int_equal(id.bindings, 2); /* one of the three is an alias */
	identity_entry(words, sizeof words / 4, "main", NULL, &id);
	assert_string_equal(id.entry, "main");
	assert_memory_equal(id.local_size, plain, sizeof plain);
	assert_true(id.specialization == 0);
	identity_entry(words, sizeof words / 4, "main", &s, &id);
	assert_memory_equal(id.local_size, special, sizeof special);
	assert_true(id.specialization != 0);
	uint64_t before = id.specialization;
	constant.value[0] = 33;
	identity_entry(words, sizeof words / 4, "main", &s, &id);
	assert_true(id.specialization != before);
	/* No WorkgroupSize constant: the execution mode counts. */
	uint32_t without[sizeof words / 4];
	memcpy(without, words, sizeof words);
	for (size_t i = 0; i < sizeof words / 4; i++)
		if (without[i] == 25 && without[i - 1] == 11)
			without[i] = 26;
	identity_entry(without, sizeof words / 4, "other", NULL, &id);
	assert_memory_equal(id.local_size, other, sizeof other);
}

/* Every prefix, and every word replaced by large and small ones: nothing is read outside of the words. */
static void test_damaged(void **state)
{
	static const uint32_t values[] = {0,          1,         0xffff,   0xffff0047,
					  UINT32_MAX, OP(2, 15), OP(3, 71)};
	struct identity id;

	(void)state;
	for (size_t count = 0; count <= sizeof words / 4; count++) {
		uint32_t *copy = malloc(count * 4 + !count);
		assert_non_null(copy);
		memcpy(copy, words, count * 4);
		identity_module(copy, count, &id);
		identity_entry(copy, count, "main", NULL, &id);
		for (size_t at = 0; at < count; at++)
			for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
				copy[at] = values[v];
				identity_module(copy, count, &id);
				identity_entry(copy, count, "main", NULL, &id);
				assert_true(memchr(id.source, 0, sizeof id.source) != NULL);
				copy[at] = words[at];
			}
		free(copy);
	}
	identity_entry(NULL, 0,
		       "an entry point with a name that is longer than what is kept of it....",
		       NULL, &id);
	assert_int_equal(strlen(id.entry), IDENTITY_NAME - 1);
}

static void test_map(void **state)
{
	struct map m = {0};
	uint64_t there = 0;
	static char values[5000];

	(void)state;
	assert_null(map_get(&m, 5));
	assert_null(map_take(&m, 5));
	/* Pointers are multiples of 16, counters are not. */
	for (uint64_t i = 1; i < 5000; i++)
		assert_int_equal(map_put(&m, i % 2 ? i : i << 12, &values[i]), 0);
	for (uint64_t i = 1; i < 5000; i += 3) {
		assert_ptr_equal(map_take(&m, i % 2 ? i : i << 12), &values[i]);
		assert_null(map_take(&m, i % 2 ? i : i << 12));
	}
	for (uint64_t i = 1; i < 5000; i++)
		assert_ptr_equal(map_get(&m, i % 2 ? i : i << 12), i % 3 == 1 ? NULL : &values[i]);
	for (size_t at = 0; map_next(&m, &at);)
		there++;
	assert_int_equal(there, m.count);
	assert_int_equal(there, 4999 - 1667);
	assert_int_equal(map_put(&m, 2 << 12, &values[0]), 0);
	assert_ptr_equal(map_get(&m, 2 << 12), &values[0]);
	assert_int_equal(m.count, there);
	map_done(&m);
	assert_null(map_get(&m, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sha256),
	    cmocka_unit_test(test_entry),
	    cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_map),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
