/* SPDX-License-Identifier: Apache-2.0 */
/* .npz and .safetensors: what is read, and the tricks that must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "base/auto.h"
#include "gpu/npz.h"
#include "gpu/safetensors.h"

static int memory_file(const void *data, size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
	return fd;
}

/* ---- zip ------------------------------------------------------------------------------------ */

struct zip {
	unsigned char bytes[1 << 16];
	size_t size;
	unsigned char list[1 << 14];
	size_t list_size, count;
};

struct member {
	const char *name, *data;
	bool deflated, zip64;
	unsigned flags;
	const char *local_name; /* NULL: the same */
	int64_t at;		/* >= 0: claims to stand there */
	uint32_t crc_wrong, size_wrong;
};

static void put(unsigned char *out, size_t *at, uint64_t n, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		out[(*at)++] = (unsigned char)(n >> 8 * i);
}

static void put_bytes(unsigned char *out, size_t *at, const void *data, size_t n)
{
	memcpy(out + *at, data, n);
	*at += n;
}

static size_t deflated(const char *data, size_t n, unsigned char *out, size_t room)
{
	z_stream z = {.next_in = (unsigned char *)(uintptr_t)data,
		      .avail_in = (uInt)n,
		      .next_out = out,
		      .avail_out = (uInt)room};
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	size_t size = room - z.avail_out;
	(void)deflateEnd(&z);
	return size;
}

static void add(struct zip *z, const struct member *m)
{
	unsigned char packed[4096];
	size_t n = strlen(m->data), size = n;
	const char *local_name = m->local_name ? m->local_name : m->name;
	uint32_t crc = (uint32_t)crc32(0, (const unsigned char *)m->data, (uInt)n) ^ m->crc_wrong;
	uint64_t at = m->at >= 0 ? (uint64_t)m->at : z->size;
	unsigned char *l = z->list;
	size_t *i = &z->list_size;

	if (m->deflated)
		size = deflated(m->data, n, packed, sizeof packed);
	else
		memcpy(packed, m->data, n);
	put_bytes(z->bytes, &z->size, "PK\3\4", 4);
	put(z->bytes, &z->size, 20, 2);
	put(z->bytes, &z->size, m->flags, 2);
	put(z->bytes, &z->size, m->deflated ? 8 : 0, 2);
	put(z->bytes, &z->size, 0, 4);
	put(z->bytes, &z->size, crc, 4);
	put(z->bytes, &z->size, size, 4);
	put(z->bytes, &z->size, n, 4);
	put(z->bytes, &z->size, strlen(local_name), 2);
	put(z->bytes, &z->size, 0, 2);
	put_bytes(z->bytes, &z->size, local_name, strlen(local_name));
	put_bytes(z->bytes, &z->size, packed, size);

	put_bytes(l, i, "PK\1\2", 4);
	put(l, i, 20, 2);
	put(l, i, 20, 2);
	put(l, i, m->flags, 2);
	put(l, i, m->deflated ? 8 : 0, 2);
	put(l, i, 0, 4);
	put(l, i, crc, 4);
	put(l, i, m->zip64 ? 0xffffffff : size, 4);
	put(l, i, m->zip64 ? 0xffffffff : n + m->size_wrong, 4);
	put(l, i, strlen(m->name), 2);
	put(l, i, m->zip64 ? 28 : 0, 2);
	put(l, i, 0, 8);
	put(l, i, 0, 2);
	put(l, i, m->zip64 ? 0xffffffff : at, 4);
	put_bytes(l, i, m->name, strlen(m->name));
	if (m->zip64) {
		put(l, i, 1, 2);
		put(l, i, 24, 2);
		put(l, i, n + m->size_wrong, 8);
		put(l, i, size, 8);
		put(l, i, at, 8);
	}
	z->count++;
}

static void end_zip(struct zip *z, bool zip64)
{
	size_t start = z->size;

	put_bytes(z->bytes, &z->size, z->list, z->list_size);
	if (zip64) {
		size_t record = z->size;
		put_bytes(z->bytes, &z->size, "PK\6\6", 4);
		put(z->bytes, &z->size, 44, 8);
		put(z->bytes, &z->size, 0, 8);
		put(z->bytes, &z->size, 0, 4);
		put(z->bytes, &z->size, z->count, 8);
		put(z->bytes, &z->size, z->count, 8);
		put(z->bytes, &z->size, z->list_size, 8);
		put(z->bytes, &z->size, start, 8);
		put_bytes(z->bytes, &z->size, "PK\6\7", 4);
		put(z->bytes, &z->size, 0, 4);
		put(z->bytes, &z->size, record, 8);
		put(z->bytes, &z->size, 1, 4);
	}
	put_bytes(z->bytes, &z->size, "PK\5\6", 4);
	put(z->bytes, &z->size, 0, 4);
	put(z->bytes, &z->size, zip64 ? 0xffff : z->count, 2);
	put(z->bytes, &z->size, zip64 ? 0xffff : z->count, 2);
	put(z->bytes, &z->size, zip64 ? 0xffffffff : z->list_size, 4);
	put(z->bytes, &z->size, zip64 ? 0xffffffff : start, 4);
	put(z->bytes, &z->size, 0, 2);
}

/* The member's bytes, or -1 with *e. */
static ssize_t get_member(const void *zip, size_t size, const char *want, unsigned char *out,
			  size_t room, struct err *e)
{
	AUTO_FD int fd = memory_file(zip, size);
	struct bytes b;
	size_t n = 0;

	*e = ERR_INIT;
	if (npz_find(fd, "x.npz", size, want, &b, e) < 0)
		return -1;
	uint64_t most = b.size < room ? b.size : room;
	int rc = bytes_read(&b, out, most, e) < 0 ? -1 : bytes_finish(&b, e);
	n = (size_t)b.at;
	bytes_done(&b);
	return rc < 0 ? -1 : (ssize_t)n;
}

#define LONG_TEXT "0123456789012345678901234567890123456789012345678901234567890123456789"

static void npz_members_are_read(void **state)
{
	static const struct member members[] = {
		{.name = "a.npy", .data = "stored", .at = -1},
		{.name = "b.npy", .data = LONG_TEXT LONG_TEXT, .deflated = true, .at = -1},
		{.name = "c.npy", .data = "far away", .zip64 = true, .at = -1},
		{.name = "d/e.npy", .data = "", .at = -1},
		{.name = "a", .data = "the name itself", .deflated = true, .zip64 = true, .at = -1},
	};
	static const struct {
		const char *want, *data;
	} rows[] = {{"b", LONG_TEXT LONG_TEXT},
		    {"b.npy", LONG_TEXT LONG_TEXT},
		    {"c", "far away"},
		    {"d/e", ""},
		    {"a.npy", "stored"}};
	(void)state;
	for (int zip64 = 0; zip64 < 2; zip64++) {
		AUTO_FREE struct zip *z = calloc(1, sizeof *z);
		unsigned char out[256];
		struct err e;
		for (size_t i = 0; i < COUNTOF(members); i++)
			add(z, &members[i]);
		end_zip(z, zip64);
		for (size_t i = 0; i < COUNTOF(rows); i++) {
			ssize_t n = get_member(z->bytes, z->size, rows[i].want, out, sizeof out, &e);
			assert_int_equal(n, strlen(rows[i].data));
			assert_memory_equal(out, rows[i].data, (size_t)n);
		}
		/* "a" could be either of two. */
		assert_int_equal(get_member(z->bytes, z->size, "a", out, sizeof out, &e), -1);
		assert_non_null(strstr(e.text, "more than one member 'a'"));
		assert_int_equal(get_member(z->bytes, z->size, NULL, out, sizeof out, &e), -1);
		assert_non_null(strstr(e.text, "holds 5 arrays ('a', 'b', 'c'"));
		assert_int_equal(get_member(z->bytes, z->size, "zz", out, sizeof out, &e), -1);
		assert_non_null(strstr(e.text, "has no member 'zz'; it has 'a', "));
	}
}

static void npz_tricks_are_refused(void **state)
{
	static const struct {
		struct member m[2];
		const char *want, *says;
	} rows[] = {
		{{{.name = "a", .data = "x", .at = -1}, {.name = "b", .data = "y", .at = 0}}, "a", "overlap"},
		{{{.name = "a", .data = "x", .at = -1}, {.name = "b", .data = "y", .at = 5}}, "a", "overlap"},
		{{{.name = "a", .data = "x", .at = -1}, {.name = "a", .data = "y", .at = -1}}, "a", "more than one"},
		{{{.name = "a", .data = "x", .at = 100000}}, "a", "beyond the archive"},
		{{{.name = "a", .data = "x", .at = 1LL << 60, .zip64 = true}}, "a", "beyond the archive"},
		{{{.name = "a", .data = "x", .at = -1, .local_name = "b"}}, "a", "two names"},
		{{{.name = "a", .data = "x", .at = -1, .local_name = "bb"}}, "a", "differs from the list"},
		{{{.name = "a", .data = "x", .at = -1, .flags = 1}}, "a", "encrypted"},
		{{{.name = "a", .data = "x", .at = -1, .crc_wrong = 1}}, "a", "checksum"},
		{{{.name = "a", .data = LONG_TEXT, .at = -1, .crc_wrong = 1, .deflated = true}}, "a", "checksum"},
		{{{.name = "a", .data = "x", .at = -1, .size_wrong = 7}}, "a", "two sizes"},
		/* A bomb that says it is small, and one that says it is larger than it is. */
		{{{.name = "a", .data = LONG_TEXT, .at = -1, .size_wrong = -3, .deflated = true}}, "a", "too long"},
		{{{.name = "a", .data = LONG_TEXT, .at = -1, .size_wrong = 3, .deflated = true}}, "a", "cut off"},
		{{{.name = "a", .data = "x", .at = -1}}, "\x1b[31m", "has no member '\\x1b[31m'"},
		{{{.name = "\x1b[31m", .data = "x", .at = -1}}, "a", "it has '\\x1b[31m'"},
	};
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		AUTO_FREE struct zip *z = calloc(1, sizeof *z);
		unsigned char out[256];
		struct err e;
		add(z, &rows[i].m[0]);
		if (rows[i].m[1].name)
			add(z, &rows[i].m[1]);
		end_zip(z, false);
		assert_int_equal(get_member(z->bytes, z->size, rows[i].want, out, sizeof out, &e), -1);
		if (!strstr(e.text, rows[i].says))
			print_message("# row %zu: %s\n", i, e.text);
		assert_non_null(strstr(e.text, rows[i].says));
		assert_string_equal(e.object, "x.npz");
	}
}

/* Cut anywhere, or with any byte changed: an error or the member, never a crash or a read past the end. */
static void npz_damaged_anywhere(void **state)
{
	static const struct member members[] = {
		{.name = "a.npy", .data = "stored", .at = -1},
		{.name = "b.npy", .data = LONG_TEXT, .deflated = true, .zip64 = true, .at = -1},
	};
	AUTO_FREE struct zip *z = calloc(1, sizeof *z);
	unsigned char out[256];
	struct err e;

	(void)state;
	add(z, &members[0]);
	add(z, &members[1]);
	end_zip(z, true);
	for (size_t i = 0; i < z->size; i++) {
		AUTO_FREE unsigned char *cut = malloc(i + 1);
		memcpy(cut, z->bytes, i);
		assert_int_equal(get_member(cut, i, "a", out, sizeof out, &e), -1);
		assert_string_not_equal(e.text, "");
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			z->bytes[i] ^= (unsigned char)flip;
			ssize_t n = get_member(z->bytes, z->size, "b", out, sizeof out, &e);
			if (n >= 0)
				assert_memory_equal(out, LONG_TEXT, (size_t)n);
			z->bytes[i] ^= (unsigned char)flip;
		}
	}
}

static void npz_of_too_many_members(void **state)
{
	/* zip64 records that announce what is not there. */
	static const uint64_t rows[][2] = {{NPZ_MEMBERS_MAX + 1, 0},
					   {1, NPZ_DIRECTORY_MAX + 1},
					   {UINT64_MAX, UINT64_MAX},
					   {NPZ_MEMBERS_MAX, 0}};
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		AUTO_FREE struct zip *z = calloc(1, sizeof *z);
		unsigned char out[8];
		struct err e;
		end_zip(z, true);
		size_t at = 32, end = 48;
		put(z->bytes, &at, rows[i][0], 8);
		put(z->bytes, &at, rows[i][1], 8);
		put(z->bytes, &end, 0, 8);
		assert_int_equal(get_member(z->bytes, z->size, "a", out, sizeof out, &e), -1);
		assert_non_null(strstr(e.text, i < 3 ? "are read" : "does not hold what it says"));
	}
}

/* ---- safetensors ----------------------------------------------------------------------------- */

#define T(name, dtype, shape, from, to) \
	"\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" from "," to "]}"

static void safetensors_are_read(void **state)
{
	static const struct {
		const char *text, *want;
		uint64_t size, offset, count;
		enum compute_type type;
		unsigned dims;
	} rows[] = {
		{"{" T("a", "F32", "2,3", "0", "24") "}", "a", 24, 0, 6, TYPE_F32, 2},
		{"{" T("a", "F32", "2,3", "0", "24") "}", NULL, 24, 0, 6, TYPE_F32, 2},
		{" { " T("b", "I64", "", "24", "32") " , " T("a", "F32", "2,3", "0", "24") " }   ", "b", 32, 24,
			1, TYPE_I64, 0},
		{"{\"__metadata__\":{\"format\":\"pt\",\"x\":\"\\u0041\"}," T("a", "BOOL", "0", "0", "0") "}",
			"a", 0, 0, 0, TYPE_BOOL, 1},
		{"{\"__metadata__\":{}," T("a", "BF16", "3", "0", "6") "}", "a", 6, 0, 3, TYPE_NONE, 1},
		{"{" T("x\\u00e9\\ud83d\\ude00\\\"", "F16", "1", "0", "2") "}", "x\xc3\xa9\xf0\x9f\x98\x80\"", 2, 0, 1,
			TYPE_F16, 1},
		/* Types that cannot be read may stand beside. */
		{"{" T("e", "F8_E5M2", "4", "0", "4") "," T("a", "U8", "1", "4", "5") "}", "a", 5, 4, 1, TYPE_U8, 1},
		/* Empty tensors share a place. */
		{"{" T("e", "U8", "0", "4", "4") "," T("f", "U8", "4", "0", "4") "}", "f", 4, 0, 4, TYPE_U8, 1},
	};
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct tensor t;
		struct err e = ERR_INIT;
		int rc = safetensors_parse(&(struct safetensors_header){rows[i].text, strlen(rows[i].text), rows[i].size}, "x", rows[i].want,
					   &t, &e);
		if (rc < 0)
			print_message("# row %zu: %s\n", i, e.text);
		assert_int_equal(rc, 0);
		assert_int_equal(t.offset, rows[i].offset);
		assert_int_equal(t.shape.count, rows[i].count);
		assert_int_equal(t.shape.type, rows[i].type);
		assert_int_equal(t.is_bf16, rows[i].type == TYPE_NONE);
		assert_int_equal(t.shape.dims, rows[i].dims);
	}
}

static void safetensors_tricks_are_refused(void **state)
{
	static const struct {
		const char *text, *want, *says;
	} rows[] = {
		{"", "a", "not an object"},
		{"[]", "a", "not an object"},
		{"{}", "a", "tensors end at byte 0 of 8"},
		{"{" T("a", "F32", "2", "0", "8") "}", "b", "no tensor 'b' among its 1, which is 'a'"},
		{"{" T("a", "F32", "2", "0", "8"), "a", "does not end"},
		{"{" T("a", "F32", "2", "0", "8") "} x", "a", "text after its end"},
		{"{" T("a", "F32", "2", "0", "8") ",}", "a", "name"},
		{"{" T("a", "F32", "3", "0", "8") "}", "a", "needs 12 bytes, its data_offsets give 8"},
		{"{" T("a", "F32", "4294967296,4294967296", "0", "8") "}", "a", "64 bits"},
		{"{" T("a", "F32", "1,1,1,1,1,1,1,1,2", "0", "8") "}", "a", "too long"},
		{"{" T("a", "F32", "2", "8", "0") "}", "a", "not inside the file"},
		{"{" T("a", "F32", "2", "0", "9") "}", "a", "not inside the file"},
		{"{" T("a", "F32", "2", "0", "18446744073709551616") "}", "a", "integer"},
		{"{" T("a", "F32", "2", "0", "8.0") "}", "a", "integer"},
		{"{" T("a", "F32", "2", "-0", "8") "}", "a", "integer"},
		{"{" T("a", "F32", "02", "0", "8") "}", "a", "integer"},
		{"{" T("a", "F32", "2", "0", "8,8") "}", "a", "too long"},
		{"{" T("a", "F32", "1", "0", "4") "," T("b", "F32", "2", "0", "8") "}", "a", "overlap at byte 4"},
		{"{" T("a", "F32", "1", "0", "4") "," T("b", "U8", "3", "5", "8") "}", "a", "leave a gap at byte 4"},
		{"{" T("a", "F32", "1", "4", "8") "}", "a", "leave a gap at byte 0"},
		{"{" T("a", "F32", "1", "0", "4") "," T("a", "F32", "1", "4", "8") "}", "a", "two tensors 'a'"},
		{"{" T("a", "F32", "1", "0", "4") "," T("b", "F32", "1", "4", "8") "}", NULL, "holds 2 tensors"},
		{"{" T("a", "F8_E4M3", "8", "0", "8") "}", "a", "type is 'F8_E4M3'"},
		{"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "a", "twice"},
		{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "a", "missing"},
		{"{\"a\":{}}", "a", "expected dtype"},
		{"{\"a\":[[[[[[[[", "a", "expected a tensor"},
		{"{\"a\":{\"dtype\":\"F32\",\"shape\":[[2]],\"data_offsets\":[0,8]}}", "a", "integer"},
		{"{\"__metadata__\":{\"a\":{}}}", "a", "not text"},
		{"{\"\\u0000\":{}}", "a", "name"},
		{"{\"\\ud83d\":{}}", "a", "name"},
		{"{\"\\x\":{}}", "a", "name"},
		{"{\"a\nb\":{}}", "a", "name"},
	};
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct tensor t;
		struct err e = ERR_INIT;
		assert_int_equal(safetensors_parse(&(struct safetensors_header){rows[i].text, strlen(rows[i].text), 8}, "x", rows[i].want, &t,
						   &e),
				 -1);
		if (!strstr(e.text, rows[i].says))
			print_message("# row %zu: %s\n", i, e.text);
		assert_non_null(strstr(e.text, rows[i].says));
	}
}

static void safetensors_damaged_anywhere(void **state)
{
	static const char text[] = "{\"__metadata__\":{\"k\":\"v\\n\"}," T(
		"a\\u00e9", "F32", "2,3", "0", "24") "," T("b", "BF16", "1", "24", "26") "}";
	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++) {
		AUTO_FREE char *copy = malloc(sizeof text);
		AUTO_FREE char *cut = malloc(i + !i);
		struct tensor t;
		struct err e = ERR_INIT;
		memcpy(cut, text, i);
		assert_int_equal(safetensors_parse(&(struct safetensors_header){cut, i, 26}, "x", "b", &t, &e), -1);
		memcpy(copy, text, sizeof text);
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			copy[i] = (char)(text[i] ^ (char)flip);
			if (safetensors_parse(&(struct safetensors_header){copy, sizeof text - 1, 26}, "x", "b", &t, &e) == 0)
				assert_true(t.offset + t.shape.count * 2 <= 26);
		}
	}
}

static void safetensors_file(void **state)
{
	static const char head[] = "{" T("a", "U8", "3", "0", "3") "}";
	static const struct {
		uint64_t length;
		size_t file; /* bytes, 0: all */
		const char *says;
	} rows[] = {
		{sizeof head - 1, 0, NULL},
		{0xffffffff, 0, "says 4294967295 bytes"},
		{UINT64_MAX, 0, "is the most"},
		{SAFETENSORS_HEADER_MAX + 1, 0, "is the most"},
		{SAFETENSORS_HEADER_MAX, 0, "cut off inside"},
		{sizeof head - 1, 7, "is not a .safetensors"},
		{sizeof head - 1, 0, NULL},
		{sizeof head - 1, 8, "cut off inside"},
		{sizeof head - 1, 8 + sizeof head, "not inside the file"},
	};
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		unsigned char file[8 + sizeof head + 2];
		struct tensor t;
		struct err e = ERR_INIT;
		size_t at = 0, size = rows[i].file ? rows[i].file : sizeof file;
		put(file, &at, rows[i].length, 8);
		memcpy(file + 8, head, sizeof head - 1);
		memcpy(file + 8 + sizeof head - 1, "xyz", 3);
		AUTO_FD int fd = memory_file(file, size);
		int rc = safetensors_find(fd, "x", size, "a", &t, &e);
		assert_int_equal(rc, rows[i].says ? -1 : 0);
		if (rows[i].says)
			assert_non_null(strstr(e.text, rows[i].says));
		else
			assert_int_equal(t.offset, 8 + sizeof head - 1);
	}
}

static void safetensors_of_very_many(void **state)
{
	AUTO_FREE char *text = malloc(1 << 24);
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		size_t n = 0, count = SAFETENSORS_TENSORS_MAX + more;
		text[n++] = '{';
		for (size_t i = 0; i < count; i++)
			n += (size_t)snprintf(text + n, 128, "%s" T("t%zu", "U8", "1", "%zu", "%zu"),
					      i ? "," : "", i, i, i + 1);
		text[n++] = '}';
		struct tensor t;
		struct err e = ERR_INIT;
		int rc = safetensors_parse(&(struct safetensors_header){text, n, count}, "x", "t99999", &t, &e);
		assert_int_equal(rc, more ? -1 : 0);
		if (more)
			assert_non_null(strstr(e.text, "more than 100000 tensors"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(npz_members_are_read),
		cmocka_unit_test(npz_tricks_are_refused),
		cmocka_unit_test(npz_damaged_anywhere),
		cmocka_unit_test(npz_of_too_many_members),
		cmocka_unit_test(safetensors_are_read),
		cmocka_unit_test(safetensors_tricks_are_refused),
		cmocka_unit_test(safetensors_damaged_anywhere),
		cmocka_unit_test(safetensors_file),
		cmocka_unit_test(safetensors_of_very_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
