/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The new root, as steps. One tmpfs is the root and holds everything private (/tmp, /run, /dev/shm,
 * home), so that one size limits it all; system directories are bound into it read-only. Its other
 * directories are not writable by their modes, so that a result written to a wrong place is an error
 * and not lost at the end. Every mount costs a launch about ten microseconds: small files are copied.
 */
#include <errno.h>
#include <fcntl.h>
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
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
    /* The parts of /etc that programs read and that carry no secrets. */
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/passwd",
    "/etc/group",
    "/etc/nsswitch.conf",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/os-release",
    /* CPU and NUMA topology, which thread pools and Mesa read. */
    "/sys/devices/system",
};

/* Names and certificates: of no use without a network. */
static const char *const network_paths[] = {"/etc/resolv.conf", "/etc/services",
					    "/etc/protocols",   "/etc/ssl/certs",
					    "/etc/pki/tls",     "/etc/pki/ca-trust"};

/* What the drivers' user-space halves read about their nodes; only when there is a node. */
static const char *const gpu_paths[] = {"/sys/dev/char", "/sys/class/drm",     "/sys/bus/pci",
					"/sys/devices",  "/sys/module/nvidia", "/etc/nvidia",
					"/etc/OpenCL"};

/* What one vendor's GPUs have in common. */
static const struct {
	enum gpu_vendor vendor;
	const char *path;
} shared_nodes[] = {
    {VENDOR_NVIDIA, "/dev/nvidiactl"},
    {VENDOR_NVIDIA, "/dev/nvidia-uvm"},
    {VENDOR_NVIDIA, "/dev/nvidia-uvm-tools"},
    {VENDOR_AMD, "/dev/kfd"},
};

static const char *const device_nodes[] = {"null", "zero", "full", "urandom"};

static const struct {
	const char *name, *target;
} device_links[] = {
    {"random", "urandom"}, /* the same since Linux 5.18 but for the wait at boot (random(4)) */
    {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
};

/*
 * A process whose user is the host's root may write to these whatever its capabilities, because
 * the kernel only looks at the file's owner (proc(5)); an ordinary user's job can't.
 */
static const char *const proc_read_only[] = {
    "/proc/sys",  "/proc/sysrq-trigger", "/proc/irq",  "/proc/bus",           "/proc/fs",
    "/proc/scsi", "/proc/acpi",          "/proc/mtrr", "/proc/dynamic_debug", "/proc/driver"};

/* What the same owner could read: the kernel's own memory and timers, which tell of everybody's work. */
static const char *const proc_hidden[] = {
    "/proc/kcore",    "/proc/kpagecount",  "/proc/kpageflags", "/proc/kpagecgroup",
    "/proc/slabinfo", "/proc/vmallocinfo", "/proc/timer_list", "/proc/pagetypeinfo"};

enum { COPY_MAX = 8192 };

/* Puts the contents into the FILE step that was planned last. False when it can't be read: then a bind may still serve. */
static bool copy_file(const struct tree *t, const char *path)
{
	UNINITIALIZED char text[COPY_MAX];
	struct step *s = &t->plan->steps[t->plan->step_count - 1];
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
	if (n <= 0 || s->op != STEP_FILE || memchr(text, '\0', (size_t)n))
		return false;
	s->source = arena_strndup(&t->plan->arena, text, (size_t)n);
	return true;
}

int plan_show_path(struct tree *t, const char *path, unsigned flags, struct err *e)
{
	struct stat st;
	UNINITIALIZED char link[PATH_MAX];

	if (lstat(path, &st) < 0)
		return 0;
	if (S_ISLNK(st.st_mode)) {
		ssize_t n = readlink(path, link, sizeof link - 1);
		if (n <= 0)
			return 0;
		link[n] = '\0';
		tree_parents(t, path);
		struct step *s = plan_step(t->plan, STEP_SYMLINK);
		s->source = arena_strdup(&t->plan->arena, link);
		s->target = arena_strdup(&t->plan->arena, path + 1);
		s->flags = tree_own_flag(t, path);
		tree_note(t, arena_strdup(&t->plan->arena, path), MADE_LINK);
		return 0;
	}
	if (tree_target(t, path, S_ISDIR(st.st_mode), path, e) < 0)
		return -1;
	if (S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= t->copy_max &&
	    copy_file(t, path))
		return 0;
	tree_bind(t, path, path, flags);
	return 0;
}

static int add_gpu_node(struct tree *t, const char *path, struct err *e)
{
	struct plan *p = t->plan;

	if (access(path, F_OK) < 0)
		return 0;
	p->gpu_nodes = arena_grow(&p->arena, p->gpu_nodes, p->gpu_node_count, sizeof *p->gpu_nodes);
	p->gpu_nodes[p->gpu_node_count++] = path;
	return plan_show_path(t, path, STEP_WRITABLE | STEP_DEVICE | STEP_NOEXEC, e);
}

static int add_gpu_nodes(struct tree *t, struct err *e)
{
	const struct plan *p = t->plan;
	unsigned vendors = 0;

	for (size_t i = 0; i < p->gpu_count; i++) {
		vendors |= 1U << p->gpus[i].vendor;
		for (size_t n = 0; n < p->gpus[i].node_count; n++)
			if (add_gpu_node(t, p->gpus[i].nodes[n], e) < 0)
				return -1;
	}
	for (size_t i = 0; i < COUNTOF(shared_nodes); i++)
		if (vendors & 1U << shared_nodes[i].vendor &&
		    add_gpu_node(t, shared_nodes[i].path, e) < 0)
			return -1;
	for (size_t i = 0; p->gpu_node_count > 0 && i < COUNTOF(gpu_paths); i++)
		if (plan_show_path(t, gpu_paths[i], 0, e) < 0)
			return -1;
	return 0;
}

static int add_devices(struct tree *t, struct err *e)
{
	tree_directory(t, "/dev", 0555);
	for (size_t i = 0; i < COUNTOF(device_nodes); i++) {
		const char *path = arena_printf(&t->plan->arena, "/dev/%s", device_nodes[i]);
		if (plan_show_path(t, path, STEP_WRITABLE | STEP_DEVICE | STEP_NOEXEC, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < COUNTOF(device_links); i++) {
		struct step *s = plan_step(t->plan, STEP_SYMLINK);
		s->source = device_links[i].target;
		s->target = arena_printf(&t->plan->arena, "dev/%s", device_links[i].name);
		s->flags = STEP_OWN;
	}
	tree_directory(t, "/dev/shm", 01777);
	return add_gpu_nodes(t, e);
}

static void add_proc(struct tree *t, const struct spec *spec)
{
	struct plan *p = t->plan;

	tree_directory(t, "/proc", 0555);
	struct step *proc = plan_step(p, STEP_PROC);
	proc->target = "proc";
	proc->flags = spec->proc == PROC_PROCESSES ? STEP_PROCESSES : 0;
	tree_note(t, "/proc", MADE_BIND);
	/* The processes alone: what is locked or hidden below is not there. */
	if (t->host->uid != 0 || spec->proc == PROC_PROCESSES)
		return;
	for (size_t i = 0; i < COUNTOF(proc_read_only); i++)
		if (access(proc_read_only[i], F_OK) == 0)
			plan_step(p, STEP_READ_ONLY)->target = proc_read_only[i] + 1;
	for (size_t i = 0; i < COUNTOF(proc_hidden); i++) {
		if (access(proc_hidden[i], F_OK) < 0)
			continue;
		/* A device node on a mount without devices: it does not open. */
		struct step *s = plan_step(p, STEP_BIND);
		s->source = "/dev/null";
		s->target = proc_hidden[i] + 1;
		s->flags = STEP_OWN;
	}
}

/* The directory of the helper programs, where it isn't seen already (an installed one lies in /usr). */
static int show_helpers(struct tree *t, struct err *e)
{
	const char *dir = t->host->libexec;
	if (tree_is_foreign(t, dir))
		return 0;
	if (tree_target(t, dir, true, "helper programs", e) < 0)
		return -1;
	tree_bind(t, dir, dir, 0);
	return 0;
}

/* A limit of the caller's (ulimit -f) holds for what the child writes as well. */
static off_t largest_copy(void)
{
	struct rlimit most;
	return getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur >= COPY_MAX ? COPY_MAX : 0;
}

/* The loader's configuration, and the drivers when not all of the system's are to be seen. */
static int add_vulkan(struct tree *t, const struct spec *spec, struct err *e)
{
	if (spec->driver)
		return plan_drivers(t, &spec->driver, 1, e);
	if (plan_vulkan_config(t, spec, e) < 0)
		return -1;
	return t->plan->drivers_only ? plan_drivers(t, t->plan->drivers, t->plan->driver_count, e)
				     : 0;
}

int plan_root(struct plan *p, const struct spec *spec, const struct host *host, struct err *e)
{
	struct tree t = {.plan = p, .host = host, .copy_max = largest_copy()};

	(void)plan_step(p, STEP_PROPAGATION);
	(void)plan_step(p, STEP_NEW_ROOT);
	for (size_t i = 0; i < COUNTOF(system_paths); i++)
		if (plan_show_path(&t, system_paths[i], 0, e) < 0)
			return -1;
	for (size_t i = 0; spec->net == NET_HOST && i < COUNTOF(network_paths); i++)
		if (plan_show_path(&t, network_paths[i], 0, e) < 0)
			return -1;
	if (add_vulkan(&t, spec, e) < 0)
		return -1;
	add_proc(&t, spec);
	if (add_devices(&t, e) < 0)
		return -1;
	tree_directory(&t, "/tmp", 01777);
	tree_directory(&t, "/run", 0755);
	tree_directory(&t, "/var", 0555);
	tree_directory(&t, "/var/tmp", 01777);
	t.home = host->home[0] ? tree_follow(&t, path_normal(&p->arena, host->home)) : "";
	if (t.home[0] && strcmp(t.home, "/") != 0 && !tree_is_foreign(&t, t.home)) {
		tree_parents(&t, t.home);
		tree_directory(&t, t.home, 0700);
	}
	if (plan_user_mounts(&t, spec, e) < 0)
		return -1;
	if ((spec->helper || spec->compute) && show_helpers(&t, e) < 0)
		return -1;
	plan_telemetry(&t, spec);
	(void)plan_step(p, STEP_PIVOT);
	return 0;
}
