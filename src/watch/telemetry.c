/* SPDX-License-Identifier: Apache-2.0 */
/* See telemetry.h. The rendezvous, the pages and their slots; what is read from them is in telemetry-read.c. */
#include "watch/telemetry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "watch/telemetry-read.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

void telemetry_init(struct telemetry *t)
{
	memset(t, 0, sizeof *t);
	t->listen_fd = t->control_fd = t->page_fd = -1;
	for (size_t i = 0; i < TELEMETRY_PENDING; i++)
		t->pending[i] = -1;
	for (size_t i = 0; i < PAGE_SLOTS; i++)
		t->slots[i].pidfd = -1;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void telemetry_done(struct telemetry *t)
{
	close_fd(&t->listen_fd);
	close_fd(&t->control_fd);
	close_fd(&t->page_fd);
	for (size_t i = 0; i < TELEMETRY_PENDING; i++)
		close_fd(&t->pending[i]);
	for (size_t i = 0; i < PAGE_SLOTS; i++)
		close_fd(&t->slots[i].pidfd);
	if (t->control)
		(void)munmap(t->control, sizeof *t->control);
	if (t->page)
		(void)munmap(t->page, sizeof *t->page);
	t->control = NULL;
	t->page = NULL;
	free(TAKE_PTR(t->processes));
	free(TAKE_PTR(t->events));
	json_decref(TAKE_PTR(t->budgets));
}

int telemetry_open(struct telemetry *t, const struct telemetry_orders *orders,
		   const struct kernel_names *names, struct err *e)
{
	t->orders = *orders;
	t->names = names;
	t->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return t->listen_fd < 0
		   ? err_os(e, errno, NULL, "cannot make the socket for the Vulkan layer")
		   : 0;
}

/* ---- the pages ---------------------------------------------------------------------------- */

/* A memfd of that size, mapped and sealed; -1 with nothing left behind. */
static int make_memory(const char *name, size_t size, int seals, void **ret)
{
	AUTO_FD int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		return -1;
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -1;
	/* With F_SEAL_FUTURE_WRITE ours stays writable, none that comes later will be: memfd_create(2). */
	if (fcntl(fd, F_ADD_SEALS, seals | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
		(void)munmap(at, size);
		return -1;
	}
	*ret = at;
	return TAKE_FD(fd);
}

static void write_orders(struct control_page *c, const struct telemetry_orders *o)
{
	c->magic = PAGE_MAGIC_CONTROL;
	c->version = PAGE_VERSION;
	atomic_store(&c->timing, (uint32_t)o->timing);
	atomic_store(&c->memory_hard, o->memory_hard);
	atomic_store(&c->memory_soft, o->memory_soft);
	atomic_store(&c->submit_every_ns, o->submit_every_ns);
	atomic_store(&c->share_percent, o->share_percent);
	atomic_store(&c->kernel_ns, o->kernel_ns);
	atomic_store(&c->budget_ns, o->budget_ns);
	atomic_store(&c->ring, o->kernel_ns != 0 && o->kernel_ns != PAGE_NO_LIMIT);
}

/* Only once somebody asks: a job without Vulkan pays for the socket alone. */
static int make_pages(struct telemetry *t)
{
	void *control, *page;

	if (t->page)
		return 0;
	if (!t->processes)
		t->processes = calloc(TELEMETRY_PROCESSES, sizeof *t->processes);
	if (!t->events)
		t->events = calloc(TELEMETRY_EVENTS, sizeof *t->events);
	if (!t->processes || !t->events)
		return -1;
	/* What one of them lacks the next who asks may get: the first part is made once. */
	if (!t->control) {
		t->control_fd = make_memory("vkjail-control", sizeof *t->control,
					    F_SEAL_FUTURE_WRITE, &control);
		if (t->control_fd < 0)
			return -1;
		t->control = control;
		write_orders(t->control, &t->orders);
	}
	t->page_fd = make_memory("vkjail-telemetry", sizeof *t->page, 0, &page);
	if (t->page_fd < 0)
		return -1;
	t->page = page;
	t->page->magic = PAGE_MAGIC_TELEMETRY;
	t->page->version = PAGE_VERSION;
	t->page->size = sizeof *t->page;
	return 0;
}

/* ---- connections -------------------------------------------------------------------------- */

int telemetry_accept(struct telemetry *t)
{
	int fd = accept4(t->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return -1;
	for (int i = 0; i < TELEMETRY_PENDING; i++)
		if (t->pending[i] < 0) {
			t->pending[i] = fd;
			return i;
		}
	/* Whoever connects and says nothing makes room for the next one. */
	unsigned victim = t->pushed_out++ % TELEMETRY_PENDING;
	close_fd(&t->pending[victim]);
	t->pending[victim] = fd;
	return (int)victim;
}

/* Who is at the other end. The pidfd is of the very process even should it end meanwhile, where the kernel can tell. */
static int peer(int fd, pid_t *ret_pid)
{
	struct ucred cred;
	socklen_t size = sizeof cred;
	int pidfd;
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0 || cred.pid <= 0)
		return -1;
	*ret_pid = cred.pid;
	size = sizeof pidfd;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0)
		return pidfd;
	pidfd = (int)syscall(SYS_pidfd_open, cred.pid, 0);
	/* Its end of the connection is open: it was there when the pidfd was made. */
	if (pidfd >= 0 && poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLRDHUP))
		close_fd(&pidfd);
	return pidfd;
}

static int answer(int fd, enum page_word word, unsigned slot, const int *fds, unsigned count)
{
	const struct page_words m = {.magic = PAGE_MAGIC_WORDS,
				     .version = PAGE_VERSION,
				     .word = (uint32_t)word,
				     .slot = slot};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)&m, .iov_len = sizeof m};
	union {
		char space[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {.space = {0}};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};

	if (count) {
		h.msg_control = control.space;
		h.msg_controllen = sizeof control.space;
		struct cmsghdr *cm = CMSG_FIRSTHDR(&h);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, count * sizeof(int));
	}
	return sendmsg(fd, &h, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof m ? 0 : -1;
}

static struct telemetry_process *process_of(const struct telemetry *t, unsigned slot)
{
	unsigned number = t->slots[slot].number;
	return number < TELEMETRY_PROCESSES ? &t->processes[number] : NULL;
}

/* A process that executes another program says hello again: it keeps its slot and begins anew. */
static int find_slot(struct telemetry *t, pid_t pid, uint64_t now)
{
	int unused = -1;

	for (unsigned i = 0; i < PAGE_SLOTS; i++) {
		if (t->slots[i].pidfd < 0) {
			unused = unused < 0 ? (int)i : unused;
			continue;
		}
		if (t->slots[i].pid == pid) {
			telemetry_ended(t, i, now);
			return (int)i;
		}
	}
	return unused;
}

static enum telemetry_word hello(struct telemetry *t, int fd, const struct page_words *m,
				 uint64_t now, unsigned *ret_slot)
{
	pid_t pid;
	AUTO_FD int pidfd = peer(fd, &pid);
	int slot;

	if (pidfd < 0 || make_pages(t) < 0 || (slot = find_slot(t, pid, now)) < 0) {
		t->refused++;
		(void)answer(fd, PAGE_WORD_REFUSED, 0, NULL, 0);
		return TELEMETRY_NOTHING;
	}
	unsigned number = t->hellos++;
	struct page_slot *s = &t->page->slots[slot];
	t->slots[slot].number = number;
	t->slots[slot].pid = pid;
	t->slots[slot].pidfd = TAKE_FD(pidfd);
	if (number < TELEMETRY_PROCESSES)
		t->processes[number] = (struct telemetry_process){
		    .pid = pid, .inner_pid = m->pid, .hello_ns = now};
	s->pid = m->pid;
	s->hello_ns = now;
	atomic_store(&s->state, (uint32_t)PAGE_SLOT_LIVE);
	if (atomic_load(&t->page->slot_high) < (uint32_t)slot + 1)
		atomic_store(&t->page->slot_high, (uint32_t)slot + 1);
	const int fds[] = {t->control_fd, t->page_fd};
	/* Should it be gone by now, the pidfd will tell. */
	(void)answer(fd, PAGE_WORD_WELCOME, (unsigned)slot, fds, COUNTOF(fds));
	*ret_slot = (unsigned)slot;
	return TELEMETRY_HELLO;
}

enum telemetry_word telemetry_take(struct telemetry *t, unsigned pending, uint64_t now,
				   unsigned *ret_slot)
{
	struct page_words m;
	ssize_t n = recv(t->pending[pending], &m, sizeof m, MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && errno == EAGAIN)
		return TELEMETRY_NOTHING;
	AUTO_FD int fd = TAKE_FD(t->pending[pending]);
	if (n != (ssize_t)sizeof m || m.magic != PAGE_MAGIC_WORDS)
		return TELEMETRY_NOTHING;
	if (m.word == PAGE_WORD_BUSY && t->control) {
		atomic_store(&t->control->ring, 0u);
		return TELEMETRY_BUSY;
	}
	if (m.word == PAGE_WORD_LOOK && t->page)
		return TELEMETRY_LOOK;
	if (m.word != PAGE_WORD_HELLO)
		return TELEMETRY_NOTHING;
	if (m.version != PAGE_VERSION) {
		t->refused++;
		(void)answer(fd, PAGE_WORD_REFUSED, 0, NULL, 0);
		return TELEMETRY_NOTHING;
	}
	return hello(t, fd, &m, now, ret_slot);
}

void telemetry_ended(struct telemetry *t, unsigned slot, uint64_t now)
{
	struct page_slot *s = &t->page->slots[slot];
	struct telemetry_process *p = process_of(t, slot);

	telemetry_read_slot(t, s, p);
	if (p)
		p->ended_ns = now;
	/* The sum that the limit looks at falls with this; the rest is for the next process in the slot. */
	memset(s, 0, sizeof *s);
	close_fd(&t->slots[slot].pidfd);
}

void telemetry_end(struct telemetry *t, uint64_t now)
{
	if (!t->page)
		return;
	telemetry_look(t, "end", now);
	for (unsigned i = 0; i < PAGE_SLOTS; i++)
		if (t->slots[i].pidfd >= 0) {
			telemetry_read_slot(t, &t->page->slots[i], process_of(t, i));
			close_fd(&t->slots[i].pidfd);
		}
	telemetry_read_said(t);
}

/* ---- what is under way -------------------------------------------------------------------- */

void telemetry_ring(struct telemetry *t, struct telemetry_submit *ret)
{
	if (!t->control) {
		*ret = (struct telemetry_submit){.since_ns = 0};
		return;
	}
	/* In this order: a submission that begins in between is found by one of the two. */
	atomic_store(&t->control->ring, 1u);
	telemetry_oldest(t, ret);
	if (ret->since_ns)
		atomic_store(&t->control->ring, 0u);
}

void telemetry_stop(struct telemetry *t, const struct telemetry_submit *s)
{
	telemetry_read_culprit(t, s, t->said.culprit, sizeof t->said.culprit);
	if (t->control)
		atomic_store(&t->control->stop, (uint32_t)t->orders.stop);
}
