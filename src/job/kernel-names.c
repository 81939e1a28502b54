/* SPDX-License-Identifier: Apache-2.0 */
/* See kernel-names.h. */
#include "job/kernel-names.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/fd.h"
#include "base/text.h"

enum { FILE_BYTES_MAX = 8 << 20, NAME_MAX_LEN = 200, SHOWN = 80 };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Makes it lower case; false when it is no part of a hash. */
static bool take_hash(char *s, size_t len)
{
	if (len < KERNEL_HASH_LEAST || len > KERNEL_HASH_DIGITS)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] >= 'A' && s[i] <= 'F')
			s[i] = (char)(s[i] - 'A' + 'a');
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	}
	return true;
}

/* One line, without its newline, into *ret; ret->hash stays NULL when it holds nothing. */
static int take_line(char *line, const char *where, struct kernel_name *ret, struct err *e)
{
	char shown[SHOWN];
	size_t end = strlen(line);

	*ret = (struct kernel_name){NULL, NULL};
	while (end && is_blank(line[end - 1]))
		line[--end] = '\0';
	while (is_blank(*line))
		line++;
	if (!*line || *line == '#')
		return 0;
	size_t len = strcspn(line, " \t");
	char *name = line + len;
	while (is_blank(*name))
		name++;
	if (!take_hash(line, len))
		return err_bad(
		    e, where, "expected %d to %d hexadecimal digits and a name, got '%s'",
		    KERNEL_HASH_LEAST, KERNEL_HASH_DIGITS, text_show(line, shown, sizeof shown));
	if (!*name || strlen(name) > NAME_MAX_LEN)
		return err_bad(e, where, "expected a name of 1 to %d bytes after the hash",
			       NAME_MAX_LEN);
	line[len] = '\0';
	*ret = (struct kernel_name){line, name};
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct kernel_name *)a)->hash, ((const struct kernel_name *)b)->hash);
}

int kernel_names_parse(struct kernel_names *ret, struct arena *a, const char *name, char *text,
		       struct err *e)
{
	unsigned number = 0;

	*ret = (struct kernel_names){NULL, 0};
	for (char *line = text; line; number++) {
		char *next = strchr(line, '\n');
		struct kernel_name one;
		if (next)
			*next++ = '\0';
		const char *where = arena_printf(a, "%s:%u", name, number + 1);
		if (take_line(line, where, &one, e) < 0)
			return -1;
		line = next;
		if (!one.hash)
			continue;
		if (ret->count == KERNEL_NAMES_MAX)
			return err_bad(e, where, "more than %d names", KERNEL_NAMES_MAX);
		ret->at = arena_grow(a, ret->at, ret->count, sizeof *ret->at);
		ret->at[ret->count++] = one;
	}
	if (ret->count)
		qsort(ret->at, ret->count, sizeof *ret->at, compare);
	for (size_t i = 1; i < ret->count; i++)
		if (strcmp(ret->at[i].hash, ret->at[i - 1].hash) == 0)
			return err_bad(e, name, "the hash %s is there twice", ret->at[i].hash);
	return 0;
}

int kernel_names_read(struct kernel_names *ret, struct arena *a, const char *path, struct err *e)
{
	AUTO_FREE char *text = NULL;
	size_t size;

	if (fd_read_file(AT_FDCWD, path, FILE_BYTES_MAX, &text, &size, e) < 0)
		return err_as_bad(e);
	if (strlen(text) != size)
		return err_bad(e, path, "is not a text file");
	return kernel_names_parse(ret, a, path, arena_strdup(a, text), e);
}

const char *kernel_names_find(const struct kernel_names *n, const char *hash)
{
	char part[KERNEL_HASH_DIGITS + 1];
	size_t len = strlen(hash);

	if (n->count == 0 || len > KERNEL_HASH_DIGITS)
		return NULL;
	memcpy(part, hash, len + 1);
	for (; len >= KERNEL_HASH_LEAST; len--) {
		part[len] = '\0';
		const struct kernel_name key = {part, NULL};
		const struct kernel_name *found = bsearch(&key, n->at, n->count, sizeof key,
							  compare);
		if (found)
			return found->name;
	}
	return NULL;
}
