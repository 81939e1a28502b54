/* SPDX-License-Identifier: Apache-2.0 */
/*
 * say-hello WORD...: plays the Vulkan layer's part without Vulkan, well or badly, a word at a time:
 *   hello         ask for the pages, and check that control cannot be written
 *   refused       ask with another version; must be turned away
 *   hold:BYTES    count that much device memory      lose         vkQueueSubmit lost the device
 *   refuse:BYTES  an allocation that the limit forbids
 *   busy          wait for `ring`, tell that a submission begins, and write it down
 *   blocked       the same, of one that waits for a semaphore
 *   begin         that one has begun                 stopped      wait until submissions are stopped
 *   finish        it has finished
 *   garbage:SEED  fill the telemetry page with random bytes
 *   fork          the rest in a child                die          SIGKILL for itself
 *   exec          the rest in a new program          noise:N      N connections that say nothing
 *   wait:MS       just time                          sum:BYTES    wait until all processes together hold that
 *   soft          tell that the soft value was passed
 *   ignore        SIGTERM                            exit:N
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "page/page.h"

struct hello {
	const struct control_page *control;
	struct telemetry_page *page;
	struct page_slot *slot;
	int control_fd;
	unsigned number;
};

static uint64_t now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what)
{
	(void)fprintf(stderr, "say-hello: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int connect_to_supervisor(void)
{
	static const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = PAGE_LAYER_DIR "/" PAGE_SOCKET_FILE};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&name, sizeof name) < 0)
		fail("connect");
	return fd;
}

static void send_word(int fd, enum page_word word, unsigned slot, uint32_t version)
{
	const struct page_words m = {
		.magic = PAGE_MAGIC_WORDS, .version = version, .word = (uint32_t)word, .slot = slot, .pid = (int32_t)getpid()};
	if (send(fd, &m, sizeof m, MSG_NOSIGNAL) != (ssize_t)sizeof m)
		fail("send");
}

/* The word of the answer; fds[0] and [1] when it had descriptors. */
static enum page_word receive(int fd, unsigned *ret_slot, int fds[2])
{
	struct page_words m;
	struct iovec iov = {.iov_base = &m, .iov_len = sizeof m};
	union {
		char space[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};

	if (recvmsg(fd, &h, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof m || m.magic != PAGE_MAGIC_WORDS)
		fail("answer");
	struct cmsghdr *cm = CMSG_FIRSTHDR(&h);
	if (m.word == PAGE_WORD_WELCOME && (!cm || cm->cmsg_len != CMSG_LEN(2 * sizeof(int))))
		fail("no descriptors");
	if (cm)
		memcpy(fds, CMSG_DATA(cm), 2 * sizeof(int));
	*ret_slot = m.slot;
	return (enum page_word)m.word;
}

/* Sealed: no mapping that can be written, no other size. */
static void check_sealed(const struct hello *h, int page_fd)
{
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, h->control_fd, 0) != MAP_FAILED ||
		mprotect((void *)(uintptr_t)h->control, 4096, PROT_READ | PROT_WRITE) == 0 ||
		write(h->control_fd, "x", 1) > 0 || ftruncate(h->control_fd, 0) == 0 || ftruncate(page_fd, 0) == 0 ||
		ftruncate(page_fd, 1 << 30) == 0)
		fail("not sealed");
}

static void hello(struct hello *h)
{
	int fd = connect_to_supervisor(), fds[2] = {-1, -1};

	send_word(fd, PAGE_WORD_HELLO, 0, PAGE_VERSION);
	if (receive(fd, &h->number, fds) != PAGE_WORD_WELCOME || h->number >= PAGE_SLOTS)
		fail("not welcome");
	(void)close(fd);
	h->control_fd = fds[0];
	h->control = mmap(NULL, sizeof *h->control, PROT_READ, MAP_SHARED, fds[0], 0);
	h->page = mmap(NULL, sizeof *h->page, PROT_READ | PROT_WRITE, MAP_SHARED, fds[1], 0);
	if (h->control == MAP_FAILED || h->page == MAP_FAILED)
		fail("mmap");
	check_sealed(h, fds[1]);
	h->slot = &h->page->slots[h->number];
	memcpy(h->slot->app, "say-hello", 10);
}

static void write_oldest(struct hello *h, uint64_t since_ns, bool waiting)
{
	struct page_submit *s = &h->slot->oldest;

	atomic_fetch_add(&s->seq, 1);
	s->since_ns = since_ns;
	s->kernel_count = 0;
	s->waiting = waiting;
	atomic_fetch_add(&s->seq, 1);
}

static void busy(struct hello *h, bool waiting)
{
	while (atomic_load(&h->control->ring) == 0)
		(void)poll(NULL, 0, 1);
	write_oldest(h, waiting ? 0 : now_ns(), waiting);
	int fd = connect_to_supervisor();
	send_word(fd, PAGE_WORD_BUSY, h->number, PAGE_VERSION);
	(void)close(fd);
}

static void garbage(struct hello *h, unsigned seed)
{
	unsigned char *at = (unsigned char *)h->page;
	for (size_t i = 0; i < sizeof *h->page; i++) {
		seed = seed * 1664525u + 1013904223u;
		at[i] = (unsigned char)(seed >> 24);
	}
	/* Rows that claim to be whole are read. */
	for (size_t i = 0; i < PAGE_KERNELS; i += 2)
		atomic_store(&h->page->kernels[i].state, (uint32_t)PAGE_ROW_READY);
	for (size_t i = 0; i < PAGE_DEVICES; i++)
		atomic_store(&h->page->devices[i].state, (uint32_t)PAGE_ROW_READY);
}

static void event(struct hello *h, enum page_event_kind kind, enum page_call call, int32_t result, uint64_t bytes)
{
	uint64_t number = atomic_fetch_add(&h->page->event_head, 1);
	struct page_event *e = &h->page->events[number % PAGE_EVENTS];
	atomic_store(&e->seq, 0);
	e->at_ns = now_ns();
	e->kind = (uint32_t)kind;
	e->call = (uint32_t)call;
	e->result = result;
	e->pid = (int32_t)getpid();
	e->bytes = bytes;
	atomic_store(&e->seq, number + 1);
}

static void in_child(void)
{
	pid_t pid = fork();
	int status;
	if (pid < 0)
		fail("fork");
	if (pid == 0)
		return;
	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	exit(0);
}

static void noise(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int fd = connect_to_supervisor();
		if (i % 3 == 0)
			(void)send(fd, "garbage", 7, MSG_NOSIGNAL);
		if (i % 3 == 1)
			(void)close(fd);
	}
}

static void act(struct hello *h, const char *word, char **rest)
{
	const char *colon = strchr(word, ':');
	uint64_t n = colon ? strtoull(colon + 1, NULL, 0) : 0;
	size_t len = strcspn(word, ":");
	unsigned slot;
	int fds[2];

#define IS(name) (len == sizeof(name) - 1 && strncmp(word, name, len) == 0)
	if (IS("hello")) {
		hello(h);
	} else if (IS("refused")) {
		int fd = connect_to_supervisor();
		send_word(fd, PAGE_WORD_HELLO, 0, PAGE_VERSION + 1);
		if (receive(fd, &slot, fds) != PAGE_WORD_REFUSED)
			fail("not refused");
	} else if (IS("hold")) {
		atomic_fetch_add(&h->slot->counted, n);
		atomic_fetch_add(&h->slot->count[PAGE_COUNT_ALLOCATIONS], 1);
		if (page_counted(h->page) > atomic_load(&h->page->memory_peak))
			atomic_store(&h->page->memory_peak, page_counted(h->page));
	} else if (IS("sum")) {
		while (page_counted(h->page) != n)
			(void)poll(NULL, 0, 1);
	} else if (IS("soft")) {
		atomic_store(&h->page->soft_ns, now_ns());
		int fd = connect_to_supervisor();
		send_word(fd, PAGE_WORD_LOOK, h->number, PAGE_VERSION);
		(void)close(fd);
	} else if (IS("refuse")) {
		atomic_fetch_add(&h->slot->count[PAGE_COUNT_REFUSED], 1);
		atomic_fetch_add(&h->slot->count[PAGE_COUNT_REFUSED_BYTES], n);
		event(h, PAGE_EVENT_REFUSED, PAGE_CALL_vkAllocateMemory, -2, n);
	} else if (IS("lose")) {
		atomic_store(&h->slot->lost_call, (uint32_t)PAGE_CALL_vkQueueSubmit);
		event(h, PAGE_EVENT_RESULT, PAGE_CALL_vkQueueSubmit, -4, 0);
	} else if (IS("busy")) {
		busy(h, false);
	} else if (IS("blocked")) {
		busy(h, true);
	} else if (IS("begin")) {
		write_oldest(h, now_ns(), false);
	} else if (IS("finish")) {
		write_oldest(h, 0, false);
	} else if (IS("stopped")) {
		while (atomic_load(&h->control->stop) == PAGE_STOP_NONE)
			(void)poll(NULL, 0, 1);
		(void)printf("stopped %u\n", atomic_load(&h->control->stop));
		(void)fflush(stdout);
	} else if (IS("garbage")) {
		garbage(h, (unsigned)n);
	} else if (IS("fork")) {
		in_child();
	} else if (IS("die")) {
		(void)kill(getpid(), SIGKILL);
	} else if (IS("ignore")) {
		(void)signal(SIGTERM, SIG_IGN);
	} else if (IS("exec")) {
		*rest = (char *)(uintptr_t) "say-hello";
		(void)execv("/proc/self/exe", rest);
		fail("exec");
	} else if (IS("noise")) {
		noise((unsigned)n);
	} else if (IS("wait")) {
		(void)poll(NULL, 0, (int)n);
	} else if (IS("exit")) {
		exit((int)n);
	} else {
		errno = EINVAL;
		fail(word);
	}
}

int main(int argc, char **argv)
{
	struct hello h = {.control_fd = -1};

	for (int i = 1; i < argc; i++)
		act(&h, argv[i], &argv[i]);
	return 0;
}
