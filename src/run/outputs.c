/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs. What a sequence's job wrote is taken apart here, with every length in it checked. */
#include "run/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/auto.h"
#include "job/names.h"

enum { LENGTH_SIZE = 8 };
#define ONE_COPY (1UL << 30)

/*
 * Text alone does not tell that two names lead to one file. The input would still be read whole, but be
 * gone afterwards.
 */
static int check_inputs(const struct atomic_file *f, const struct compute *c, struct err *e)
{
	struct stat there, input;

	if (fstatat(f->dir_fd, f->name, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* not there, so it is no input */
	for (size_t i = 0; i < c->buffer_count; i++) {
		const struct compute_buffer *b = &c->buffers[i];
		if (b->source != SOURCE_FILE || strcmp(b->file, "-") == 0 ||
		    stat(b->path, &input) < 0 || input.st_dev != there.st_dev ||
		    input.st_ino != there.st_ino)
			continue;
		return err_bad(e, f->path,
			       "is the same file as the input '%s' of buffer '%s': an output needs "
			       "a file of its own",
			       b->file, b->name);
	}
	return 0;
}

static int check_place(struct output *f, const struct compute *c, const char *path, struct err *e)
{
	if (atomic_prepare(&f->file, path, e) < 0 || check_inputs(&f->file, c, e) < 0)
		return err_in(e, "%s", f->out->where);
	return 0;
}

static int prepare_stdout(const struct compute_output *out, struct err *e)
{
	if (!isatty(STDOUT_FILENO))
		return 0;
	(void)err_bad(e, out->where, "stdout is a terminal, to which no array is written");
	return err_hint(e, "redirect it to a file or a pipe");
}

int output_prepare(struct output *f, const struct compute *c, const struct compute_output *out,
		   struct err *e)
{
	*f = (struct output){.out = out, .file = ATOMIC_FILE_INIT, .all_fd = -1};
	if (strcmp(out->file, "-") == 0) {
		f->kind = OUTPUT_STDOUT;
		return prepare_stdout(out, e);
	}
	if (!out->sequence)
		return check_place(f, c, out->path, e);
	f->kind = OUTPUT_SEQUENCE;
	/* The first one last: it stays open. */
	for (uint64_t i = out->sequence; i-- > 0;) {
		atomic_done(&f->file);
		if (check_place(f, c, sequence_name(&f->arena, out->path, i), e) < 0)
			return -1;
	}
	return 0;
}

/* Nobody else ever sees this file, so it needs no name. */
static int open_unnamed(const struct output *f, struct err *e)
{
	char path[64];
	int fd = openat(f->file.dir_fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d/.vkjail-XXXXXX", f->file.dir_fd);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return err_os(e, errno, f->file.path, "cannot create a file beside it");
	(void)unlink(path);
	return fd;
}

int output_begin(struct output *f, struct err *e)
{
	if (f->kind == OUTPUT_SEQUENCE) {
		f->all_fd = open_unnamed(f, e);
		if (f->all_fd < 0)
			return err_in(e, "%s", f->out->where);
	} else {
		f->file.unnamed = true; /* it is open as long as the job runs */
		if (atomic_begin(&f->file, 0666, e) < 0)
			return err_in(e, "%s", f->out->where);
	}
	int copy = fcntl(f->kind == OUTPUT_SEQUENCE ? f->all_fd : f->file.fd, F_DUPFD_CLOEXEC, 0);
	return copy < 0 ? err_os(e, errno, f->out->where, "cannot pass the output on") : copy;
}

/* ---- sequences ---------------------------------------------------------------------------- */

static int copy(int from, off_t *at, int to, uint64_t n)
{
	while (n > 0) {
		ssize_t done = sendfile(to, from, at, n < ONE_COPY ? n : ONE_COPY);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			errno = done == 0 ? EIO : errno;
			return -1;
		}
		n -= (uint64_t)done;
	}
	return 0;
}

static int commit_one(struct output *f, const char *path, uint64_t size, off_t *at, bool durable,
		      struct err *e)
{
	atomic_done(&f->file);
	if (atomic_prepare(&f->file, path, e) < 0 || atomic_begin(&f->file, 0666, e) < 0)
		return -1;
	if (copy(f->all_fd, at, f->file.fd, size) < 0)
		return err_os(e, errno, path, "cannot write the file");
	return atomic_commit(&f->file, durable, e);
}

static int commit_sequence(struct output *f, bool durable, struct err *e)
{
	struct stat st;
	off_t at = 0;

	if (fstat(f->all_fd, &st) < 0)
		return err_os(e, errno, f->out->path, "cannot examine what the job wrote");
	for (uint64_t i = 0; i < f->out->sequence; i++) {
		unsigned char length[LENGTH_SIZE];
		uint64_t size = 0;
		bool there = pread(f->all_fd, length, sizeof length, at) == sizeof length;
		for (unsigned k = LENGTH_SIZE; there && k-- > 0;)
			size = size << 8 | length[k];
		at += LENGTH_SIZE;
		if (!there || at > st.st_size || size > (uint64_t)(st.st_size - at))
			return err_set(
			    e, ERR_CHILD, f->out->path,
			    "vkjail-exec wrote a sequence that ends at file %llu of %llu",
			    (unsigned long long)i, (unsigned long long)f->out->sequence);
		if (commit_one(f, sequence_name(&f->arena, f->out->path, i), size, &at, durable,
			       e) < 0)
			return -1;
	}
	return 0;
}

int output_commit(struct output *f, bool durable, struct err *e)
{
	int rc = f->kind == OUTPUT_STDOUT     ? 0
		 : f->kind == OUTPUT_SEQUENCE ? commit_sequence(f, durable, e)
					      : atomic_commit(&f->file, durable, e);

	return rc < 0 ? err_in(e, "%s", f->out->where) : 0;
}

void output_done(struct output *f)
{
	atomic_done(&f->file);
	if (f->all_fd >= 0)
		(void)close(f->all_fd);
	arena_done(&f->arena);
	*f = (struct output){.file = ATOMIC_FILE_INIT, .all_fd = -1};
}
