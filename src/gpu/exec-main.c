/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vkjail-exec: runs one declarative compute job inside the sandbox. Reads the request from fd 3,
 * answers on fd 4, touches only the descriptors that the request names (docs/protocol.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/auto.h"
#include "base/fd.h"
#include "base/text.h"
#include "gpu/answer.h"
#include "gpu/cache.h"
#include "gpu/image.h"
#include "gpu/lanes.h"
#include "gpu/loop-limit.h"
#include "gpu/move.h"
#include "gpu/run.h"
#include "gpu/second-filter.h"
#include "gpu/stop.h"

enum {
	COMPILE_AHEAD =
	    4, /* compilers that work at the same time, and while the device is opened */
	KEEP_WAIT_NS =
	    1000000000, /* for the device, before outputs of a job that was ended are read */
};

/* Owner of everything; job_done accepts any prefix of the order in which it is filled. */
struct job {
	struct request q;
	struct vk vk;
	struct device *devices;
	struct gpu gpu;
	struct data *data;
	struct shape *shapes;
	struct kernel *kernels;
	struct step *steps;
	struct gpu_buffer *buffers;
	struct image_want *wants; /* what the steps make of each buffer */
	struct transfer transfer;
	VkDescriptorPool pool;
	struct budget budget;
	struct run run;
	uint64_t pipeline_ns; /* of the phase that compiles */
	bool ran;             /* the steps were begun */
};

static void job_done(struct job *j)
{
	run_done(&j->run);
	if (j->pool)
		j->gpu.DestroyDescriptorPool(j->gpu.device, j->pool, NULL);
	for (size_t i = 0; j->buffers && i < j->q.buffer_count; i++)
		gpu_buffer_destroy(&j->gpu, &j->buffers[i]);
	transfer_done(&j->transfer);
	for (size_t i = 0; j->kernels && i < j->q.kernel_count; i++) {
		compile_drop(j->kernels[i].compiler);
		free(j->kernels[i].cached);
		free(j->kernels[i].module);
		kernel_done(&j->kernels[i], &j->gpu);
	}
	gpu_done(&j->gpu);
	vk_done(&j->vk);
	free(j->devices);
	for (size_t i = 0; j->data && i < j->q.buffer_count; i++)
		data_done(&j->data[i]);
	free(j->data);
	free(j->shapes);
	free(j->kernels);
	free(j->steps);
	free(j->buffers);
	free(j->wants);
	request_done(&j->q);
}

static int stop_between(struct fail *f)
{
	return stop_asked()
		   ? fail_set(f, END_CANCELLED, NULL, "cancelled before the first dispatch")
		   : 0;
}

/* stdout as an output is ours alone: what a driver or a library prints goes to stderr from here on. */
static int keep_stdout(struct job *j, struct fail *f)
{
	for (size_t i = 0; i < j->q.output_count; i++) {
		if (j->q.outputs[i].fd != REQUEST_FD_STDOUT)
			continue;
		int own = fcntl(REQUEST_FD_STDOUT, F_DUPFD_CLOEXEC, REQUEST_FD_FIRST);
		if (own < 0 || dup2(2, REQUEST_FD_STDOUT) < 0)
			return fail_set(f, END_FAILED, j->q.outputs[i].where,
					"cannot use stdout: %s", err_errno_name(errno));
		j->q.outputs[i].fd = own;
	}
	return 0;
}

static int read_request(struct job *j, struct fail *f)
{
	AUTO_FREE char *text = NULL;
	struct err e = ERR_INIT;
	size_t size;

	(void)lseek(REQUEST_FD, 0,
		    SEEK_SET); /* whoever wrote the memfd may have left it at its end */
	if (fd_read_all(REQUEST_FD, "request", REQUEST_MAX, &text, &size, &e) < 0 ||
	    request_parse(text, size, &j->q, &e) < 0)
		return fail_err(f, END_BAD_JOB, NULL, &e);
	if (keep_stdout(j, f) < 0)
		return -1;
	j->data = calloc(j->q.buffer_count + 1, sizeof *j->data);
	j->shapes = calloc(j->q.buffer_count + 1, sizeof *j->shapes);
	j->buffers = calloc(j->q.buffer_count + 1, sizeof *j->buffers);
	j->wants = calloc(j->q.buffer_count + 1, sizeof *j->wants);
	j->kernels = calloc(j->q.kernel_count + 1, sizeof *j->kernels);
	j->steps = calloc(j->q.step_count + 1, sizeof *j->steps);
	if (!j->data || !j->shapes || !j->buffers || !j->wants || !j->kernels || !j->steps)
		return fail_set(f, END_FAILED, NULL, "out of memory");
	return 0;
}

static int start_compiler(struct job *j, size_t i, struct fail *f)
{
	return i < j->q.kernel_count
		   ? kernel_start(&j->kernels[i], &j->q.kernels[i], j->q.compiler, f)
		   : 0;
}

static int start_compilers(struct job *j, struct fail *f)
{
	cache_load_modules(&j->q.cache, j->kernels, j->q.kernel_count);
	for (size_t i = 0; i < COMPILE_AHEAD; i++)
		if (start_compiler(j, i, f) < 0)
			return -1;
	return 0;
}

static int open_device(struct job *j, struct fail *f)
{
	size_t count;
	long long limit;

	if (vk_open(&j->vk, f) < 0 || device_list(&j->vk, &j->devices, &count, f) < 0)
		return -1;
	j->transfer.gpu = &j->gpu;
	const struct device *d = device_choose(j->devices, count, j->q.device, j->q.device_name, f);
	unsigned queues = (unsigned)lanes_named(&j->q);
	if (!d || gpu_open(&j->gpu, &j->vk, d, j->q.device_memory, queues, f) < 0)
		return -1;
	if (loop_limit_find(&j->gpu, &limit, f) < 0)
		return -1;
	json_t *answer = device_json(d);
	json_object_set_new(answer, "loop_limit", limit < 0 ? json_null() : json_integer(limit));
	answer_send("device", answer);
	if (limit >= 0)
		answer_warning(
		    "this driver ends all loops of an invocation after %lld iterations in total; kernels that need more compute wrong results",
		    limit);
	lanes_answer(&j->q, &j->gpu);
	j->budget = (struct budget){.gpu = &j->gpu, .every_ns = j->q.sample_ns};
	budget_answer(&j->budget, "start");
	return 0;
}

static int check_buffers(struct job *j, struct fail *f)
{
	uint32_t range = j->gpu.info->props.limits.maxStorageBufferRange;
	uint64_t total = 0;

	for (size_t i = 0; i < j->q.buffer_count; i++)
		if (__builtin_add_overflow(total, (j->shapes[i].bytes + 3) / 4 * 4, &total))
			total = UINT64_MAX;
	if (j->q.device_memory && total > j->q.device_memory)
		return gpu_too_much(f, total, j->q.device_memory, "the limit of device memory");
	for (size_t i = 0; i < j->q.buffer_count; i++) {
		const struct request_buffer *b = &j->q.buffers[i];
		uint64_t heap = 0;
		for (uint32_t h = 0; h < j->gpu.info->memory.memoryHeapCount; h++)
			if (j->gpu.info->memory.memoryHeaps[h].size > heap)
				heap = j->gpu.info->memory.memoryHeaps[h].size;
		f->where = b->where;
		if (j->shapes[i].bytes > heap) {
			(void)gpu_too_much(f, j->shapes[i].bytes, heap,
					   "the device's largest heap");
			f->where = b->where;
			return -1;
		}
		if (j->shapes[i].bytes > range)
			return fail_set(
			    f, END_BAD_JOB, b->where,
			    "buffer '%s' has %llu bytes, the device allows %u in one (maxStorageBufferRange)",
			    b->name, (unsigned long long)j->shapes[i].bytes, range);
	}
	f->where = NULL;
	return 0;
}

static int open_data(struct job *j, struct fail *f)
{
	struct err e = ERR_INIT;
	size_t bad = 0;

	if (data_open(&j->q, j->data, &bad, &e) < 0) {
		if (e.object[0] == '\0')
			(void)err_in(&e, "buffer '%s'", j->q.buffers[bad].name);
		return move_fail(f, END_BAD_JOB, j->q.buffers[bad].where, &e);
	}
	for (size_t i = 0; i < j->q.buffer_count; i++)
		j->shapes[i] = j->data[i].shape;
	for (size_t i = 0; i < j->q.output_count; i++)
		if (data_check_output(&j->q.outputs[i], &j->shapes[j->q.outputs[i].buffer], &e) < 0)
			return fail_err(f, END_BAD_JOB, j->q.outputs[i].where, &e);
	return check_buffers(j, f);
}

static struct image_sampling sampling_of(const struct request_buffer *b)
{
	return (struct image_sampling){.filter = b->filter, .address = b->address};
}

/* Buffers that steps bind as images have both, which the device must have room for. */
static int check_images(struct job *j, struct fail *f)
{
	uint64_t total = 0;

	for (size_t i = 0; i < j->q.buffer_count; i++) {
		const struct request_buffer *b = &j->q.buffers[i];
		struct image_sampling sampling = sampling_of(b);
		if (image_check(&j->gpu, &j->wants[i], b->name, &sampling, f) < 0) {
			f->where = b->where;
			return -1;
		}
		if (__builtin_add_overflow(total, j->shapes[i].bytes, &total) ||
		    __builtin_add_overflow(total, image_bytes(&j->wants[i]), &total))
			total = UINT64_MAX;
	}
	if (j->q.device_memory && total > j->q.device_memory)
		return gpu_too_much(f, total, j->q.device_memory, "the limit of device memory");
	/* Before any of it is allocated; each allocation looks at the budget as it is then. */
	uint64_t left = gpu_budget_left(&j->gpu);
	return total > left ? gpu_too_much(f, total, left, "what the driver's memory budget leaves")
			    : 0;
}

static int prepare_steps(struct job *j, struct fail *f)
{
	for (size_t i = 0; i < j->q.step_count; i++) {
		struct step *s = &j->steps[i];
		s->request = &j->q.steps[i];
		if (step_prepare(s, &j->q, j->shapes, j->kernels, &j->gpu, f) < 0)
			return -1;
		if (s->kernel && (step_match(s, &j->q, j->shapes, j->wants, f) < 0 ||
				  step_variant(s, j->q.chunk_ns == CHUNK_NEVER, &j->gpu, f) < 0))
			return -1;
	}
	return check_images(j, f);
}

static int load_kernels(struct job *j, struct fail *f)
{
	cache_open_pipelines(&j->q.cache, &j->gpu);
	for (size_t i = 0; i < j->q.kernel_count; i++) {
		if (stop_between(f) < 0 ||
		    kernel_load(&j->kernels[i], &j->q.kernels[i], &j->gpu, f) < 0 ||
		    start_compiler(j, i + COMPILE_AHEAD, f) < 0)
			return -1;
	}
	cache_save_modules(&j->q.cache, j->kernels, j->q.kernel_count);
	/* The grids of its steps may ask for more pipelines of a kernel. */
	int rc = prepare_steps(j, f);
	for (size_t i = 0; i < j->q.kernel_count; i++) {
		kernel_answer_shader(&j->kernels[i]);
		j->pipeline_ns += j->kernels[i].pipeline_ns;
	}
	return rc;
}

static int upload(struct job *j, size_t i, struct fail *f)
{
	const struct request_buffer *b = &j->q.buffers[i];
	struct gpu_buffer *to = &j->buffers[i];
	uint64_t bytes = j->shapes[i].bytes;

	struct image_sampling sampling = sampling_of(b);
	if (gpu_buffer_create(&j->gpu, bytes, GPU_FOR_KERNELS, to, f) < 0 ||
	    image_create(&j->gpu, &j->wants[i], &sampling, to, f) < 0) {
		f->where = b->where;
		return -1;
	}
	return move_up(&j->transfer, to, b, &j->data[i], f);
}

static int upload_all(struct job *j, struct fail *f)
{
	for (size_t i = 0; i < j->q.buffer_count; i++)
		if (stop_between(f) < 0 || upload(j, i, f) < 0)
			return -1;
	if (steps_bind(j->steps, j->q.step_count, j->buffers, &j->gpu, &j->pool, f) < 0)
		return -1;
	budget_answer(&j->budget, "allocated");
	return 0;
}

/* Host memory that is filled piece by piece. */
static int take_piece(void *arg, unsigned char *bytes, uint64_t n, struct fail *f)
{
	unsigned char **to = arg;

	(void)f;
	memcpy(*to, bytes, n);
	*to += n;
	return 0;
}

static const unsigned char *fetch(void *owner, size_t buffer, unsigned char **ret_own,
				  struct fail *f)
{
	struct job *j = owner;
	const struct gpu_buffer *b = &j->buffers[buffer];
	uint64_t bytes = j->shapes[buffer].bytes;

	if (b->map)
		return b->map;
	unsigned char *at = *ret_own = malloc(bytes + 1);
	struct transfer_end end = {.move = take_piece, .arg = &at, .unit = 1};
	if (!at) {
		(void)fail_set(f, END_FAILED, NULL, "out of host memory for %llu bytes",
			       (unsigned long long)bytes);
		return NULL;
	}
	return bytes == 0 || transfer_down(&j->transfer, b, bytes, &end, f) == 0 ? *ret_own : NULL;
}

static int run_all(struct job *j, struct fail *f)
{
	struct progress progress;
	j->run = (struct run){
	    .gpu = &j->gpu,
	    .request = &j->q,
	    .shapes = j->shapes,
	    .buffers = j->buffers,
	    .fetch = fetch,
	    .owner = j,
	    .budget = &j->budget,
	    .progress = &progress,
	    .limit_ns = j->q.kernel_ns,
	    .target_ns = j->q.chunk_ns == CHUNK_NEVER ? BATCH_NS : j->q.chunk_ns,
	};

	j->ran = true;
	progress_start(&progress, &j->q, j->kernels);
	int rc = run_steps(&j->run, j->steps, j->q.step_count, f);

	/* What was measured is worth having after a failure as well. */
	for (size_t i = 0; i < j->q.kernel_count; i++)
		if (j->kernels[i].chunks)
			kernel_answer_times(&j->kernels[i], j->run.timed,
					    guard_is_open(&j->run.guard));
	run_answer_loops(&j->run, j->steps, j->q.step_count);
	return rc;
}

static int download(struct job *j, const struct request_output *o, bool partial, struct fail *f)
{
	const struct shape *s = &j->shapes[o->buffer];

	if (move_down(&j->transfer, &j->buffers[o->buffer], o, s, f) < 0)
		return -1;
	json_t *answer = json_pack("{s:s, s:I}", "buffer", j->q.buffers[o->buffer].name, "bytes",
				   (json_int_t)s->bytes);
	if (partial)
		json_object_set_new(answer, "partial", json_true());
	answer_send("output", answer);
	return 0;
}

/* What the kernels wrote to outputs becomes visible to the host. */
static int show_outputs(struct job *j, struct fail *f)
{
	if (gpu_begin(&j->gpu, f) < 0)
		return -1;
	for (size_t i = 0; i < j->q.output_count; i++)
		image_use_buffer(&j->gpu, &j->buffers[j->q.outputs[i].buffer], false);
	return gpu_make_visible(&j->gpu, f);
}

static int download_all(struct job *j, struct fail *f)
{
	if (show_outputs(j, f) < 0)
		return -1;
	for (size_t i = 0; i < j->q.output_count; i++)
		if (download(j, &j->q.outputs[i], false, f) < 0)
			return -1;
	return 0;
}

/*
 * After a limit or a signal: the outputs that are wanted all the same. The device must come to an end
 * first; *why says afterwards whether it did. What goes wrong here is no new reason.
 */
static void keep_outputs(struct job *j, struct fail *why)
{
	struct fail f = FAIL_INIT;
	bool visible = false;

	if (!j->ran || (why->reason != END_CANCELLED && why->reason != END_KERNEL_TIME))
		return;
	for (size_t i = 0; i < j->q.output_count; i++) {
		if (!j->q.outputs[i].keep)
			continue;
		if (why->pending && gpu_wait(&j->gpu, KEEP_WAIT_NS, &f) <= 0) {
			answer_warning(
			    "no output is kept: the device did not come to an end of its chunk");
			return;
		}
		why->pending = false;
		if ((!visible && show_outputs(j, &f) < 0) ||
		    download(j, &j->q.outputs[i], true, &f) < 0)
			answer_warning("the output '%s' is not kept: %s",
				       j->q.buffers[j->q.outputs[i].buffer].name, f.err.text);
		visible = true;
	}
}

/* From here on only data and the driver: no shader, no manifest, no library is looked for any more. */
static int confine(struct job *j, struct fail *f)
{
	return second_filter_install(&j->q, &j->gpu, f);
}

/* Compilers and the making of pipelines take turns in one act: two phases for the reader. */
static void answer_acted(struct job *j, const char *phase, uint64_t start)
{
	uint64_t apart = j->pipeline_ns;

	answer_phase(phase, start + apart);
	if (apart)
		answer_phase("pipeline", now_ns() - apart);
	j->pipeline_ns = 0;
}

static int do_job(struct job *j, struct fail *f)
{
	static const struct {
		const char *phase; /* what ends with this one, NULL: nothing yet */
		int (*act)(struct job *j, struct fail *f);
		bool dry; /* part of a dry run */
	} acts[] = {
	    {NULL, start_compilers, true}, {NULL, open_device, true},
	    {"open", open_data, true},     {"compile", load_kernels, true},
	    {NULL, confine, true},         {"upload", upload_all, true},
	    {"run", run_all, false},       {"download", download_all, false},
	};
	uint64_t start = now_ns();

	for (size_t i = 0; i < COUNTOF(acts); i++) {
		if (j->q.dry_run && !acts[i].dry)
			continue;
		if (stop_between(f) < 0 || acts[i].act(j, f) < 0)
			return -1;
		if (!acts[i].phase)
			continue;
		answer_acted(j, acts[i].phase, start);
		start = now_ns();
	}
	/* Some drivers compile at the first dispatch. */
	cache_save_pipelines(&j->q.cache, &j->gpu);
	budget_answer(&j->budget, "end");
	return 0;
}

int main(void)
{
	struct job job = {.pool = VK_NULL_HANDLE};
	struct fail f = FAIL_INIT;

	stop_install();
	(void)signal(SIGPIPE, SIG_IGN); /* a compiler that does not read must not end us */
	int rc = read_request(&job, &f);
	second_filter_announce(&job.q);
	if (rc == 0)
		rc = do_job(&job, &f);
	if (rc < 0)
		keep_outputs(&job, &f);
	bool told = answer_end(&f);
	/* A device that still works would make every clean-up call wait for it. */
	if (f.pending)
		_exit(1);
	job_done(&job);
	return rc == 0 && told ? 0 : 1;
}
