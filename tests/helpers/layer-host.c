/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layer without a sandbox, for tests and measurements of the layer alone: puts it into a directory with
 * a manifest, answers at its socket as the supervisor does, runs a program and prints what is in
 * the page then, one JSON object a line.
 *
 *     layer-host LAYER off|sampled|all OUT CMD [ARG...]
 *
 * KERNEL_NS in the environment is the control page's kernel_ns. With REFUSE in it nobody gets the pages. Exit status:
 * the program's.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "page/page.h"

static struct {
	struct control_page *control;
	struct telemetry_page *page;
	int control_fd, page_fd, listen_fd;
	uint32_t slots;
} host;

static void die(const char *what)
{
	(void)fprintf(stderr, "layer-host: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void *make_page(const char *name, size_t size, int *ret_fd)
{
	*ret_fd = memfd_create(name, MFD_CLOEXEC);
	if (*ret_fd < 0 || ftruncate(*ret_fd, (off_t)size) < 0)
		die(name);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *ret_fd, 0);
	if (at == MAP_FAILED)
		die(name);
	return at;
}

static void make_pages(const char *mode)
{
	const char *kernel_ns = getenv("KERNEL_NS");

	host.control = make_page("control", sizeof *host.control, &host.control_fd);
	host.page = make_page("telemetry", sizeof *host.page, &host.page_fd);
	host.control->magic = PAGE_MAGIC_CONTROL;
	host.control->version = PAGE_VERSION;
	host.control->memory_hard = host.control->memory_soft = PAGE_NO_LIMIT;
	host.control->timing = strcmp(mode, "off") == 0   ? PAGE_TIMING_OFF
			       : strcmp(mode, "all") == 0 ? PAGE_TIMING_ALL
							  : PAGE_TIMING_SAMPLED;
	host.control->kernel_ns = kernel_ns ? strtoull(kernel_ns, NULL, 10) : 0;
	host.page->magic = PAGE_MAGIC_TELEMETRY;
	host.page->version = PAGE_VERSION;
	host.page->size = sizeof *host.page;
}

static void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC),
	    out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	struct stat st;

	if (in < 0 || out < 0 || fstat(in, &st) < 0)
		die(from);
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = copy_file_range(in, NULL, out, NULL, (size_t)left, 0);
		if (n <= 0)
			die(to);
		left -= n;
	}
	(void)close(in);
	(void)close(out);
}

static void make_directory(const char *dir, const char *layer)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", dir, PAGE_LAYER_FILE);
	copy_file(layer, path);
	(void)snprintf(path, sizeof path, "%s/vulkan", dir);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof path, "%s/vulkan/implicit_layer.d", dir);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof path, "%s/vulkan/implicit_layer.d/%s", dir, PAGE_MANIFEST_FILE);
	FILE *manifest = fopen(path, "we");
	if (!manifest)
		die(path);
	(void)fprintf(
	    manifest,
	    "{\"file_format_version\": \"1.2.0\", \"layer\": {\"name\": \"%s\", \"type\": "
	    "\"GLOBAL\", \"library_path\": \"%s/%s\", \"api_version\": \"1.3.239\", "
	    "\"implementation_version\": \"1\", \"description\": \"vkjail\", "
	    "\"disable_environment\": {\"VKJAIL_TEST_WITHOUT_LAYER\": \"1\"}}}\n",
	    PAGE_LAYER_NAME, dir, PAGE_LAYER_FILE);
	(void)fclose(manifest);
	(void)snprintf(a.sun_path, sizeof a.sun_path, "%.80s/%s", dir, PAGE_SOCKET_FILE);
	host.listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (host.listen_fd < 0 || bind(host.listen_fd, (struct sockaddr *)&a, sizeof a) < 0 ||
	    listen(host.listen_fd, 64) < 0)
		die(a.sun_path);
}

static void answer(void)
{
	int fd = accept4(host.listen_fd, NULL, NULL, SOCK_CLOEXEC);
	struct page_words w;

	if (fd < 0 || recv(fd, &w, sizeof w, 0) != (ssize_t)sizeof w || w.word != PAGE_WORD_HELLO) {
		(void)close(fd);
		return;
	}
	if (getenv("REFUSE")) {
		w.word = PAGE_WORD_REFUSED;
		(void)send(fd, &w, sizeof w, MSG_NOSIGNAL);
		(void)close(fd);
		return;
	}
	int fds[2] = {host.control_fd, host.page_fd};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof fds)];
	} room = {0};
	struct iovec io = {.iov_base = &w, .iov_len = sizeof w};
	struct msghdr m = {.msg_iov = &io,
			   .msg_iovlen = 1,
			   .msg_control = room.bytes,
			   .msg_controllen = sizeof room.bytes};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fds);
	memcpy(CMSG_DATA(c), fds, sizeof fds);
	w.word = PAGE_WORD_WELCOME;
	w.slot = host.slots++ % PAGE_SLOTS;
	atomic_store(&host.page->slots[w.slot].state, PAGE_SLOT_LIVE);
	atomic_store(&host.page->slot_high, host.slots < PAGE_SLOTS ? host.slots : PAGE_SLOTS);
	(void)sendmsg(fd, &m, MSG_NOSIGNAL);
	(void)close(fd);
}

static int run(char **command)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)execvp(command[0], command);
		die(command[0]);
	}
	int child_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p[2] = {{.fd = host.listen_fd, .events = POLLIN},
			      {.fd = child_fd, .events = POLLIN}};
	if (pid < 0 || child_fd < 0)
		die("fork");
	while (poll(p, 2, -1) >= 0 && !p[1].revents)
		if (p[0].revents)
			answer();
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- what is in the page -------------------------------------------------------------------- */

static unsigned long long number(const _Atomic uint64_t *at)
{
	return atomic_load(at);
}

static unsigned long long quantile(const struct page_kernel *k, unsigned percent)
{
	uint64_t all = 0, seen = 0;

	for (unsigned i = 0; i < PAGE_BUCKETS; i++)
		all += number(&k->bucket[i]);
	for (unsigned i = 0; i < PAGE_BUCKETS; i++) {
		seen += number(&k->bucket[i]);
		if (all && seen * 100 >= all * percent)
			return page_bucket_floor(i);
	}
	return 0;
}

static void print_kernel(FILE *out, const struct page_kernel *k)
{
	(void)fprintf(out, "{\"kernel\": \"");
	for (unsigned i = 0; i < 4; i++)
		(void)fprintf(out, "%02x", k->spirv[i]);
	(void)fprintf(
	    out,
	    "\", \"entry\": \"%.63s\", \"name\": \"%.127s\", \"specialized\": %s, "
	    "\"kind\": %u, \"local_size\": [%u, %u, %u], \"bindings\": %u, \"push\": %u, \"shared\": %u, "
	    "\"groups\": [%u, %u, %u], \"recorded\": %llu, \"dispatches\": %llu, \"indirect\": %llu, \"least\": %llu, \"most\": %llu, "
	    "\"group_total\": %llu, \"timed\": %llu, \"total_ns\": %llu, \"min_ns\": %llu, "
	    "\"p50_ns\": %llu, \"max_ns\": %llu, \"first\": %llu, \"first_ns\": %llu, \"lost\": %llu, \"by_host\": %llu}\n",
	    k->entry, atomic_load(&k->named) == 1 ? k->name : "",
	    k->specialization ? "true" : "false", k->kind, k->local_size[0], k->local_size[1],
	    k->local_size[2], k->bindings, k->push_bytes, k->shared_bytes,
	    atomic_load(&k->groups[0]), atomic_load(&k->groups[1]), atomic_load(&k->groups[2]),
	    number(&k->recorded), number(&k->dispatches), number(&k->indirect),
	    number(&k->generated_least), number(&k->generated_most), number(&k->group_total),
	    number(&k->timed), number(&k->total_ns), number(&k->min_ns), quantile(k, 50),
	    number(&k->max_ns), number(&k->first), number(&k->first_ns), number(&k->lost),
	    number(&k->by_host));
}

static void print_page(const char *path)
{
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");

	if (!out)
		die(path);
	for (uint32_t i = 0; i < PAGE_SLOTS && i < host.slots; i++) {
		const struct page_slot *s = &host.page->slots[i];
		(void)fprintf(out, "{\"slot\": %u, \"oldest_since_ns\": %llu", i,
			      (unsigned long long)s->oldest.since_ns);
		for (unsigned c = 0; c < PAGE_COUNTERS; c++)
			(void)fprintf(out, ", \"%s\": %llu", page_counter_keys[c],
				      number(&s->count[c]));
		(void)fprintf(out, "}\n");
	}
	for (uint32_t i = 0; i <= PAGE_KERNELS; i++)
		if (atomic_load(&host.page->kernels[i].state) == PAGE_ROW_READY)
			print_kernel(out, &host.page->kernels[i]);
	if (out != stdout && fclose(out) != 0)
		die(path);
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/layer-host-XXXXXX", command[600];

	if (argc < 5) {
		(void)fprintf(stderr, "usage: layer-host LAYER off|sampled|all OUT CMD [ARG...]\n");
		return 125;
	}
	if (!mkdtemp(dir))
		die(dir);
	make_pages(argv[2]);
	make_directory(dir, argv[1]);
	(void)setenv("XDG_DATA_HOME", dir, 1);
	int status = run(argv + 4);
	print_page(argv[3]);
	(void)snprintf(command, sizeof command, "%s/%s", dir, PAGE_LAYER_FILE);
	(void)unlink(command);
	(void)snprintf(command, sizeof command, "%s/%s", dir, PAGE_SOCKET_FILE);
	(void)unlink(command);
	(void)snprintf(command, sizeof command, "%s/vulkan/implicit_layer.d/%s", dir,
		       PAGE_MANIFEST_FILE);
	(void)unlink(command);
	(void)snprintf(command, sizeof command, "%s/vulkan/implicit_layer.d", dir);
	(void)rmdir(command);
	(void)snprintf(command, sizeof command, "%s/vulkan", dir);
	(void)rmdir(command);
	(void)rmdir(dir);
	return status;
}
