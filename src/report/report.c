/* SPDX-License-Identifier: Apache-2.0 */
/* Where the report goes, and getting it there. What stands in it is made in parts.c. */
#include "report/report.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"
#include "report/parts.h"

/* The schedulers whose job id %j stands for, first one set wins. */
static const char *scheduler_job(void)
{
	static const char *const names[] = {"SLURM_JOB_ID", "PBS_JOBID", "JOB_ID", "LSB_JOBID",
					    "FLUX_JOB_ID"};
	for (size_t i = 0; i < COUNTOF(names); i++) {
		const char *value = getenv(names[i]);
		if (value && value[0] && !strchr(value, '/'))
			return value;
	}
	return "none";
}

static int expand(struct report *r, const struct spec *spec, const struct host *host, struct err *e)
{
	char pid[16];
	size_t used = 0;

	(void)snprintf(pid, sizeof pid, "%d", (int)getpid());
	for (const char *s = spec->report; *s; s++) {
		char one[2] = {*s, '\0'};
		const char *piece = one;
		if (*s == '%') {
			switch (*++s) {
			case 'n':
				piece = spec->name;
				break;
			case 'j':
				piece = scheduler_job();
				break;
			case 'h':
				piece = host->node;
				break;
			case 'p':
				piece = pid;
				break;
			case '%':
				break;
			default:
				(void)err_bad(e, "--report", "unknown '%%%c' in '%s'",
					      *s ? *s : ' ', spec->report);
				return err_hint(
				    e,
				    "%%n is the job's name, %%j the scheduler's job id, %%h the host, %%p the process id, "
				    "%%%% a percent sign");
			}
		}
		size_t n = strlen(piece);
		if (used + n >= sizeof r->path)
			return err_os(e, ENAMETOOLONG, "--report", "the path is too long");
		memcpy(r->path + used, piece, n);
		used += n;
	}
	r->path[used] = '\0';
	return 0;
}

int report_open(struct report *r, const struct spec *spec, const struct host *host, struct err *e)
{
	/* One by one: nothing needs the path's page until there is a path. */
	r->target = REPORT_NONE;
	r->file = ATOMIC_FILE_INIT;
	r->path[0] = '\0';
	r->durable = spec->durable;
	r->job = r->limits = r->sandbox = r->host = NULL;
	if (strcmp(spec->report, "none") == 0)
		return 0;
	if (strcmp(spec->report, "-") == 0) {
		r->target = REPORT_STDOUT;
		return 0;
	}
	if (expand(r, spec, host, e) < 0)
		return -1;
	if (atomic_prepare(&r->file, r->path, e) < 0)
		return err_in(e, "report");
	r->target = REPORT_FILE;
	return 0;
}

static int write_file(struct report *r, const char *text, struct err *e)
{
	if (atomic_begin(&r->file, 0666, e) < 0)
		return err_in(e, "report");
	if (fd_write_all(r->file.fd, text, strlen(text)) < 0)
		return err_os(e, errno, r->path, "cannot write the report");
	if (atomic_commit(&r->file, r->durable, e) < 0)
		return err_in(e, "report");
	return 0;
}

int report_write(struct report *r, const struct report_facts *facts, char **ret_text, struct err *e)
{
	int result = 0;

	*ret_text = NULL;
	if (r->target == REPORT_NONE || (r->target == REPORT_STDOUT && !facts->outcome))
		return 0;
	json_t *root = report_build(facts, r);
	char *text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	char *line = text ? realloc(text, strlen(text) + 2) : NULL;
	if (!line) {
		free(text);
		return err_os(e, ENOMEM, r->path, "cannot write the report");
	}
	memcpy(line + strlen(line), "\n", 2);
	if (r->target == REPORT_FILE)
		result = write_file(r, line, e);
	else if (fd_write_all(STDOUT_FILENO, line, strlen(line)) < 0)
		result = err_os(e, errno, "stdout", "cannot write the report");
	if (result < 0)
		*ret_text = line;
	else
		free(line);
	/* The job has only just been started: what this makes now need not be made when it has ended. */
	if (!facts->outcome && facts->plan)
		r->sandbox = part_sandbox(facts);
	return result;
}

void report_done(struct report *r)
{
	atomic_done(&r->file);
	json_decref(r->job);
	json_decref(r->limits);
	json_decref(r->sandbox);
	json_decref(r->host);
	r->job = r->limits = r->sandbox = r->host = NULL;
}
