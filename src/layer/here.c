/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Getting the shared pages. The socket stands beside this library's own file: neither an environment
 * variable nor an inherited descriptor would survive `env -i` or Python's subprocess.
 */
#include "layer/here.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "layer/pace.h"
#include "layer/timing.h"
#include "layer/watcher.h"

enum { ANSWER_SECONDS = 10, SLICE_NS = 50000000 };

static const struct control_page no_control = {
    .memory_hard = PAGE_NO_LIMIT,
    .memory_soft = PAGE_NO_LIMIT,
};
static struct telemetry_page no_page;

struct here here = {.control = &no_control, .page = &no_page, .slot = &no_page.slots[0]};

static pthread_mutex_t join_lock = PTHREAD_MUTEX_INITIALIZER;
/* Where the answer to our hello is to come, -1 when there is none to come; under the lock. */
static int hello_fd = -1;

static bool has_joined(void)
{
	return here_slot() != &no_page.slots[0];
}

/* A forked child is another process: what it does with its parent's handles is not its parent's account. */
void here_forget(void)
{
	atomic_store(&here.control, &no_control);
	atomic_store(&here.page, &no_page);
	atomic_store(&here.slot, &no_page.slots[0]);
	atomic_store(&here.slot_index, 0);
	pace_forget();
	watcher_forget();
	timing_after_fork();
	tables_after_fork();
	if (hello_fd >= 0)
		(void)close(hello_fd);
	hello_fd = -1;
	(void)pthread_mutex_init(&join_lock, NULL);
}

/* A name that is in this library. */
static const char anchor;

static bool socket_path(struct sockaddr_un *a)
{
	Dl_info me;

	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (!dladdr(&anchor, &me) || !me.dli_fname)
		return false;
	const char *slash = strrchr(me.dli_fname, '/');
	if (!slash)
		return false;
	int n = snprintf(a->sun_path, sizeof a->sun_path, "%.*s/%s", (int)(slash - me.dli_fname),
			 me.dli_fname, PAGE_SOCKET_FILE);
	return n > 0 && (size_t)n < sizeof a->sun_path;
}

/* A connection that gives up after a while. -1: there is none. */
static int call_supervisor(void)
{
	const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
	struct sockaddr_un a;

	if (!socket_path(&a))
		return -1;
	AUTO_FD int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0)
		return -1;
	int rc;
	do
		rc = connect(fd, (const struct sockaddr *)&a, sizeof a);
	while (rc < 0 && errno == EINTR);
	return rc < 0 ? -1 : TAKE_FD(fd);
}

static bool say(int fd, enum page_word word)
{
	const struct page_words w = {
	    .magic = PAGE_MAGIC_WORDS,
	    .version = PAGE_VERSION,
	    .word = word,
	    .slot = atomic_load(&here.slot_index),
	    .pid = getpid(),
	};
	ssize_t n;

	do
		n = send(fd, &w, sizeof w, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof w;
}

void here_tell(enum page_word word)
{
	int os = errno;
	AUTO_FD int fd = has_joined() ? call_supervisor() : -1;

	if (fd >= 0)
		(void)say(fd, word);
	errno = os;
}

/* The answer with its two descriptors; all that came are closed unless they are given out. */
static bool take_answer(int fd, struct page_words *w, int ret_fds[2])
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} room;
	struct iovec io = {.iov_base = w, .iov_len = sizeof *w};
	struct msghdr m = {.msg_iov = &io,
			   .msg_iovlen = 1,
			   .msg_control = room.bytes,
			   .msg_controllen = sizeof room.bytes};
	ssize_t n;

	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	const struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fds, CMSG_DATA(c),
		       c->cmsg_len >= CMSG_LEN(2 * sizeof(int)) ? 2 * sizeof(int) : sizeof(int));
	return n == (ssize_t)sizeof *w && w->magic == PAGE_MAGIC_WORDS &&
	       w->version == PAGE_VERSION && w->word == PAGE_WORD_WELCOME && w->slot < PAGE_SLOTS &&
	       ret_fds[1] >= 0;
}

static void *map_all(int fd, size_t size, int protection)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_size < (off_t)size)
		return NULL;
	void *at = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
	return at == MAP_FAILED ? NULL : at;
}

static bool take_pages(const int fds[2], uint32_t slot)
{
	struct control_page *control = map_all(fds[0], sizeof *control, PROT_READ);
	struct telemetry_page *page = map_all(fds[1], sizeof *page, PROT_READ | PROT_WRITE);

	if (!control || !page || control->magic != PAGE_MAGIC_CONTROL ||
	    control->version != PAGE_VERSION || page->magic != PAGE_MAGIC_TELEMETRY ||
	    page->version != PAGE_VERSION) {
		/* A program may try again for as long as it runs. */
		if (control)
			(void)munmap(control, sizeof *control);
		if (page)
			(void)munmap(page, sizeof *page);
		return false;
	}
	atomic_store(&here.slot_index, slot);
	atomic_store(&here.control, control);
	atomic_store(&here.page, page);
	atomic_store(&here.slot, &page->slots[slot]);
	return true;
}

static bool say_hello(void)
{
	static bool forks; /* under the lock */
	AUTO_FD int fd = call_supervisor();

	if (fd < 0 || !say(fd, PAGE_WORD_HELLO))
		return false;
	/* Before there is anything for a child to inherit. */
	if (!forks)
		forks = pthread_atfork(NULL, NULL, here_forget) == 0;
	hello_fd = TAKE_FD(fd);
	return true;
}

static void hear_answer(void)
{
	struct page_words w = {0};
	int fds[2] = {-1, -1};

	if (take_answer(hello_fd, &w, fds))
		(void)take_pages(fds, w.slot);
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	(void)close(hello_fd);
	hello_fd = -1;
}

static void copy_name(char *to, size_t size, const char *name)
{
	size_t n = name ? strnlen(name, size - 1) : 0;

	if (n)
		memcpy(to, name, n);
	memset(to + n, 0, size - n);
}

bool here_hello(void)
{
	int os = errno;

	(void)pthread_mutex_lock(&join_lock);
	bool ok = has_joined() || hello_fd >= 0 || say_hello();
	(void)pthread_mutex_unlock(&join_lock);
	errno = os;
	return ok;
}

bool here_join(const VkApplicationInfo *app)
{
	int os = errno;

	(void)pthread_mutex_lock(&join_lock);
	if (!has_joined() && hello_fd >= 0)
		hear_answer();
	bool ok = has_joined();
	if (ok) {
		struct page_slot *s = here_slot();
		s->pid = getpid();
		s->api_version = app && app->apiVersion ? app->apiVersion : VK_API_VERSION_1_0;
		copy_name(s->app, sizeof s->app, app ? app->pApplicationName : NULL);
		copy_name(s->engine, sizeof s->engine, app ? app->pEngineName : NULL);
	}
	(void)pthread_mutex_unlock(&join_lock);
	errno = os;
	return ok;
}

void sleep_until(uint64_t at_ns)
{
	int os = errno;

	for (uint64_t now = now_ns();
	     now < at_ns && atomic_load(&here_control()->stop) == PAGE_STOP_NONE; now = now_ns()) {
		uint64_t to = at_ns - now < SLICE_NS ? at_ns : now + SLICE_NS;
		const struct timespec t = {.tv_sec = (time_t)(to / 1000000000u),
					   .tv_nsec = (long)(to % 1000000000u)};
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	}
	errno = os;
}
