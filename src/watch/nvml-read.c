/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What vkjail-nvml says, and which of it is about the job. The driver tells the processes of everybody by numbers of
 * the initial pid namespace. Where that is ours they are exact; in a container's they may be other processes' numbers, so
 * there a process of the job counts only when it has a node of NVIDIA's open besides.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "watch/nvml.h"

enum { TOLD_MAX = 512, DEPTH_MAX = 8192 };

/* ---- whose process is it ------------------------------------------------------------------ */

/* proc_pid_stat(5); 0: it is gone. */
static pid_t parent_of(const char *proc, pid_t pid)
{
	char path[512], text[512];
	int parent;

	(void)snprintf(path, sizeof path, "%s/%d/stat", proc, (int)pid);
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	const char *after = strrchr(text, ')');
	return after && sscanf(after + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

/* Whoever loses its parent in a pid namespace becomes a child of its pid 1, so the way up never leaves the job. */
static bool is_below(const struct nvml_job *job, pid_t pid)
{
	for (unsigned i = 0; pid > 1 && i < DEPTH_MAX; i++) {
		pid = parent_of(job->proc, pid);
		if (pid == job->root)
			return true;
	}
	return false;
}

/* One that does not let itself be looked at has something to hide. */
static bool has_node(const char *proc, pid_t pid)
{
	char path[512], link[64];
	bool found = false;

	(void)snprintf(path, sizeof path, "%s/%d/fd", proc, (int)pid);
	DIR *dir = opendir(path);
	if (!dir)
		return errno == EACCES || errno == EPERM;
	for (const struct dirent *d; !found && (d = readdir(dir));) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, link, sizeof link - 1);
		link[n > 0 ? n : 0] = '\0';
		found = strncmp(link, "/dev/nvidia", 11) == 0;
	}
	(void)closedir(dir);
	return found;
}

static bool is_of_job(const struct nvml *n, const struct nvml_job *job, pid_t pid)
{
	return is_below(job, pid) && (n->host_pids || has_node(job->proc, pid));
}

/* ---- messages ----------------------------------------------------------------------------- */

static bool get(const json_t *o, const char *key, uint64_t *ret)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(v);
	return true;
}

static void get_text(const json_t *o, const char *key, char *ret, size_t size)
{
	const char *text = json_string_value(json_object_get(o, key));
	(void)snprintf(ret, size, "%s", text ? text : "");
}

/* What the entries add up to; one that makes no sense adds nothing. */
struct part {
	uint64_t bytes, busy;
	bool knows_bytes, knows_busy;
	unsigned processes, foreign;
	pid_t ours[NVML_OURS];
	unsigned our_count;
};

static void note_ours(struct part *sum, pid_t pid)
{
	if (sum->our_count < NVML_OURS)
		sum->ours[sum->our_count++] = pid;
}

/* One that ends is the job's no longer as far as proc(5) can tell, and the driver may tell of it for a while. */
static bool was_ours(const struct nvml_device *d, pid_t pid)
{
	for (unsigned i = 0; i < d->our_count; i++)
		if (d->ours[i] == pid)
			return true;
	return false;
}

static bool was_before(const json_t *rows, size_t which, json_int_t pid)
{
	for (size_t i = 0; i < which; i++)
		if (json_integer_value(json_array_get(json_array_get(rows, i), 0)) == pid)
			return true;
	return false;
}

/* A process has an entry for each instance of a GPU that is cut up: memory of each, all else once. */
static void take_process(const struct nvml *n, const struct nvml_device *d, const json_t *rows,
			 size_t which, const struct nvml_job *job, struct part *sum)
{
	const json_t *row = json_array_get(rows, which), *bytes = json_array_get(row, 1),
		     *busy = json_array_get(row, 2);
	json_int_t pid = json_integer_value(json_array_get(row, 0));

	if (pid <= 0 || pid > INT32_MAX)
		return;
	bool again = was_before(rows, which, pid);
	bool is_ours = is_of_job(n, job, (pid_t)pid);
	if (!again && (is_ours || was_ours(d, (pid_t)pid)))
		note_ours(sum, (pid_t)pid);
	else if (!again)
		sum->foreign++;
	if (!is_ours)
		return;
	sum->processes += !again;
	if (json_is_integer(bytes) && json_integer_value(bytes) >= 0) {
		sum->knows_bytes = true;
		sum->bytes += (uint64_t)json_integer_value(bytes);
		/* Two of at most half the range do not overflow. */
		sum->bytes = sum->bytes > INT64_MAX ? INT64_MAX : sum->bytes;
	}
	if (!again && json_is_integer(busy) && json_integer_value(busy) >= 0) {
		sum->knows_busy = true;
		sum->busy += json_integer_value(busy) > 100 ? 100
							    : (uint64_t)json_integer_value(busy);
	}
}

static void note_busy(struct nvml_device *d, const struct part *sum, uint64_t now_ns)
{
	unsigned percent = sum->busy > 100 ? 100 : (unsigned)sum->busy;

	d->has_busy = true;
	if (percent > d->busy_peak)
		d->busy_peak = percent;
	if (d->read_ns && now_ns > d->read_ns)
		d->busy_ns += (now_ns - d->read_ns) / 100 * percent;
}

static bool take_sample(struct nvml *n, struct nvml_device *d, const json_t *o,
			const struct nvml_job *job)
{
	const json_t *rows = json_object_get(o, "processes");
	struct part sum = {0};
	uint64_t at;

	/* Time goes on: a reading that is older than the last one is none. */
	if (!json_is_array(rows) || !get(o, "t_ns", &at) || at <= d->read_ns)
		return false;
	for (size_t i = 0; i < json_array_size(rows) && i < TOLD_MAX; i++)
		take_process(n, d, rows, i, job, &sum);
	(void)get(o, "total", &d->total_bytes);
	d->memory_bytes = sum.bytes;
	/* None of the job's holds nothing; one that does says how much, or nobody knows. */
	d->has_memory = sum.processes == 0 ? d->has_memory : sum.knows_bytes;
	if (sum.bytes > d->memory_peak_bytes)
		d->memory_peak_bytes = sum.bytes;
	if (sum.processes > d->processes_peak)
		d->processes_peak = sum.processes;
	d->foreign = sum.foreign;
	memcpy(d->ours, sum.ours, sizeof d->ours);
	d->our_count = sum.our_count;
	if (sum.knows_busy)
		note_busy(d, &sum, at);
	d->read_ns = at;
	n->readings++;
	return true;
}

static void take_error(struct nvml *n, unsigned device, const json_t *o)
{
	const char *kind = json_string_value(json_object_get(o, "kind"));
	struct nvml_error e = {.device = device};

	if (!kind || !get(o, "t_ns", &e.at_ns))
		return;
	e.is_xid = strcmp(kind, "xid") == 0;
	if (e.is_xid && !get(o, "xid", &e.xid))
		return;
	if (n->error_count == NVML_ERRORS) {
		n->errors_dropped++;
		return;
	}
	n->errors[n->error_count++] = e;
}

bool nvml_take(struct nvml *n, const char *data, size_t size, const struct nvml_job *job)
{
	json_error_t ignored;
	uint64_t device = UINT64_MAX;
	bool reading = false;

	json_t *o = json_loadb(data, size, JSON_REJECT_DUPLICATES, &ignored);
	const char *event = json_string_value(json_object_get(o, "event"));
	bool known = get(o, "device", &device) && device < n->count;
	struct nvml_device *d = known ? &n->devices[device] : NULL;
	if (event && strcmp(event, "trouble") == 0) {
		if (!n->why[0])
			get_text(o, "text", n->why, sizeof n->why);
	} else if (event && d && strcmp(event, "device") == 0) {
		d->found = true;
		get_text(o, "uuid", d->uuid, sizeof d->uuid);
		get_text(o, "driver", n->driver, sizeof n->driver);
	} else if (event && d && strcmp(event, "sample") == 0) {
		reading = take_sample(n, d, o, job);
	} else if (event && d && strcmp(event, "error") == 0) {
		take_error(n, (unsigned)device, o);
	}
	json_decref(o);
	return reading;
}
