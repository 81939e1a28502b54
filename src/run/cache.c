/* SPDX-License-Identifier: Apache-2.0 */
/* See cache.h. */
#include "run/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/auto.h"

#define CACHE_BYTES (UINT64_C(256) << 20)
enum { CACHE_FILES = 4096 };

/* ---- the directory ------------------------------------------------------------------------- */

static bool is_own(int fd, mode_t others)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & others) == 0;
}

static int open_dir(int at, const char *path)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* $XDG_CACHE_HOME/vkjail or ~/.cache/vkjail; -1: none that is this user's alone. */
static int cache_dir(void)
{
	char path[PATH_MAX];
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int n = -1;

	if (cache && cache[0] == '/')
		n = snprintf(path, sizeof path, "%s", cache);
	else if (home && home[0] == '/')
		n = snprintf(path, sizeof path, "%s/.cache", home);
	if (n < 0 || (size_t)n >= sizeof path)
		return -1;
	(void)mkdir(path, 0700);
	AUTO_FD int base = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* A root's vkjail must not leave its directory in somebody else's home. */
	if (base < 0 || !is_own(base, S_IWOTH))
		return -1;
	(void)mkdirat(base, "vkjail", 0700);
	AUTO_FD int dir = open_dir(base, "vkjail");
	return dir >= 0 && is_own(dir, 077) ? TAKE_FD(dir) : -1;
}

/* ---- the key ------------------------------------------------------------------------------- */

static void add_bytes(SHA2_CTX *ctx, const void *data, uint64_t size)
{
	SHA256Update(ctx, (const uint8_t *)&size, sizeof size);
	SHA256Update(ctx, data, size);
}

/* NULL and "" are different. */
static void add_text(SHA2_CTX *ctx, const char *s)
{
	const uint8_t there = s != NULL;

	SHA256Update(ctx, &there, 1);
	add_bytes(ctx, s ? s : "", s ? strlen(s) : 0);
}

/* Another build of the compiler may make something else, though its version is the same. */
static int add_compiler(SHA2_CTX *ctx, const struct host *host)
{
	char path[sizeof host->libexec + 32];
	struct stat st;

	(void)snprintf(path, sizeof path, "%s/vkjail-compile", host->libexec);
	if (stat(path, &st) < 0)
		return -1;
	const int64_t numbers[] = {st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec};
	add_text(ctx, PACKAGE_VERSION);
	add_bytes(ctx, numbers, sizeof numbers);
	return 0;
}

static void add_kernel(SHA2_CTX *ctx, const struct compute_kernel *k, const void *text,
		       uint64_t size)
{
	const uint64_t defines = k->define_count;

	add_text(ctx, k->entry);
	add_bytes(ctx, &defines, sizeof defines);
	for (size_t i = 0; i < k->define_count; i++) {
		add_text(ctx, k->defines[i].name);
		add_text(ctx, k->defines[i].value);
	}
	add_bytes(ctx, text, size);
}

static int make_key(uint8_t key[static CACHE_KEY_BYTES], const struct spec *spec,
		    const struct host *host, int shaders, const struct shader_place *places)
{
	const struct compute *c = spec->compute;
	const struct shader_place *last = &places[c->kernel_count - 1];
	const size_t size = last->offset + last->size;
	const uint64_t device = c->device;
	SHA2_CTX ctx;

	/* An empty file cannot be mapped; nothing that is compiled from it is worth keeping either. */
	const uint8_t *text = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, shaders, 0)
				   : MAP_FAILED;
	if (text == MAP_FAILED)
		return -1;
	SHA256Init(&ctx);
	int rc = add_compiler(&ctx, host);
	add_bytes(&ctx, &device, sizeof device);
	add_text(&ctx, c->device_name);
	add_text(&ctx, spec->driver);
	for (size_t i = 0; i < c->kernel_count; i++)
		add_kernel(&ctx, &c->kernels[i], text + places[i].offset, places[i].size);
	SHA256Final(key, &ctx);
	(void)munmap((void *)(uintptr_t)text, size);
	return rc;
}

/* ---- entries ------------------------------------------------------------------------------- */

/* It cannot grow, so a job cannot fill the memory through it. */
static int make_out(void)
{
	AUTO_FD int fd = memfd_create("vkjail-cache", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, CACHE_FILE_MAX) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -1;
	return TAKE_FD(fd);
}

static int open_entry(int dir_fd, const char *name)
{
	AUTO_FD int fd = openat(dir_fd, name,
				O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_size > CACHE_FILE_MAX)
		return -1;
	(void)futimens(fd, NULL); /* used now: cache_evict takes the oldest */
	return TAKE_FD(fd);
}

static void name_entry(struct cache_part *p)
{
	static const char *const endings[] = {
	    [CACHE_SPIRV] = "spirv", [CACHE_PIPELINES] = "pipelines"};
	char *at = p->name;

	for (size_t i = 0; i < CACHE_KEY_BYTES; i++, at += 2)
		(void)snprintf(at, 3, "%02x", p->id.key[i]);
	(void)snprintf(at, sizeof p->name - 2 * CACHE_KEY_BYTES, ".%s", endings[p->id.kind]);
}

void cache_open(struct cache *c, const struct spec *spec, const struct host *host, int shaders,
		const struct shader_place *places)
{
	uint8_t key[CACHE_KEY_BYTES];

	*c = CACHE_INIT;
	/* A dry run looks at everything anew, and leaves nothing behind. */
	if (!spec->compute->cache || spec->dry_run ||
	    make_key(key, spec, host, shaders, places) < 0)
		return;
	c->dir_fd = cache_dir();
	for (int kind = 0; c->dir_fd >= 0 && kind < CACHE_KINDS; kind++) {
		struct cache_part *p = &c->parts[kind];
		p->id.kind = (enum cache_kind)kind;
		memcpy(p->id.key, key, sizeof key);
		name_entry(p);
		p->in = open_entry(c->dir_fd, p->name);
		p->out = make_out();
	}
}

static void commit_part(const struct cache *c, const struct cache_part *p)
{
	struct atomic_file f;
	struct err ignored = ERR_INIT;
	char path[CACHE_NAME + 32];
	size_t size;

	AUTO_FREE void *data = p->out >= 0 ? cachefile_get(p->out, &p->id, &size) : NULL;
	if (!data)
		return;
	/* Through the descriptor: the name may lead to another directory by now. */
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d/%s", c->dir_fd, p->name);
	if (atomic_prepare(&f, path, &ignored) < 0)
		return;
	/* Read-only, so that the next job cannot write through the descriptor that it reads from. */
	if (atomic_begin(&f, 0400, &ignored) == 0 && cachefile_put(f.fd, &p->id, data, size) == 0)
		(void)atomic_commit(&f, false, &ignored);
	atomic_done(&f);
}

void cache_commit(struct cache *c)
{
	if (c->dir_fd < 0)
		return;
	for (int kind = 0; kind < CACHE_KINDS; kind++)
		commit_part(c, &c->parts[kind]);
	cache_evict(c->dir_fd, CACHE_BYTES, CACHE_FILES);
}

void cache_done(struct cache *c)
{
	for (int kind = 0; kind < CACHE_KINDS; kind++) {
		if (c->parts[kind].in >= 0)
			(void)close(c->parts[kind].in);
		if (c->parts[kind].out >= 0)
			(void)close(c->parts[kind].out);
	}
	if (c->dir_fd >= 0)
		(void)close(c->dir_fd);
	*c = CACHE_INIT;
}
