/* SPDX-License-Identifier: Apache-2.0 */
/* Other processes: of the host, of another job, the supervisor. */
#include "attack.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* signal PID: whether it can be signalled at all. */
static void signal_pid(char **args)
{
	if (kill((pid_t)strtol(args[0], NULL, 10), 0) < 0)
		nothing("kill");
	got("a signal to process %s", args[0]);
}

/* Any process that is neither a child nor oneself: pid 1 of the sandbox is what there is inside. */
static void signal_parent(char **args)
{
	(void)args;
	if (getppid() == 0)
		nothing("getppid");
	if (kill(getppid(), SIGWINCH) < 0)
		nothing("kill");
	got("a signal to its parent");
}

/* The kernel signals the owner of a descriptor for whoever set it. */
static void signal_owner(char **args)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		nothing("socketpair");
	if (fcntl(pair[0], F_SETOWN, (int)strtol(args[0], NULL, 10)) < 0)
		nothing("F_SETOWN");
	got("process %s as owner of a descriptor", args[0]);
}

/* Processes that are not of this job: more than pid 1, oneself and what started one. */
static void see_processes(char **args)
{
	int seen = 0, least = (int)strtol(args[0], NULL, 10);
	DIR *proc = opendir("/proc");

	for (struct dirent *d; proc && (d = readdir(proc));)
		seen += d->d_name[0] >= '1' && d->d_name[0] <= '9';
	if (seen > least)
		got("%d processes to look at", seen);
	nothing("readdir");
}

static void lower_parents_limits(char **args)
{
	struct rlimit now;

	(void)args;
	if (prlimit(getppid() ? getppid() : 1, RLIMIT_CPU, NULL, &now) < 0 ||
	    prlimit(getppid() ? getppid() : 1, RLIMIT_CPU, &now, NULL) < 0)
		nothing("prlimit");
	got("the limits of its parent");
}

static void renice_parent(char **args)
{
	(void)args;
	if (setpriority(PRIO_PROCESS, (id_t)(getppid() ? getppid() : 1), 19) < 0)
		nothing("setpriority");
	got("the priority of its parent");
}

/* abstract NAME: a socket without a file, which some desktop or container service has. */
static void abstract_socket(char **args)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t n = strlen(args[0]);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(at.sun_path + 1, args[0], n);
	if (connect(fd, (struct sockaddr *)&at,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)) < 0)
		nothing("connect");
	got("a service at an abstract socket");
}

/* unix PATH: the same with a file. */
static void unix_socket(char **args)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", args[0]);
	if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
		nothing("connect");
	got("a service at %s", args[0]);
}

/* passed-directory SOCKET PATH: an accomplice outside hands in a directory; no mount stands in its way. */
static void passed_directory(char **args)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char byte, space[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {&byte, 1};
	struct msghdr h = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), dir;

	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", args[0]);
	if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0 || recvmsg(fd, &h, 0) < 0 ||
	    !CMSG_FIRSTHDR(&h))
		cannot("nobody hands a directory in");
	memcpy(&dir, CMSG_DATA(CMSG_FIRSTHDR(&h)), sizeof dir);
	int file = openat(dir, args[1] + 1, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		nothing("openat");
	got("%s through a directory that was handed in", args[1]);
}

/* lease PATH: who opens the file for writing has to wait for us. */
static void lease(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		cannot("the file is not there");
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		nothing("F_SETLEASE");
	got("a lease on %s", args[0]);
}

static void loopback(char **args)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)strtol(args[0], NULL, 10)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
		nothing("connect");
	got("a service on the host's loopback");
}

enum { SEGMENT = 0x766b6a };

/* leave / find NAME: what one job leaves behind in every shared place, and what another one finds. */
static void leave(char **args)
{
	char path[256];

	(void)shmget(SEGMENT, 4096, IPC_CREAT | 0666);
	(void)close(shm_open(args[0], O_CREAT | O_RDWR, 0666));
	(void)snprintf(path, sizeof path, "/tmp%s", args[0]);
	(void)close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
	got("something to leave");
}

static void find(char **args)
{
	char path[256];
	int id = shmget(SEGMENT, 0, 0), file = shm_open(args[0], O_RDONLY, 0);

	(void)snprintf(path, sizeof path, "/tmp%s", args[0]);
	bool temporary = access(path, F_OK) == 0;
	if (id >= 0)
		(void)shmctl(id, IPC_RMID, NULL);
	(void)shm_unlink(args[0]);
	(void)unlink(path);
	if (id >= 0 || file >= 0 || temporary)
		got("of another job:%s%s%s", id >= 0 ? " a shm segment" : "",
		    file >= 0 ? " a shm file" : "", temporary ? " a temporary file" : "");
	errno = ENOENT;
	nothing("find");
}

const struct attack attacks_others[] = {
    {"signal", signal_pid},
    {"signal-parent", signal_parent},
    {"signal-owner", signal_owner},
    {"processes", see_processes},
    {"limit-parent", lower_parents_limits},
    {"renice-parent", renice_parent},
    {"abstract", abstract_socket},
    {"unix", unix_socket},
    {"passed-directory", passed_directory},
    {"lease", lease},
    {"loopback", loopback},
    {"leave", leave},
    {"find", find},
    {NULL, NULL},
};
