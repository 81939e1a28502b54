/* SPDX-License-Identifier: Apache-2.0 */
/* A job file -> spec: the table of top-level keys. compute is in spec-compute.c. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "job/names.h"
#include "job/spec-read.h"

/* memory: { soft: 800M, hard: 1G } */
static int read_soft_and_hard(struct decode *d, const struct node *n, enum limit id)
{
	static const char *const keys[] = {"soft", "hard", NULL};
	char where[DECODE_WHERE];

	NODE_EACH(value, n)
	{
		int which = choice_find(keys, value->key);
		const char *text;
		if (which < 0)
			return decode_unknown_key(d, value, keys);
		if (decode_any_text(d, value, &text) < 0)
			return -1;
		(void)doc_where(d->name, value, where, sizeof where);
		if ((which == 0 ? spec_soft_set : spec_limit_set)(d->spec, id, text, where, d->e) <
		    0)
			return -1;
	}
	return 0;
}

static int read_limits(struct decode *d, const struct node *n, void *member, const void *arg)
{
	const char *keys[LIMIT_COUNT + 1] = {NULL};
	char where[DECODE_WHERE];

	(void)member, (void)arg;
	for (int i = 0; i < LIMIT_COUNT; i++)
		keys[i] = limit_table[i].key;
	if (decode_expect(d, n, NODE_MAP, "a map of limits") < 0)
		return -1;
	NODE_EACH(limit, n)
	{
		int id = choice_find(keys, limit->key);
		const char *text;
		if (id < 0)
			return decode_unknown_key(d, limit, keys);
		if (limit->kind == NODE_MAP) {
			if (read_soft_and_hard(d, limit, (enum limit)id) < 0)
				return -1;
			continue;
		}
		if (decode_any_text(d, limit, &text) < 0)
			return -1;
		if (spec_limit_set(d->spec, (enum limit)id, text,
				   doc_where(d->name, limit, where, sizeof where), d->e) < 0)
			return -1;
	}
	return 0;
}

static int read_command(struct decode *d, const struct node *n, void *member, const void *arg)
{
	struct spec *s = member;

	(void)arg;
	if (n->kind == NODE_SCALAR && !decode_is_null(n))
		return decode_bad(
		    d, n,
		    "expected a list such as [python3, sim.py], got text: for a shell line write [sh, -c, '...']");
	if (decode_expect(d, n, NODE_LIST, "a list such as [python3, sim.py]") < 0)
		return -1;
	if (n->count == 0)
		return decode_bad(d, n, "must not be empty");
	if (n->count > BOUND_ARGUMENTS)
		return decode_bad(d, n, "more than %d %s", BOUND_ARGUMENTS, BOUND_WHAT(ARGUMENTS));
	const char **argv = arena_alloc(&s->arena, (n->count + 1) * sizeof *argv);
	NODE_EACH(item, n)
	{
		const char *text;
		if (decode_any_text(d, item, &text) < 0)
			return -1;
		argv[item->index] = arena_strdup(&s->arena, text);
	}
	if (!argv[0][0])
		return decode_bad(d, n->first, "the program's name must not be empty");
	s->command = argv;
	s->command_count = n->count;
	return 0;
}

/* Readers of values that flags can give too: arg is one of the setters of spec.h. */
struct setter {
	int (*set)(struct spec *s, const char *text, const char *where, struct err *e);
};

static int read_set(struct decode *d, const struct node *n, void *member, const void *arg)
{
	const struct setter *setter = arg;
	const char *text;
	char where[DECODE_WHERE];

	if (decode_any_text(d, n, &text) < 0)
		return -1;
	return setter->set(member, text, doc_where(d->name, n, where, sizeof where), d->e);
}

static int read_mounts(struct decode *d, const struct node *n, void *member, const void *arg)
{
	struct spec *s = member;
	const enum spec_mount_kind *kind = arg;

	if (decode_expect(d, n, NODE_LIST, "a list of paths") < 0)
		return -1;
	NODE_EACH(item, n)
	{
		static const struct field fields[] = {
		    {"source", read_path, offsetof(struct spec_mount, source), NULL},
		    {"target", read_path, offsetof(struct spec_mount, target), NULL},
		};
		struct spec_mount m = {.kind = *kind, .where = decode_where(d, item)};
		const char *text = NULL;
		int r;
		if (item->kind == NODE_MAP && *kind != MOUNT_TMPFS) {
			r = decode_map(d, item, fields, COUNTOF(fields), &m);
			if (r == 0 && !m.source)
				r = decode_bad(d, item, "'source' is missing");
			if (r == 0)
				r = spec_add_mount(s, &m, s->file_dir, d->e);
		} else {
			r = read_path(d, item, &text, NULL);
			if (r == 0)
				r = spec_add_mount_text(s, &m, text, s->file_dir, d->e);
		}
		if (r < 0)
			return -1;
	}
	return 0;
}

static int read_env(struct decode *d, const struct node *n, void *member, const void *arg)
{
	(void)arg;
	if (decode_expect(d, n, NODE_MAP, "a map such as {OMP_NUM_THREADS: 4}") < 0)
		return -1;
	NODE_EACH(item, n)
	{
		char where[DECODE_WHERE];
		const char *value = NULL;
		if (!decode_is_null(item) && decode_any_text(d, item, &value) < 0)
			return -1;
		if (spec_add_env(member, item->key, value,
				 doc_where(d->name, item, where, sizeof where), d->e) < 0)
			return -1;
	}
	return 0;
}

static int read_require(struct decode *d, const struct node *n, void *member, const void *arg)
{
	(void)arg;
	if (decode_expect(d, n, NODE_LIST, "a list of limits such as [memory, wall]") < 0)
		return -1;
	NODE_EACH(item, n)
	{
		char where[DECODE_WHERE];
		const char *key;
		if (decode_any_text(d, item, &key) < 0)
			return -1;
		if (spec_add_require(member, key, doc_where(d->name, item, where, sizeof where),
				     d->e) < 0)
			return -1;
	}
	return 0;
}

static int read_seccomp(struct decode *d, const struct node *n, void *member, const void *arg)
{
	struct spec *s = member;
	const char *text;
	char where[DECODE_WHERE];

	(void)arg;
	if (decode_any_text(d, n, &text) < 0)
		return -1;
	return spec_set_seccomp(s, text, s->file_dir, doc_where(d->name, n, where, sizeof where),
				d->e);
}

/* A path that is relative to the job file's directory. */
static int read_file_path(struct decode *d, const struct node *n, void *member, const void *arg)
{
	const char **path = member;

	if (read_path(d, n, path, arg) < 0)
		return -1;
	*path = path_join(&d->spec->arena, d->spec->file_dir, *path);
	return 0;
}

static int read_report(struct decode *d, const struct node *n, void *member, const void *arg)
{
	struct spec *s = member;

	if (read_path(d, n, &s->report, arg) < 0)
		return -1;
	s->report_given = true;
	if (strcmp(s->report, "-") != 0 && strcmp(s->report, "none") != 0)
		s->report = path_join(&s->arena, s->file_dir, s->report);
	return 0;
}

static int read_cgroup(struct decode *d, const struct node *n, void *member, const void *arg)
{
	const char **place = member;

	if (read_path(d, n, member, arg) < 0)
		return -1;
	if ((*place)[0] != '/' && strcmp(*place, "auto") != 0 && strcmp(*place, "none") != 0)
		return decode_bad(
		    d, n, "expected a directory below /sys/fs/cgroup, auto or none, got '%s'",
		    *place);
	return 0;
}

static const enum spec_mount_kind kind_bind = MOUNT_BIND, kind_ro_bind = MOUNT_RO_BIND,
				  kind_tmpfs = MOUNT_TMPFS;
static const struct setter set_name = {spec_set_name}, set_hostname = {spec_set_hostname},
			   set_grace = {spec_set_grace}, set_sample = {spec_set_sample},
			   set_gpu = {spec_set_gpu};

static const struct field job_fields[] = {
    {"name", read_set, 0, &set_name},
    {"limits", read_limits, 0, NULL},
    {"command", read_command, 0, NULL},
    {"compute", read_compute, 0, NULL},
    {"workdir", read_file_path, offsetof(struct spec, workdir), NULL},
    {"writable", read_bool, offsetof(struct spec, writable), NULL},
    {"bind", read_mounts, 0, &kind_bind},
    {"ro-bind", read_mounts, 0, &kind_ro_bind},
    {"tmpfs", read_mounts, 0, &kind_tmpfs},
    {"env", read_env, 0, NULL},
    {"clear-env", read_bool, offsetof(struct spec, clear_env), NULL},
    {"net", read_choice, offsetof(struct spec, net), spec_net_names},
    {"landlock", read_choice, offsetof(struct spec, landlock), spec_landlock_names},
    {"proc", read_choice, offsetof(struct spec, proc), spec_proc_names},
    {"clocks", read_choice, offsetof(struct spec, clocks), spec_clocks_names},
    {"gpu", read_set, 0, &set_gpu},
    {"hostname", read_set, 0, &set_hostname},
    {"seccomp", read_seccomp, 0, NULL},
    {"cgroup", read_cgroup, offsetof(struct spec, cgroup), NULL},
    {"driver", read_file_path, offsetof(struct spec, driver), NULL},
    {"telemetry", read_choice, offsetof(struct spec, telemetry), spec_telemetry_names},
    {"kernel-timing", read_choice, offsetof(struct spec, kernel_timing), spec_timing_names},
    {"kernel-stop", read_choice, offsetof(struct spec, kernel_stop), spec_kernel_stop_names},
    {"kernel-names", read_file_path, offsetof(struct spec, kernel_names), NULL},
    {"soft-action", read_choice, offsetof(struct spec, soft_action), spec_soft_action_names},
    {"require", read_require, 0, NULL},
    {"grace", read_set, 0, &set_grace},
    {"sample", read_set, 0, &set_sample},
    {"report", read_report, 0, NULL},
};

static int read_bytes(struct spec *s, const char *path, char **ret_data, size_t *ret_size,
		      struct err *e)
{
	if (strcmp(path, "-") != 0) {
		s->file_dir = path_dir(&s->arena, s->file);
		return fd_read_file(AT_FDCWD, path, BOUND_FILE_BYTES, ret_data, ret_size, e);
	}
	s->file_dir = ".";
	return fd_read_all(STDIN_FILENO, "stdin", BOUND_FILE_BYTES, ret_data, ret_size, e);
}

int spec_read_file(struct spec *s, const char *path, struct err *e)
{
	__attribute__((cleanup(arena_done))) struct arena nodes = {0};
	struct decode d = {.spec = s, .name = strcmp(path, "-") == 0 ? "stdin" : path, .e = e};
	const struct node *root = NULL;
	AUTO_FREE char *data = NULL;
	size_t size = 0;

	if (!path[0])
		return err_bad(e, NULL, "the name of the job file is empty");
	s->file = arena_strdup(&s->arena, path);
	if (read_bytes(s, path, &data, &size, e) < 0 ||
	    doc_parse(&nodes, d.name, data, size, &root, e) < 0)
		return -1;
	if (!root || decode_is_null(root))
		return err_bad(e, d.name, "is empty: a job file needs 'command' or 'compute'");
	if (root->kind != NODE_MAP)
		return decode_bad(
		    &d, root,
		    "expected a job file with keys such as 'command' or 'compute', got %s",
		    root->kind == NODE_LIST ? "a list" : "text");
	/* First, so that a mistake elsewhere in the file is reported where the file asks for it. */
	NODE_EACH(n, root)
	if (strcmp(n->key, "report") == 0 && read_report(&d, n, s, NULL) < 0)
		return -1;
	return decode_map(&d, root, job_fields, COUNTOF(job_fields), s);
}
