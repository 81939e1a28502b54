/* SPDX-License-Identifier: Apache-2.0 */
/* See cachefile.h. Numbers have the byte order of this machine: a cache is not carried to others. */
#include "base/cachefile.h"

#include <errno.h>
#include <sha2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"

/* "VKJCACH1": another layout gets another name. */
struct header {
	char magic[8];
	uint64_t kind, size;
	uint8_t key[CACHE_KEY_BYTES];
	uint8_t hash[SHA256_DIGEST_LENGTH]; /* of the members above and the data */
};

static struct header make_header(const struct cache_id *id, const void *data, size_t size)
{
	struct header h = {.magic = {'V', 'K', 'J', 'C', 'A', 'C', 'H', '1'},
			   .kind = (uint64_t)id->kind,
			   .size = size};
	SHA2_CTX ctx;

	memcpy(h.key, id->key, sizeof h.key);
	SHA256Init(&ctx);
	SHA256Update(&ctx, (const uint8_t *)&h, offsetof(struct header, hash));
	SHA256Update(&ctx, data, size);
	SHA256Final(h.hash, &ctx);
	return h;
}

static bool write_at(int fd, const void *data, size_t size, off_t at)
{
	const char *p = data;

	while (size > 0) {
		ssize_t n = pwrite(fd, p, size, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

static bool read_at(int fd, void *data, size_t size, off_t at)
{
	char *p = data;

	while (size > 0) {
		ssize_t n = pread(fd, p, size, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

int cachefile_put(int fd, const struct cache_id *id, const void *data, size_t size)
{
	struct header h = make_header(id, data, size);

	if (size > CACHE_DATA_MAX) {
		errno = EFBIG;
		return -1;
	}
	return write_at(fd, &h, sizeof h, 0) && write_at(fd, data, size, sizeof h) ? 0 : -1;
}

void *cachefile_get(int fd, const struct cache_id *id, size_t *ret_size)
{
	struct header have, want;

	if (!read_at(fd, &have, sizeof have, 0) || have.size > CACHE_DATA_MAX)
		return NULL;
	AUTO_FREE void *data = malloc(have.size + 1);
	if (!data || !read_at(fd, data, have.size, sizeof have))
		return NULL;
	want = make_header(id, data, have.size);
	if (memcmp(&have, &want, sizeof have) != 0)
		return NULL;
	*ret_size = have.size;
	return TAKE_PTR(data);
}
