/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The new root, as steps. One tmpfs is the root and holds everything private (/tmp, /run, /dev/shm,
 * home), so that one size limits it all; system directories are bound into it read-only. Its other
 * directories are not writable by their modes, so that a result written to a wrong place is an error
 * and not lost at the end. Every mount costs a launch about ten microseconds: small files are copied.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "job/names.h"
#include "plan/parts.h"

/* Present on the host as a directory, file or symbolic link, or skipped when missing. */
static const char *const system_paths[] = {
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store",
	/* The parts of /etc that programs read and that carry no secrets. */
	"/etc/ld.so.cache", "/etc/alternatives", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts",
	"/etc/localtime", "/etc/timezone", "/etc/os-release", "/etc/ssl/certs", "/etc/pki/tls", "/etc/pki/ca-trust",
	"/etc/OpenCL", "/etc/nvidia",
	/* CPU and NUMA topology, which thread pools and Mesa read. */
	"/sys/devices/system",
};

static const char *const network_paths[] = {"/etc/resolv.conf", "/etc/services", "/etc/protocols"};

/* What the drivers' user-space halves read about their nodes; only when there is a node. */
static const char *const gpu_paths[] = {"/sys/dev/char", "/sys/class/drm", "/sys/bus/pci", "/sys/devices",
					"/sys/module/nvidia"};

/* Render nodes only: a card node can set modes and, for the host's root, more. */
static const struct {
	const char *guard, *pattern;
} gpu_nodes[] = {
	{"/dev/dri", "/dev/dri/renderD*"},
	{"/dev/nvidiactl", "/dev/nvidia[0-9]*"},
	{"/dev/nvidiactl", "/dev/nvidiactl"},
	{"/dev/nvidiactl", "/dev/nvidia-uvm*"},
	{"/dev/nvidiactl", "/dev/nvidia-caps/*"},
	{"/dev/kfd", "/dev/kfd"},
	{"/dev/dxg", "/dev/dxg"},
};

static const char *const device_nodes[] = {"null", "zero", "full", "urandom"};

static const struct {
	const char *name, *target;
} device_links[] = {
	{"random", "urandom"}, /* the same since Linux 5.18 but for the wait at boot (random(4)) */
	{"fd", "/proc/self/fd"},
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
};

/*
 * A process whose user is the host's root may write to these whatever its capabilities, because
 * the kernel only looks at the file's owner (proc(5)); an ordinary user's job can't.
 */
static const char *const proc_read_only[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq",  "/proc/bus",
					     "/proc/fs",  "/proc/scsi",		 "/proc/acpi", "/proc/mtrr",
					     "/proc/dynamic_debug"};

/* Directories that are private in the sandbox: a host directory can't be shown at exactly these. */
static const char *const private_paths[] = {"/", "/tmp", "/run", "/dev", "/dev/shm", "/proc", "/sys", "/etc", "/var"};

enum { COPY_MAX = 8192 };

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0' || (n == 1 && dir[0] == '/'));
}

static bool is_made(const struct mount_plan *m, const char *path)
{
	for (size_t i = 0; i < m->made_count; i++)
		if (strcmp(m->made[i].path, path) == 0)
			return true;
	return false;
}

static void note_made(struct mount_plan *m, const char *path, enum made_kind kind)
{
	m->made = arena_grow(&m->plan->arena, m->made, m->made_count, sizeof *m->made);
	m->made[m->made_count].path = path;
	m->made[m->made_count++].kind = kind;
}

/* Lies in a bound tree of the host, where nothing can be made. The mount planned last decides. */
static bool is_foreign(const struct mount_plan *m, const char *path)
{
	for (size_t i = m->made_count; i-- > 0;)
		if ((m->made[i].kind == MADE_BIND || m->made[i].kind == MADE_TMPFS) && is_below(path, m->made[i].path))
			return m->made[i].kind == MADE_BIND;
	return false;
}

/*
 * Every directory above it was made by us, none is a link or part of a bound tree: the child can use
 * the path as it is, nobody can have put a symbolic link in its way.
 */
static unsigned own_flag(const struct mount_plan *m, const char *path)
{
	for (size_t i = 0; i < m->made_count; i++)
		if (m->made[i].kind != MADE_DIRECTORY && is_below(path, m->made[i].path) && strcmp(path, m->made[i].path) != 0)
			return 0;
	return STEP_OWN;
}

static void make_directory(struct mount_plan *m, const char *path, mode_t mode)
{
	if (is_made(m, path) || strcmp(path, "/") == 0)
		return;
	struct step *s = plan_step(m->plan, STEP_DIRECTORY);
	s->target = path + 1;
	s->mode = mode;
	s->flags = own_flag(m, path);
	note_made(m, path, MADE_DIRECTORY);
}

static void make_parents(struct mount_plan *m, const char *target)
{
	for (const char *slash = strchr(target + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		const char *parent = arena_strndup(&m->plan->arena, target, (size_t)(slash - target));
		if (!is_foreign(m, parent))
			make_directory(m, parent, 0555);
	}
}

enum { KIND_NOTHING, KIND_FILE, KIND_DIRECTORY, KIND_LINK };

/* Where on the host the path of a bound tree lies. */
static const char *behind(const struct mount_plan *m, const char *path)
{
	const struct plan *p = m->plan;

	for (size_t i = p->step_count; i-- > 0;) {
		const struct step *s = &p->steps[i];
		if (s->op == STEP_BIND && is_below(path + 1, s->target))
			return arena_printf(&m->plan->arena, "%s%s", s->source, path + 1 + strlen(s->target));
	}
	return path;
}

/* What stands at target by now; -1 when there is nothing and nothing can be made there. */
static int kind_of(const struct mount_plan *m, const char *target)
{
	struct stat st;

	if (is_foreign(m, target)) {
		/* Inside a bound tree nothing can be made; what is mounted on must be there. */
		if (stat(behind(m, target), &st) < 0)
			return -1;
		return S_ISDIR(st.st_mode) ? KIND_DIRECTORY : KIND_FILE;
	}
	for (size_t i = 0; i < m->made_count; i++)
		if (strcmp(m->made[i].path, target) == 0)
			return m->made[i].kind == MADE_LINK ? KIND_LINK : m->made[i].kind == MADE_FILE ? KIND_FILE : KIND_DIRECTORY;
	return KIND_NOTHING;
}

int mount_target(struct mount_plan *m, const char *target, bool directory, const char *where, struct err *e)
{
	struct arena *a = &m->plan->arena;

	make_parents(m, target);
	int there = kind_of(m, target);
	if (there < 0) {
		(void)err_bad(e, where, "the target '%s' does not exist and lies in a read-only directory", target);
		return err_hint(e, "mount on an existing path, or outside of the bound directories");
	}
	if (there == (directory ? KIND_FILE : KIND_DIRECTORY))
		return err_bad(e, where, directory ? "the target '%s' is a file, but what is to be mounted there is a directory"
						   : "the target '%s' is a directory, but what is to be mounted there is a file", target);
	if (there != KIND_NOTHING)
		return 0;
	if (directory) {
		make_directory(m, arena_strdup(a, target), 0555);
	} else {
		struct step *s = plan_step(m->plan, STEP_FILE);
		s->target = arena_strdup(a, target + 1);
		s->mode = 0444;
		s->flags = own_flag(m, target);
		note_made(m, arena_strdup(a, target), MADE_FILE);
	}
	return 0;
}

void mount_bind(struct mount_plan *m, const char *source, const char *target, unsigned flags)
{
	struct step *s = plan_step(m->plan, STEP_BIND);
	s->source = arena_strdup(&m->plan->arena, source);
	s->target = arena_strdup(&m->plan->arena, target + 1);
	s->flags = flags | own_flag(m, target);
	note_made(m, arena_strdup(&m->plan->arena, target), MADE_BIND);
}

/* Puts the contents into the FILE step that was planned last. False when it can't be read: then a bind may still serve. */
static bool copy_file(struct mount_plan *m, const char *path)
{
	char text[COPY_MAX];
	struct rlimit most;
	struct step *s = &m->plan->steps[m->plan->step_count - 1];
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
	if (n <= 0 || s->op != STEP_FILE || memchr(text, '\0', (size_t)n))
		return false;
	/* A limit of the caller's (ulimit -f) holds for what the child writes as well. */
	if (getrlimit(RLIMIT_FSIZE, &most) < 0 || most.rlim_cur < (rlim_t)n)
		return false;
	s->source = arena_strndup(&m->plan->arena, text, (size_t)n);
	return true;
}

/* A host path shown at the same place, if it exists. Symbolic links stay links. */
static int show_path(struct mount_plan *m, const char *path, unsigned flags, struct err *e)
{
	struct stat st;
	char link[PATH_MAX];

	if (lstat(path, &st) < 0)
		return 0;
	if (S_ISLNK(st.st_mode)) {
		ssize_t n = readlink(path, link, sizeof link - 1);
		if (n <= 0)
			return 0;
		link[n] = '\0';
		make_parents(m, path);
		struct step *s = plan_step(m->plan, STEP_SYMLINK);
		s->source = arena_strdup(&m->plan->arena, link);
		s->target = arena_strdup(&m->plan->arena, path + 1);
		s->flags = own_flag(m, path);
		note_made(m, arena_strdup(&m->plan->arena, path), MADE_LINK);
		return 0;
	}
	if (mount_target(m, path, S_ISDIR(st.st_mode), path, e) < 0)
		return -1;
	if (S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= COPY_MAX && copy_file(m, path))
		return 0;
	mount_bind(m, path, path, flags);
	return 0;
}

static int add_gpu_nodes(struct mount_plan *m, struct err *e)
{
	struct plan *p = m->plan;

	for (size_t i = 0; i < COUNTOF(gpu_nodes); i++) {
		glob_t found;
		/* The guard spares the machines without that vendor a look through all of /dev. */
		if (access(gpu_nodes[i].guard, F_OK) < 0 || glob(gpu_nodes[i].pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t n = 0; n < found.gl_pathc; n++) {
			const char *path = arena_strdup(&p->arena, found.gl_pathv[n]);
			if (show_path(m, path, STEP_WRITABLE | STEP_DEVICE | STEP_NOEXEC, e) < 0) {
				globfree(&found);
				return -1;
			}
			p->gpu_nodes = arena_grow(&p->arena, p->gpu_nodes, p->gpu_node_count, sizeof *p->gpu_nodes);
			p->gpu_nodes[p->gpu_node_count++] = path;
		}
		globfree(&found);
	}
	for (size_t i = 0; p->gpu_node_count > 0 && i < COUNTOF(gpu_paths); i++)
		if (show_path(m, gpu_paths[i], 0, e) < 0)
			return -1;
	return 0;
}

static int add_devices(struct mount_plan *m, const struct spec *spec, struct err *e)
{
	make_directory(m, "/dev", 0555);
	for (size_t i = 0; i < COUNTOF(device_nodes); i++) {
		const char *path = arena_printf(&m->plan->arena, "/dev/%s", device_nodes[i]);
		if (show_path(m, path, STEP_WRITABLE | STEP_DEVICE | STEP_NOEXEC, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < COUNTOF(device_links); i++) {
		struct step *s = plan_step(m->plan, STEP_SYMLINK);
		s->source = device_links[i].target;
		s->target = arena_printf(&m->plan->arena, "dev/%s", device_links[i].name);
		s->flags = STEP_OWN;
	}
	make_directory(m, "/dev/shm", 01777);
	return spec->gpu == GPU_ALL ? add_gpu_nodes(m, e) : 0;
}

static void add_proc(struct mount_plan *m)
{
	struct plan *p = m->plan;

	make_directory(m, "/proc", 0555);
	plan_step(p, STEP_PROC)->target = "proc";
	note_made(m, "/proc", MADE_BIND);
	if (m->host->uid != 0)
		return;
	for (size_t i = 0; i < COUNTOF(proc_read_only); i++)
		if (access(proc_read_only[i], F_OK) == 0)
			plan_step(p, STEP_READ_ONLY)->target = proc_read_only[i] + 1;
}

/* Absolute, relative to the caller's; "" when that one is unknown. */
static const char *working_directory(const struct mount_plan *m, const struct spec *spec)
{
	struct arena *a = &m->plan->arena;

	if (!spec->workdir)
		return m->host->cwd;
	if (spec->workdir[0] == '/')
		return path_normal(a, spec->workdir);
	return m->host->cwd[0] ? path_normal(a, arena_printf(a, "%s/%s", m->host->cwd, spec->workdir)) : "";
}

/* In something that the user mounts. */
static bool is_mounted(const struct spec *spec, const char *dir)
{
	for (size_t i = 0; i < spec->mount_count; i++)
		if (is_below(dir, spec->mounts[i].target))
			return true;
	return false;
}

/*
 * The working directory. Shown read-only unless --writable; one that is itself private in the
 * sandbox, or the home directory, is not shown, because that would undo the hiding.
 */
static int add_workdir(struct mount_plan *m, const struct spec *spec, const char *dir, struct err *e)
{
	struct plan *p = m->plan;
	const struct host *h = m->host;

	if (dir[0] == '\0') {
		(void)err_os(e, h->cwd_errno, NULL, "cannot tell the working directory");
		return err_hint(e, "change to an existing directory, or give one with --workdir");
	}
	p->workdir = arena_strdup(&p->arena, dir);
	struct stat st;
	if (stat(dir, &st) < 0) {
		/* What only the sandbox has need not exist on the host. */
		int os = errno;
		if (spec->workdir && (is_made(m, dir) || is_mounted(spec, dir)))
			return 0;
		(void)err_os(e, os, dir, "cannot use the working directory");
		return spec->workdir ? err_as_bad(e) : -1;
	}
	if (!S_ISDIR(st.st_mode))
		return err_bad(e, dir, "the working directory is not a directory");
	bool hidden = m->home[0] && is_below(m->home, dir);
	for (size_t i = 0; i < COUNTOF(private_paths) && !hidden; i++)
		hidden = strcmp(dir, private_paths[i]) == 0;
	if (hidden) {
		plan_warn(p, "the working directory '%s' is private in the sandbox, so its files are not there; "
			     "start from a directory below it, or name what the job needs with --ro-bind or --bind", dir);
		if (!is_made(m, dir))
			make_directory(m, p->workdir, 0555);
		return 0;
	}
	/* proc is the sandbox's own, never the host's. */
	if (is_foreign(m, dir) && (!spec->writable || is_below(dir, "/proc")))
		return 0;
	if (mount_target(m, dir, true, "working directory", e) < 0)
		return -1;
	mount_bind(m, dir, dir, spec->writable ? STEP_WRITABLE : 0);
	return 0;
}

/* Through the links that the new root has, such as /bin: what lies behind them is planned by its own name. */
static const char *follow_links(const struct mount_plan *m, const char *target)
{
	struct arena *a = &m->plan->arena;

	for (size_t i = 0; i < m->plan->step_count; i++) {
		const struct step *s = &m->plan->steps[i];
		const char *link = s->op == STEP_SYMLINK ? arena_printf(a, "/%s", s->target) : NULL;
		if (!link || !is_below(target, link))
			continue;
		const char *rest = target + strlen(link);
		const char *to = s->source[0] == '/' ? s->source : arena_printf(a, "%s/../%s", link, s->source);
		return path_normal(a, arena_printf(a, "%s%s", to, rest));
	}
	return target;
}

static int add_user_mount(struct mount_plan *m, const struct spec_mount *um, struct err *e)
{
	struct plan *p = m->plan;
	const char *target = follow_links(m, um->target);
	struct stat st;

	if (strcmp(target, "/") == 0 || is_below(target, "/proc") || is_below("/dev", target))
		return err_bad(e, um->where, "'%s' cannot be a mount target", um->target);
	if (um->kind == MOUNT_TMPFS) {
		if (mount_target(m, target, true, um->where, e) < 0)
			return -1;
		struct step *s = plan_step(p, STEP_TMPFS);
		s->target = arena_strdup(&p->arena, target + 1);
		note_made(m, arena_strdup(&p->arena, target), MADE_TMPFS);
		return 0;
	}
	AUTO_FREE char *source = realpath(um->source, NULL);
	if (!source || stat(source, &st) < 0) {
		(void)err_os(e, errno, um->where, "cannot bind '%s'", um->source);
		return err_as_bad(e);
	}
	if (is_below(source, "/proc") || strcmp(source, "/") == 0)
		return err_bad(e, um->where, "'%s' cannot be bound: it would give the host away", um->source);
	if (mount_target(m, target, S_ISDIR(st.st_mode), um->where, e) < 0)
		return -1;
	mount_bind(m, source, target, um->kind == MOUNT_BIND ? STEP_WRITABLE : 0);
	return 0;
}

/* Those around the working directory, or all the others. */
static int add_user_mounts(struct mount_plan *m, const struct spec *spec, const char *dir, bool around, struct err *e)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const char *target = spec->mounts[i].target;
		if ((is_below(dir, target) && strcmp(dir, target) != 0) == around && add_user_mount(m, &spec->mounts[i], e) < 0)
			return -1;
	}
	return 0;
}

/* The directory of the helper programs, where it isn't seen already (an installed one lies in /usr). */
static int show_helpers(struct mount_plan *m, struct err *e)
{
	const char *dir = m->host->libexec;
	if (is_foreign(m, dir))
		return 0;
	if (mount_target(m, dir, true, "helper programs", e) < 0)
		return -1;
	mount_bind(m, dir, dir, 0);
	return 0;
}

int plan_root(struct plan *p, const struct spec *spec, const struct host *host, struct err *e)
{
	struct mount_plan m = {.plan = p, .host = host};

	(void)plan_step(p, STEP_PROPAGATION);
	(void)plan_step(p, STEP_NEW_ROOT);
	for (size_t i = 0; i < COUNTOF(system_paths); i++)
		if (show_path(&m, system_paths[i], 0, e) < 0)
			return -1;
	for (size_t i = 0; spec->net == NET_HOST && i < COUNTOF(network_paths); i++)
		if (show_path(&m, network_paths[i], 0, e) < 0)
			return -1;
	if (spec->driver ? plan_driver(&m, spec->driver, e) < 0 : show_path(&m, "/etc/vulkan", 0, e) < 0)
		return -1;
	add_proc(&m);
	if (add_devices(&m, spec, e) < 0)
		return -1;
	make_directory(&m, "/tmp", 01777);
	make_directory(&m, "/run", 0755);
	make_directory(&m, "/var", 0555);
	make_directory(&m, "/var/tmp", 01777);
	m.home = host->home[0] ? follow_links(&m, path_normal(&p->arena, host->home)) : "";
	if (m.home[0] && strcmp(m.home, "/") != 0 && !is_foreign(&m, m.home)) {
		make_parents(&m, m.home);
		make_directory(&m, m.home, 0700);
	}
	/* What is mounted around the working directory comes first, or it would hide it. */
	const char *dir = working_directory(&m, spec);
	if (add_user_mounts(&m, spec, dir, true, e) < 0 || add_workdir(&m, spec, dir, e) < 0)
		return -1;
	if ((spec->helper || spec->compute) && show_helpers(&m, e) < 0)
		return -1;
	if (add_user_mounts(&m, spec, dir, false, e) < 0)
		return -1;
	(void)plan_step(p, STEP_PIVOT);
	return 0;
}
