/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's side of the Vulkan layer (docs/protocol.md, "The Vulkan layer"; page/page.h): gives the two
 * pages out at the rendezvous socket, takes back what dead processes held, reads what the job wrote. All of that is
 * the job's word: every index and string is checked here, and no number of it is taken for the kernel's.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "job/kernel-names.h"
#include "page/page.h"

enum {
	TELEMETRY_PENDING = 32,   /* connections whose word has not come yet */
	TELEMETRY_EVENTS = 256,   /* that are kept, the first ones */
	TELEMETRY_PROCESSES = 64, /* that are described, the first ones */
	TELEMETRY_NAME = 256,
};

/* What goes into the control page. PAGE_NO_LIMIT and 0 as they stand there. */
struct telemetry_orders {
	uint64_t memory_hard, memory_soft, submit_every_ns, kernel_ns, budget_ns;
	uint32_t share_percent;
	enum page_timing timing;
	enum page_stop stop; /* what becomes of submissions once `kernel` was passed */
};

struct telemetry_process {
	pid_t pid; /* as seen from here */
	int32_t inner_pid;
	uint64_t hello_ns, ended_ns; /* ended_ns 0: it was there to the end */
	uint64_t peak_bytes;         /* the most that was seen in samples */
	uint32_t api_version;
	char app[64], engine[64]; /* terminated; any bytes */
};

struct telemetry_event {
	uint64_t at_ns;
	enum page_event_kind kind;
	enum page_call call;
	int32_t result;
	int32_t pid; /* as it sees itself */
	unsigned device, heap;
	uint64_t bytes;
};

/* The oldest unfinished submission of all processes. */
struct telemetry_submit {
	uint64_t since_ns;     /* 0: nothing is under way */
	uint64_t allowance_ns; /* beyond the limit, for compilers that work in a first dispatch */
	uint32_t kernel_count;
	uint16_t kernels[PAGE_CANDIDATES]; /* rows, all below PAGE_KERNELS */
	unsigned candidates;
	bool waiting; /* somebody's waits for a semaphore and can begin without a word */
};

/* What the verdict has to know of it. */
struct gpu_said {
	bool lost; /* a process got VK_ERROR_DEVICE_LOST, and not from us */
	const char *lost_call;
	uint64_t refused, refused_bytes;               /* by the job's limit */
	uint64_t driver_refused, driver_refused_bytes; /* by the driver */
	uint64_t memory_peak;
	char culprit[TELEMETRY_NAME * 2]; /* what was at work when `kernel` was passed; "" */
};

struct telemetry {
	int listen_fd;
	int control_fd, page_fd;
	struct control_page *control; /* NULL until the first process asks, like page */
	struct telemetry_page *page;
	struct telemetry_orders orders;
	const struct kernel_names *names;
	int pending[TELEMETRY_PENDING];
	struct {
		int pidfd;       /* -1: the slot is free */
		unsigned number; /* of the process, in the order of their words */
		pid_t pid;       /* as seen from here */
	} slots[PAGE_SLOTS];
	unsigned hellos, refused;
	unsigned pushed_out; /* connections that made room for others */
	struct telemetry_process
	    *processes;                 /* TELEMETRY_PROCESSES of them, hellos were asked for */
	struct telemetry_event *events; /* TELEMETRY_EVENTS of them */
	unsigned event_count;
	uint64_t events_seen, events_dropped, events_unread;
	uint64_t next_event;
	uint64_t count[PAGE_COUNTERS]; /* of processes that are gone */
	json_t *budgets;               /* readings, like those of vkjail-exec; NULL: none */
	uint64_t budget_interval_ns;
	unsigned budgets_taken;
	struct gpu_said said;
};

void telemetry_init(struct telemetry *t);
void telemetry_done(struct telemetry *t);

/* The socket; it has no name before the child gives it one. */
int telemetry_open(struct telemetry *t, const struct telemetry_orders *orders,
		   const struct kernel_names *names, struct err *e);

/* Takes one connection from the socket: its place in `pending`, or -1 when none waits. */
int telemetry_accept(struct telemetry *t);

enum telemetry_word {
	TELEMETRY_NOTHING, /* made no sense, or had no more to say */
	TELEMETRY_HELLO,   /* *ret_slot is a process' now, slots[].pidfd tells when it ends */
	TELEMETRY_BUSY,    /* a submission begins */
	TELEMETRY_LOOK,    /* a soft value was passed, or a device lost */
};

/* What came over a pending connection, answered, and the connection closed. */
enum telemetry_word telemetry_take(struct telemetry *t, unsigned pending, uint64_t now,
				   unsigned *ret_slot);

/* The process of that slot has ended: what it held is free. */
void telemetry_ended(struct telemetry *t, unsigned slot, uint64_t now);

/* Events and budgets since the last time. at: "sample" or "end". */
void telemetry_look(struct telemetry *t, const char *at, uint64_t now);

/* The events alone. */
void telemetry_events(struct telemetry *t);

/* What was held when the soft value was passed, 0 when it was not. */
uint64_t telemetry_soft(const struct telemetry *t);

/* Bytes in device-local heaps, all processes together, now. */
uint64_t telemetry_memory(const struct telemetry *t);

/* Something that grows as long as the GPU makes progress. */
uint64_t telemetry_progress(const struct telemetry *t);

/* Asks for a word before the next submission, and looks for one that is under way already. */
void telemetry_ring(struct telemetry *t, struct telemetry_submit *ret);
void telemetry_oldest(const struct telemetry *t, struct telemetry_submit *ret);

/* `kernel` was passed by that one: no submission goes through any more, and said.culprit names it. */
void telemetry_stop(struct telemetry *t, const struct telemetry_submit *s);

/* After the last process: everything that is left is added up, said is complete. */
void telemetry_end(struct telemetry *t, uint64_t now);

/* One kernel as the report tells it; copied once from the page. */
void telemetry_kernel_name(const struct telemetry *t, const struct page_kernel *k, char *buf,
			   size_t size);
