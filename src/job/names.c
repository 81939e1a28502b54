/* SPDX-License-Identifier: Apache-2.0 */
/* What names and paths of a job may look like. */
#include "job/names.h"

#include <string.h>

#include "job/bounds.h"

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
	return is_alpha(c) || (c >= '0' && c <= '9');
}

static bool is_made_of(const char *s, const char *also, size_t max)
{
	size_t len = strnlen(s, max + 1);

	if (len == 0 || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(s[i]) && !strchr(also, s[i]))
			return false;
	return true;
}

bool name_is_job(const char *s)
{
	return is_made_of(s, "._-", BOUND_NAME_BYTES) && s[0] != '-' && s[0] != '.';
}

bool name_is_buffer(const char *s)
{
	return is_made_of(s, "_-", BOUND_NAME_BYTES) && s[0] != '-';
}

bool name_is_identifier(const char *s)
{
	return is_made_of(s, "_", BOUND_KEY_BYTES) && (is_alpha(s[0]) || s[0] == '_');
}

bool name_is_host(const char *s)
{
	return is_made_of(s, "-.", BOUND_NAME_BYTES) && is_alnum(s[0]) &&
	       is_alnum(s[strlen(s) - 1]);
}

const char *path_join(struct arena *a, const char *dir, const char *path)
{
	if (path[0] == '/' || strcmp(dir, ".") == 0)
		return path;
	return arena_printf(a, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", path);
}

const char *path_normal(struct arena *a, const char *absolute)
{
	char *out = arena_alloc(a, strlen(absolute) + 2);
	size_t used = 0;

	for (const char *p = absolute; *p;) {
		size_t len = strcspn(p, "/");
		if (len == 2 && memcmp(p, "..", 2) == 0) {
			while (used > 0 && out[--used] != '/')
				;
		} else if (len > 0 && !(len == 1 && p[0] == '.')) {
			out[used++] = '/';
			memcpy(out + used, p, len);
			used += len;
		}
		p += len;
		p += strspn(p, "/");
	}
	if (used == 0)
		out[used++] = '/';
	out[used] = '\0';
	return out;
}

bool path_has_dotdot(const char *path)
{
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");
		if (len == 2 && memcmp(p, "..", 2) == 0)
			return true;
		p += len;
		p += strspn(p, "/");
	}
	return false;
}

const char *path_dir(struct arena *a, const char *file)
{
	const char *slash = strrchr(file, '/');

	if (!slash)
		return ".";
	return slash == file ? "/" : arena_strndup(a, file, (size_t)(slash - file));
}

const char *path_base(const char *file)
{
	const char *slash = strrchr(file, '/');
	return slash ? slash + 1 : file;
}

int sequence_find(const char *path, struct sequence *ret)
{
	int found = 0;

	for (const char *p = path_base(path); (p = strchr(p, '%')) != NULL; p++) {
		bool padded = p[1] == '0' && p[2] >= '1' && p[2] <= '9';
		if (p[padded ? 3 : 1] != 'd')
			continue;
		if (found++ == 0)
			*ret = (struct sequence){.at = (size_t)(p - path),
						 .size = padded ? 4 : 2,
						 .digits = padded ? p[2] - '0' : 1};
	}
	return found;
}

const char *sequence_name(struct arena *a, const char *path, uint64_t number)
{
	struct sequence s = {.at = 0};

	(void)sequence_find(path, &s);
	return arena_printf(a, "%.*s%0*llu%s", (int)s.at, path, s.digits,
			    (unsigned long long)number, path + s.at + s.size);
}

bool sequence_is(const char *pattern, const char *path)
{
	struct sequence s, other;

	if (sequence_find(pattern, &s) != 1 || strncmp(pattern, path, s.at) != 0)
		return false;
	const char *end = path + s.at;
	if (sequence_find(path, &other) == 1 && other.at == s.at)
		end += other.size;
	else
		end += strspn(end, "0123456789");
	return end > path + s.at && strcmp(end, pattern + s.at + s.size) == 0;
}
