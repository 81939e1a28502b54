/* SPDX-License-Identifier: Apache-2.0 */
/* #include: which lines are one, what is found where, and what must not be reached. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/include-scan.h"
#include "run/include.h"

/* ---- lines --------------------------------------------------------------------------------- */

/* "LINE:name LINE:<name>" of all that is found. */
static int expand(struct includes *in, const struct compute_kernel *k, const char *text, size_t size, char **ret, size_t *ret_size,
	struct err *e)
{
	AUTO_FREE char *copy = calloc(1, size + 1);
	struct include_text whole = {NULL, 0};

	assert_non_null(copy);
	memcpy(copy, text, size);
	int rc = includes_expand(in, k, &(struct include_text){copy, size}, &whole, e);
	if (rc == 0) {
		*ret = whole.text;
		*ret_size = whole.size;
	}
	return rc;
}

static void scan(const char *text, size_t size, char *buf, size_t buf_size)
{
	struct include_scan s;
	size_t used = 0;

	buf[0] = '\0';
	include_scan_init(&s, text, size);
	while (include_scan_next(&s)) {
		assert_true(s.found_end <= size && s.found_at < s.found_end && s.at <= size);
		assert_true(used < buf_size);
		used += (size_t)snprintf(buf + used, buf_size - used, s.angled ? "%u:<%.*s> " : "%u:%.*s ",
			s.found_line, (int)s.name_size, s.name);
	}
}

static void lines(void **state)
{
	static const struct {
		const char *text, *found;
	} rows[] = {
		{"", ""},
		{"#include", ""},
		{"#include \"a\"", "1:a "},
		{"\n \t# \tinclude\t<b c>  \n#include\"d\"\r\n", "2:<b c> 3:d "},
		{"#include \"a\" // why\n#include \"b\" /* why */ // so\n", "1:a 2:b "},
		{"#include \"a\" x\n#include \"b\n#include <c\n#includes \"d\"\nx #include \"e\"\n", ""},
		{"/* #include \"a\"\n#include \"b\"\n*/ #include \"c\"\n#include \"d\"", "4:d "},
		{"// x \\\n#include \"a\"\n#include \"b\"", "3:b "},
		{"#define X \\\n#include \"a\"\n#include \"b\"", "3:b "},
		{"#define X \\\r\n#include \"a\"\r\n#include \"b\"", "3:b "},
		{"// /* x\n#include \"a\"", "2:a "},
		{"x /* // */ y /*/ z\n#include \"a\"\n*/\n#include \"b\"", "4:b "},
		{"#include \"a\" /* x\n#include \"b\" */\n#include \"c\" \\\n#include \"d\"", ""},
		{"#include \"\"\n#include <>", "1: 2:<> "},
		{"#if 0\n#include \"a\"\n#endif", "2:a "},
		{"/**/#include \"a\"", ""},
		{"a = b / c; // \n#include \"x\"\n/", "2:x "},
	};
	char buf[200];

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		scan(rows[i].text, strlen(rows[i].text), buf, sizeof buf);
		if (strcmp(buf, rows[i].found) != 0)
			print_message("# %s\n", rows[i].text);
		assert_string_equal(buf, rows[i].found);
	}
	/* Cut anywhere, in a copy that ends where the text does: no byte after it is looked at. */
	static const char whole[] = "/* a */ #include \"b\"\n\t# include <c> /* d */ // e \\\r\nf\n#include \"g\"";
	for (size_t n = 0; n < sizeof whole; n++) {
		AUTO_FREE char *copy = malloc(n ? n : 1);
		assert_non_null(copy);
		memcpy(copy, whole, n);
		scan(copy, n, buf, sizeof buf);
	}
}

/* ---- files --------------------------------------------------------------------------------- */

/* In base/job lies the job file; what is beside that directory must not be reached. */
static char base[64];

static void write_file(const char *path, const char *text)
{
	AUTO_FILE FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
}

static int make_tree(void **state)
{
	static const char *const dirs[] = {"job", "job/s", "job/s/lib", "job/lib", "job/dir.glsl", "shared", "shared/x"};
	static const char *const files[][2] = {
		{"secret", "SECRET\n"}, {"shared/secret", "SECRET\n"},
		{"job/top.glsl", "top\n"}, {"job/both.glsl", "of the job\n"},
		{"job/s/both.glsl", "of the shader\n"}, {"job/s/lib/both.glsl", "of the library\n"},
		{"job/s/lib/a.glsl", "#include \"both.glsl\"\n#include <both.glsl>\na"},
		{"job/lib/up.glsl", "#include \"../top.glsl\"\n"},
		{"job/s/self.glsl", "#include \"self.glsl\"\n"},
		{"job/s/ring1.glsl", "\n#include \"ring2.glsl\"\n"},
		{"job/s/ring2.glsl", "#include \"lib/../ring1.glsl\"\n"},
		{"shared/x/near.glsl", "near\n"},
		{"job/empty.glsl", ""},
	};
	char name[32], text[32];

	(void)state;
	(void)snprintf(base, sizeof base, "/tmp/vkjail-include.XXXXXX");
	if (!mkdtemp(base) || chdir(base) < 0)
		return -1;
	for (size_t i = 0; i < COUNTOF(dirs); i++)
		if (mkdir(dirs[i], 0755) < 0)
			return -1;
	for (size_t i = 0; i < COUNTOF(files); i++)
		write_file(files[i][0], files[i][1]);
	if (symlink("../secret", "job/out.glsl") < 0 || symlink("/etc/passwd", "job/abs.glsl") < 0 ||
		symlink("..", "job/s/up") < 0 || symlink("top.glsl", "job/inside.glsl") < 0)
		return -1;
	for (int i = 1; i <= 18; i++) {
		(void)snprintf(name, sizeof name, "job/deep%d.glsl", i);
		(void)snprintf(text, sizeof text, "#include \"deep%d.glsl\"\n", i - 1);
		write_file(name, text);
	}
	write_file("job/deep0.glsl", "bottom\n");
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

static int remove_tree(void **state)
{
	(void)state;
	return chdir("/") < 0 ? -1 : nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define NAMES "#extension GL_GOOGLE_cpp_style_line_directive : require\n"

static void expansion(void **state)
{
	static const struct {
		const char *shader, *text, *out, *message; /* one of out and message */
	} rows[] = {
		{"s/k.comp", "a\nb", "a\nb", NULL},
		{"s/k.comp", "", "", NULL},
		{"s/k.comp", "a\n#include \"both.glsl\"\nb",
			"a\n" NAMES "#line 1 \"s/both.glsl\"\nof the shader\n\n#line 3 \"s/k.comp\"\nb", NULL},
		{"s/k.comp", "#include \"top.glsl\"",
			NAMES "#line 1 \"top.glsl\"\ntop\n\n#line 2 \"s/k.comp\"\n", NULL},
		{"s/k.comp", "#include <empty.glsl>",
			NAMES "#line 1 \"empty.glsl\"\n\n#line 2 \"s/k.comp\"\n", NULL},
		{"s/k.comp", "#include \"lib/a.glsl\"\n",
			NAMES "#line 1 \"s/lib/a.glsl\"\n"
			NAMES "#line 1 \"s/lib/both.glsl\"\nof the library\n\n#line 2 \"s/lib/a.glsl\"\n"
			NAMES "#line 1 \"s/both.glsl\"\nof the shader\n\n#line 3 \"s/lib/a.glsl\"\na\n#line 2 \"s/k.comp\"\n", NULL},
		{"s/k.comp", "#include \"../lib/up.glsl\"\n",
			NAMES "#line 1 \"lib/up.glsl\"\n" NAMES "#line 1 \"top.glsl\"\ntop\n\n#line 2 \"lib/up.glsl\"\n\n#line 2 \"s/k.comp\"\n", NULL},
		{"../shared/x/k.comp", "#include \"near.glsl\"\n",
			NAMES "#line 1 \"../shared/x/near.glsl\"\nnear\n\n#line 2 \"../shared/x/k.comp\"\n", NULL},
		{"../shared/x/k.comp", "#include \"top.glsl\"\n",
			NAMES "#line 1 \"top.glsl\"\ntop\n\n#line 2 \"../shared/x/k.comp\"\n", NULL},
		{"k\"\\.comp", "#include \"inside.glsl\"\n",
			NAMES "#line 1 \"inside.glsl\"\ntop\n\n#line 2 \"k??.comp\"\n", NULL},
		{"s/k.comp", "#include \"nothing.glsl\"\nb",
			"#error \"the file nothing.glsl is not there to be included\"\nb", NULL},
		/* Links stay below the root that they are looked up in: outside there is nothing. */
		{"k.comp", "#include \"out.glsl\"\n", "#error \"the file out.glsl is not there to be included\"\n", NULL},
		{"k.comp", "#include \"abs.glsl\"\n", "#error \"the file abs.glsl is not there to be included\"\n", NULL},
		{"s/k.comp", "#include \"up/../secret\"\n", "#error \"the file up/../secret is not there to be included\"\n", NULL},
		{"../shared/x/k.comp", "#include \"../secret\"\n", NULL,
			"J: ../shared/x/k.comp:1: #include of '../secret': leads out of the job file's directory and the shader's"},
		{"s/k.comp", "#include \"../../secret\"\n", NULL,
			"J: s/k.comp:1: #include of '../../secret': leads out of the job file's directory and the shader's"},
		{"s/k.comp", "#if 0\n#include \"/etc/passwd\"\n", NULL,
			"J: s/k.comp:2: #include of '/etc/passwd': an absolute path is not allowed, name a file below the job file's directory or the shader's"},
		{"k.comp", "#include \"\"\n", NULL, "J: k.comp:1: #include of '': the name is empty or too long"},
		{"k.comp", "#include \"a\x01\"\n", NULL,
			"J: k.comp:1: #include of 'a\\x01': the name has a character that is not allowed"},
		{"k.comp", "#include \"dir.glsl\"\n", NULL, "J: k.comp:1: #include of 'dir.glsl': is not a regular file"},
		{"s/k.comp", "#include \"self.glsl\"\n", NULL,
			"J: s/k.comp:1 > s/self.glsl:1: #include of 'self.glsl': it includes itself in this way"},
		{"s/k.comp", "#include \"ring1.glsl\"\n", NULL,
			"J: s/k.comp:1 > s/ring1.glsl:2 > s/ring2.glsl:1: #include of 'lib/../ring1.glsl': it includes itself in this way"},
		{"k.comp", "#include \"deep17.glsl\"\n", NULL, "more than 16 files include each other in a row"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct includes in;
		struct err e = ERR_INIT;
		char path[96], message[1024];
		AUTO_FREE char *out = NULL;
		size_t size = 0;
		(void)snprintf(path, sizeof path, "job/%s", rows[i].shader);
		const struct compute_kernel k = {.where = "J", .shader = rows[i].shader, .shader_path = path};
		includes_init(&in, "job");
		int rc = expand(&in, &k, rows[i].text, strlen(rows[i].text), &out, &size, &e);
		(void)err_render(&e, message, sizeof message);
		if (rc < 0 ? !rows[i].message || !strstr(message, rows[i].message) : !rows[i].out)
			print_message("# %s: %s\n", rows[i].text, message);
		if (rows[i].message) {
			assert_int_equal(rc, -1);
			assert_non_null(strstr(message, rows[i].message));
		} else {
			assert_int_equal(rc, 0);
			assert_int_equal(size, strlen(rows[i].out));
			assert_memory_equal(out, rows[i].out, size);
		}
		includes_done(&in);
	}
}

/* Sixteen in a row are fine; so much text, and no more; so many files, and no more. */
static void edges(void **state)
{
	enum { HALF = INCLUDE_BYTES / 2 };
	struct includes in;
	struct err e = ERR_INIT;
	char name[40], *out;
	size_t size;
	const struct compute_kernel k = {.where = "J", .shader = "k.comp", .shader_path = "job/k.comp"};

	(void)state;
	includes_init(&in, "job");
	static const char deep[] = "#include \"deep15.glsl\"\n";
	assert_int_equal(expand(&in, &k, deep, sizeof deep - 1, &out, &size, &e), 0);
	assert_non_null(memmem(out, size, "bottom", 6));
	free(out);
	includes_done(&in);

	AUTO_FREE char *half = calloc(1, HALF + 1);
	assert_non_null(half);
	memset(half, 'x', HALF);
	write_file("job/half1.glsl", half);
	write_file("job/half2.glsl", half);
	static const char both[] = "#include \"half1.glsl\"\n", again[] = "#include \"half2.glsl\"\n";
	includes_init(&in, "job");
	assert_int_equal(expand(&in, &k, both, sizeof both - 1, &out, &size, &e), 0);
	free(out);
	assert_int_equal(expand(&in, &k, again, sizeof again - 1, &out, &size, &e), 0);
	free(out);
	static const char third[] = "#include \"top.glsl\"\n";
	assert_int_equal(expand(&in, &k, third, sizeof third - 1, &out, &size, &e), -1);
	assert_non_null(strstr(e.text, "the included files have more than 4194304 bytes"));
	e = ERR_INIT;
	static const char twice[] = "#include \"half1.glsl\"\n#include \"half1.glsl\"\n";
	assert_int_equal(expand(&in, &k, twice, sizeof twice - 1, &out, &size, &e), -1);
	assert_non_null(strstr(e.text, "'k.comp' has more than 4194304 bytes with everything that it includes"));
	includes_done(&in);

	e = ERR_INIT;
	includes_init(&in, "job");
	for (int i = 0; i <= INCLUDE_FILES; i++) {
		char text[64];
		(void)snprintf(name, sizeof name, "job/many%d.glsl", i);
		write_file(name, "x\n");
		int n = snprintf(text, sizeof text, "#include \"many%d.glsl\"\n", i);
		int rc = expand(&in, &k, text, (size_t)n, &out, &size, &e);
		assert_int_equal(rc, i < INCLUDE_FILES ? 0 : -1);
		if (rc == 0)
			free(out);
	}
	assert_non_null(strstr(e.text, "more than 256 files are included"));
	includes_done(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test_setup_teardown(expansion, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(edges, make_tree, remove_tree),
	};
	return cmocka_run_group_tests_name("include", tests, NULL, NULL);
}
