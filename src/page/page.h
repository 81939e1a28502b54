/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory that the supervisor shares with the Vulkan layer in the job's processes, and the few
 * words by which a process gets it (docs/protocol.md, "The Vulkan layer"). Two files:
 *
 *   control    one page. The supervisor writes, the job can only read (the memfd is sealed so).
 *   telemetry  everybody writes, without locks. The job may write anything into it at any time: the supervisor
 *              reads each word once, checks it, and takes no size, index or pointer from it unchecked.
 *
 * The layout is the same for all processes of a job: both sides come from one build, and the version
 * is compared all the same. Times are CLOCK_MONOTONIC in nanoseconds, 0 where there is none yet.
 * A string is terminated unless it fills its array; it may hold any bytes.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

enum { PAGE_VERSION = 1 };

#define PAGE_MAGIC_CONTROL   0x6a6b766cu /* "lvkj" */
#define PAGE_MAGIC_TELEMETRY 0x6a6b7674u /* "tvkj" */
#define PAGE_MAGIC_WORDS     0x6a6b7677u /* "wvkj" */

/* Where they stand in the sandbox; the layer looks for the socket beside its own file. */
#define PAGE_LAYER_DIR       "/run/vkjail"
#define PAGE_LAYER_FILE      "libVkLayer_vkjail.so"
#define PAGE_LAYER_NAME      "VK_LAYER_VKJAIL_telemetry"
#define PAGE_SOCKET_FILE     "telemetry"
#define PAGE_MANIFEST_DIR    "/etc/vulkan/implicit_layer.d"
#define PAGE_MANIFEST_FILE   "VkLayer_vkjail.json"

enum {
	PAGE_SLOTS = 256,   /* processes that use Vulkan at a time */
	PAGE_DEVICES = 8,   /* physical devices */
	PAGE_HEAPS = 16,    /* of a device: VK_MAX_MEMORY_HEAPS */
	PAGE_KERNELS = 512, /* and one more row for all others */
	PAGE_EVENTS = 1024,
	PAGE_BUCKETS = 160,
	PAGE_CANDIDATES = 8, /* kernels named for one unfinished submission */
};

/* ---- control ------------------------------------------------------------------------------ */

enum page_timing { PAGE_TIMING_OFF, PAGE_TIMING_SAMPLED, PAGE_TIMING_ALL };

enum page_stop {
	PAGE_STOP_NONE,
	PAGE_STOP_LOST, /* submissions and waits answer VK_ERROR_DEVICE_LOST */
	PAGE_STOP_HOLD, /* submissions wait until the process is ended; waits go on */
};

#define PAGE_NO_LIMIT UINT64_MAX

struct control_page {
	uint32_t magic, version;
	_Atomic uint32_t stop;            /* enum page_stop; once set it stays */
	_Atomic uint32_t timing;          /* enum page_timing */
	_Atomic uint64_t memory_hard;     /* bytes in device-local heaps, all processes together */
	_Atomic uint64_t memory_soft;     /* an event when it is passed */
	_Atomic uint64_t submit_every_ns; /* `submits`: at most one in this time; 0: any number */
	_Atomic uint32_t share_percent;   /* `gpu-share`: 1 to 99; 0 or 100 and more: all of it */
	_Atomic uint32_t ring;            /* 1: the next submission is to send PAGE_WORD_BUSY */
	_Atomic uint64_t kernel_ns;       /* `kernel`: page_slot.oldest is needed; 0: no limit */
	_Atomic uint64_t budget_ns;       /* how often heap budgets are read; 0: never */
};

/* ---- telemetry ---------------------------------------------------------------------------- */

enum page_counter {
#define COUNTER(id, key, help) PAGE_COUNT_##id,
#include "page/counter.def"
#undef COUNTER
};

enum {
#define COUNTER(id, key, help) +1
	PAGE_COUNTERS = 0
#include "page/counter.def"
#undef COUNTER
};

enum page_call {
	PAGE_CALL_NONE,
#define CALL(name) PAGE_CALL_##name,
#include "page/call.def"
#undef CALL
};

enum {
#define CALL(name) +1
	PAGE_CALLS = 1
#include "page/call.def"
#undef CALL
};

/* One heap of a device: what the driver says, and the most that the job had in it. */
struct page_heap {
	uint64_t size;
	uint64_t flags;                 /* VkMemoryHeapFlags */
	_Atomic uint64_t peak;          /* bytes of the job's allocations, all processes together */
	_Atomic uint64_t budget, usage; /* as the driver answered last; has_budget */
	_Atomic uint64_t budget_min, usage_max;
};

/* Filled in by the first process that makes a device of it; ready is stored last. */
struct page_device {
	_Atomic uint32_t state; /* enum page_row */
	uint32_t type;          /* VkPhysicalDeviceType */
	uint32_t vendor_id, device_id, api_version, driver_version, driver_id;
	uint32_t heap_count;
	uint32_t has_budget; /* the driver's own VK_EXT_memory_budget */
	uint32_t has_uuid;
	uint8_t uuid[16];
	char name[256];
	char driver_name[64], driver_info[128];
	char pci[16]; /* "0000:03:00.0", "" when the driver does not tell */
	uint32_t timestamp_bits;
	float timestamp_period_ns;
	_Atomic uint64_t budget_at_ns;
	struct page_heap heaps[PAGE_HEAPS];
};

enum page_row { PAGE_ROW_FREE, PAGE_ROW_WRITING, PAGE_ROW_READY };

/*
 * The oldest submission that has not finished. seq is odd while it is written; a reader copies, and
 * takes the copy when seq was even and the same before and after. since_ns 0: none is under way.
 */
struct page_submit {
	_Atomic uint32_t seq;
	uint32_t kernel_count; /* in the submission, may be more than PAGE_CANDIDATES */
	/* When the device can have begun: submitted, what it waits for signalled, and the one before on the queue done. */
	uint64_t since_ns;
	uint64_t dispatches; /* in the submission */
	uint32_t
	    first; /* 1: it has a pipeline's first dispatch, which may contain the driver's compiler */
	uint16_t kernels[PAGE_CANDIDATES]; /* rows */
	uint32_t
	    waiting; /* queues whose next submission waits for a semaphore; also without an oldest one */
};

enum page_slot_state { PAGE_SLOT_FREE, PAGE_SLOT_LIVE };

/*
 * A process. The supervisor gives the slot out in its answer, sets it free when the process has
 * ended, and keeps who has which in its own memory; pid here is what the process itself sees.
 */
struct page_slot {
	_Atomic uint32_t state; /* enum page_slot_state; the supervisor's */
	int32_t pid;
	uint64_t hello_ns;
	uint32_t api_version; /* VkApplicationInfo of the last instance */
	_Atomic uint32_t
	    lost_call; /* enum page_call: the first VK_ERROR_DEVICE_LOST that was not ours */
	_Atomic uint64_t lost_ns;
	char app[64], engine[64];
	_Atomic uint64_t counted; /* bytes in device-local heaps: what the limits count */
	_Atomic uint64_t bytes[PAGE_DEVICES][PAGE_HEAPS];
	_Atomic uint64_t count[PAGE_COUNTERS];
	struct page_submit oldest;
};

enum page_event_kind {
	PAGE_EVENT_RESULT,  /* a call's VkResult meant trouble; the driver's answer */
	PAGE_EVENT_REFUSED, /* an allocation that the job's limit forbids; our answer */
	PAGE_EVENT_SOFT,    /* the soft value of device-memory was passed */
	PAGE_EVENT_STOPPED, /* our answer because the job is being ended */
};

/*
 * A ring. A writer takes a number from event_head, stores seq 0, writes, and stores seq = number + 1; a
 * reader takes entry seq % PAGE_EVENTS when seq is what it expects before and after the copy.
 */
struct page_event {
	_Atomic uint64_t seq;
	uint64_t at_ns;
	uint32_t kind; /* enum page_event_kind */
	uint32_t call; /* enum page_call */
	int32_t result;
	uint32_t slot;
	int32_t pid;
	uint16_t device, heap;
	uint64_t bytes; /* asked for, where it applies; PAGE_EVENT_SOFT: held by then */
};

enum page_kernel_kind {
	PAGE_KERNEL_BINARY = 1, /* its code is a driver's binary (a shader object), not SPIR-V */
	/* Not dispatches of that code, but executions of commands that the device generates, each one of them. */
	PAGE_KERNEL_GENERATED = 2,
	PAGE_KERNEL_CHOSEN = 4, /* with that: the commands choose what runs, and no code is known */
};

/*
 * A kernel: one shader's code with entry point and specialisation, however many pipelines, shader objects and
 * processes use it. Identity is written once; ready is stored last. Numbers are relaxed atomics.
 */
struct page_kernel {
	_Atomic uint32_t state; /* enum page_row */
	uint32_t device;
	uint64_t
	    key; /* of all that makes it this kernel; two rows of the same key may come about, and count as one */
	uint8_t
	    spirv[32]; /* SHA-256 of the words or of the binary, zeros when the code was not seen */
	uint64_t specialization; /* hash of the constants; 0: none */
	char entry[64];
	_Atomic uint32_t named; /* 1: name is whole */
	char name[128];         /* of the pipeline, shader object or module, by debug-utils */
	uint32_t local_size[3]; /* 0: not known */
	uint32_t bindings;      /* resources that it declares */
	uint32_t push_bytes;
	uint32_t shared_bytes;
	uint32_t kind;                /* of enum page_kernel_kind */
	_Atomic uint32_t groups[3];   /* of the last dispatch whose count the host knew */
	_Atomic uint64_t recorded;    /* dispatches put into command buffers */
	_Atomic uint64_t dispatches;  /* submitted: exact */
	_Atomic uint64_t indirect;    /* of them with counts in a buffer */
	_Atomic uint64_t group_total; /* work groups of those whose count the host knew */
	/* Of generated commands: the dispatches that all executions together come to, between these two. */
	_Atomic uint64_t generated_least, generated_most;
	_Atomic uint64_t timed; /* dispatches with a device time, first ones apart */
	_Atomic uint64_t total_ns, min_ns, max_ns; /* of those; min_ns 0: none yet */
	_Atomic uint64_t first;                    /* dispatches that were a pipeline's first */
	_Atomic uint64_t first_ns, first_max_ns;
	_Atomic uint64_t lost; /* meant to be timed, but the times were overwritten or never came */
	/* Of `timed` and `first`: by the host's clock, on a queue without timestamps. */
	_Atomic uint64_t by_host;
	_Atomic uint64_t bucket[PAGE_BUCKETS];
};

struct telemetry_page {
	uint32_t magic, version;
	uint64_t size;
	_Atomic uint32_t slot_high;     /* one above the highest slot ever used; the supervisor's */
	_Atomic uint32_t kernel_high;   /* rows from this one on were never used */
	_Atomic uint64_t memory_peak;   /* of the sum over `counted` */
	_Atomic uint64_t soft_ns;       /* when memory_soft was passed first */
	_Atomic uint64_t submit_tat_ns; /* when the next submission may start, by `submits` ... */
	_Atomic uint64_t share_tat_ns;  /* ... and by `gpu-share` */
	_Atomic uint64_t event_head;    /* events ever written */
	_Atomic uint64_t kernels_full;  /* kernels that found no row and count in the last */

	struct page_device devices[PAGE_DEVICES];
	struct page_event events[PAGE_EVENTS];
	struct page_slot slots[PAGE_SLOTS];
	struct page_kernel kernels[PAGE_KERNELS + 1];
};

/* ---- words on the socket ------------------------------------------------------------------ */

enum page_word {
	PAGE_WORD_HELLO, /* process: I am going to use Vulkan. Answered by PAGE_WORD_WELCOME or PAGE_WORD_REFUSED */
	PAGE_WORD_BUSY, /* process: a submission begins, and control.ring was set. No answer */
	PAGE_WORD_WELCOME, /* supervisor: slot, and as SCM_RIGHTS two descriptors: control, telemetry */
	PAGE_WORD_REFUSED, /* supervisor: no; all slots are taken, or the version is another one */
	PAGE_WORD_LOOK,    /* process: soft_ns or the slot's lost_ns was set. No answer */
};

/* One datagram (SOCK_SEQPACKET). A connection is for one HELLO with its answer, or one BUSY. */
struct page_words {
	uint32_t magic, version;
	uint32_t word; /* enum page_word */
	uint32_t slot; /* WELCOME: the process' own; BUSY: the sender's */
	int32_t pid;   /* HELLO, BUSY: as the process itself sees it */
	uint32_t unused;
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2,
	       "shared memory needs lock-free atomics");
_Static_assert(sizeof(struct control_page) <= 4096, "one page");
_Static_assert(PAGE_KERNELS < UINT16_MAX, "rows are numbered in 16 bits");

/* ---- helpers, the same on both sides ------------------------------------------------------ */

/*
 * The histogram has four buckets for each doubling, from 16 ns on: bucket 0 takes everything below, the
 * last everything above (about 5 hours).
 */
static inline unsigned page_bucket(uint64_t ns)
{
	if (ns < 16)
		return 0;
	unsigned log = 63u - (unsigned)__builtin_clzll(ns);
	unsigned at = (log - 4) * 4 + (unsigned)(ns >> (log - 2) & 3u);
	return at < PAGE_BUCKETS ? at : PAGE_BUCKETS - 1;
}

/* The least time that falls into it. */
static inline uint64_t page_bucket_floor(unsigned bucket)
{
	return (uint64_t)(4 + bucket % 4) << (bucket / 4 + 2);
}

/* What the whole job holds in device-local heaps. Any bytes in the page give just another sum. */
static inline uint64_t page_counted(const struct telemetry_page *t)
{
	uint32_t high = atomic_load_explicit(&t->slot_high, memory_order_relaxed);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < high && i < PAGE_SLOTS; i++)
		sum += atomic_load_explicit(&t->slots[i].counted, memory_order_relaxed);
	return sum;
}

/* The same for one heap. */
static inline uint64_t page_heap_bytes(const struct telemetry_page *t, unsigned device,
				       unsigned heap)
{
	uint32_t high = atomic_load_explicit(&t->slot_high, memory_order_relaxed);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < high && i < PAGE_SLOTS; i++)
		sum += atomic_load_explicit(&t->slots[i].bytes[device][heap], memory_order_relaxed);
	return sum;
}

/* By their enums; PAGE_CALL_NONE is "". */
extern const char *const page_call_names[PAGE_CALLS];
extern const char *const page_counter_keys[PAGE_COUNTERS];
/* "VK_ERROR_DEVICE_LOST"; NULL when the number is none that means trouble. */
const char *page_result_name(int32_t result);
