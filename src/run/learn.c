/* SPDX-License-Identifier: Apache-2.0 */
/* Writing what was learned. */
#include "run/learn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"
#include "base/text.h"
#include "job/names.h"
#include "job/profile.h"
#include "sandbox/call-name.h"

struct writer {
	FILE *out;
	const struct learned *d;
	const struct plan *plan;
	const struct spec *spec;
	const char *ended;
};

int learn_open(const struct spec *spec, struct atomic_file *ret, struct err *e)
{
	return atomic_prepare(ret, spec->learn, e) < 0 ? err_in(e, "--learn") : 0;
}

/* One word of a comment: no control characters. */
static void put_text(const struct writer *w, const char *text)
{
	char shown[4096];

	(void)fputs(text_show(text, shown, sizeof shown), w->out);
}

static const char *name_of(uint32_t nr, char *buf, size_t size)
{
	return call_name(call_arch_native(), nr, buf, size);
}

static bool in_base(const char *call)
{
	size_t n = strlen(call);

	for (const char *at = call_groups[0].calls; *at;) {
		size_t len = strcspn(at, " ");
		if (len == n && strncmp(at, call, n) == 0)
			return true;
		at += len + (at[len] == ' ');
	}
	return false;
}

static void put_values(const struct writer *w, uint32_t nr, const char *name, int arg)
{
	const struct learned *d = w->d;

	for (unsigned i = 0; i < d->value_count; i++)
		if (d->values[i].nr == nr)
			(void)fprintf(w->out, "  - {call: %s, arg%d: 0x%x}\n", name, arg,
				      d->values[i].value);
}

/* As in the default profile: whoever makes files need not make set-user-id ones. */
static int mode_argument(uint32_t nr)
{
	switch (nr) {
#ifdef SYS_open
	case SYS_creat:
	case SYS_chmod:
	case SYS_mknod:
		return 1;
	case SYS_open:
		return 2;
#endif
	case SYS_fchmod:
		return 1;
	case SYS_fchmodat:
#ifdef SYS_fchmodat2
	case SYS_fchmodat2:
#endif
	case SYS_mknodat:
		return 2;
	case SYS_openat:
		return 3;
	default:
		return -1;
	}
}

static void put_call(const struct writer *w, uint32_t nr)
{
	char name[64];
	int arg = learn_argument(nr);

	(void)name_of(nr, name, sizeof name);
	if (name[0] == '#')
		(void)fprintf(w->out, "  # call number %u has no known name, and stays refused\n",
			      nr);
	else if (nr == SYS_clone && !w->d->made_namespaces)
		(void)fprintf(w->out,
			      "  - {call: clone, arg%d: {mask: 0x%x, value: 0}}  # no namespaces\n",
			      CLONE_FLAGS_ARG, (unsigned)CLONE_NAMESPACES);
	else if (mode_argument(nr) >= 0)
		(void)fprintf(
		    w->out,
		    "  - {call: %s, arg%d: {mask: 0x%x, value: 0}}  # no set-user-id files\n", name,
		    mode_argument(nr), (unsigned)S_ISUID);
	else if (arg >= 0 && !w->d->values_full)
		put_values(w, nr, name, arg);
	else if (!in_base(name))
		(void)fprintf(w->out, "  - %s\n", name);
}

static void put_head(const struct writer *w)
{
	unsigned kinds = 0;

	for (uint32_t nr = 0; nr < LEARN_CALLS; nr++)
		kinds += w->d->count[nr] != 0;
	(void)fprintf(w->out, "# Learned by vkjail run --learn from:");
	for (size_t i = 0; i < w->spec->command_count; i++) {
		(void)fputc(' ', w->out);
		put_text(w, w->spec->command[i]);
	}
	if (!w->spec->command_count && w->spec->file) {
		(void)fputc(' ', w->out);
		put_text(w, w->spec->file);
	}
	(void)fprintf(w->out, "\n# %llu system calls of %u kinds. vkjail-profile(5)\n",
		      (unsigned long long)w->d->calls, kinds);
	if (w->ended)
		(void)fprintf(
		    w->out,
		    "# The job did not come to its own end (%s): calls that it would have made after that are not here.\n",
		    w->ended);
	if (w->d->values_full)
		(void)fprintf(
		    w->out,
		    "# With more than %d different arguments: ioctl, prctl, socket and their like are allowed with any.\n",
		    LEARN_VALUES);
}

/* What the profile that the job had would have answered. */
static uint32_t judged(const struct writer *w, uint32_t nr, int arg, uint32_t value)
{
	struct seccomp_data call = {.arch = call_arch_native(), .nr = (int)nr};

	if (w->plan->judge.len == 0)
		return SECCOMP_RET_ALLOW;
	if (arg >= 0)
		call.args[arg] = value;
	return filter_answer(&w->plan->judge, &call);
}

static void put_refused(const struct writer *w, uint32_t nr, int arg, uint32_t value)
{
	uint32_t said = judged(w, nr, arg, value);
	char name[64];

	if (said == SECCOMP_RET_ALLOW)
		return;
	(void)fprintf(w->out, "#   %s", name_of(nr, name, sizeof name));
	if (arg >= 0)
		(void)fprintf(w->out, " with argument %d = 0x%x", arg, value);
	if ((said & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		(void)fprintf(w->out, " (%s)\n", err_errno_name((int)(said & SECCOMP_RET_DATA)));
	else
		(void)fprintf(w->out, " (ends the job)\n");
}

static void put_difference(const struct writer *w)
{
	const struct learned *d = w->d;
	size_t column = 200;
	char name[64];

	(void)fprintf(w->out, "\n# Used, and refused by the profile '%s':\n",
		      w->plan->seccomp_name);
	for (uint32_t nr = 0; nr < LEARN_CALLS; nr++)
		if (d->count[nr] && learn_argument(nr) < 0 && nr != SYS_clone)
			put_refused(w, nr, -1, 0);
	for (unsigned i = 0; i < d->value_count; i++)
		put_refused(w, d->values[i].nr,
			    d->values[i].nr == SYS_clone ? CLONE_FLAGS_ARG
							 : learn_argument(d->values[i].nr),
			    d->values[i].value);
	(void)fprintf(w->out, "# Allowed by it, and not used:");
	for (uint32_t nr = 0; nr < LEARN_CALLS; nr++) {
		if (d->count[nr] || judged(w, nr, -1, 0) != SECCOMP_RET_ALLOW ||
		    name_of(nr, name, sizeof name)[0] == '#' || in_base(name))
			continue;
		if (column + strlen(name) > 96) {
			(void)fputs("\n#  ", w->out);
			column = 3;
		}
		column += (size_t)fprintf(w->out, " %s", name);
	}
	(void)fputc('\n', w->out);
}

/* The directory where the file alone would be too little, unless that is nearly everything. */
static const char *place_of(struct arena *a, const struct learned_path *p)
{
	static const char *const broad[] = {"/",    "/home", "/root", "/etc",   "/var", "/opt",
					    "/srv", "/mnt",  "/usr",  "/media", NULL};
	/* A link inside may lead to what is not there. */
	AUTO_FREE char *real = realpath(p->path, NULL);
	const char *path = path_normal(a, real ? real : p->path), *home = getenv("HOME");
	const char *dir = path_dir(a, path);

	for (size_t i = 0; broad[i]; i++)
		if (strcmp(dir, broad[i]) == 0)
			return path;
	return home && strcmp(dir, home) == 0 ? path : dir;
}

struct suggestion {
	const char *place;
	bool writable;
};

static void put_files(const struct writer *w)
{
	__attribute__((cleanup(arena_done))) struct arena arena = {0};
	struct suggestion *list = NULL;
	size_t count = 0;

	for (unsigned i = 0; i < w->d->path_count; i++) {
		const struct learned_path *p = &w->d->paths[i];
		bool missing = p->outside && !p->inside;
		if (!missing && !(p->wrote && p->inside && p->locked))
			continue;
		const char *place = place_of(&arena, p);
		size_t at = 0;
		while (at < count && strcmp(list[at].place, place) != 0)
			at++;
		if (at == count) {
			list = arena_grow(&arena, list, count, sizeof *list);
			list[count++] = (struct suggestion){.place = place};
		}
		list[at].writable |= p->wrote;
	}
	(void)fprintf(w->out,
		      "\n# Files that it looked for outside of the sandbox, or could not write%s\n",
		      count ? "; these would show them:" : ": none");
	for (size_t i = 0; i < count; i++) {
		(void)fprintf(w->out, "#   --%sbind ", list[i].writable ? "" : "ro-");
		put_text(w, list[i].place);
		(void)fputc('\n', w->out);
	}
	if (w->d->paths_full)
		(void)fprintf(w->out, "# Of more than %d paths the others were not noted.\n",
			      LEARN_PATHS);
}

static void put_all(const struct writer *w)
{
	put_head(w);
	(void)fprintf(w->out, "otherwise: ENOSYS\nallow:\n  - \"@base\"\n");
	for (uint32_t nr = 0; nr < LEARN_CALLS; nr++)
		if (w->d->count[nr])
			put_call(w, nr);
	(void)fprintf(w->out, "errno:\n  ENOSYS: [clone3]\n");
	put_difference(w);
	put_files(w);
}

static int write_profile(const struct spec *spec, const struct plan *plan, const struct learned *d,
			 const char *ended, struct atomic_file *file, struct err *e)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	struct writer w = {.out = open_memstream(&text, &size),
			   .d = d,
			   .plan = plan,
			   .spec = spec,
			   .ended = ended};

	if (!w.out)
		return err_os(e, errno, spec->learn, "cannot write the profile");
	put_all(&w);
	if (fclose(w.out) != 0)
		return err_os(e, ENOMEM, spec->learn, "cannot write the profile");
	int rc = atomic_begin(file, 0666, e);
	if (rc == 0 && fd_write_all(file->fd, text, size) < 0)
		rc = err_os(e, errno, spec->learn, "cannot write the profile");
	if (rc == 0)
		rc = atomic_commit(file, false, e);
	return rc < 0 ? err_in(e, "--learn") : 0;
}

void learn_keep(const struct spec *spec, struct plan *plan, const struct learned *d,
		const struct outcome *out, struct atomic_file *file)
{
	const char *ended = out->reason == REASON_EXITED ? NULL : reason_table[out->reason].name;
	struct err e = ERR_INIT;
	char text[1024];

	if (write_profile(spec, plan, d, ended, file, &e) < 0)
		plan_warn(plan, "%s", err_render(&e, text, sizeof text));
	else if (ended)
		plan_warn(
		    plan,
		    "the learned profile has only what was called until the job ended (%s): let it come to its own end, or add what is missing",
		    ended);
}
