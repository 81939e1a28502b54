/* SPDX-License-Identifier: Apache-2.0 */
/* Job files as text: what is no YAML, what is too much, what YAML can do and a job file may not. */
#include "unit/jobfile.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "job/doc.h"

#define CMD "command: [a]\n"

static void test_syntax(void **state)
{
	(void)state;
	static const struct job_row rows[] = {
		{CMD, NULL},
		{"\xef\xbb\xbf" CMD, NULL},
		{"---\n" CMD "...\n", NULL},
		{"# a comment\n" CMD, NULL},
		{"{\"command\": [\"a\"]}", NULL},
		{"{\"command\":[\"a\",5],\n\t\"name\":\"x\"}", NULL},
		{"command: [\"\\u00fc\\/\"]\n", NULL},
		{"", "job.yaml: is empty: a job file needs 'command' or 'compute'"},
		{"# nothing\n",
			"job.yaml: is empty: a job file needs 'command' or 'compute'"},
		{"---\n", "job.yaml: is empty: a job file needs 'command' or 'compute'"},
		{"~", "job.yaml: is empty: a job file needs 'command' or 'compute'"},
		{"hello",
			"job.yaml:1: expected a job file with keys such as 'command' or 'compute', got text"},
		{"- a", "job.yaml:1: expected a job file with keys such as 'command' or 'compute', got a list"},
		{"{}", "job.yaml: nothing to run: give 'command' or 'compute', or a command after '--'"},
		{CMD "---\n" CMD,
			"job.yaml:2: a second document starts here, a job file holds one"},
		{"name: a\nname: b\n",
			"job.yaml:2: the key 'name' is given twice, first in line 1"},
		{"name: a\n'name': b\n",
			"job.yaml:2: the key 'name' is given twice, first in line 1"},
		{"limits: {wall: 1s, cpu: 1s, wall: 2s}",
			"job.yaml:1: the key 'wall' is given twice, first in line 1"},
		{"? [a]\n: b\n", "job.yaml:1: a key must be text, not a list or a map"},
		{"'': b\n", "job.yaml:1: a key must not be empty"},
		{"\"a\\nb\": b\n", "job.yaml:1: a key must not hold control characters"},
		{"name: &x a\nhostname: *x\n",
			"job.yaml:2: aliases (*name) are not known in job files: write the value out"},
		{"name: !!str a\n", "job.yaml:1: tags such as !!str are not known in job files"},
		{"name: !x a\n", "job.yaml:1: tags such as !!str are not known in job files"},
		{"env: !!map {}\n", "job.yaml:1: tags such as !!map are not known in job files"},
		{"command: !x [a]\n", "job.yaml:1: tags such as !!map are not known in job files"},
		{"name: \"a\\0b\"\n", "job.yaml:1: text must not hold a NUL character"},
		{"limits:\n\twall: 3s\n",
			"job.yaml:2: not valid YAML: found character that cannot start any token while scanning for the next token (line 2)"},
		{"command: [a\n",
			"job.yaml:2: not valid YAML: did not find expected ',' or ']' while parsing a flow sequence (line 1)"},
		{"name: 'a\n",
			"job.yaml:2: not valid YAML: found unexpected end of stream while scanning a quoted scalar (line 1)"},
		{"name: a\n hostname: b\n",
			"job.yaml:2: not valid YAML: mapping values are not allowed in this context"},
	};
	jobfile_check(rows, COUNTOF(rows));
}

#define BYTES(s) (s), sizeof(s) - 1

static void test_bytes(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t size;
		const char *message;
	} rows[] = {
		{BYTES(CMD "#\xc3\xbc"), ""},
		{BYTES(CMD "name: \xff"),
			"job.yaml:2: byte 0xff is not valid UTF-8: a job file is YAML or JSON in UTF-8"},
		{BYTES("\n\nname: \xc3"),
			"job.yaml:3: byte 0xc3 is not valid UTF-8: a job file is YAML or JSON in UTF-8"},
		{BYTES("name: \xed\xa0\x80"),
			"job.yaml:1: byte 0xed is not valid UTF-8: a job file is YAML or JSON in UTF-8"},
		{BYTES("\xff\xfe"
		       "n\0a\0m\0e\0"),
			"job.yaml: is binary data, a job file is YAML or JSON"},
		{BYTES("\x7f"
		       "ELF\2\1\1\0\0"),
			"job.yaml: is binary data, a job file is YAML or JSON"},
		{BYTES(CMD "\0"), "job.yaml: is binary data, a job file is YAML or JSON"},
		{BYTES("name: a\x1b[31m"),
			"job.yaml:1: control character 0x1b: a job file is YAML or JSON text"},
		{BYTES("name: \x7f"),
			"job.yaml:1: control character 0x7f: a job file is YAML or JSON text"},
		{BYTES(CMD "name: \xc2\x85\xef\xbf\xbf"),
			"job.yaml:2: not valid YAML: control characters are not allowed"},
	};
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct spec s;
		char buf[1024];
		assert_string_equal(jobfile_read(&s, rows[i].bytes, rows[i].size, buf, sizeof buf),
			rows[i].message);
		spec_done(&s);
	}
}

static void test_hints(void **state)
{
	(void)state;
	struct spec s;
	struct err e = ERR_INIT;

	jobfile_write("limits:\n\twall: 3s\n", 18);
	spec_init(&s);
	assert_int_equal(spec_read_file(&s, "job.yaml", &e), -1);
	assert_string_equal(e.hint, "indent with spaces: YAML does not allow tabs there");
	spec_done(&s);
	jobfile_write("a: [photo.shape[1]]\n", 20);
	spec_init(&s);
	assert_int_equal(spec_read_file(&s, "job.yaml", &e), -1);
	assert_string_equal(e.hint,
		"inside [...] text that holds [ ] { } or , needs quotes, for example \"photo.shape[1]\"");
	spec_done(&s);
}

/* The size of a file: exactly the bound, and one byte more. */
static void test_file_size(void **state)
{
	(void)state;
	AUTO_FREE char *data = malloc(BOUND_FILE_BYTES + 1);
	struct spec s;
	char buf[1024];

	memset(data, '#', BOUND_FILE_BYTES + 1);
	memcpy(data, CMD, strlen(CMD));
	assert_string_equal(jobfile_read(&s, data, BOUND_FILE_BYTES, buf, sizeof buf), "");
	spec_done(&s);
	assert_string_equal(jobfile_read(&s, data, BOUND_FILE_BYTES + 1, buf, sizeof buf),
		"job.yaml: larger than 1048576 bytes, which is the most that is read");
	spec_done(&s);
}

static void test_large_sparse_file(void **state)
{
	(void)state;
	struct spec s;
	struct err e = ERR_INIT;

	jobfile_write("", 0);
	assert_int_equal(truncate("job.yaml", 1LL << 30), 0);
	spec_init(&s);
	assert_int_equal(spec_read_file(&s, "job.yaml", &e), -1);
	assert_string_equal(e.text, "larger than 1048576 bytes, which is the most that is read");
	spec_done(&s);
}

static void nested(int depth, const char *message)
{
	struct jobfile_text t;

	jobfile_text_open(&t);
	fputs(CMD "env: {A: ", t.f);
	/* The map at the top and env are two levels already. */
	for (int i = 2; i < depth; i++)
		fputc('[', t.f);
	for (int i = 2; i < depth; i++)
		fputc(']', t.f);
	fputs("}\n", t.f);
	jobfile_text_check(&t, message);
}

static void test_depth(void **state)
{
	(void)state;
	nested(BOUND_DEPTH, "job.yaml:2: env.A: expected text, got a list");
	nested(BOUND_DEPTH + 1, "job.yaml:2: more than 32 levels of lists and maps");
	nested(100000, "job.yaml:2: more than 32 levels of lists and maps");
}

static void numbered(
	const char *before, int count, const char *item, const char *after, const char *message)
{
	struct jobfile_text t;

	jobfile_text_open(&t);
	fputs(before, t.f);
	for (int i = 0; i < count; i++)
		fprintf(t.f, item[0] == '@' ? "k%d: 1\n" : "a,", i);
	fputs(after, t.f);
	jobfile_text_check(&t, message);
}

static void test_counts(void **state)
{
	(void)state;
	/* The top and the list are values too. */
	numbered("command: [", BOUND_NODES - 2, "a", "]",
		"job.yaml:1: command: more than 4096 command arguments in a job file");
	numbered("command: [", BOUND_NODES - 1, "a", "]",
		"job.yaml:1: more than 100000 values in a job file");
	numbered("", BOUND_KEYS, "@", "", "job.yaml:1: k0: unknown key 'k0'");
	numbered("", BOUND_KEYS + 1, "@", "", "job.yaml:1025: more than 1024 keys in one map");
}

static void test_key_length(void **state)
{
	(void)state;
	struct jobfile_text t;
	for (int more = 0; more < 2; more++) {
		jobfile_text_open(&t);
		fputs("compute: {", t.f);
		for (int i = 0; i < BOUND_KEY_BYTES + more; i++)
			fputc('k', t.f);
		fputs(": 1}\n", t.f);
		assert_int_equal(fclose(t.f), 0);
		struct arena a = {0};
		struct err e = ERR_INIT;
		const struct node *root;
		assert_int_equal(
			doc_parse(&a, "job.yaml", t.data, t.size, &root, &e), more ? -1 : 0);
		if (more)
			assert_string_equal(e.text, "more than 256 bytes in a key");
		arena_done(&a);
		free(t.data);
	}
}

static void refused(const char *path, const char *message)
{
	struct spec s;
	struct err e = ERR_INIT;
	char buf[1024];

	spec_init(&s);
	assert_int_equal(spec_read_file(&s, path, &e), -1);
	assert_string_equal(err_render(&e, buf, sizeof buf), message);
	spec_done(&s);
}

static void test_no_regular_file(void **state)
{
	(void)state;
	refused("missing.yaml", "missing.yaml: cannot open: No such file or directory (ENOENT)");
	refused(".", ".: is a directory, expected a regular file");
	refused("/dev/zero", "/dev/zero: is not a regular file");
	refused("", "the name of the job file is empty");
	assert_int_equal(mkfifo("job.yaml", 0600), 0);
	refused("job.yaml", "job.yaml: is not a regular file");
	assert_int_equal(unlink("job.yaml"), 0);
	assert_int_equal(symlink("job.yaml", "job.yaml"), 0);
	refused("job.yaml", "job.yaml: cannot open: Too many levels of symbolic links (ELOOP)");
}

/* From stdin: a pipe is fine there. */
static void test_stdin(void **state)
{
	(void)state;
	struct spec s;
	struct err e = ERR_INIT;
	int ends[2], saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], CMD "nmae: x\n", sizeof CMD "nmae: x\n" - 1), 21);
	(void)close(ends[1]);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	spec_init(&s);
	assert_int_equal(spec_read_file(&s, "-", &e), -1);
	assert_string_equal(e.object, "stdin:2: nmae");
	assert_string_equal(e.text, "unknown key 'nmae', did you mean 'name'?");
	spec_done(&s);
	(void)close(ends[0]);
	if (saved >= 0) {
		assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
		(void)close(saved);
	}
}

/* Whoever calls: the bound is the parser's own as well. */
static void test_parse_bound(void **state)
{
	(void)state;
	AUTO_FREE char *data = malloc(BOUND_FILE_BYTES + 1);
	struct arena a = {0};
	struct err e = ERR_INIT;
	const struct node *root;

	assert_non_null(data);
	memset(data, ' ', BOUND_FILE_BYTES + 1);
	assert_int_equal(doc_parse(&a, "f", data, BOUND_FILE_BYTES + 1, &root, &e), -1);
	assert_string_equal(e.text, "more than 1048576 bytes in a job file");
	arena_done(&a);
}

static void test_where(void **state)
{
	(void)state;
	static const char text[] = "a:\n- b\n- c:\n    d: [1, 2]\n";
	struct arena a = {0};
	struct err e = ERR_INIT;
	const struct node *root;
	char buf[64], small[8];

	assert_int_equal(doc_parse(&a, "f", text, sizeof text - 1, &root, &e), 0);
	const struct node *c = root->first->first->next->first;
	assert_string_equal(doc_where("f", root, buf, sizeof buf), "f:1");
	assert_string_equal(doc_where("f", root->first->first, buf, sizeof buf), "f:2: a[0]");
	assert_string_equal(
		doc_where("f", c->first->first->next, buf, sizeof buf), "f:4: a[1].c.d[1]");
	assert_string_equal(doc_where("f", c->first, small, sizeof small), "f:4: a[");
	arena_done(&a);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, jobfile_setup, jobfile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(test_syntax),
		IN_DIR(test_bytes),
		IN_DIR(test_hints),
		IN_DIR(test_file_size),
		IN_DIR(test_large_sparse_file),
		IN_DIR(test_depth),
		IN_DIR(test_counts),
		IN_DIR(test_key_length),
		IN_DIR(test_no_regular_file),
		IN_DIR(test_stdin),
		cmocka_unit_test(test_parse_bound),
		IN_DIR(test_where),
	};
	return cmocka_run_group_tests_name("doc", tests, NULL, NULL);
}
