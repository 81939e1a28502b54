/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of job files: a directory of their own to be in, and "text in, message out". */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "job/spec.h"

/* valid when message is NULL. */
struct job_row {
	const char *text, *message;
};

static inline int jobfile_setup(void **state)
{
	char *dir = strdup("/tmp/vkjail-job-XXXXXX");
	if (!dir || !mkdtemp(dir) || chdir(dir) < 0)
		return -1;
	*state = dir;
	return 0;
}

static inline int jobfile_teardown(void **state)
{
	char *dir = *state;
	(void)unlink("job.yaml");
	int r = chdir("/") < 0 || rmdir(dir) < 0 ? -1 : 0;
	free(dir);
	return r;
}

static inline void jobfile_write(const void *data, size_t size)
{
	AUTO_FILE FILE *f = fopen("job.yaml", "we");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
}

/* Reads and finishes; "" or the message. The buffer is the caller's. */
static inline const char *jobfile_read(
	struct spec *s, const void *data, size_t size, char *buf, size_t buf_size)
{
	struct err e = ERR_INIT;

	jobfile_write(data, size);
	spec_init(s);
	if (spec_read_file(s, "job.yaml", &e) == 0 && spec_finish(s, &e) == 0)
		return "";
	return err_render(&e, buf, buf_size);
}

static inline void jobfile_check(const struct job_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct spec s;
		char buf[1024];
		const char *message = jobfile_read(
			&s, rows[i].text, strlen(rows[i].text), buf, sizeof buf);
		if (strcmp(message, rows[i].message ? rows[i].message : "") != 0)
			print_message("# %s\n", rows[i].text);
		assert_string_equal(message, rows[i].message ? rows[i].message : "");
		spec_done(&s);
	}
}

/* Growing text, for files with many of something. */
struct jobfile_text {
	char *data;
	size_t size;
	FILE *f;
};

static inline void jobfile_text_open(struct jobfile_text *t)
{
	*t = (struct jobfile_text){0};
	t->f = open_memstream(&t->data, &t->size);
	assert_non_null(t->f);
}

/* Closes the text, reads it as a job file and frees it. */
static inline void jobfile_text_check(struct jobfile_text *t, const char *message)
{
	struct spec s;
	char buf[1024];

	assert_int_equal(fclose(t->f), 0);
	assert_string_equal(jobfile_read(&s, t->data, t->size, buf, sizeof buf), message);
	spec_done(&s);
	free(t->data);
}
