/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults and single values of a spec, the same for job file and flags. */
#include "job/spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/text.h"
#include "job/decode.h"
#include "job/names.h"
#include "job/profile.h"

#define NS_MS   1000000ULL
#define NS_S    1000000000ULL
#define NS_HOUR (3600 * NS_S)
#define NS_DAY  (24 * NS_HOUR)

enum { SHOWN = 64 };

const char *const spec_soft_action_names[] = {[SOFT_NOTE] = "note", [SOFT_END] = "end", NULL};
const char *const spec_net_names[] = {[NET_NONE] = "none", [NET_HOST] = "host", NULL};
const char *const spec_telemetry_names[] = {[TELEMETRY_ON] = "on", [TELEMETRY_OFF] = "off", NULL};
const char *const spec_kernel_stop_names[] = {
    [KERNEL_STOP_REFUSE] = "refuse", [KERNEL_STOP_HOLD] = "hold", NULL};
const char *const spec_timing_names[] = {
    [TIMING_SAMPLED] = "sampled", [TIMING_OFF] = "off", [TIMING_ALL] = "all", NULL};
const char *const spec_landlock_names[] = {
    [LANDLOCK_AUTO] = "auto", [LANDLOCK_NONE] = "none", NULL};
const char *const spec_proc_names[] = {[PROC_ALL] = "all", [PROC_PROCESSES] = "processes", NULL};
const char *const spec_clocks_names[] = {[CLOCKS_HOST] = "host", [CLOCKS_OWN] = "own", NULL};
const char *const spec_seccomp_names[] = {
    [SECCOMP_DEFAULT] = "default", [SECCOMP_STRICT] = "strict", [SECCOMP_NONE] = "none", NULL};

const char *spec_seccomp_name(enum spec_seccomp seccomp)
{
	return seccomp == SECCOMP_FILE ? "file" : spec_seccomp_names[seccomp];
}

void spec_init(struct spec *s)
{
	*s = (struct spec){
	    .grace_ns = 2 * NS_S,
	    .sample_ns = LIMIT_UNSET,
	    .report = "vkjail-report.json",
	};
	for (int i = 0; i < LIMIT_COUNT; i++) {
		s->limits.value[i] = limit_table[i].def;
		s->limits.soft[i] = LIMIT_UNSET;
	}
}

void spec_done(struct spec *s)
{
	arena_done(&s->arena);
	*s = (struct spec){0};
}

/* ---- single values ------------------------------------------------------------------------ */

int spec_set_name(struct spec *s, const char *text, const char *where, struct err *e)
{
	char shown[SHOWN];

	if (!name_is_job(text))
		return err_bad(
		    e, where,
		    "expected a name of 1 to %d letters, digits, '.', '_' and '-' that starts with none of '.' and '-', got '%s'",
		    BOUND_NAME_BYTES, text_show(text, shown, sizeof shown));
	s->name = arena_strdup(&s->arena, text);
	return 0;
}

int spec_set_hostname(struct spec *s, const char *text, const char *where, struct err *e)
{
	char shown[SHOWN];

	if (!name_is_host(text))
		return err_bad(
		    e, where,
		    "expected a host name of 1 to %d letters, digits, '-' and '.', got '%s'",
		    BOUND_NAME_BYTES, text_show(text, shown, sizeof shown));
	s->hostname = arena_strdup(&s->arena, text);
	return 0;
}

int spec_set_seccomp(struct spec *s, const char *text, const char *dir, const char *where,
		     struct err *e)
{
	char shown[SHOWN];
	size_t len = strlen(text);
	int built_in = choice_find(spec_seccomp_names, text);

	s->seccomp_given = true;
	if (built_in >= 0) {
		s->seccomp = (enum spec_seccomp)built_in;
		return 0;
	}
	bool yaml = len > 5 &&
		    (strcmp(text + len - 5, ".yaml") == 0 || strcmp(text + len - 5, ".json") == 0 ||
		     strcmp(text + len - 4, ".yml") == 0);
	if (!yaml && !strchr(text, '/'))
		return err_bad(
		    e, where,
		    "expected 'default', 'strict', 'none' or a profile file (*.yaml), got '%s'",
		    text_show(text, shown, sizeof shown));
	struct profile *p = arena_alloc(&s->arena, sizeof *p);
	const char *path = path_join(&s->arena, dir, arena_strdup(&s->arena, text));
	if (profile_read(&s->arena, path, p, e) < 0)
		return err_in(e, "%s", where);
	s->seccomp = SECCOMP_FILE;
	s->profile = p;
	return 0;
}

int spec_set_grace(struct spec *s, const char *text, const char *where, struct err *e)
{
	uint64_t v;

	if (text_duration(text, where, &v, e) < 0)
		return -1;
	if (v > NS_HOUR)
		return err_bad(e, where, "must be at most 1h");
	s->grace_ns = v;
	return 0;
}

int spec_set_sample(struct spec *s, const char *text, const char *where, struct err *e)
{
	uint64_t v;

	if (strcmp(text, "none") == 0) {
		s->sample_ns = LIMIT_NONE;
		return 0;
	}
	if (text_duration(text, where, &v, e) < 0)
		return -1;
	if (v < NS_MS || v > NS_DAY)
		return err_bad(e, where, "must be from 1ms to 1d, or 'none'");
	s->sample_ns = v;
	return 0;
}

int spec_add_env(struct spec *s, const char *name, const char *value, const char *where,
		 struct err *e)
{
	char shown[SHOWN];

	if (!name_is_identifier(name))
		return err_bad(
		    e, where,
		    "expected the name of an environment variable (letters, digits and '_'), got '%s'",
		    text_show(name, shown, sizeof shown));
	size_t i = 0;
	while (i < s->env_count && strcmp(s->env[i].name, name) != 0)
		i++;
	if (i == BOUND_ENV)
		return err_bad(e, where, "more than %d %s", BOUND_ENV, BOUND_WHAT(ENV));
	if (i == s->env_count) {
		s->env = arena_grow(&s->arena, s->env, s->env_count, sizeof *s->env);
		s->env_count++;
	}
	s->env[i] = (struct spec_env){
	    .name = arena_strdup(&s->arena, name),
	    .value = value ? arena_strdup(&s->arena, value) : NULL,
	};
	return 0;
}

/* ---- mounts ------------------------------------------------------------------------------- */

/* Where it is inside, as an absolute path without '..'; NULL with *e. */
static const char *mount_target(struct spec *s, const struct spec_mount *m, struct err *e)
{
	char shown[SHOWN], cwd[BOUND_PATH_BYTES + 1];
	const char *target = m->target ? m->target : m->source;

	if (m->target && target[0] != '/') {
		(void)err_bad(e, m->where, "expected an absolute path inside the sandbox, got '%s'",
			      text_show(target, shown, sizeof shown));
		return NULL;
	}
	if (m->target && path_has_dotdot(target)) {
		(void)err_bad(e, m->where,
			      "'..' is not allowed in a path inside the sandbox, got '%s'",
			      text_show(target, shown, sizeof shown));
		return NULL;
	}
	if (target[0] != '/') {
		if (!getcwd(cwd, sizeof cwd)) {
			(void)err_os(e, errno, m->where, "cannot tell the working directory");
			return NULL;
		}
		target = arena_printf(&s->arena, "%s/%s", cwd, target);
	}
	target = path_normal(&s->arena, target);
	if (strcmp(target, "/") == 0) {
		(void)err_bad(e, m->where, "'/' cannot be replaced: name a directory below it");
		return NULL;
	}
	if (strlen(target) > BOUND_PATH_BYTES) {
		(void)err_bad(e, m->where, "more than %d %s", BOUND_PATH_BYTES,
			      BOUND_WHAT(PATH_BYTES));
		return NULL;
	}
	return target;
}

int spec_add_mount(struct spec *s, const struct spec_mount *m, const char *dir, struct err *e)
{
	struct spec_mount copy = *m;
	char shown[SHOWN];

	if ((m->source && !m->source[0]) || (m->target && !m->target[0]) ||
	    (!m->source && !m->target))
		return err_bad(e, m->where, "a path must not be empty");
	if (m->source)
		copy.source = path_join(&s->arena, dir, arena_strdup(&s->arena, m->source));
	copy.target = mount_target(s, &copy, e);
	if (!copy.target)
		return -1;
	size_t i = 0;
	while (i < s->mount_count && strcmp(s->mounts[i].target, copy.target) != 0)
		i++;
	/* A flag replaces what the file says; twice in the same place is a mistake. */
	if (i < s->mount_count && s->mounts[i].from_flag == copy.from_flag)
		return err_bad(e, m->where, "'%s' is mounted twice, first at %s",
			       text_show(copy.target, shown, sizeof shown), s->mounts[i].where);
	if (i == BOUND_MOUNTS)
		return err_bad(e, m->where, "more than %d %s", BOUND_MOUNTS, BOUND_WHAT(MOUNTS));
	if (i == s->mount_count) {
		s->mounts = arena_grow(&s->arena, s->mounts, s->mount_count, sizeof *s->mounts);
		s->mount_count++;
	}
	s->mounts[i] = copy;
	return 0;
}

int spec_add_mount_text(struct spec *s, const struct spec_mount *m, const char *text,
			const char *dir, struct err *e)
{
	struct spec_mount copy = *m;
	char shown[SHOWN];

	if (m->kind == MOUNT_TMPFS) {
		copy.target = text;
		return spec_add_mount(s, &copy, dir, e);
	}
	const char *colon = strchr(text, ':');
	copy.source = colon ? arena_strndup(&s->arena, text, (size_t)(colon - text)) : text;
	copy.target = colon ? colon + 1 : NULL;
	if (colon && strchr(colon + 1, ':')) {
		(void)err_bad(e, m->where,
			      "more than one ':' in '%s', expected SOURCE or SOURCE:TARGET",
			      text_show(text, shown, sizeof shown));
		return err_hint(
		    e, "a job file can name paths with ':' as {source: PATH, target: PATH}");
	}
	return spec_add_mount(s, &copy, dir, e);
}

/* ---- --input and --output ----------------------------------------------------------------- */

static int add_file_flag(struct spec *s, struct spec_file_flag **list, size_t *count,
			 const char *text, const char *where, struct err *e)
{
	const char *eq = strchr(text, '=');
	char shown[SHOWN];

	if (!eq || eq == text || !eq[1])
		return err_bad(e, where, "expected NAME=FILE, got '%s'",
			       text_show(text, shown, sizeof shown));
	const char *name = arena_strndup(&s->arena, text, (size_t)(eq - text));
	for (size_t i = 0; i < *count; i++)
		if (strcmp((*list)[i].name, name) == 0)
			return err_bad(e, where, "'%s' is given twice",
				       text_show(name, shown, sizeof shown));
	if (*count == BOUND_BUFFERS)
		return err_bad(e, where, "more than %d %s", BOUND_BUFFERS, BOUND_WHAT(BUFFERS));
	*list = arena_grow(&s->arena, *list, *count, sizeof **list);
	(*list)[(*count)++] = (struct spec_file_flag){.name = name, .file = eq + 1, .where = where};
	return 0;
}

int spec_set_input(struct spec *s, const char *name_eq_file, const char *where, struct err *e)
{
	return add_file_flag(s, &s->inputs, &s->input_count, name_eq_file, where, e);
}

int spec_set_output(struct spec *s, const char *name_eq_file, const char *where, struct err *e)
{
	return add_file_flag(s, &s->outputs, &s->output_count, name_eq_file, where, e);
}
