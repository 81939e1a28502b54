/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing .npy and PNG: what must be read, what must be refused and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "gpu/npy.h"
#include "gpu/png.h"

/* ---- npy ----------------------------------------------------------------------------------- */

static size_t make_npy(unsigned char *buf, unsigned major, const char *dict)
{
	size_t n = strlen(dict), start = major == 1 ? 10 : 12;

	memcpy(buf, "\x93NUMPY", 6);
	buf[6] = (unsigned char)major;
	buf[7] = 0;
	memset(buf + 8, 0, 4);
	buf[8] = (unsigned char)n;
	buf[9] = (unsigned char)(n >> 8);
	memcpy(buf + start, dict, n);
	return start + n;
}

static void npy_is_read(void **state)
{
	static const struct {
		unsigned major;
		const char *dict;
		enum compute_type type;
		unsigned dims;
		uint64_t count;
		bool big_endian, fortran;
	} rows[] = {
	    {1, "{'descr': '>f4', 'fortran_order': False, 'shape': (3,), }", TYPE_F32, 1, 3, true,
	     false},
	    {1, "{'descr': '>i8', 'fortran_order': True, 'shape': (3, 4), }", TYPE_I64, 2, 12, true,
	     true},
	    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  \n", TYPE_F32, 2, 12,
	     false, false},
	    {2, "{'descr': '|u1', 'fortran_order': False, 'shape': (7,), }\n", TYPE_U8, 1, 7, false,
	     false},
	    {3, "{'shape': (), 'fortran_order': False, 'descr': '<i8'}", TYPE_I64, 0, 1, false,
	     false},
	    {1, "{\"descr\":\"|b1\",\"fortran_order\":False,\"shape\":(2L, 0)}", TYPE_BOOL, 2, 0,
	     false, false},
	    {1, "{'descr': '<f2', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,2), }", TYPE_F16,
	     8, 2, false, false},
	};
	unsigned char buf[512];
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct npy npy;
		struct err e = ERR_INIT;
		size_t n = make_npy(buf, rows[i].major, rows[i].dict);
		assert_int_equal(npy_header_size(buf, NPY_START), n);
		assert_int_equal(npy_parse(buf, n, "x.npy", &npy, &e), 0);
		assert_int_equal(npy.offset, n);
		assert_int_equal(npy.shape.type, rows[i].type);
		assert_int_equal(npy.shape.dims, rows[i].dims);
		assert_int_equal(npy.shape.count, rows[i].count);
		assert_int_equal(npy.big_endian, rows[i].big_endian);
		assert_int_equal(npy.fortran, rows[i].fortran);
	}
}

static void npy_is_refused(void **state)
{
	static const struct {
		unsigned major;
		const char *dict, *says;
	} rows[] = {
	    {1, "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", "Python objects"},
	    {1, "{'descr': '>c8', 'fortran_order': False, 'shape': (3,), }", "'>c8'"},
	    {1, "{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }", "'<c8'"},
	    {1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }", "structured"},
	    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }",
	     "dimensions"},
	    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
	     "not a size"},
	    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999), }",
	     "64 bits"},
	    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }", "not a size"},
	    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3 4), }", "does not end"},
	    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,", "not a size"},
	    {1, "{'descr': '<f4', 'fortran_order': False}", "missing"},
	    {1, "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "twice"},
	    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'x': 1}", "unknown key"},
	    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)} x",
	     "after the dictionary"},
	    {1, "['descr']", "no dictionary"},
	    {1, "{'descr': '<f4", "not a short string"},
	    {1, "", "no dictionary"},
	    {4, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "version 4"},
	    {0, "{}", "version 0"},
	};
	unsigned char buf[512];
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct npy npy;
		struct err e = ERR_INIT;
		size_t n = make_npy(buf, rows[i].major, rows[i].dict);
		assert_int_equal(npy_parse(buf, n, "x.npy", &npy, &e), -1);
		assert_non_null(strstr(e.text, rows[i].says));
		assert_string_equal(e.object, "x.npy");
	}
}

/* Every shorter file is cut off, and none reads past its end (the copy is exactly as long). */
static void npy_cut_off_anywhere(void **state)
{
	unsigned char buf[512];
	size_t n = make_npy(buf, 2, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }");
	(void)state;
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE unsigned char *copy = malloc(i + !i);
		struct npy npy;
		struct err e = ERR_INIT;
		memcpy(copy, buf, i);
		assert_int_equal(npy_parse(copy, i, "x.npy", &npy, &e), -1);
	}
	make_npy(buf, 2, "");
	buf[11] = 0xff; /* a header of 4 GiB */
	struct npy npy;
	struct err e = ERR_INIT;
	assert_int_equal(npy_parse(buf, sizeof buf, "x.npy", &npy, &e), -1);
	assert_non_null(strstr(e.text, "is the most"));
}

static void npy_written_is_read_again(void **state)
{
	(void)state;
	for (unsigned dims = 0; dims <= COMPUTE_DIMS; dims++) {
		struct shape s = {.type = TYPE_I16, .dims = dims};
		struct npy back;
		struct err e = ERR_INIT;
		char buf[NPY_HEADER_WRITTEN];
		for (unsigned i = 0; i < dims; i++)
			s.dim[i] = i + 1;
		assert_int_equal(shape_finish(&s, "x", &e), 0);
		size_t n = npy_header(&s, buf);
		assert_int_equal(n % 64, 0);
		assert_int_equal(npy_parse((unsigned char *)buf, n, "x", &back, &e), 0);
		assert_int_equal(back.offset, n);
		assert_int_equal(back.shape.type, s.type);
		assert_int_equal(back.shape.dims, dims);
		assert_memory_equal(back.shape.dim, s.dim, dims * sizeof s.dim[0]);
	}
	struct shape widest = {.type = TYPE_F64, .dims = COMPUTE_DIMS};
	char buf[NPY_HEADER_WRITTEN];
	for (unsigned i = 0; i < COMPUTE_DIMS; i++)
		widest.dim[i] = UINT64_MAX;
	assert_true(npy_header(&widest, buf) <= sizeof buf);
}

/* ---- png ----------------------------------------------------------------------------------- */

static int memory_file(const void *data, size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
	return fd;
}

static struct bytes file_bytes(int fd)
{
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	return (struct bytes){
	    .kind = BYTES_FILE, .fd = fd, .name = "x.png", .size = (uint64_t)st.st_size};
}

static int peek(int fd, enum compute_type type, struct shape *ret, struct err *e)
{
	struct bytes file = file_bytes(fd);
	return png_peek(&file, type, ret, e);
}

static int picture(int fd, const struct shape *s, unsigned char *out, struct err *e)
{
	struct bytes file = file_bytes(fd);
	return png_read(&file, s, out, e);
}

/* One row, then the others. */
static int write_picture(int fd, const struct shape *s, const unsigned char *data, struct err *e)
{
	struct png_writer *w = png_begin(fd, "x.png", s, e);
	size_t row = s->bytes / s->dim[0];
	if (!w)
		return -1;
	int rc = png_rows(w, data, 1, e) < 0 || png_rows(w, data + row, s->dim[0] - 1, e) < 0
		     ? -1
		     : png_end(w, e);
	png_drop(w);
	return rc;
}

static void png_round_trip(void **state)
{
	static const unsigned char rgba[2 * 3 * 4] = {
	    1, 2, 3, 255, 4, 5, 6, 0, 7, 8, 9, 128, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21};
	struct shape s = {.type = TYPE_U8, .dims = 3, .dim = {2, 3, 4}}, back;
	struct err e = ERR_INIT;
	unsigned char out[sizeof rgba];
	AUTO_FD int fd = memory_file("", 0);

	(void)state;
	assert_int_equal(shape_finish(&s, "x", &e), 0);
	assert_int_equal(write_picture(fd, &s, rgba, &e), 0);
	assert_int_equal(peek(fd, TYPE_U8, &back, &e), 0);
	assert_true(back.dim[0] == 2 && back.dim[1] == 3 && back.dim[2] == 4 &&
		    back.bytes == sizeof rgba);
	assert_int_equal(picture(fd, &back, out, &e), 0);
	assert_memory_equal(out, rgba, sizeof rgba);
}

static void png_from_other_types(void **state)
{
	static const float grey[4] = {-1.0f, 0.5f, 2.0f, __builtin_nanf("")};
	static const unsigned char want[16] = {0,   0,   0,   255, 128, 128, 128, 255,
					       255, 255, 255, 255, 0,   0,   0,   255};
	static const uint32_t packed[1] = {0x04030201};
	struct shape s = {.type = TYPE_F32, .dims = 2, .dim = {2, 2}}, back;
	struct err e = ERR_INIT;
	unsigned char out[16];
	AUTO_FD int fd = memory_file("", 0);
	AUTO_FD int fd2 = memory_file("", 0);

	(void)state;
	assert_int_equal(shape_finish(&s, "x", &e), 0);
	assert_int_equal(write_picture(fd, &s, (const unsigned char *)grey, &e), 0);
	assert_int_equal(peek(fd, TYPE_U8, &back, &e), 0);
	assert_int_equal(picture(fd, &back, out, &e), 0);
	assert_memory_equal(out, want, sizeof want);

	s = (struct shape){.type = TYPE_U32, .dims = 2, .dim = {1, 1}};
	assert_int_equal(shape_finish(&s, "x", &e), 0);
	assert_int_equal(write_picture(fd2, &s, (const unsigned char *)packed, &e), 0);
	assert_int_equal(peek(fd2, TYPE_U8, &back, &e), 0);
	assert_int_equal(picture(fd2, &back, out, &e), 0);
	assert_memory_equal(out, "\1\2\3\4", 4);
}

static void png_shapes_that_are_none(void **state)
{
	static const struct shape rows[] = {
	    {.type = TYPE_F64, .dims = 2, .dim = {2, 2}},
	    {.type = TYPE_U8, .dims = 1, .dim = {4}},
	    {.type = TYPE_U8, .dims = 3, .dim = {2, 2, 5}},
	    {.type = TYPE_U8, .dims = 3, .dim = {2, 2, 0}},
	    {.type = TYPE_F32, .dims = 3, .dim = {2, 2, 2}},
	    {.type = TYPE_U32, .dims = 3, .dim = {2, 2, 1}},
	    {.type = TYPE_U8, .dims = 2, .dim = {0, 2}},
	    {.type = TYPE_U8, .dims = 2, .dim = {1, PNG_SIDE_MAX + 1}},
	    {.type = TYPE_U8, .dims = 4, .dim = {1, 1, 1, 1}},
	};
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct shape s = rows[i];
		struct err e = ERR_INIT;
		assert_int_equal(shape_finish(&s, "x", &e), 0);
		assert_int_equal(png_can_write(&s, "x.png", &e), -1);
		assert_non_null(strstr(e.text, "cannot become a PNG"));
	}
}

static void png_header_of(unsigned char *head, uint32_t width, uint32_t height)
{
	static const unsigned char start[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
					      0,    0,   0,   13,  'I',  'H',  'D',  'R'};
	memset(head, 0, 33);
	memcpy(head, start, sizeof start);
	for (int i = 0; i < 4; i++) {
		head[16 + i] = (unsigned char)(width >> (24 - 8 * i));
		head[20 + i] = (unsigned char)(height >> (24 - 8 * i));
	}
	head[24] = 8;
	head[25] = 6;
}

static void png_bombs_are_refused_by_their_header(void **state)
{
	static const struct {
		uint32_t width, height;
		int rc;
	} rows[] = {
	    {PNG_SIDE_MAX, 8192, 0},
	    {PNG_SIDE_MAX, 8193, -1},
	    {PNG_SIDE_MAX + 1, 1, -1},
	    {1, PNG_SIDE_MAX + 1, -1},
	    {1, PNG_SIDE_MAX, 0},
	    {0, 5, -1},
	    {5, 0, -1},
	    {UINT32_MAX, UINT32_MAX, -1},
	};
	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		unsigned char head[33];
		struct shape s;
		struct err e = ERR_INIT;
		png_header_of(head, rows[i].width, rows[i].height);
		AUTO_FD int fd = memory_file(head, sizeof head);
		assert_int_equal(peek(fd, TYPE_U8, &s, &e), rows[i].rc);
	}
}

/* Cut anywhere, or with any byte changed: an error or a picture, never a crash or a read past the end. */
static void png_damaged_anywhere(void **state)
{
	struct shape s = {.type = TYPE_U8, .dims = 2, .dim = {9, 9}}, back;
	struct err e = ERR_INIT;
	unsigned char pixels[81], file[4096], out[9 * 9 * 4];
	AUTO_FD int good = memory_file("", 0);

	(void)state;
	for (unsigned i = 0; i < sizeof pixels; i++)
		pixels[i] = (unsigned char)(i * 37);
	assert_int_equal(shape_finish(&s, "x", &e), 0);
	assert_int_equal(write_picture(good, &s, pixels, &e), 0);
	ssize_t size = pread(good, file, sizeof file, 0);
	assert_true(size > 60 && size < (ssize_t)sizeof file);
	for (ssize_t i = 0; i < size; i++) {
		AUTO_FD int cut = memory_file(file, (size_t)i);
		e = ERR_INIT;
		int rc = peek(cut, TYPE_U8, &back, &e);
		if (rc == 0)
			rc = picture(cut, &back, out, &e);
		assert_int_equal(rc, -1);
		assert_string_not_equal(e.text, "");

		file[i] ^= 0x55;
		AUTO_FD int changed = memory_file(file, (size_t)size);
		if (peek(changed, TYPE_U8, &back, &e) == 0 && back.bytes <= sizeof out)
			(void)picture(changed, &back, out, &e);
		file[i] ^= 0x55;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(npy_is_read),
	    cmocka_unit_test(npy_is_refused),
	    cmocka_unit_test(npy_cut_off_anywhere),
	    cmocka_unit_test(npy_written_is_read_again),
	    cmocka_unit_test(png_round_trip),
	    cmocka_unit_test(png_from_other_types),
	    cmocka_unit_test(png_shapes_that_are_none),
	    cmocka_unit_test(png_bombs_are_refused_by_their_header),
	    cmocka_unit_test(png_damaged_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
