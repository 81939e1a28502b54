/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time and memory of a tree of our own whose numbers are known. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "watch/usage.h"

#define MIB (1 << 20)
/* What a sanitizer's runtime takes beside what it is asked for. */
#ifdef VKJAIL_SANITIZED
#define SLACK (15 * MIB)
#else
#define SLACK (MIB / 4)
#endif
enum { MILLISECOND = 1000000 };

/* A process below root that follows orders, one byte each, and answers each with the same byte. */
struct puppet {
	pid_t pid; /* of root */
	int order_fd, answer_fd;
};

static struct {
	char *shared; /* 32 MiB, mapped before any fork */
	int file;     /* a memfd of 16 MiB */
} common;

static void burn(clockid_t clock, unsigned ms)
{
	struct timespec t;
	volatile unsigned sink = 0;
	do {
		for (unsigned i = 0; i < 100000; i++)
			sink += i;
		(void)clock_gettime(clock, &t);
	} while ((unsigned)t.tv_sec * 1000 + (unsigned)(t.tv_nsec / MILLISECOND) < ms);
}

static void *burn_in_thread(void *unused)
{
	burn(CLOCK_THREAD_CPUTIME_ID, 200);
	(void)pause();
	return unused;
}

/* Who was orphaned before the signal was asked for gets none. */
static void die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
}

static void child_that_stays(void)
{
	pid_t parent = getpid();

	if (fork() == 0) {
		die_with(parent);
		memset(common.shared, 2, 32 * MIB);
		for (;;)
			(void)pause();
	}
}

static void child_that_ends(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		burn(CLOCK_PROCESS_CPUTIME_ID, 200);
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0);
}

static void obey(char order)
{
	pthread_t thread;
	char *p;

	switch (order) {
	case 'n':
		(void)prctl(PR_SET_NAME, "a) R 9 9 9 9 (");
		break;
	case 'b':
		burn(CLOCK_PROCESS_CPUTIME_ID, 200);
		break;
	case 't':
		/* Joined by nobody: its time has passed when the answer comes. */
		(void)pthread_create(&thread, NULL, burn_in_thread, NULL);
		burn(CLOCK_PROCESS_CPUTIME_ID, 600);
		break;
	case 'm':
		p = mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(p, 1, 32 * MIB);
		break;
	case 'p':
		p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		break;
	case 'r':
		/* Over the same pages of a file: as many mapped, but their memory is the process's own then. */
		p = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, common.file, 0);
		memset(p, 1, 16 * MIB);
		break;
	case 'g':
		(void)madvise(common.shared, 32 * MIB, MADV_DONTNEED);
		break;
	case 's':
		memset(common.shared, 1, 32 * MIB);
		break;
	case 'f':
		p = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, common.file, 0);
		memset(p, 1, 16 * MIB);
		break;
	case 'c':
		child_that_stays();
		break;
	case 'e':
		child_that_ends();
		break;
	default:
		break;
	}
}

/* In the place of pid 1 of a sandbox, whose memory does not count. */
static void be_root(int order_fd, int answer_fd)
{
	char byte;
	pid_t parent = getpid();

	if (fork() == 0) {
		die_with(parent);
		while (read(order_fd, &byte, 1) == 1) {
			obey(byte);
			(void)!write(answer_fd, &byte, 1);
		}
		_exit(0);
	}
	for (;;)
		(void)pause();
}

static int start(void **state)
{
	static struct puppet p;
	int order[2], answer[2];

	common.shared = mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	common.file = memfd_create("file", MFD_CLOEXEC);
	if (common.shared == MAP_FAILED || ftruncate(common.file, 16 * MIB) < 0 || pipe(order) < 0 || pipe(answer) < 0)
		return -1;
	pid_t parent = getpid();
	p.pid = fork();
	if (p.pid == 0) {
		die_with(parent);
		be_root(order[0], answer[1]);
	}
	(void)close(order[0]);
	(void)close(answer[1]);
	p.order_fd = order[1];
	p.answer_fd = answer[0];
	*state = &p;
	return p.pid < 0 ? -1 : 0;
}

static int stop(void **state)
{
	const struct puppet *p = *state;
	if (p->pid > 0 && kill(p->pid, SIGKILL) == 0)
		(void)waitpid(p->pid, NULL, 0);
	(void)close(p->order_fd);
	(void)close(p->answer_fd);
	(void)close(common.file);
	return munmap(common.shared, 32 * MIB);
}

static void tell(const struct puppet *p, char order)
{
	char byte;
	assert_int_equal(write(p->order_fd, &order, 1), 1);
	assert_int_equal(read(p->answer_fd, &byte, 1), 1);
}

/* One for all tests: what is kept of one tree must not get into the answers about another. */
static struct proc_files kept_files;

static struct usage now(const struct puppet *p, enum usage_want want)
{
	struct usage u;
	assert_true(usage_read(p->pid, want, &kept_files, &u));
	return u;
}

/* The child in the tree has come as far as pause(2) with all its memory touched. */
static void wait_for_memory(const struct puppet *p, uint64_t at_least)
{
	const struct timespec little = {.tv_nsec = 5 * MILLISECOND};
	for (int i = 0; i < 2000 && now(p, USAGE_MEMORY).memory_bytes < at_least; i++)
		(void)nanosleep(&little, NULL);
}

static void test_cpu(void **state)
{
	const struct puppet *p = *state;

	tell(p, 'x');
	uint64_t at_first = now(p, USAGE_CPU).cpu_ns;
	assert_true(at_first < 100 * MILLISECOND);
	tell(p, 'b');
	/* Told in ticks of 10 ms, rounded down. */
	uint64_t busy = now(p, USAGE_CPU).cpu_ns;
	assert_in_range(busy, 180 * MILLISECOND, 400 * MILLISECOND);
	/* A child that has ended and was waited for. */
	tell(p, 'e');
	uint64_t with_child = now(p, USAGE_CPU).cpu_ns;
	assert_in_range(with_child - busy, 170 * MILLISECOND, 500 * MILLISECOND);
	assert_int_equal(now(p, USAGE_CPU).processes, 2);
}

/* A process that calls itself what could be the start of the next fields (proc_pid_stat(5)). */
static void test_name(void **state)
{
	const struct puppet *p = *state;

	tell(p, 'n');
	struct usage u = now(p, USAGE_CPU);
	assert_int_equal(u.processes, 2);
	assert_int_equal(u.threads, 2);
	assert_true(u.cpu_ns < 100 * MILLISECOND);
	tell(p, 'b');
	assert_in_range(now(p, USAGE_CPU).cpu_ns, 180 * MILLISECOND, 400 * MILLISECOND);
}

static void test_threads_and_processes(void **state)
{
	const struct puppet *p = *state;

	tell(p, 'x');
	struct usage u = now(p, USAGE_CPU);
	assert_int_equal(u.processes, 2);
	assert_int_equal(u.threads, 2);
	tell(p, 't');
	u = now(p, USAGE_CPU);
	assert_int_equal(u.threads, 3);
	assert_true(u.cpu_ns >= 580 * MILLISECOND);
	tell(p, 'c');
	tell(p, 'c');
	u = now(p, USAGE_CPU);
	assert_int_equal(u.processes, 4);
	assert_int_equal(u.threads, 5);
	assert_int_equal(u.memory_bytes, 0);
}

static void test_memory(void **state)
{
	const struct puppet *p = *state;

	tell(p, 'x');
	uint64_t before = now(p, USAGE_MEMORY).memory_bytes;
	tell(p, 'm');
	uint64_t with = now(p, USAGE_MEMORY).memory_bytes;
	assert_in_range(with - before, 32 * MIB, 40 * MIB);
	uint64_t exact = now(p, USAGE_MEMORY_EXACT).memory_bytes;
	assert_true(exact >= 32 * MIB && exact <= with);
}

/* What a process held the last time is only taken for true as long as its pages say so. */
static void test_memory_after_each_change(void **state)
{
	const struct puppet *p = *state;
	uint64_t before, with;

	for (int i = 0; i < 3; i++) {
		before = now(p, USAGE_MEMORY).memory_bytes;
		assert_int_equal(now(p, USAGE_MEMORY).memory_bytes, before);
		tell(p, 'p');
		with = now(p, USAGE_MEMORY).memory_bytes;
		assert_in_range(with - before, MIB, MIB + SLACK);
	}
	before = with;
	tell(p, 'r');
	assert_true(now(p, USAGE_MEMORY).memory_bytes - before >= 15 * MIB);
	tell(p, 's');
	before = now(p, USAGE_MEMORY).memory_bytes;
	tell(p, 'g');
	assert_true(before - now(p, USAGE_MEMORY).memory_bytes >= 31 * MIB);
}

static void test_memory_is_remembered_for_a_while(void **state)
{
	const struct puppet *p = *state;
	struct proc_pages pages = {.minor_faults = 1, .resident_pages = 5};
	uint64_t bytes = 0;
	unsigned times = 0;

	tell(p, 'x');
	assert_false(proc_files_recall(&kept_files, p->pid, &pages, &bytes));
	proc_files_remember(&kept_files, p->pid, &pages, 77);
	pages.resident_pages++;
	assert_false(proc_files_recall(&kept_files, p->pid, &pages, &bytes));
	pages.resident_pages--;
	while (times < 100 && proc_files_recall(&kept_files, p->pid, &pages, &bytes))
		times++;
	assert_int_equal(bytes, 77);
	assert_in_range(times, 5, 20);
	/* Not read between two sweeps: the pid may be another process's from then on. */
	proc_files_remember(&kept_files, p->pid, &pages, 77);
	proc_files_sweep(&kept_files);
	proc_files_sweep(&kept_files);
	assert_false(proc_files_recall(&kept_files, p->pid, &pages, &bytes));
}

static void test_shared_memory_is_counted_once_when_it_matters(void **state)
{
	const struct puppet *p = *state;

	tell(p, 's');
	uint64_t one = now(p, USAGE_MEMORY).memory_bytes;
	assert_true(one >= 32 * MIB);
	tell(p, 'c');
	wait_for_memory(p, 64 * MIB);
	struct usage quick = now(p, USAGE_MEMORY), exact = now(p, USAGE_MEMORY_EXACT);
	assert_true(quick.memory_bytes >= 64 * MIB);
	assert_false(quick.memory_exact);
	assert_true(exact.memory_exact);
	assert_in_range(exact.memory_bytes, 32 * MIB, quick.memory_bytes - 24 * MIB);
}

static void test_mapped_files(void **state)
{
	const struct puppet *p = *state;
	struct stat st;

	assert_int_equal(fstat(common.file, &st), 0);
	tell(p, 'm');
	assert_int_equal(usage_mapped(p->pid, st.st_dev, &kept_files), 0);
	tell(p, 'f');
	assert_int_equal(usage_mapped(p->pid, st.st_dev, &kept_files), 16 * MIB);
	assert_int_equal(usage_mapped(p->pid, st.st_dev + 1, &kept_files), 0);
	assert_true(now(p, USAGE_MEMORY).memory_bytes >= 48 * MIB);
}

static void test_gone(void **state)
{
	struct puppet *p = *state;
	pid_t pid = p->pid;
	struct usage u;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	p->pid = 0;
	assert_false(usage_read(pid, USAGE_MEMORY, &kept_files, &u));
	assert_int_equal(usage_mapped(pid, 0, &kept_files), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cpu, start, stop),
		cmocka_unit_test_setup_teardown(test_name, start, stop),
		cmocka_unit_test_setup_teardown(test_threads_and_processes, start, stop),
		cmocka_unit_test_setup_teardown(test_memory, start, stop),
		cmocka_unit_test_setup_teardown(test_memory_after_each_change, start, stop),
		cmocka_unit_test_setup_teardown(test_memory_is_remembered_for_a_while, start, stop),
		cmocka_unit_test_setup_teardown(test_shared_memory_is_counted_once_when_it_matters, start, stop),
		cmocka_unit_test_setup_teardown(test_mapped_files, start, stop),
		cmocka_unit_test_setup_teardown(test_gone, start, stop),
	};
	return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
