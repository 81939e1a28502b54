/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided before anything is started: the order of the steps, the mounts, where the command is looked for, the environment, the limits. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "plan/parts.h"
#include "plan/plan.h"

static char base[64];

struct fixture {
	struct spec spec;
	struct host host;
	struct plan plan;
	struct err e;
	bool made;
};

/* base/{work,home,file,dir/sub}; the working directory is base/work. */
static int make_files(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof base, "/tmp/vkjail-plan.XXXXXX");
	if (!mkdtemp(base) || chdir(base) < 0 || mkdir("work", 0755) < 0 || mkdir("home", 0755) < 0 || mkdir("dir", 0755) < 0 ||
	    mkdir("dir/sub", 0755) < 0 || symlink("dir", "link") < 0)
		return -1;
	AUTO_FD int fd = open("file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return fd < 0 ? -1 : 0;
}

static int remove_files(void **state)
{
	(void)state;
	(void)unlink("link");
	(void)unlink("file");
	(void)rmdir("dir/sub");
	(void)rmdir("dir");
	(void)rmdir("home");
	(void)rmdir("work");
	return chdir("/") == 0 ? rmdir(base) : -1;
}

static void begin(struct fixture *f, const char *command)
{
	memset(f, 0, sizeof *f);
	spec_init(&f->spec);
	f->spec.command = arena_alloc(&f->spec.arena, 3 * sizeof *f->spec.command);
	f->spec.command[0] = command;
	f->spec.command[1] = "argument";
	f->spec.command_count = 2;
	f->spec.cgroup = "none"; /* what this machine has must not matter */
	f->host.uid = 1000;
	f->host.gid = 1000;
	f->host.cpus = 2;
	CPU_SET(2, &f->host.cpu_set);
	CPU_SET(5, &f->host.cpu_set);
	(void)snprintf(f->host.cwd, sizeof f->host.cwd, "%s/work", base);
	(void)snprintf(f->host.home, sizeof f->host.home, "%s/home", base);
}

static int mount_add(struct fixture *f, enum spec_mount_kind kind, const char *source, const char *target)
{
	struct spec_mount m = {.kind = kind, .where = "--bind"};
	if (source)
		m.source = source[0] == '/' ? source : arena_printf(&f->spec.arena, "%s/%s", base, source);
	m.target = target ? target : m.source;
	return spec_add_mount(&f->spec, &m, base, &f->e);
}

static int make(struct fixture *f)
{
	f->made = true;
	if (spec_finish(&f->spec, &f->e) < 0)
		return -1;
	return plan_make(&f->plan, &f->spec, &f->host, &f->e);
}

static void must_make(struct fixture *f)
{
	if (make(f) < 0)
		fail_msg("%s: %s", f->e.object, f->e.text);
}

static void end(struct fixture *f)
{
	if (f->made)
		plan_done(&f->plan);
	spec_done(&f->spec);
}

static size_t find(const struct plan *p, enum step_op op)
{
	for (size_t i = 0; i < p->step_count; i++)
		if (p->steps[i].op == op)
			return i;
	return SIZE_MAX;
}

static const struct step *find_target(const struct plan *p, enum step_op op, const char *target)
{
	const struct step *found = NULL;
	for (size_t i = 0; i < p->step_count; i++)
		if (p->steps[i].op == op && p->steps[i].target && strcmp(p->steps[i].target, target) == 0)
			found = &p->steps[i];
	return found;
}

/* Never NULL. */
static const struct step *need_target(const struct plan *p, enum step_op op, const char *target)
{
	static const struct step none;
	const struct step *s = find_target(p, op, target);
	if (s)
		return s;
	fail_msg("no step %s '%s'", step_table[op].name, target);
	return &none;
}

/* ---- the order ---- */

static void check_order(const struct fixture *f)
{
	const struct plan *p = &f->plan;
	size_t caps = find(p, STEP_CAPABILITIES), last = p->step_count - 1;

	assert_true(find(p, STEP_ID_MAP) < find(p, STEP_PROPAGATION));
	assert_int_equal(p->steps[last].op, STEP_EXEC);
	if (f->spec.seccomp == SECCOMP_NONE) {
		assert_int_equal(find(p, STEP_FILTER), SIZE_MAX);
		assert_int_equal(p->filter.len, 0);
	} else {
		assert_int_equal(p->steps[last - 1].op, STEP_FILTER);
		assert_int_equal(find(p, STEP_FILTER), last - 1);
		assert_true(p->filter.len > 0);
		assert_true(find(p, STEP_NO_NEW_PRIVS) < last - 1);
	}
	assert_true(find(p, STEP_NO_NEW_PRIVS) < p->fork_step);
	assert_int_equal(p->steps[p->fork_step].op, STEP_FORK);
	assert_int_equal(find(p, STEP_FORK), p->fork_step);
	assert_true(find(p, STEP_PIVOT) < find(p, STEP_WORKDIR));
	assert_true(find(p, STEP_WORKDIR) < caps);
	assert_true(find(p, STEP_BOUNDING) < caps);
	assert_true(caps < p->fork_step);
	/* With the sets empty, only what needs none of them. */
	for (size_t i = caps + 1; i < p->step_count; i++) {
		enum step_op op = p->steps[i].op;
		if (op != STEP_NO_NEW_PRIVS && op != STEP_FORK && op != STEP_GROUP && op != STEP_LANDLOCK && op != STEP_RLIMIT && op != STEP_AFFINITY && op != STEP_DESCRIPTORS &&
		    op != STEP_SIGNALS && op != STEP_FILTER && op != STEP_EXEC)
			fail_msg("step %zu, %s, stands after capabilities", i, step_table[op].name);
	}
	/* Descriptors last of what can fail with them, and signals after the last that may take long. */
	assert_true(find(p, STEP_DESCRIPTORS) < find(p, STEP_SIGNALS));
}

static void test_order(void **state)
{
	(void)state;
	for (int seccomp = SECCOMP_DEFAULT; seccomp <= SECCOMP_NONE; seccomp++)
		for (int net = NET_NONE; net <= NET_HOST; net++)
			for (uid_t uid = 0; uid <= 1000; uid += 1000) {
				struct fixture f;
				begin(&f, "true");
				f.spec.seccomp = (enum spec_seccomp)seccomp;
				f.spec.seccomp_given = true;
				f.spec.net = (enum spec_net)net;
				f.host.uid = uid;
				f.spec.limits.value[LIMIT_CPU] = 5000000000;
				f.spec.limits.value[LIMIT_OPEN_FILES] = 64;
				must_make(&f);
				check_order(&f);
				assert_int_equal(find(&f.plan, STEP_NETWORK) != SIZE_MAX, net == NET_NONE);
				assert_int_equal(find(&f.plan, STEP_ENTER_NETWORK) != SIZE_MAX, net == NET_NONE);
				/* root's files in proc are read-only: for the kernel their owner is who may write. */
				assert_int_equal(find_target(&f.plan, STEP_READ_ONLY, "proc/sys") != NULL, uid == 0);
				end(&f);
			}
}

/* ---- the mounts ---- */

static bool below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return n == 0 || (strncmp(path, dir, n) == 0 && path[n] == '/');
}

/* Everything is made once, in a directory that is there; every mount has something to stand on. */
static void check_mounts(const struct plan *p)
{
	for (size_t i = 0; i < p->step_count; i++) {
		const struct step *s = &p->steps[i];
		bool makes = s->op == STEP_DIRECTORY || s->op == STEP_FILE || s->op == STEP_SYMLINK;
		bool mounts = s->op == STEP_BIND || s->op == STEP_TMPFS || s->op == STEP_PROC;
		if (!makes && !mounts)
			continue;
		if (s->target[0] == '/' || s->target[0] == '\0' || strstr(s->target, "..") || strstr(s->target, "//"))
			fail_msg("step %zu, %s: target '%s'", i, step_table[s->op].name, s->target);
		const char *slash = strrchr(s->target, '/');
		bool parent = !slash || !makes, stands = false;
		for (size_t k = 0; k < i; k++) {
			const struct step *t = &p->steps[k];
			if (!t->target)
				continue;
			if (makes && (t->op == STEP_DIRECTORY || t->op == STEP_FILE || t->op == STEP_SYMLINK) && strcmp(t->target, s->target) == 0)
				fail_msg("'%s' is made twice, in steps %zu and %zu", s->target, k, i);
			if (slash && t->op == STEP_DIRECTORY && strlen(t->target) == (size_t)(slash - s->target) && strncmp(t->target, s->target, strlen(t->target)) == 0)
				parent = true;
			if (slash && (t->op == STEP_BIND || t->op == STEP_TMPFS) && below(s->target, t->target))
				parent = stands = true;
			if ((t->op == STEP_DIRECTORY || t->op == STEP_FILE || t->op == STEP_BIND || t->op == STEP_TMPFS) && strcmp(t->target, s->target) == 0)
				stands = true;
		}
		if (!parent)
			fail_msg("step %zu, %s: nothing made the directory of '%s'", i, step_table[s->op].name, s->target);
		if (mounts && !stands)
			fail_msg("step %zu, %s: nothing stands at '%s'", i, step_table[s->op].name, s->target);
	}
}

static void test_default_root(void **state)
{
	struct fixture f;
	(void)state;

	begin(&f, "true");
	must_make(&f);
	check_mounts(&f.plan);
	const struct step *work = need_target(&f.plan, STEP_BIND, f.host.cwd + 1);
	assert_int_equal(work->flags & STEP_WRITABLE, 0);
	assert_string_equal(f.plan.workdir, f.host.cwd);
	const struct step *usr = need_target(&f.plan, STEP_BIND, "usr");
	assert_int_equal(usr->flags & (STEP_WRITABLE | STEP_DEVICE), 0);
	/* Nothing of the host's /tmp, /home, /root, /run, /var; all of /etc only in parts. */
	static const char *const hidden[] = {"tmp", "home", "root", "run", "var", "etc", "proc", "sys", "dev", "var/run", "etc/shadow", "etc/ssh"};
	for (size_t i = 0; i < COUNTOF(hidden); i++)
		assert_null(find_target(&f.plan, STEP_BIND, hidden[i]));
	assert_null(find_target(&f.plan, STEP_BIND, f.host.home + 1));
	assert_int_equal(need_target(&f.plan, STEP_DIRECTORY, f.host.home + 1)->mode, 0700);
	assert_int_equal(need_target(&f.plan, STEP_DIRECTORY, "tmp")->mode, 01777);
	assert_int_equal(need_target(&f.plan, STEP_DIRECTORY, "dev/shm")->mode, 01777);
	/* Only devices may be opened as such. */
	for (size_t i = 0; i < f.plan.step_count; i++)
		if (f.plan.steps[i].op == STEP_BIND && f.plan.steps[i].flags & STEP_DEVICE)
			assert_true(below(f.plan.steps[i].target, "dev"));
	end(&f);

	begin(&f, "true");
	f.spec.writable = true;
	must_make(&f);
	assert_int_equal(need_target(&f.plan, STEP_BIND, f.host.cwd + 1)->flags & STEP_WRITABLE, STEP_WRITABLE);
	end(&f);
}

static void test_workdir_that_is_hidden(void **state)
{
	struct fixture f;
	(void)state;

	begin(&f, "true");
	(void)snprintf(f.host.cwd, sizeof f.host.cwd, "%s/home", base);
	must_make(&f);
	check_mounts(&f.plan);
	assert_null(find_target(&f.plan, STEP_BIND, f.host.cwd + 1));
	assert_int_equal(f.plan.warning_count, 1);
	end(&f);

	begin(&f, "true");
	f.host.cwd[0] = '\0';
	f.host.cwd_errno = ENOENT;
	assert_int_equal(make(&f), -1);
	assert_int_equal(f.e.os, ENOENT);
	end(&f);
}

struct bind_row {
	enum spec_mount_kind kind;
	const char *source, *target;
};

static void test_tricky_mounts(void **state)
{
	static const struct {
		const char *name;
		struct bind_row mounts[3];
		const char *refused; /* a part of the message; NULL: accepted */
	} rows[] = {
		{"same place", {{MOUNT_RO_BIND, "dir", NULL}}, NULL},
		{"twice the same", {{MOUNT_RO_BIND, "dir", "/data"}, {MOUNT_BIND, "dir", "/data"}}, "mounted twice"},
		{"one above the other", {{MOUNT_RO_BIND, "dir", "/data"}, {MOUNT_BIND, "dir/sub", "/data/other/deep"}}, "does not exist"},
		{"one on a directory of the other", {{MOUNT_RO_BIND, "dir", "/data"}, {MOUNT_BIND, "home", "/data/sub"}}, NULL},
		{"a file on a directory of the other", {{MOUNT_RO_BIND, "dir", "/data"}, {MOUNT_BIND, "file", "/data/sub"}}, "is a directory"},
		{"deep first", {{MOUNT_BIND, "dir/sub", "/data/a/b"}, {MOUNT_RO_BIND, "file", "/data/a/c"}}, NULL},
		{"in a tmpfs", {{MOUNT_TMPFS, NULL, "/data"}, {MOUNT_RO_BIND, "file", "/data/a/file"}, {MOUNT_RO_BIND, "dir", "/data/a/dir"}}, NULL},
		{"tmpfs in a tmpfs", {{MOUNT_TMPFS, NULL, "/data"}, {MOUNT_TMPFS, NULL, "/data/x/y"}}, NULL},
		{"in the private /tmp", {{MOUNT_BIND, "file", "/tmp/a/file"}, {MOUNT_BIND, "dir", "/tmp/b"}}, NULL},
		{"in /dev/shm", {{MOUNT_BIND, "file", "/dev/shm/file"}}, NULL},
		{"in the home directory", {{MOUNT_RO_BIND, "file", "/run/x/file"}}, NULL},
		{"over the system", {{MOUNT_TMPFS, NULL, "/usr/share"}}, NULL},
		{"through a link", {{MOUNT_RO_BIND, "link", "/data"}}, NULL},
		{"a place that is not there in the system", {{MOUNT_RO_BIND, "dir", "/usr/no-such-place"}}, "does not exist"},
		{"the root", {{MOUNT_BIND, "dir", "/"}}, "cannot be replaced"},
		{"proc", {{MOUNT_BIND, "dir", "/proc/sys"}}, "cannot be a mount target"},
		{"dev", {{MOUNT_TMPFS, NULL, "/dev"}}, "cannot be a mount target"},
		{"a file over a directory", {{MOUNT_RO_BIND, "file", "/usr"}}, "is a directory"},
		{"a directory over a file", {{MOUNT_TMPFS, NULL, "/etc/passwd"}}, "is a file"},
		{"the host's root", {{MOUNT_RO_BIND, "/", "/host"}}, "give the host away"},
		{"the host's proc", {{MOUNT_RO_BIND, "/proc/self", "/host"}}, "give the host away"},
		{"missing", {{MOUNT_RO_BIND, "nothing", "/data"}}, "cannot bind"},
	};
	(void)state;

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct fixture f;
		int result = 0;
		begin(&f, "true");
		for (size_t k = 0; k < COUNTOF(rows[i].mounts) && result == 0 && (rows[i].mounts[k].source || rows[i].mounts[k].target); k++) {
			const struct bind_row *m = &rows[i].mounts[k];
			result = mount_add(&f, m->kind, m->source, m->target);
		}
		if (result == 0)
			result = make(&f);
		if (rows[i].refused) {
			if (result == 0 || !strstr(f.e.text, rows[i].refused))
				fail_msg("%s: %s", rows[i].name, result == 0 ? "accepted" : f.e.text);
		} else if (result < 0) {
			fail_msg("%s: %s", rows[i].name, f.e.text);
		} else {
			check_mounts(&f.plan);
			check_order(&f);
		}
		end(&f);
	}
}

static void test_a_link_is_bound_by_what_it_is(void **state)
{
	struct fixture f;
	char real[128];
	(void)state;

	begin(&f, "true");
	assert_int_equal(mount_add(&f, MOUNT_BIND, "link", "/data"), 0);
	must_make(&f);
	(void)snprintf(real, sizeof real, "%s/dir", base);
	const struct step *s = need_target(&f.plan, STEP_BIND, "data");
	assert_string_equal(s->source, real);
	assert_int_equal(s->flags & (STEP_WRITABLE | STEP_DEVICE), STEP_WRITABLE);
	end(&f);
}

/* ---- the command and its environment ---- */

static const char *variable(const struct plan *p, const char *name)
{
	const char *value = NULL;
	size_t n = strlen(name), found = 0;
	for (size_t i = 0; p->envp[i]; i++)
		if (strncmp(p->envp[i], name, n) == 0 && p->envp[i][n] == '=') {
			value = p->envp[i] + n + 1;
			found++;
		}
	assert_true(found <= 1);
	return value;
}

static void test_path_candidates(void **state)
{
	static const struct {
		const char *path, *command;
		const char *candidates; /* with a blank between them */
	} rows[] = {
		{"/a:/b/c", "prog", "/a/prog /b/c/prog"}, {"/a", "prog", "/a/prog"}, {":/a", "prog", "./prog /a/prog"}, {"/a:", "prog", "/a/prog ./prog"},
		{"/a::/b", "prog", "/a/prog ./prog /b/prog"}, {"bin:/a", "prog", "bin/prog /a/prog"}, {"/a:/b", "./prog", "./prog"}, {"/a", "/x/prog", "/x/prog"},
		{"/a", "dir/prog", "dir/prog"}, {"", "prog", "prog"},
	};
	(void)state;

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct fixture f;
		char got[256] = "";
		begin(&f, rows[i].command);
		assert_int_equal(spec_add_env(&f.spec, "PATH", rows[i].path, "--env", &f.e), 0);
		must_make(&f);
		for (size_t k = 0; f.plan.exec_paths[k]; k++)
			(void)snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", k ? " " : "", f.plan.exec_paths[k]);
		assert_string_equal(got, rows[i].candidates);
		assert_string_equal(variable(&f.plan, "PATH"), rows[i].path);
		assert_string_equal(f.plan.argv[0], rows[i].command);
		assert_string_equal(f.plan.argv[1], "argument");
		assert_null(f.plan.argv[2]);
		assert_string_equal(f.plan.argv_shell[0], "/bin/sh");
		assert_string_equal(f.plan.argv_shell[2], "argument");
		end(&f);
	}
}

static void test_environment(void **state)
{
	static const char *const dropped[] = {"VK_ICD_FILENAMES", "VK_DRIVER_FILES", "VK_ADD_DRIVER_FILES", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK", "OLDPWD"};
	struct fixture f;
	(void)state;

	for (size_t i = 0; i < COUNTOF(dropped); i++)
		assert_int_equal(setenv(dropped[i], "/x", 1), 0);
	assert_int_equal(setenv("TMPDIR", "/somewhere", 1), 0);
	assert_int_equal(setenv("PWD", "/elsewhere", 1), 0);
	assert_int_equal(setenv("VKJAIL_TEST_KEPT", "kept", 1), 0);
	assert_int_equal(setenv("VKJAIL_TEST_CHANGED", "before", 1), 0);
	begin(&f, "true");
	assert_int_equal(spec_add_env(&f.spec, "VKJAIL_TEST_CHANGED", "after", "--env", &f.e), 0);
	assert_int_equal(spec_add_env(&f.spec, "VKJAIL_TEST_EMPTY", "", "--env", &f.e), 0);
	assert_int_equal(spec_add_env(&f.spec, "VKJAIL_TEST_ABSENT", NULL, "--env", &f.e), 0);
	must_make(&f);
	for (size_t i = 0; i < COUNTOF(dropped); i++)
		assert_null(variable(&f.plan, dropped[i]));
	/* About the drivers there is a word: somebody may have relied on them. */
	assert_int_equal(f.plan.warning_count, 3);
	assert_string_equal(variable(&f.plan, "TMPDIR"), "/tmp");
	assert_string_equal(variable(&f.plan, "PWD"), f.host.cwd);
	assert_string_equal(variable(&f.plan, "VKJAIL_TEST_KEPT"), "kept");
	assert_string_equal(variable(&f.plan, "VKJAIL_TEST_CHANGED"), "after");
	assert_string_equal(variable(&f.plan, "VKJAIL_TEST_EMPTY"), "");
	assert_null(variable(&f.plan, "VKJAIL_TEST_ABSENT"));
	end(&f);

	begin(&f, "true");
	f.spec.clear_env = true;
	assert_int_equal(spec_add_env(&f.spec, "VKJAIL_TEST_KEPT", NULL, "--env", &f.e), 0);
	must_make(&f);
	assert_string_equal(variable(&f.plan, "VKJAIL_TEST_KEPT"), "kept");
	assert_string_equal(variable(&f.plan, "HOME"), f.host.home);
	assert_non_null(variable(&f.plan, "PATH"));
	assert_null(variable(&f.plan, "VKJAIL_TEST_CHANGED"));
	assert_null(variable(&f.plan, "TMPDIR"));
	size_t count = 0;
	while (f.plan.envp[count])
		count++;
	assert_int_equal(count, 4);
	end(&f);
	for (size_t i = 0; i < COUNTOF(dropped); i++)
		(void)unsetenv(dropped[i]);
	(void)unsetenv("TMPDIR");
}

/* ---- the limits ---- */

static struct rlimit planned(const struct plan *p, int resource)
{
	for (size_t i = 0; i < p->step_count; i++)
		if (p->steps[i].op == STEP_RLIMIT && p->steps[i].resource == resource)
			return p->steps[i].rlimit;
	fail_msg("no step for resource %d", resource);
	return (struct rlimit){.rlim_cur = 0};
}

static void test_rlimits(void **state)
{
	static const struct {
		enum limit limit;
		int resource;
	} rows[] = {
		{LIMIT_FILE_SIZE, RLIMIT_FSIZE}, {LIMIT_OPEN_FILES, RLIMIT_NOFILE}, {LIMIT_PROCESSES, RLIMIT_NPROC}, {LIMIT_STACK, RLIMIT_STACK},
		{LIMIT_CORE, RLIMIT_CORE}, {LIMIT_LOCKED_MEMORY, RLIMIT_MEMLOCK}, {LIMIT_ADDRESS_SPACE, RLIMIT_AS},
	};
	(void)state;

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct fixture f;
		begin(&f, "true");
		f.spec.limits.value[rows[i].limit] = 17;
		must_make(&f);
		struct rlimit set = planned(&f.plan, rows[i].resource);
		assert_int_equal(set.rlim_cur, 17);
		assert_int_equal(set.rlim_max, 17);
		assert_non_null(f.plan.coverage[rows[i].limit].enforced_by);
		end(&f);

		begin(&f, "true");
		f.spec.limits.value[rows[i].limit] = LIMIT_NONE;
		must_make(&f);
		struct rlimit now;
		assert_int_equal(getrlimit(rows[i].resource, &now), 0);
		assert_int_equal(planned(&f.plan, rows[i].resource).rlim_cur, now.rlim_max);
		end(&f);
	}
}

static void test_above_the_hard_limit(void **state)
{
	struct fixture f;
	struct rlimit before, low;
	(void)state;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = (struct rlimit){.rlim_cur = 100, .rlim_max = before.rlim_max};
	begin(&f, "true");
	f.spec.limits.value[LIMIT_OPEN_FILES] = before.rlim_max + 1;
	assert_int_equal(make(&f), -1);
	assert_int_equal(f.e.kind, ERR_BAD);
	assert_non_null(strstr(f.e.text, "above the hard limit"));
	assert_true(f.e.hint[0]);
	end(&f);
	/* The soft limit is nothing to stay below. */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	begin(&f, "true");
	f.spec.limits.value[LIMIT_OPEN_FILES] = 200;
	must_make(&f);
	end(&f);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void test_every_limit_is_covered_or_says_why(void **state)
{
	(void)state;
	for (uid_t uid = 0; uid <= 1000; uid += 1000)
		for (int limit = 0; limit < LIMIT_COUNT; limit++) {
			struct fixture f;
			begin(&f, "true");
			f.host.uid = uid;
			f.spec.limits.value[limit] = limit_table[limit].unit == LIMIT_DURATION ? 1000000000 : 1 << 20;
			if (limit == LIMIT_OPEN_FILES || limit == LIMIT_PROCESSES || limit == LIMIT_CORE || limit == LIMIT_LOCKED_MEMORY)
				f.spec.limits.value[limit] = 8;
			must_make(&f);
			const struct coverage *c = &f.plan.coverage[limit];
			assert_int_equal(c->enforced_by == NULL, c->unavailable != NULL);
			bool covered = c->unavailable == NULL;
			bool layered = limit == LIMIT_DEVICE_MEMORY || limit == LIMIT_KERNEL || limit == LIMIT_GPU_SHARE || limit == LIMIT_SUBMITS;
			/* Those of the layer, where it is built; those that need a group; and one to which the kernel does not hold root. */
			assert_int_equal(covered, !(layered && !f.plan.telemetry) && limit != LIMIT_CPU_QUOTA && !limit_is_io((enum limit)limit) && !(limit == LIMIT_PROCESSES && uid == 0));
			assert_int_equal(f.plan.warning_count > 0, !covered || limit == LIMIT_CPUS);
			end(&f);

			begin(&f, "true");
			f.host.uid = uid;
			f.spec.limits.value[limit] = 8;
			assert_int_equal(spec_add_require(&f.spec, limit_table[limit].key, "--require", &f.e), 0);
			/* Samples are no enforcement for who requires the limit, nor is what the job can undo. */
			assert_int_equal(make(&f), covered && limit != LIMIT_MEMORY && limit != LIMIT_CPUS ? 0 : -1);
			if (!covered)
				assert_int_equal(f.e.kind, ERR_LIMIT);
			end(&f);
		}
}

/* Numbers that depend on the machine, here on a host with the CPUs 2 and 5. */
static void test_cpus(void **state)
{
	static const struct {
		const char *text, *from; /* NULL: refused */
		uint64_t value;
		unsigned on, warnings;
	} rows[] = {
	    {"1", "CPU 2", 1, 0, 0},   {"1", "CPU 5", 1, 3, 0},   {"2", "CPU 2,5", 2, 0, 0}, {"3", "CPU 2,5", 2, 0, 1},
	    {"5-5", "CPU 5", 1, 0, 0}, {"2,5", "CPU 2,5", 2, 0, 0}, {"2-5", NULL, 0, 0, 0},   {"7-7", NULL, 0, 0, 0},
	};
	(void)state;

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct fixture f;
		begin(&f, "true");
		f.host.cpu = rows[i].on;
		assert_int_equal(spec_limit_set(&f.spec, LIMIT_CPUS, rows[i].text, "--cpus", &f.e), 0);
		if (make(&f) < 0) {
			if (rows[i].from)
				fail_msg("cpus %s: %s", rows[i].text, f.e.text);
			assert_non_null(strstr(f.e.text, "only 2,5"));
		} else {
			assert_string_equal(f.plan.limit_from[LIMIT_CPUS], rows[i].from);
			assert_int_equal(f.plan.limits.value[LIMIT_CPUS], rows[i].value);
			assert_int_equal(f.plan.warning_count, rows[i].warnings);
			/* There is no group that could hold it. */
			assert_true(find(&f.plan, STEP_AFFINITY) > f.plan.fork_step);
			assert_true(find(&f.plan, STEP_AFFINITY) < f.plan.step_count);
		}
		end(&f);
	}
}

static void test_processes_auto(void **state)
{
	struct fixture f;
	(void)state;

	begin(&f, "true");
	assert_int_equal(spec_limit_set(&f.spec, LIMIT_PROCESSES, "auto", "--processes", &f.e), 0);
	must_make(&f);
	/* Less only when a group of the machine that runs this leaves less. */
	assert_true(f.plan.limits.value[LIMIT_PROCESSES] <= 64 + 2 * 16);
	assert_true(f.plan.limits.value[LIMIT_PROCESSES] >= 1);
	assert_non_null(f.plan.limit_from[LIMIT_PROCESSES]);
	end(&f);
}

/* The list is the kernel's documentation's: no kernel at hand has the controller. */
static void test_device_memory_of_the_kernel(void **state)
{
	static const char regions[] = "drm/0000:03:00.0/vram0 8514437120\ndrm/0000:03:00.0/stolen 67108864\ndrm/0000:04:00.0/vram 5\n";
	struct host_gpu gpu = {.vendor = VENDOR_INTEL, .pci = "0000:03:00.0"};
	struct coverage *c;
	struct fixture f;
	(void)state;

	begin(&f, "/bin/true");
	f.spec.limits.value[LIMIT_DEVICE_MEMORY] = 1024;
	must_make(&f);
	c = &f.plan.coverage[LIMIT_DEVICE_MEMORY];
	f.plan.gpu_count = 0;
	assert_int_equal(plan_dmem(&f.plan, regions, &f.spec), 0);
	assert_int_equal(plan_dmem(&f.plan, NULL, &f.spec), 0);
	assert_null(f.plan.dmem);
	f.plan.gpus = &gpu;
	f.plan.gpu_count = 1;
	size_t before = f.plan.setting_count;
	assert_int_equal(plan_dmem(&f.plan, regions, NULL), 1);
	assert_int_equal(f.plan.setting_count, before);
	assert_int_equal(plan_dmem(&f.plan, regions, &f.spec), 1);
	assert_int_equal(f.plan.setting_count, before + 1);
	const struct cgroup_setting *s = &f.plan.settings[before];
	assert_int_equal(s->controller, CGROUP_DMEM);
	assert_string_equal(s->file, "dmem.max");
	assert_string_equal(s->value, "drm/0000:03:00.0/vram0 1024");
	assert_false(s->must);

	/* With the layer, without it, and when the kernel did not take it. */
	*c = (struct coverage){.enforced_by = "the layer", .measured_by = "its count"};
	plan_dmem_cover(&f.plan);
	assert_string_equal(c->enforced_by, "cgroup v2 dmem.max of drm/0000:03:00.0/vram0; the layer");
	assert_string_equal(c->measured_by, "cgroup v2 dmem.current; its count");
	plan_dmem_lost(&f.plan, s, EINVAL);
	assert_string_equal(c->enforced_by, "the layer");
	assert_null(c->unavailable);
	f.plan.dmem = "drm/0000:03:00.0/vram0";
	*c = (struct coverage){.unavailable = "no layer"};
	plan_dmem_cover(&f.plan);
	assert_string_equal(c->enforced_by, "cgroup v2 dmem.max of drm/0000:03:00.0/vram0");
	assert_null(c->unavailable);
	plan_dmem_lost(&f.plan, s, EINVAL);
	assert_null(c->enforced_by);
	assert_non_null(c->unavailable);
	f.spec.require |= 1u << LIMIT_DEVICE_MEMORY;
	(void)plan_dmem(&f.plan, regions, &f.spec);
	assert_true(f.plan.settings[f.plan.setting_count - 1].must);
	f.plan.gpus = NULL;
	f.plan.gpu_count = 0;
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_default_root),
		cmocka_unit_test(test_workdir_that_is_hidden),
		cmocka_unit_test(test_tricky_mounts),
		cmocka_unit_test(test_a_link_is_bound_by_what_it_is),
		cmocka_unit_test(test_path_candidates),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_rlimits),
		cmocka_unit_test(test_above_the_hard_limit),
		cmocka_unit_test(test_every_limit_is_covered_or_says_why),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_processes_auto),
		cmocka_unit_test(test_device_memory_of_the_kernel),
	};
	return cmocka_run_group_tests_name("plan", tests, make_files, remove_files);
}
