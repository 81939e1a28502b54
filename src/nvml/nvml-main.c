/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vkjail-nvml: tells what NVIDIA's driver says about the processes on some of its GPUs, again and again, through NVML
 * (docs/protocol.md). Runs outside of any sandbox, without privileges, only beside a job that has opened such a GPU; a
 * program of its own because the supervisor loads nobody's library, and because a library can hang.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/text.h"
#include "nvml/confine.h"
#include "nvml/library.h"

enum {
	DEVICES_MAX = 16,
	TOLD_MAX = 512, /* processes of one device: with more, those with the most memory */
	MESSAGE_MAX = 32768,
	INTERVAL_MIN_MS = 10,
	INTERVAL_MAX_MS = 3600000,
	SLICE_MS = 1000 /* how soon it is noticed that nobody listens any more */
};

struct device {
	nv_device handle;
	bool found, told_trouble;
	uint64_t since_us; /* of its utilisation */
};

struct watcher {
	struct library library;
	struct device devices[DEVICES_MAX];
	unsigned count;
	unsigned interval_ms;
	nv_events events; /* NULL: none */
};

static uint64_t now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- messages ----------------------------------------------------------------------------- */

struct message {
	char text[MESSAGE_MAX];
	size_t used;
};

static void put(struct message *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct message *m, const char *fmt, ...)
{
	va_list ap;
	size_t room = sizeof m->text - m->used;

	va_start(ap, fmt);
	int n = vsnprintf(m->text + m->used, room, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < room)
		m->used += (size_t)n;
}

/* As a JSON string. The library's words may hold anything. */
static void put_string(struct message *m, const char *text)
{
	char shown[400];

	put(m, "\"");
	(void)text_show(text, shown, sizeof shown);
	for (const char *s = shown; *s; s++)
		put(m, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	put(m, "\"");
}

/* False: nobody listens any more. One that does not fit now is dropped; the next will be newer. */
static bool deliver(const struct message *m)
{
	return send(STDOUT_FILENO, m->text, m->used, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 ||
	       errno == EAGAIN || errno == ENOBUFS;
}

static bool tell_trouble(int device, const char *text)
{
	static struct message m;

	m.used = 0;
	put(&m, "{\"event\":\"trouble\"");
	if (device >= 0)
		put(&m, ",\"device\":%d", device);
	put(&m, ",\"text\":");
	put_string(&m, text);
	put(&m, "}");
	return deliver(&m);
}

/* ---- devices ------------------------------------------------------------------------------ */

static bool find_by_minor(const struct library *l, unsigned long wanted, nv_device *ret)
{
	unsigned count = 0, minor;

	if (!l->device_count || !l->device_by_index || !l->device_minor ||
	    l->device_count(&count) != NV_SUCCESS)
		return false;
	for (unsigned i = 0; i < count; i++)
		if (l->device_by_index(i, ret) == NV_SUCCESS &&
		    l->device_minor(*ret, &minor) == NV_SUCCESS && minor == wanted)
			return true;
	return false;
}

/* "pci:ADDRESS" or "minor:NUMBER" */
static bool find_device(const struct library *l, const char *name, nv_device *ret)
{
	if (strncmp(name, "pci:", 4) == 0)
		return l->device_by_pci && l->device_by_pci(name + 4, ret) == NV_SUCCESS;
	return find_by_minor(l, strtoul(name + strlen("minor:"), NULL, 10), ret);
}

static bool tell_device(const struct watcher *w, unsigned number)
{
	static struct message m;
	char uuid[NV_UUID_SIZE] = "", version[NV_VERSION_SIZE] = "";
	const struct library *l = &w->library;

	if (l->device_uuid)
		(void)l->device_uuid(w->devices[number].handle, uuid, sizeof uuid);
	if (l->driver_version)
		(void)l->driver_version(version, sizeof version);
	uuid[sizeof uuid - 1] = version[sizeof version - 1] = '\0';
	m.used = 0;
	put(&m, "{\"event\":\"device\",\"device\":%u,\"uuid\":", number);
	put_string(&m, uuid);
	put(&m, ",\"driver\":");
	put_string(&m, version);
	put(&m, "}");
	return deliver(&m);
}

/* False: nobody listens. */
static bool find_devices(struct watcher *w, char **names)
{
	for (unsigned i = 0; i < w->count; i++) {
		struct device *d = &w->devices[i];
		d->found = find_device(&w->library, names[i], &d->handle);
		if (d->found ? !tell_device(w, i) : !tell_trouble((int)i, "NVML has no such GPU"))
			return false;
	}
	return true;
}

static void listen_to_events(struct watcher *w)
{
	struct library *l = &w->library;
	bool any = false;

	if (!l->events_create || !l->events_register || !l->events_wait ||
	    l->events_create(&w->events) != NV_SUCCESS) {
		w->events = NULL;
		return;
	}
	for (unsigned i = 0; i < w->count; i++) {
		const struct device *d = &w->devices[i];
		/* A GPU without ECC refuses both together. */
		if (d->found &&
		    (l->events_register(d->handle, NV_EVENT_XID | NV_EVENT_ECC_DOUBLE_BIT,
					w->events) == NV_SUCCESS ||
		     l->events_register(d->handle, NV_EVENT_XID, w->events) == NV_SUCCESS))
			any = true;
	}
	if (!any)
		w->events = NULL;
}

/* ---- samples ------------------------------------------------------------------------------ */

/* The last one of each process. */
static unsigned read_utilisation(const struct watcher *w, struct device *d,
				 struct nv_utilisation *at, unsigned max)
{
	unsigned count = max;

	if (!w->library.utilisation ||
	    w->library.utilisation(d->handle, at, &count, d->since_us) != NV_SUCCESS)
		return 0;
	count = count > max ? max : count;
	for (unsigned i = 0; i < count; i++)
		if (at[i].at_us > d->since_us)
			d->since_us = at[i].at_us;
	return count;
}

static int by_memory(const void *x, const void *y)
{
	const struct nv_process *a = x, *b = y;
	uint64_t m = a->bytes == NV_UNKNOWN ? 0 : a->bytes,
		 n = b->bytes == NV_UNKNOWN ? 0 : b->bytes;

	return (m < n) - (m > n);
}

static void put_process(struct message *m, const struct nv_process *p,
			const struct nv_utilisation *use, unsigned use_count)
{
	const struct nv_utilisation *last = NULL;

	put(m, "[%u,", p->pid);
	if (p->bytes == NV_UNKNOWN)
		put(m, "null");
	else
		put(m, "%llu", (unsigned long long)(p->bytes > INT64_MAX ? INT64_MAX : p->bytes));
	for (unsigned i = 0; i < use_count; i++)
		if (use[i].pid == p->pid && (!last || use[i].at_us > last->at_us))
			last = &use[i];
	if (last)
		put(m, ",%u]", last->sm > 100 ? 100 : last->sm);
	else
		put(m, ",null]");
}

static bool tell_sample(struct watcher *w, unsigned number)
{
	static struct nv_process processes[LIBRARY_PROCESSES];
	static struct nv_utilisation use[LIBRARY_PROCESSES];
	static struct message m;
	struct device *d = &w->devices[number];
	struct nv_memory memory = {0};
	unsigned count;
	char words[64];

	int result = library_processes(&w->library, d->handle, processes, COUNTOF(processes),
				       &count);
	if (result != NV_SUCCESS) {
		bool told = d->told_trouble;
		d->told_trouble = true;
		return told ||
		       tell_trouble((int)number, library_words(result, words, sizeof words));
	}
	unsigned used = read_utilisation(w, d, use, COUNTOF(use));
	if (count > TOLD_MAX) {
		qsort(processes, count, sizeof *processes, by_memory);
		count = TOLD_MAX;
	}
	m.used = 0;
	put(&m, "{\"event\":\"sample\",\"device\":%u,\"t_ns\":%llu", number,
	    (unsigned long long)now_ns());
	if (w->library.device_memory &&
	    w->library.device_memory(d->handle, &memory) == NV_SUCCESS &&
	    memory.total <= INT64_MAX && memory.used <= INT64_MAX)
		put(&m, ",\"total\":%llu,\"used\":%llu", (unsigned long long)memory.total,
		    (unsigned long long)memory.used);
	put(&m, ",\"processes\":[");
	for (unsigned i = 0; i < count; i++) {
		put(&m, "%s", i ? "," : "");
		put_process(&m, &processes[i], use, used);
	}
	put(&m, "]}");
	return deliver(&m);
}

static bool tell_event(const struct watcher *w, const struct nv_event *event)
{
	static struct message m;

	for (unsigned i = 0; i < w->count; i++) {
		if (!w->devices[i].found || w->devices[i].handle != event->device)
			continue;
		m.used = 0;
		put(&m, "{\"event\":\"error\",\"device\":%u,\"t_ns\":%llu,\"kind\":\"%s\"", i,
		    (unsigned long long)now_ns(), event->kind & NV_EVENT_XID ? "xid" : "ecc");
		if (event->kind & NV_EVENT_XID)
			put(&m, ",\"xid\":%llu", (unsigned long long)(event->data & UINT32_MAX));
		put(&m, "}");
		return deliver(&m);
	}
	return true;
}

static void sleep_ms(unsigned ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	(void)nanosleep(&t, NULL);
}

/* Until the next sample, or an event. False: nobody listens. */
static bool wait_for_more(struct watcher *w, uint64_t until_ns)
{
	for (uint64_t now = now_ns(); now < until_ns; now = now_ns()) {
		uint64_t left = (until_ns - now) / 1000000 + 1;
		unsigned ms = left < SLICE_MS ? (unsigned)left : SLICE_MS;
		struct nv_event event = {0};
		char c;
		/* The supervisor never writes; an end is that it is gone. */
		if (recv(STDOUT_FILENO, &c, 1, MSG_DONTWAIT | MSG_PEEK) == 0)
			return false;
		if (!w->events) {
			sleep_ms(ms);
			continue;
		}
		int result = w->library.events_wait(w->events, &event, ms);
		if (result == NV_SUCCESS && !tell_event(w, &event))
			return false;
		if (result != NV_SUCCESS && result != NV_TIMEOUT) {
			w->events = NULL;
			sleep_ms(ms);
		}
	}
	return true;
}

static void watch(struct watcher *w)
{
	for (;;) {
		for (unsigned i = 0; i < w->count; i++)
			if (w->devices[i].found && !tell_sample(w, i))
				return;
		/* From here on: a driver that takes its time is not asked without a pause. */
		if (!wait_for_more(w, now_ns() + (uint64_t)w->interval_ms * 1000000))
			return;
	}
}

static int read_arguments(struct watcher *w, int argc, char **argv, struct err *e)
{
	uint64_t ms;

	if (argc < 3 || argc > 2 + DEVICES_MAX)
		return err_set(e, ERR_BAD, NULL, "usage: vkjail-nvml MILLISECONDS DEVICE...");
	if (text_count(argv[1], "MILLISECONDS", &ms, e) < 0)
		return -1;
	if (ms < INTERVAL_MIN_MS || ms > INTERVAL_MAX_MS)
		return err_bad(e, "MILLISECONDS", "expected %d to %d", INTERVAL_MIN_MS,
			       INTERVAL_MAX_MS);
	for (int i = 2; i < argc; i++)
		if (strncmp(argv[i], "pci:", 4) != 0 && strncmp(argv[i], "minor:", 6) != 0)
			return err_bad(e, "DEVICE", "expected pci:ADDRESS or minor:NUMBER");
	w->interval_ms = (unsigned)ms;
	w->count = (unsigned)argc - 2;
	return 0;
}

int main(int argc, char **argv)
{
	static struct watcher w;
	struct err e = ERR_INIT;
	char text[1200];

	(void)syscall(SYS_close_range, 3u, ~0u, 0);
	if (read_arguments(&w, argc, argv, &e) < 0) {
		(void)fprintf(stderr, "vkjail-nvml: %s\n", err_render(&e, text, sizeof text));
		return 1;
	}
	if (confine(&e) < 0 || library_open(&w.library, &e) < 0) {
		(void)tell_trouble(-1, err_render(&e, text, sizeof text));
		return 1;
	}
	if (!find_devices(&w, argv + 2))
		return 0;
	listen_to_events(&w);
	watch(&w);
	return 0;
}
