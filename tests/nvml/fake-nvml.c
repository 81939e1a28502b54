/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libnvidia-ml.so.1 for tests: answers what stands in the file "answers" beside it, read anew at each call, and adds
 * a line to the file "calls" for each list that it gave. Compiled with FAKE_VERSION 3, 2 or 1: the newest kind of list
 * that it has; 1 has nothing but what the first drivers had.
 *
 *     init RESULT | error RESULT | total BYTES | used BYTES | distance 24|32
 *     compute PID BYTES|unknown | graphics PID BYTES | instance PID BYTES GPU COMPUTE | busy PID PERCENT
 *     xid NUMBER                      tells it once
 *     hang | crash | probe            in the next list; probe tries what a confined program may not
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { PROCESSES = 64 };

struct process {
	unsigned pid;
	unsigned long long bytes;
	unsigned gpu, compute;
};

static struct {
	int init, error;
	unsigned distance;
	unsigned long long total, used, xid;
	struct process compute[PROCESSES], graphics[PROCESSES];
	unsigned compute_count, graphics_count;
	unsigned busy_pid[PROCESSES], busy[PROCESSES], busy_count;
	int hang, crash, probe;
} now;

static void beside(const char *name, char *path, size_t size)
{
	Dl_info info;

	if (!dladdr((void *)&now, &info) || !info.dli_fname)
		abort();
	const char *slash = strrchr(info.dli_fname, '/');
	(void)snprintf(path, size, "%.*s/%s", slash ? (int)(slash - info.dli_fname) : 1,
		       slash ? info.dli_fname : ".", name);
}

static void add(struct process *list, unsigned *count, const char *line)
{
	struct process p = {.gpu = ~0u, .compute = ~0u, .bytes = ~0ull};

	(void)sscanf(line, "%*s %u %llu %u %u", &p.pid, &p.bytes, &p.gpu, &p.compute);
	if (*count < PROCESSES)
		list[(*count)++] = p;
}

static void take(const char *line)
{
	char word[16] = "";
	unsigned long long n = 0;

	(void)sscanf(line, "%15s %llu", word, &n);
	if (strcmp(word, "init") == 0)
		now.init = (int)n;
	else if (strcmp(word, "error") == 0)
		now.error = (int)n;
	else if (strcmp(word, "total") == 0)
		now.total = n;
	else if (strcmp(word, "used") == 0)
		now.used = n;
	else if (strcmp(word, "distance") == 0)
		now.distance = (unsigned)n;
	else if (strcmp(word, "xid") == 0)
		now.xid = n;
	else if (strcmp(word, "compute") == 0 || strcmp(word, "instance") == 0)
		add(now.compute, &now.compute_count, line);
	else if (strcmp(word, "graphics") == 0)
		add(now.graphics, &now.graphics_count, line);
	else if (strcmp(word, "busy") == 0 && now.busy_count < PROCESSES)
		(void)sscanf(line, "%*s %u %u", &now.busy_pid[now.busy_count],
			     &now.busy[now.busy_count]),
		    now.busy_count++;
	else if (strcmp(word, "hang") == 0)
		now.hang = 1;
	else if (strcmp(word, "crash") == 0)
		now.crash = 1;
	else if (strcmp(word, "probe") == 0)
		now.probe = 1;
}

static void look(void)
{
	char path[4200], line[200];

	memset(&now, 0, sizeof now);
	now.distance = 24;
	beside("answers", path, sizeof path);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		take(line);
	if (f)
		(void)fclose(f);
}

/* The file is the test's: a confined program makes none. */
static void say(const char *text)
{
	char path[4200];

	beside("calls", path, sizeof path);
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, text, strlen(text));
	(void)close(fd);
}

static const char *outcome(long result)
{
	return result < 0 ? (errno == EPERM || errno == EACCES || errno == ENOSYS ? "refused" : "failed")
			  : "DONE";
}

static void probe(void)
{
	char text[2000], path[4200], line[200];
	static char name[] = "true";
	char *argv[] = {name, NULL};
	size_t used = 0;

	beside("made", path, sizeof path);
	used += (size_t)snprintf(text + used, sizeof text - used, "probe exec %s\n",
				 outcome(execve("/bin/true", argv, argv + 1)));
	used += (size_t)snprintf(text + used, sizeof text - used, "probe create %s\n",
				 outcome(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
	used += (size_t)snprintf(text + used, sizeof text - used, "probe network %s\n",
				 outcome(socket(AF_INET, SOCK_STREAM, 0)));
	used += (size_t)snprintf(text + used, sizeof text - used, "probe signal %s\n",
				 outcome(kill(getppid(), 0)));
	used += (size_t)snprintf(text + used, sizeof text - used, "probe trace %s\n",
				 outcome(syscall(SYS_ptrace, 16, getppid(), 0, 0)));
	used += (size_t)snprintf(text + used, sizeof text - used, "probe descriptor %s\n",
				 fcntl(9, F_GETFD) < 0 ? "refused" : "DONE");
	used += (size_t)snprintf(text + used, sizeof text - used, "probe environment %s\n",
				 environ && environ[0] ? environ[0] : "none");
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "CapEff", 6) == 0 || strncmp(line, "CapPrm", 6) == 0 ||
		    strncmp(line, "NoNewPrivs", 10) == 0 || strncmp(line, "Uid", 3) == 0 ||
		    strncmp(line, "Seccomp:", 8) == 0)
			used += (size_t)snprintf(text + used, sizeof text - used, "probe %s", line);
	if (f)
		(void)fclose(f);
	say(text);
}

EXPORT int nvmlInit(void);
EXPORT int nvmlDeviceGetHandleByPciBusId(const char *address, void **ret);
EXPORT int nvmlDeviceGetComputeRunningProcesses(void *device, unsigned *count, void *at);

int nvmlInit(void)
{
	char text[64];

	look();
	(void)snprintf(text, sizeof text, "init %d\n", (int)getpid());
	say(text);
	return now.init;
}

int nvmlDeviceGetHandleByPciBusId(const char *address, void **ret)
{
	static int device;

	*ret = &device;
	return strcmp(address, "0000:41:00.0") == 0 ? 0 : 6;
}

static int give(const struct process *list, unsigned have, unsigned *count, void *at, unsigned size)
{
	unsigned char *to = at;

	if (now.error)
		return now.error;
	if (*count < have)
		return 7;
	*count = have;
	memset(to, 0, (size_t)have * size);
	for (unsigned i = 0; i < have; i++, to += size) {
		memcpy(to, &list[i].pid, 4);
		memcpy(to + 8, &list[i].bytes, 8);
		if (size < 24)
			continue;
		memcpy(to + 16, &list[i].gpu, 4);
		memcpy(to + 20, &list[i].compute, 4);
	}
	return 0;
}

static int compute(unsigned *count, void *at, unsigned size)
{
	static unsigned number;
	char text[64];

	look();
	if (now.probe)
		probe();
	if (now.crash)
		abort();
	while (now.hang)
		(void)pause();
	int result = give(now.compute, now.compute_count, count, at, size ? size : now.distance);
	(void)snprintf(text, sizeof text, "list %u of %u\n", ++number, now.compute_count);
	say(text);
	return result;
}

int nvmlDeviceGetComputeRunningProcesses(void *device, unsigned *count, void *at)
{
	(void)device;
	return compute(count, at, 16);
}

#if FAKE_VERSION >= 2
EXPORT int nvmlDeviceGetComputeRunningProcesses_v2(void *device, unsigned *count, void *at);
int nvmlDeviceGetComputeRunningProcesses_v2(void *device, unsigned *count, void *at)
{
	(void)device;
	return compute(count, at, 24);
}
#endif

#if FAKE_VERSION >= 3
EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, void *at);
EXPORT int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned *count, void *at);
EXPORT int nvmlSystemGetDriverVersion(char *text, unsigned size);
EXPORT int nvmlDeviceGetUUID(void *device, char *text, unsigned size);
EXPORT int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *at);
EXPORT int nvmlDeviceGetProcessUtilization(void *device, void *at, unsigned *count,
					   unsigned long long since);
EXPORT int nvmlEventSetCreate(void **ret);
EXPORT int nvmlDeviceRegisterEvents(void *device, unsigned long long kinds, void *set);
EXPORT int nvmlEventSetWait_v2(void *set, void *event, unsigned ms);
EXPORT int nvmlDeviceGetCount_v2(unsigned *ret);
EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **ret);
EXPORT int nvmlDeviceGetMinorNumber(void *device, unsigned *ret);

int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, void *at)
{
	(void)device;
	return compute(count, at, 0);
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned *count, void *at)
{
	(void)device;
	return give(now.graphics, now.graphics_count, count, at, now.distance);
}

int nvmlSystemGetDriverVersion(char *text, unsigned size)
{
	(void)snprintf(text, size, "999.1 \"test\"");
	return 0;
}

int nvmlDeviceGetUUID(void *device, char *text, unsigned size)
{
	(void)device;
	(void)snprintf(text, size, "GPU-aaaaaaaa-1111-2222-3333-444444444444");
	return 0;
}

int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *at)
{
	(void)device;
	at[0] = now.total;
	at[1] = now.total - now.used;
	at[2] = now.used;
	return 0;
}

int nvmlDeviceGetProcessUtilization(void *device, void *at, unsigned *count,
				    unsigned long long since)
{
	static unsigned long long us = 1000000;
	unsigned char *to = at;

	(void)device;
	(void)since;
	if (now.busy_count == 0)
		return 6;
	us += 1000;
	*count = now.busy_count;
	memset(to, 0, (size_t)now.busy_count * 32);
	for (unsigned i = 0; i < now.busy_count; i++, to += 32) {
		memcpy(to, &now.busy_pid[i], 4);
		memcpy(to + 8, &us, 8);
		memcpy(to + 16, &now.busy[i], 4);
	}
	return 0;
}

int nvmlEventSetCreate(void **ret)
{
	static int set;
	*ret = &set;
	return 0;
}

/* A GPU without ECC. */
int nvmlDeviceRegisterEvents(void *device, unsigned long long kinds, void *set)
{
	(void)device;
	(void)set;
	return kinds == 8 ? 0 : 3;
}

int nvmlEventSetWait_v2(void *set, void *event, unsigned ms)
{
	static unsigned long long told_xid;
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	unsigned char *to = event;
	unsigned long long kind = 8;
	void *device;

	(void)set;
	look();
	if (now.xid == told_xid) {
		(void)nanosleep(&t, NULL);
		return 10;
	}
	told_xid = now.xid;
	(void)nvmlDeviceGetHandleByPciBusId("0000:41:00.0", &device);
	memcpy(to, &device, sizeof device);
	memcpy(to + 8, &kind, 8);
	memcpy(to + 16, &now.xid, 8);
	return 0;
}

int nvmlDeviceGetCount_v2(unsigned *ret)
{
	*ret = 1;
	return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **ret)
{
	(void)index;
	return nvmlDeviceGetHandleByPciBusId("0000:41:00.0", ret);
}

int nvmlDeviceGetMinorNumber(void *device, unsigned *ret)
{
	(void)device;
	*ret = 1;
	return 0;
}
#endif
