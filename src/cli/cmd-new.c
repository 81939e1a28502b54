/* SPDX-License-Identifier: Apache-2.0 */
/* vkjail new: a job to start from. Writes a few files, all or none, and never over another. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/new-files.inc"
#include "cli/say.h"

enum { FILES_MAX = 8 };

static const struct {
	const char *kind, *help;
} kinds[] = {
#define NEW_KIND(kind, help) {kind, help},
#include "cli/new.def"
#undef NEW_KIND
};

static const struct new_file {
	const char *kind, *name;
	const unsigned char *bytes;
	size_t size;
} files[] = {
#define NEW_FILE(kind, name, bytes) {kind, name, bytes, sizeof bytes},
#include "cli/new.def"
#undef NEW_FILE
};

/* What is being written, and what has to go again should it fail. */
struct writer {
	const char *dir;
	int dir_fd;
	bool made_dir;
	const struct new_file *written[FILES_MAX];
	size_t count;
};

static const char *path_of(const struct writer *w, const char *name, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s/%s", w->dir, name);
	return buf;
}

static int no_kind(const char *word, struct err *e)
{
	const char *names[COUNTOF(kinds) + 1] = {NULL};
	char list[400], shown[64];
	size_t used = 0;

	for (size_t i = 0; i < COUNTOF(kinds); i++) {
		names[i] = kinds[i].kind;
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%s (%s)",
					 i ? ", " : "", kinds[i].kind, kinds[i].help);
	}
	if (!word) {
		(void)err_bad(e, "new", "what kind of job is it to be?");
		return err_hint(e, "one of: %s", list);
	}
	const char *near = text_nearest(word, names);
	(void)err_bad(e, "new", "there is no kind of job '%s'",
		      text_show(word, shown, sizeof shown));
	return near ? err_hint(e, "did you mean '%s'?", near) : err_hint(e, "one of: %s", list);
}

static int check_kind(const char *word, struct err *e)
{
	for (size_t i = 0; word && i < COUNTOF(kinds); i++)
		if (strcmp(word, kinds[i].kind) == 0)
			return 0;
	return no_kind(word, e);
}

static int in_the_way(const struct writer *w, const char *name, struct err *e)
{
	char path[4096];

	(void)err_os(e, EEXIST, path_of(w, name, path, sizeof path), "nothing is overwritten");
	return err_hint(e, "name another directory: vkjail new KIND DIR");
}

static int open_dir(struct writer *w, struct err *e)
{
	if (mkdir(w->dir, 0777) == 0)
		w->made_dir = true;
	else if (errno != EEXIST)
		return err_os(e, errno, w->dir, "cannot make the directory");
	w->dir_fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return w->dir_fd < 0 ? err_os(e, errno, w->dir, "cannot open the directory") : 0;
}

static int write_one(struct writer *w, const struct new_file *f, struct err *e)
{
	char path[4096];
	/* O_EXCL: also what appeared since it was looked for, and whatever a link points to, stays. */
	AUTO_FD int fd = openat(w->dir_fd, f->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0)
		return errno == EEXIST ? in_the_way(w, f->name, e)
				       : err_os(e, errno, path_of(w, f->name, path, sizeof path),
						"cannot be made");
	w->written[w->count++] = f;
	if (fd_write_all(fd, f->bytes, f->size) < 0 || fsync(fd) < 0)
		return err_os(e, errno, path_of(w, f->name, path, sizeof path),
			      "cannot be written");
	return 0;
}

static int write_all(struct writer *w, const char *kind, struct err *e)
{
	struct stat st;

	if (open_dir(w, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNTOF(files); i++)
		if (strcmp(files[i].kind, kind) == 0 &&
		    fstatat(w->dir_fd, files[i].name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return in_the_way(w, files[i].name, e);
	for (size_t i = 0; i < COUNTOF(files); i++)
		if (strcmp(files[i].kind, kind) == 0 && write_one(w, &files[i], e) < 0)
			return -1;
	return 0;
}

static void take_back(struct writer *w)
{
	while (w->count > 0)
		(void)unlinkat(w->dir_fd, w->written[--w->count]->name, 0);
	if (w->made_dir)
		(void)rmdir(w->dir);
}

static void tell(const struct writer *w)
{
	char path[4096], shown[4096 + 64];

	for (size_t i = 0; i < w->count; i++) {
		(void)path_of(w, w->written[i]->name, path, sizeof path);
		(void)printf("wrote %s\n", text_show(path, shown, sizeof shown));
	}
	/* The first file is the job file. */
	if (w->count == 0)
		return;
	(void)path_of(w, w->written[0]->name, path, sizeof path);
	(void)printf("run it: vkjail run %s\n", text_show(path, shown, sizeof shown));
}

int cmd_new(struct options *o, const struct host *host)
{
	struct writer w = {.dir = o->directory ? o->directory : ".", .dir_fd = -1};
	struct err e = ERR_INIT;

	(void)host;
	int result = check_kind(o->operand, &e);
	if (result == 0)
		result = write_all(&w, o->operand, &e);
	if (result < 0) {
		take_back(&w);
		say_error(&e);
	} else if (!o->spec.quiet) {
		tell(&w);
	}
	if (w.dir_fd >= 0)
		(void)close(w.dir_fd);
	return result < 0 ? EXIT_VKJAIL : 0;
}
