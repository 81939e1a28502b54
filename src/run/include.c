/* SPDX-License-Identifier: Apache-2.0 */
/* See include.h. No #if is evaluated: a file that is included twice is put in twice, and its guard works. */
#include "run/include.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/fd.h"
#include "base/include-scan.h"
#include "base/text.h"
#include "job/names.h"
#include "sandbox/inroot.h"

/* ---- paths --------------------------------------------------------------------------------- */

/* dir/name without "." and "..", or NULL when it leads above where dir is counted from. */
static const char *below(struct arena *a, const char *dir, const char *name)
{
	char *joined = arena_printf(a, "%s/%s", dir, name);
	char *out = arena_alloc(a, strlen(joined) + 1);
	size_t used = 0;

	for (const char *p = joined; *p;) {
		size_t len = strcspn(p, "/");
		if (len == 2 && memcmp(p, "..", 2) == 0) {
			if (used == 0)
				return NULL;
			while (used > 0 && out[--used] != '/')
				;
		} else if (len > 0 && !(len == 1 && p[0] == '.')) {
			if (used)
				out[used++] = '/';
			memcpy(out + used, p, len);
			used += len;
		}
		p += len;
		p += strspn(p, "/");
	}
	out[used] = '\0';
	return out;
}

static const char *dir_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? arena_strndup(a, path, (size_t)(slash - path)) : "";
}

/* As it may stand between the quotes of a #line. */
static const char *shown_as(struct arena *a, const char *dir, const char *path)
{
	char *s = arena_printf(a, "%s%s%s", dir, dir[0] ? "/" : "", path);

	for (char *p = s; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '"' || *p == '\\')
			*p = '?';
	return s;
}

static unsigned add_root(struct includes *in, const char *path, const char *shown)
{
	for (unsigned i = 0; i < in->root_count; i++)
		if (strcmp(in->roots[i].path, path) == 0)
			return i;
	in->roots = arena_grow(&in->arena, in->roots, in->root_count, sizeof *in->roots);
	in->roots[in->root_count] = (struct include_root){
	    .path = arena_strdup(&in->arena, path),
	    .shown = arena_strdup(&in->arena, shown),
	    .fd = -1,
	};
	return in->root_count++;
}

void includes_init(struct includes *in, const char *job_dir)
{
	*in = (struct includes){.job_dir = job_dir};
	(void)add_root(in, job_dir, "");
}

void includes_done(struct includes *in)
{
	for (unsigned i = 0; i < in->root_count; i++)
		if (in->roots[i].fd >= 0)
			(void)close(in->roots[i].fd);
	for (size_t i = 0; i < in->file_count; i++)
		free(in->files[i].text);
	arena_done(&in->arena);
	*in = (struct includes){.job_dir = NULL};
}

/* ---- one expansion ------------------------------------------------------------------------- */

/* A text that is being gone through, and the ones that led to it. */
struct level {
	const struct level *from;
	unsigned line; /* of the #include in `from` */
	unsigned root;
	const char *path, *shown;
	const char *text;
	size_t size;
};

struct expand {
	struct includes *in;
	const struct compute_kernel *kernel;
	unsigned shader_root;
	const char *shader_dir; /* below that root */
	char *out;
	size_t used, cap;
	struct err *e;
};

/* "a.comp:3, which is included at ..." is said from the inside out. */
static const char *chain(struct expand *x, const struct level *l, unsigned line)
{
	char *s = arena_printf(&x->in->arena, "%s:%u", l->shown, line);

	for (; l->from; l = l->from)
		s = arena_printf(&x->in->arena, "%s:%u > %s", l->from->shown, l->line, s);
	return s;
}

static int put(struct expand *x, const char *data, size_t size)
{
	if (size == 0)
		return 0; /* there may be no memory yet to copy nothing to */
	if (size > SHADER_BYTES - x->used)
		return err_bad(x->e, x->kernel->where,
			       "'%s' has more than %d bytes with everything that it includes",
			       x->kernel->shader, SHADER_BYTES);
	if (x->used + size > x->cap) {
		size_t cap = (x->used + size) * 2;
		char *more = realloc(x->out, cap);
		if (!more)
			return err_os(x->e, ENOMEM, x->kernel->where, "cannot read the shader");
		x->out = more;
		x->cap = cap;
	}
	memcpy(x->out + x->used, data, size);
	x->used += size;
	return 0;
}

static int put_line(struct expand *x, unsigned line, const char *shown)
{
	const char *s = arena_printf(&x->in->arena, "#line %u \"%s\"\n", line, shown);

	return put(x, s, strlen(s));
}

/* ---- files --------------------------------------------------------------------------------- */

static int open_root(struct include_root *root, struct err *e)
{
	if (root->fd < 0)
		root->fd = open(root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root->fd < 0 ? err_os(e, errno, root->path, "cannot open the directory") : 0;
}

/* -1 is also what a file has that is not there; then errno is ENOENT and *e untouched. */
static int open_file(struct includes *in, const struct include_file *f, struct err *e)
{
	char again[32];
	struct stat st;

	if (open_root(&in->roots[f->root], e) < 0)
		return -1;
	AUTO_FD int at = inroot_open(in->roots[f->root].fd, f->path);
	if (at < 0) {
		bool missing = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
		if (!missing)
			(void)err_os(e, errno, f->shown, "cannot open");
		errno = ENOENT;
		return -1;
	}
	/* What was found stays the same file; opening it for reading comes after knowing its kind. */
	if (fstat(at, &st) < 0 || !S_ISREG(st.st_mode))
		return err_bad(e, f->shown, "is not a regular file");
	(void)snprintf(again, sizeof again, "/proc/self/fd/%d", at);
	int fd = open(again, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? err_os(e, errno, f->shown, "cannot open") : fd;
}

static int read_file(struct includes *in, struct include_file *f, struct err *e)
{
	AUTO_FD int fd = open_file(in, f, e);

	if (fd < 0)
		return e->kind == ERR_NONE ? 0 : -1;
	if (in->file_count == INCLUDE_FILES)
		return err_bad(e, f->shown, "more than %d files are included", INCLUDE_FILES);
	if (fd_read_all(fd, f->shown, INCLUDE_BYTES - in->bytes, &f->text, &f->size, e) < 0) {
		if (e->kind == ERR_BAD)
			return err_bad(e, f->shown, "the included files have more than %d bytes",
				       INCLUDE_BYTES);
		return -1;
	}
	in->bytes += f->size;
	return 0;
}

/* The file, its text NULL when it is not there; NULL with *e. */
static const struct include_file *get_file(struct includes *in, unsigned root, const char *path,
					   struct err *e)
{
	struct err problem = ERR_INIT;

	for (size_t i = 0; i < in->file_count; i++)
		if (in->files[i].root == root && strcmp(in->files[i].path, path) == 0)
			return &in->files[i];
	struct include_file f = {
	    .root = root,
	    .path = path,
	    .shown = shown_as(&in->arena, in->roots[root].shown, path),
	};
	if (read_file(in, &f, &problem) < 0) {
		*e = problem;
		return NULL;
	}
	static const struct include_file missing = {.text = NULL};
	if (!f.text)
		return &missing;
	in->files = arena_grow(&in->arena, in->files, in->file_count, sizeof *in->files);
	in->files[in->file_count] = f;
	return &in->files[in->file_count++];
}

/* ---- finding ------------------------------------------------------------------------------- */

static int bad_include(struct expand *x, const struct level *l, const struct include_scan *s,
		       const char *what)
{
	char shown[80];
	char *name = arena_strndup(&x->in->arena, s->name, s->name_size);

	return err_bad(x->e, x->kernel->where, "%s: #include of '%s': %s",
		       chain(x, l, s->found_line), text_show(name, shown, sizeof shown), what);
}

static int check_name(struct expand *x, const struct level *l, const struct include_scan *s)
{
	if (s->name_size == 0 || s->name_size > INCLUDE_NAME_BYTES)
		return bad_include(x, l, s, "the name is empty or too long");
	for (size_t i = 0; i < s->name_size; i++)
		if ((unsigned char)s->name[i] < ' ' || s->name[i] == 0x7f || s->name[i] == '"' ||
		    s->name[i] == '\\')
			return bad_include(x, l, s, "the name has a character that is not allowed");
	if (s->name[0] == '/')
		return bad_include(x, l, s,
				   "an absolute path is not allowed, name a file below the job "
				   "file's directory or the shader's");
	return 0;
}

/* *ret: the file, or one without text. Beside the file that includes it, beside the shader, beside the job file. */
static int find(struct expand *x, const struct level *l, const struct include_scan *s,
		const struct include_file **ret)
{
	struct arena *a = &x->in->arena;
	const char *name = arena_strndup(a, s->name, s->name_size);
	const struct {
		unsigned root;
		const char *dir;
	} places[] = {{l->root, dir_of(a, l->path)}, {x->shader_root, x->shader_dir}, {0, ""}};
	bool outside = true;
	struct err problem = ERR_INIT;

	*ret = NULL;
	for (size_t i = s->angled ? 1 : 0; i < COUNTOF(places); i++) {
		const char *path = below(a, places[i].dir, name);
		if (!path || !path[0])
			continue;
		outside = false;
		*ret = get_file(x->in, places[i].root, path, &problem);
		if (!*ret) {
			(void)bad_include(x, l, s, problem.text);
			x->e->os = problem.os;
			return -1;
		}
		if ((*ret)->text)
			return 0;
	}
	return outside
		   ? bad_include(x, l, s, "leads out of the job file's directory and the shader's")
		   : 0;
}

/* ---- expanding ----------------------------------------------------------------------------- */

static int expand(struct expand *x, const struct level *l);

static int check_chain(struct expand *x, const struct level *l, const struct include_scan *s,
		       const struct include_file *f)
{
	unsigned depth = 1;

	for (const struct level *up = l; up; up = up->from, depth++)
		if (up->root == f->root && strcmp(up->path, f->path) == 0)
			return bad_include(x, l, s, "it includes itself in this way");
	if (depth > INCLUDE_DEPTH + 1)
		return bad_include(x, l, s, "more than 16 files include each other in a row");
	return 0;
}

static int put_missing(struct expand *x, const struct include_scan *s)
{
	const char *text = arena_printf(&x->in->arena,
					"#error \"the file %.*s is not there to be included\"\n",
					(int)s->name_size, s->name);

	return put(x, text, strlen(text));
}

static int include(struct expand *x, const struct level *l, const struct include_scan *s)
{
	/* Without it a #line takes no name. It stands at each, because any may be in a branch that is not taken. */
	static const char names[] = "#extension GL_GOOGLE_cpp_style_line_directive : require\n";
	const struct include_file *f;

	if (check_name(x, l, s) < 0 || find(x, l, s, &f) < 0)
		return -1;
	if (!f || !f->text)
		return put_missing(x, s);
	if (check_chain(x, l, s, f) < 0)
		return -1;
	/* By value: the list of files may move. */
	const struct level next = {
	    .from = l,
	    .line = s->found_line,
	    .root = f->root,
	    .path = f->path,
	    .shown = f->shown,
	    .text = f->text,
	    .size = f->size,
	};
	if (put(x, names, sizeof names - 1) < 0 || put_line(x, 1, next.shown) < 0 ||
	    expand(x, &next) < 0 || put(x, "\n", 1) < 0)
		return -1;
	return put_line(x, s->found_line + 1, l->shown);
}

static int expand(struct expand *x, const struct level *l)
{
	struct include_scan s;
	size_t done = 0;

	include_scan_init(&s, l->text, l->size);
	while (include_scan_next(&s)) {
		if (put(x, l->text + done, s.found_at - done) < 0 || include(x, l, &s) < 0)
			return -1;
		done = s.at;
	}
	return put(x, l->text + done, l->size - done);
}

int includes_expand(struct includes *in, const struct compute_kernel *k,
		    const struct include_text *from, struct include_text *ret, struct err *e)
{
	struct expand x = {.in = in, .kernel = k, .e = e};
	struct level top = {.text = from->text, .size = from->size};
	const char *path = k->shader[0] == '/' ? NULL : below(&in->arena, "", k->shader);

	top.path = path;
	if (!path) {
		const char *shown = k->shader[0] == '/' && strrchr(k->shader, '/') == k->shader
					? "/"
					: dir_of(&in->arena, k->shader);
		top.root = add_root(in, path_dir(&in->arena, k->shader_path), shown);
		top.path = path_base(k->shader);
	}
	top.shown = shown_as(&in->arena, "", k->shader);
	x.shader_root = top.root;
	x.shader_dir = dir_of(&in->arena, top.path);
	if (expand(&x, &top) < 0) {
		free(x.out);
		return -1;
	}
	ret->text = x.out ? x.out : strdup("");
	ret->size = x.used;
	return ret->text ? 0 : err_os(e, ENOMEM, k->where, "cannot read the shader");
}
