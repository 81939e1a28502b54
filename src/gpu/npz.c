/* SPDX-License-Identifier: Apache-2.0 */
/* The central directory is read and checked whole; of the members only the one that is asked for. */
#include "gpu/npz.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "base/auto.h"
#include "base/text.h"

/* APPNOTE.TXT, section 4.3. All numbers are little-endian. */
enum {
	LOCAL_SIZE = 30,
	ENTRY_SIZE = 46,
	END_SIZE = 22,
	END64_SIZE = 56,
	LOCATOR_SIZE = 20,
	COMMENT_MAX = 65535,
	EXTRA_ZIP64 = 1,
	FLAG_ENCRYPTED = 1,
	STORED = 0,
	DEFLATED = 8,
	NAMES_SHOWN = 200,
};
#define NOT_HERE 0xffffffffU /* the number stands in the zip64 field */

struct entry {
	uint64_t packed, size, local; /* local: offset of its local header */
	uint32_t crc;
	unsigned method, flags;
	const unsigned char *name; /* inside the directory, not terminated */
	size_t name_size;
};

struct zip {
	struct bytes file;
	uint64_t size, directory, directory_size, count;
	unsigned char *entries; /* the central directory */
	struct entry *list;
};

static uint64_t get(const unsigned char *p, unsigned size)
{
	uint64_t n = 0;

	while (size--)
		n = n << 8 | p[size];
	return n;
}

static int damaged(const struct zip *z, const char *what, struct err *e)
{
	return err_bad(e, z->file.name, "is a damaged .npz (zip) file: %s", what);
}

static int read_at(struct zip *z, uint64_t at, unsigned char *out, uint64_t n, struct err *e)
{
	if (at > z->size || n > z->size - at)
		return damaged(z, "it points beyond its end", e);
	z->file.at = at;
	return bytes_read(&z->file, out, n, e);
}

/* ---- where the central directory is --------------------------------------------------------- */

static int read_end64(struct zip *z, uint64_t end, struct err *e)
{
	unsigned char locator[LOCATOR_SIZE] = {0}, record[END64_SIZE] = {0};

	if (end < LOCATOR_SIZE)
		return damaged(z, "the zip64 record is missing", e);
	if (read_at(z, end - LOCATOR_SIZE, locator, sizeof locator, e) < 0)
		return -1;
	if (memcmp(locator, "PK\6\7", 4) != 0)
		return damaged(z, "the zip64 record is missing", e);
	if (read_at(z, get(locator + 8, 8), record, sizeof record, e) < 0)
		return -1;
	if (memcmp(record, "PK\6\6", 4) != 0)
		return damaged(z, "the zip64 record is missing", e);
	z->count = get(record + 32, 8);
	z->directory_size = get(record + 40, 8);
	z->directory = get(record + 48, 8);
	return 0;
}

/* The end record is the last thing but for a comment, so it is looked for from the end. */
static int read_end(struct zip *z, struct err *e)
{
	size_t most = END_SIZE + COMMENT_MAX, at;

	if (z->size < END_SIZE)
		return err_bad(e, z->file.name, "is not a .npz (zip) file");
	if (z->size < most)
		most = (size_t)z->size;
	AUTO_FREE unsigned char *tail = calloc(1, most);
	if (!tail)
		return err_os(e, ENOMEM, z->file.name, "cannot read");
	if (read_at(z, z->size - most, tail, most, e) < 0)
		return -1;
	for (at = most - END_SIZE;; at--) {
		if (memcmp(tail + at, "PK\5\6", 4) == 0 &&
		    get(tail + at + 20, 2) == most - END_SIZE - at)
			break;
		if (at == 0)
			return err_bad(e, z->file.name,
				       "is not a .npz (zip) file, or it is cut off");
	}
	const unsigned char *end = tail + at;
	z->count = get(end + 10, 2);
	z->directory_size = get(end + 12, 4);
	z->directory = get(end + 16, 4);
	if (get(end + 4, 2) != 0 && get(end + 4, 2) != 0xffff)
		return damaged(z, "it is one part of several", e);
	if (z->count != 0xffff && z->directory_size != NOT_HERE && z->directory != NOT_HERE)
		return 0;
	return read_end64(z, z->size - most + at, e);
}

static int read_directory(struct zip *z, struct err *e)
{
	if (z->count > NPZ_MEMBERS_MAX || z->directory_size > NPZ_DIRECTORY_MAX)
		return err_bad(
		    e, z->file.name,
		    "has %llu members listed in %llu bytes, at most %d in %d bytes are read",
		    (unsigned long long)z->count, (unsigned long long)z->directory_size,
		    NPZ_MEMBERS_MAX, NPZ_DIRECTORY_MAX);
	z->entries = calloc(1, z->directory_size + 1);
	z->list = calloc(z->count + 1, sizeof *z->list);
	if (!z->entries || !z->list)
		return err_os(e, ENOMEM, z->file.name, "cannot read");
	return read_at(z, z->directory, z->entries, z->directory_size, e);
}

/* ---- the entries ---------------------------------------------------------------------------- */

/* The zip64 field holds those of the numbers, in this order, that did not fit into 32 bits. */
static int read_extra(const struct zip *z, struct entry *en, const unsigned char *p, size_t size,
		      struct err *e)
{
	uint64_t *const numbers[] = {&en->size, &en->packed, &en->local};

	while (size >= 4) {
		size_t n = get(p + 2, 2);
		if (n > size - 4)
			return damaged(z, "a field of a member does not end", e);
		const unsigned char *field = p + 4;
		size_t left = n;
		for (size_t i = 0; get(p, 2) == EXTRA_ZIP64 && i < COUNTOF(numbers); i++) {
			if (*numbers[i] != NOT_HERE)
				continue;
			if (left < 8)
				return damaged(z, "the zip64 field of a member is too short", e);
			*numbers[i] = get(field, 8);
			field += 8;
			left -= 8;
		}
		p += 4 + n;
		size -= 4 + n;
	}
	return 0;
}

static int read_entries(struct zip *z, struct err *e)
{
	const unsigned char *p = z->entries;
	size_t left = (size_t)z->directory_size;

	for (uint64_t i = 0; i < z->count; i++) {
		struct entry *en = &z->list[i];
		if (left < ENTRY_SIZE || memcmp(p, "PK\1\2", 4) != 0)
			return damaged(z, "its list of members does not hold what it says", e);
		size_t name = get(p + 28, 2), extra = get(p + 30, 2), comment = get(p + 32, 2);
		if (name + extra + comment > left - ENTRY_SIZE)
			return damaged(z, "its list of members is cut off", e);
		*en = (struct entry){
		    .flags = (unsigned)get(p + 8, 2),
		    .method = (unsigned)get(p + 10, 2),
		    .crc = (uint32_t)get(p + 16, 4),
		    .packed = get(p + 20, 4),
		    .size = get(p + 24, 4),
		    .local = get(p + 42, 4),
		    .name = p + ENTRY_SIZE,
		    .name_size = name,
		};
		if (read_extra(z, en, p + ENTRY_SIZE + name, extra, e) < 0)
			return -1;
		if (en->local > z->directory || en->packed > z->directory - en->local ||
		    LOCAL_SIZE + name > z->directory - en->local - en->packed)
			return damaged(z, "a member reaches beyond the archive's data", e);
		p += ENTRY_SIZE + name + extra + comment;
		left -= ENTRY_SIZE + name + extra + comment;
	}
	return left ? damaged(z, "its list of members is longer than it says", e) : 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->local < y->local ? -1 : x->local > y->local;
}

/* Members that share bytes are how a few kilobytes become terabytes. */
static int check_overlap(struct zip *z, struct err *e)
{
	qsort(z->list, z->count, sizeof *z->list, by_offset);
	for (uint64_t i = 1; i < z->count; i++) {
		const struct entry *en = &z->list[i - 1];
		if (en->local + LOCAL_SIZE + en->name_size + en->packed > z->list[i].local)
			return damaged(z, "its members overlap", e);
	}
	return 0;
}

/* ---- the one that is wanted ----------------------------------------------------------------- */

static bool is_named(const struct entry *en, const char *want)
{
	size_t n = strlen(want);

	return (en->name_size == n ||
		(en->name_size == n + 4 && memcmp(en->name + n, ".npy", 4) == 0)) &&
	       memcmp(en->name, want, n) == 0;
}

static int no_such(const struct zip *z, const char *want, struct err *e)
{
	char list[NAMES_SHOWN] = "", one[64], shown[64];
	size_t used = 0;

	for (uint64_t i = 0; i < z->count && used + 70 < sizeof list; i++) {
		char name[64];
		size_t n = z->list[i].name_size;
		if (n > 4 && memcmp(z->list[i].name + n - 4, ".npy", 4) == 0)
			n -= 4;
		(void)snprintf(name, sizeof name, "%.*s", (int)(n < 60 ? n : 60),
			       (const char *)z->list[i].name);
		used += (size_t)snprintf(list + used, sizeof list - used, "%s'%s'", i ? ", " : "",
					 text_show(name, one, sizeof one));
		if (i + 1 < z->count && used + 70 >= sizeof list)
			(void)snprintf(list + used, sizeof list - used, ", ...");
	}
	if (!want)
		return err_bad(
		    e, z->file.name,
		    "holds %llu arrays (%s): say which one, as 'FILE.npz#NAME' or with 'member'",
		    (unsigned long long)z->count, list);
	return err_bad(e, z->file.name, "has no member '%s'; it has %s",
		       text_show(want, shown, sizeof shown), z->count ? list : "none");
}

static int choose(const struct zip *z, const char *want, const struct entry **ret, struct err *e)
{
	char shown[64];

	*ret = NULL;
	for (uint64_t i = 0; i < z->count; i++) {
		if (want ? !is_named(&z->list[i], want) : z->count != 1)
			continue;
		if (*ret)
			return err_bad(e, z->file.name, "has more than one member '%s'",
				       text_show(want, shown, sizeof shown));
		*ret = &z->list[i];
	}
	if (!*ret)
		return no_such(z, want, e);
	if ((*ret)->flags & FLAG_ENCRYPTED)
		return err_bad(e, z->file.name, "the member is encrypted, which cannot be read");
	if ((*ret)->method != STORED && (*ret)->method != DEFLATED)
		return err_bad(e, z->file.name,
			       "the member is compressed by method %u, only stored and deflated "
			       "ones can be read",
			       (*ret)->method);
	if ((*ret)->method == STORED && (*ret)->packed != (*ret)->size)
		return damaged(z, "a stored member has two sizes", e);
	return 0;
}

/* The local header repeats what the directory says; where it does not, somebody is to be fooled. */
static int locate(struct zip *z, const struct entry *en, struct bytes *ret, struct err *e)
{
	unsigned char local[LOCAL_SIZE] = {0};

	if (read_at(z, en->local, local, sizeof local, e) < 0)
		return -1;
	size_t name = get(local + 26, 2), extra = get(local + 28, 2);
	uint64_t start = en->local + LOCAL_SIZE + name + extra;
	if (memcmp(local, "PK\3\4", 4) != 0 || name != en->name_size ||
	    get(local + 8, 2) != en->method)
		return damaged(z, "a member's own header differs from the list", e);
	AUTO_FREE unsigned char *own = malloc(name + 1);
	if (!own)
		return err_os(e, ENOMEM, z->file.name, "cannot read");
	if (read_at(z, en->local + LOCAL_SIZE, own, name, e) < 0)
		return -1;
	if (memcmp(own, en->name, name) != 0)
		return damaged(z, "a member has two names", e);
	uint64_t end = z->directory;
	for (uint64_t i = z->count; i-- > 0 && z->list[i].local > en->local;)
		end = z->list[i].local;
	if (start > end || en->packed > end - start)
		return damaged(z, "its members overlap", e);
	*ret = (struct bytes){
	    .kind = en->method == STORED ? BYTES_FILE : BYTES_DEFLATED,
	    .fd = z->file.fd,
	    .name = z->file.name,
	    .offset = start,
	    .packed = en->packed,
	    .size = en->size,
	    .has_crc = true,
	    .crc = en->crc,
	};
	return 0;
}

int npz_find(int fd, const char *name, uint64_t file_size, const char *want, struct bytes *ret,
	     struct err *e)
{
	struct zip z = {.file = {.kind = BYTES_FILE, .fd = fd, .name = name, .size = file_size},
			.size = file_size};
	const struct entry *en = NULL;
	int rc = -1;

	if (read_end(&z, e) == 0 && read_directory(&z, e) == 0 && read_entries(&z, e) == 0 &&
	    check_overlap(&z, e) == 0 && choose(&z, want, &en, e) == 0 && en)
		rc = locate(&z, en, ret, e);
	free(z.entries);
	free(z.list);
	return rc;
}
