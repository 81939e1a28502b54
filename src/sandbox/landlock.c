/* SPDX-License-Identifier: Apache-2.0 */
/* The landlock step, and asking the kernel for its ABI. Runs in the child: no allocation, errno tells. */
#include "sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sandbox/child.h"

#ifndef SYS_landlock_create_ruleset
/* The same on every architecture that vkjail is for. */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

/* As linux/landlock.h has them; an older kernel takes fewer bytes, and zeros beyond them. */
struct ruleset_attr {
	uint64_t handled_fs, handled_net, scoped;
};

struct path_attr {
	uint64_t access;
	int32_t parent_fd;
} __attribute__((packed));

enum { RULESET_VERSION = 1, RULE_PATH = 1 };

int landlock_abi(int *ret_errno)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);

	*ret_errno = abi < 0 ? errno : 0;
	return abi < 0 ? 0 : (int)abi;
}

/* What makes sense for a file that is no directory. */
static const uint64_t file_rights = LL_EXECUTE | LL_WRITE_FILE | LL_READ_FILE | LL_TRUNCATE |
				    LL_IOCTL_DEV;

static int allow(int ruleset, int fd, uint64_t access)
{
	struct path_attr rule = {.access = access, .parent_fd = fd};
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISDIR(st.st_mode))
		rule.access &= file_rights;
	return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &rule, 0);
}

/*
 * What the job inherits it may open once more by /dev/stdout and its like, in the way it is open: a log
 * can be written to, and not be read. Pipes and sockets have no rule and need none (EBADFD).
 */
static int allow_stdio(const struct plan *p, int ruleset)
{
	for (int i = 0; i < 3; i++) {
		int flags = fcntl(p->stdio[i], F_GETFL);
		uint64_t access = LL_IOCTL_DEV;
		if (flags < 0)
			return -1;
		if ((flags & O_ACCMODE) != O_WRONLY)
			access |= LL_READ_FILE;
		if ((flags & O_ACCMODE) != O_RDONLY)
			access |= LL_WRITE_FILE | LL_TRUNCATE;
		if (allow(ruleset, p->stdio[i], access & p->landlock.handled) < 0 &&
		    errno != EBADFD)
			return -1;
	}
	return 0;
}

int landlock_step(struct child *c, const struct step *s)
{
	const struct landlock_rules *l = &c->plan->landlock;
	struct ruleset_attr attr = {.handled_fs = l->handled, .scoped = l->scoped};

	(void)s;
	AUTO_FD int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	if (ruleset < 0)
		return -1;
	for (size_t i = 0; i < l->path_count; i++) {
		AUTO_FD int fd = open(l->paths[i].path, O_PATH | O_CLOEXEC);
		/* Hidden by a later mount, or never there: then there is nothing to allow either. */
		if (fd < 0 && (errno == ENOENT || errno == EACCES || errno == ENOTDIR))
			continue;
		if (fd < 0 || allow(ruleset, fd, l->paths[i].access) < 0)
			return -1;
	}
	if (allow_stdio(c->plan, ruleset) < 0)
		return -1;
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}
