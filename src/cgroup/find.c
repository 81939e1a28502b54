/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a group can be made. A process may only be moved by who may write to the common ancestor of
 * its old and its new group, and a v2 group with controllers for its children has no processes of
 * its own ("no internal processes"), so three arrangements work: below our own group when nobody
 * else is in it, beside it, or anywhere as the owner of everything.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "base/auto.h"
#include "cgroup/cgroup.h"
#include "cgroup/own.h"

const char *const cgroup_controller_names[CGROUP_CONTROLLERS] = {
    [CGROUP_MEMORY] = "memory",   [CGROUP_PIDS] = "pids", [CGROUP_CPU] = "cpu",
    [CGROUP_CPUSET] = "cpuset",   [CGROUP_IO] = "io",     [CGROUP_CPUACCT] = "cpuacct",
    [CGROUP_DEVICES] = "devices", [CGROUP_DMEM] = "dmem",
};

/* The controllers named in a list such as "cpu io memory". */
static unsigned parse_controllers(char *text)
{
	unsigned bits = 0;
	char *save = NULL;

	for (char *word = strtok_r(text, " ,\n", &save); word; word = strtok_r(NULL, " ,\n", &save))
		for (int c = 0; c < CGROUP_CONTROLLERS; c++)
			if (strcmp(word, cgroup_controller_names[c]) == 0)
				bits |= CGROUP_BIT(c);
	return bits;
}

static unsigned read_controllers(const char *dir, const char *file)
{
	char text[512];
	AUTO_FD int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || cgroup_read(fd, file, text, sizeof text) < 0)
		return 0;
	return parse_controllers(text);
}

static void name_controllers(unsigned bits, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (int c = 0; c < CGROUP_CONTROLLERS && used < size; c++)
		if (bits & CGROUP_BIT(c))
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
						 cgroup_controller_names[c]);
}

/* A root group, which alone may have processes and controllers for its children, has no such file. */
static bool is_root(const char *dir)
{
	char path[4200];
	(void)snprintf(path, sizeof path, "%s/cgroup.type", dir);
	return access(path, F_OK) < 0;
}

/* Whether groups can be made in dir and processes moved into them, as far as permissions tell. */
static bool may_write(const char *dir)
{
	char path[4200];
	if (access(dir, W_OK | X_OK) < 0)
		return false;
	(void)snprintf(path, sizeof path, "%s/cgroup.procs", dir);
	return access(path, W_OK) == 0;
}

/*
 * Given to this user as a whole, so that what is switched on in it is nobody else's affair: systemd marks such
 * groups (systemd.exec(5), Delegate=); one that belongs to an ordinary user needs no mark.
 */
static bool is_delegated(const char *dir)
{
	static const char *const marks[] = {"user.delegate", "trusted.delegate"};
	struct stat st;
	char value[4];

	for (size_t i = 0; i < COUNTOF(marks); i++)
		if (getxattr(dir, marks[i], value, sizeof value) == 1 && value[0] == '1')
			return true;
	return geteuid() != 0 && stat(dir, &st) == 0 && st.st_uid == geteuid();
}

/* Only processes that are seen from here; "0" stands for those of another pid namespace. */
enum members { MEMBERS_NONE, MEMBERS_US, MEMBERS_OTHERS };

static enum members members_of(const char *dir)
{
	UNINITIALIZED char text[4096];
	AUTO_FD int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	enum members found = MEMBERS_NONE;
	char *save = NULL;

	if (fd < 0 || cgroup_read(fd, "cgroup.procs", text, sizeof text) < 0)
		return MEMBERS_OTHERS;
	for (char *word = strtok_r(text, "\n", &save); word; word = strtok_r(NULL, "\n", &save)) {
		if (strtol(word, NULL, 10) != getpid())
			return MEMBERS_OTHERS;
		found = MEMBERS_US;
	}
	return found;
}

/* ---- the candidates -------------------------------------------------------------------------- */

static int not_here(struct cgroup_place *p, struct arena *a, const char *dir, const char *why,
		    const char *fix)
{
	p->why = arena_printf(a, "%s%s%s: %s", p->why ? p->why : "", p->why ? "; " : "", dir, why);
	if (fix && !p->fix)
		p->fix = fix;
	return -1;
}

static void settle(struct cgroup_place *p, const char *dir, const char *source, unsigned have,
		   unsigned enable)
{
	p->version = CGROUP_V2;
	p->source = source;
	p->controllers = have | enable;
	p->enable = enable;
	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		p->dir[c] = dir;
}

/* What root can do so that this user may: in the root group, one below it for the shell that asks. */
static const char *delegation(struct arena *a, const char *dir)
{
	const char *give = is_root(dir) ? arena_printf(a, "%s/jobs", dir) : dir;

	return arena_printf(
	    a, "as root: %s%s%schown %u %s %s/cgroup.procs %s/cgroup.subtree_control%s%s%s",
	    is_root(dir) ? "mkdir " : "", is_root(dir) ? give : "", is_root(dir) ? " && " : "",
	    (unsigned)geteuid(), give, give, give,
	    is_root(dir) ? " && echo PID-OF-THE-SHELL >" : "", is_root(dir) ? give : "",
	    is_root(dir) ? "/cgroup.procs" : "");
}

/* dir as the parent of the new group. 0, or -1 with the reason added to p->why. */
static int try_parent(struct arena *a, const char *dir, unsigned need, const char *source,
		      struct cgroup_place *p)
{
	char list[128], text[256];
	unsigned on = read_controllers(dir, "cgroup.subtree_control");
	unsigned offered = read_controllers(dir, "cgroup.controllers");
	unsigned missing = need & ~on;

	if (!may_write(dir))
		return not_here(p, a, dir, "this user may not make groups there",
				missing & ~offered ? NULL : delegation(a, dir));
	if (missing & ~offered) {
		name_controllers(missing & ~offered, list, sizeof list);
		(void)snprintf(text, sizeof text, "its controllers do not include %s", list);
		return not_here(p, a, dir, text, NULL);
	}
	enum members members = missing && !is_root(dir) ? members_of(dir) : MEMBERS_NONE;
	if (members == MEMBERS_OTHERS) {
		name_controllers(missing, list, sizeof list);
		(void)snprintf(
		    text, sizeof text,
		    "%s cannot be switched on for groups in it while it has other processes", list);
		return not_here(
		    p, a, dir, text,
		    is_delegated(dir)
			? arena_printf(a, "mkdir %s/shell && echo $$ >%s/shell/cgroup.procs", dir,
				       dir)
			: "systemd-run --user --scope -p Delegate=yes vkjail run ...");
	}
	settle(
	    p, dir, source,
	    on & (need | CGROUP_BIT(CGROUP_PIDS) | CGROUP_BIT(CGROUP_IO) | CGROUP_BIT(CGROUP_DMEM)),
	    missing);
	p->leaf = members == MEMBERS_US;
	return 0;
}

static int find_own(struct arena *a, const struct mounts *m, unsigned need, struct cgroup_place *p)
{
	const char *dir = own_directory(a, m, "");

	need &= ~CGROUP_BIT(CGROUP_CPUACCT);
	if (!dir)
		return not_here(p, a, "cgroup v2", "not mounted, or our own group is not visible",
				NULL);
	if (try_parent(a, dir, need, "vkjail's own group", p) == 0)
		return 0;
	if (is_root(dir))
		return -1;
	char *above = arena_strdup(a, dir);
	char *slash = strrchr(above, '/');
	if (!slash)
		return -1;
	*slash = '\0';
	struct statfs fs;
	if (statfs(above, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return -1;
	/* Elsewhere switching controllers on would be a change for others. */
	if (need & ~read_controllers(above, "cgroup.subtree_control") && !is_delegated(above))
		return not_here(p, a, above, "has not all of them switched on for its groups",
				NULL);
	return try_parent(a, above, need, "beside vkjail's own group", p);
}

static int find_v1(struct arena *a, const struct mounts *m, unsigned need, unsigned wish,
		   struct cgroup_place *p)
{
	static const char source[] = "vkjail's own groups";

	need |= need & CGROUP_BIT(CGROUP_CPU) ? CGROUP_BIT(CGROUP_CPUACCT) : 0;
	for (int c = 0; c < CGROUP_CONTROLLERS; c++) {
		if (!((need | wish) & CGROUP_BIT(c)))
			continue;
		const char *name = c == CGROUP_IO ? "blkio" : cgroup_controller_names[c];
		const char *dir = own_directory(a, m, name);
		if (!(need & CGROUP_BIT(c)) && (!dir || !may_write(dir)))
			continue;
		if (!dir)
			return not_here(p, a, "cgroup v1",
					arena_printf(a, "the controller %s is not mounted", name),
					NULL);
		if (!may_write(dir))
			return not_here(
			    p, a, dir, "this user may not make groups there",
			    "run it as root; cgroup v1 cannot safely be given to users");
		p->dir[c] = dir;
		p->controllers |= CGROUP_BIT(c);
	}
	p->version = CGROUP_V1;
	p->source = source;
	return 0;
}

static int find_wanted(struct arena *a, const char *wanted, unsigned need, struct cgroup_place *p,
		       struct err *e)
{
	struct statfs fs;

	if (statfs(wanted, &fs) < 0) {
		(void)err_os(e, errno, wanted, "cannot use it as the parent of the job's group");
		return err_as_bad(e);
	}
	if (fs.f_type != CGROUP2_SUPER_MAGIC) {
		(void)err_bad(e, wanted, "is not a directory of a cgroup v2 file system");
		return err_hint(e, "mount -t cgroup2 shows where one is");
	}
	if (try_parent(a, arena_strdup(a, wanted), need & ~CGROUP_BIT(CGROUP_CPUACCT), "--cgroup",
		       p) == 0)
		return 0;
	(void)err_bad(e, "--cgroup", "%s", p->why);
	return err_hint(e, "give a group that this user owns, with nobody in it");
}

/*
 * Whether a scope of systemd would have them: root's is made by the system's manager, which has the hierarchy as a whole,
 * a user's by that user's, which has what it was delegated (user@.service: cpu, memory and pids by default).
 */
static bool systemd_could(const struct mounts *m, unsigned need)
{
	__attribute__((cleanup(arena_done))) struct arena a = {0};
	UNINITIALIZED char path[4096];
	const char *own = own_directory(&a, m, "");

	if (!own || access("/run/systemd/system", F_OK) < 0 || !own_path(m, "", path, sizeof path))
		return false;
	size_t n = strcmp(path, "/") == 0 ? 0 : strlen(path);
	const char *manager = arena_strndup(&a, own, strlen(own) - n);
	unsigned uid = (unsigned)geteuid();
	if (uid != 0)
		manager = arena_printf(&a, "%s/user.slice/user-%u.slice/user@%u.service", manager,
				       uid, uid);
	return access(manager, F_OK) == 0 &&
	       (need & ~CGROUP_BIT(CGROUP_CPUACCT) &
		~read_controllers(manager, "cgroup.controllers")) == 0;
}

int cgroup_find(struct arena *a, const char *wanted, unsigned need, unsigned wish,
		struct cgroup_place *ret, struct err *e)
{
	struct mounts m;
	struct err why = ERR_INIT;
	char line[512];

	*ret = (struct cgroup_place){.version = CGROUP_NONE};
	if (wanted)
		return find_wanted(a, wanted, need, ret, e);
	if (own_load(&m, &why) < 0)
		ret->why = arena_strdup(a, err_render(&why, line, sizeof line));
	else if (find_own(a, &m, need, ret) < 0) {
		ret->by_systemd = systemd_could(&m, need);
		if (find_v1(a, &m, need, wish, ret) < 0)
			ret->version = CGROUP_NONE;
	}
	own_unload(&m);
	return 0;
}
