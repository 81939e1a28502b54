/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vkjail-scope: asks systemd for a scope of its own for a process, with Delegate=yes, so that the
 * caller may make control groups there (docs/protocol.md). Runs as the caller, outside of any sandbox, only
 * when no group could be had without it; a program of its own so that vkjail need not load libsystemd.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/text.h"

enum { DEADLINE_US = 5000000, STOP_US = 5000000, NAME_MAX_LENGTH = 200, PID_LARGEST = 1 << 22 };

#define MANAGER \
	"org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"
#define REFUSED_HINT \
	"start vkjail from a shell in such a scope: systemd-run --user --scope -p Delegate=yes SHELL"
#define NO_USER_HINT \
	"log in with a session, or let the user manager run without one: loginctl enable-linger"

/* One request: what was asked for, and what has come of it. */
struct scope {
	sd_bus *bus;
	uint32_t pid;
	const char *name;  /* without ".scope" */
	const char *slice; /* NULL: the manager's choice */
	char unit[NAME_MAX_LENGTH + sizeof ".scope"];
	char result[64]; /* how the job that starts it ended; empty: it has not */
	uint64_t deadline_us;
};

static void done_bus(sd_bus **bus)
{
	sd_bus_unref(*bus);
}

static void done_message(sd_bus_message **message)
{
	sd_bus_message_unref(*message);
}

#define AUTO_MESSAGE   __attribute__((cleanup(done_message))) sd_bus_message
#define AUTO_BUS       __attribute__((cleanup(done_bus))) sd_bus
#define AUTO_BUS_ERROR __attribute__((cleanup(sd_bus_error_free))) sd_bus_error

static uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t left_us(const struct scope *s)
{
	uint64_t now = now_us();
	return now < s->deadline_us ? s->deadline_us - now : 0;
}

static int too_late(const struct scope *s, struct err *e)
{
	return err_set(e, ERR_OS, NULL, "the manager did not start '%s' within %d s", s->unit,
		       DEADLINE_US / 1000000);
}

/* A name that needs no escaping: it becomes part of a unit's name and of a directory's. */
static int check_name(const char *name, const char *what, struct err *e)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_.-", name[i]))
			return err_bad(e, what,
				       "only letters, digits, '_', '.' and '-' are allowed");
	if (length == 0 || length > NAME_MAX_LENGTH || name[0] == '.' || name[0] == '-')
		return err_bad(e, what,
			       "expected 1 to %d characters, the first a letter or a digit",
			       NAME_MAX_LENGTH);
	return 0;
}

/* Connects to address; the socket of a manager itself speaks the protocol without a bus daemon. */
static int connect_to(const char *address, bool is_bus, sd_bus **ret)
{
	AUTO_BUS *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, is_bus);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		*ret = TAKE_PTR(bus);
	return r;
}

/*
 * The caller's own manager. Where a batch system or cron gives no XDG_RUNTIME_DIR the sockets are where
 * logind puts them; the manager's own comes second, for machines without a bus for users.
 */
static int open_user(sd_bus **ret, struct err *e)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char fallback[64];
	char address[512];
	int r = sd_bus_open_user(ret);

	if (r >= 0)
		return 0;
	(void)snprintf(fallback, sizeof fallback, "/run/user/%u", geteuid());
	if (!dir || strlen(dir) > 256 || strpbrk(dir, ";,%"))
		dir = fallback;
	(void)snprintf(address, sizeof address, "unix:path=%s/bus", dir);
	r = connect_to(address, true, ret);
	if (r < 0) {
		(void)snprintf(address, sizeof address, "unix:path=%s/systemd/private", dir);
		r = connect_to(address, false, ret);
	}
	if (r >= 0)
		return 0;
	(void)err_os(e, -r, dir, "no user manager of systemd answers");
	return err_hint(e, NO_USER_HINT);
}

static int open_bus(sd_bus **ret, struct err *e)
{
	int r;

	if (sd_booted() <= 0)
		return err_set(e, ERR_OS, NULL, "systemd does not run on this machine");
	if (geteuid() != 0)
		return open_user(ret, e);
	r = sd_bus_open_system(ret);
	if (r < 0)
		r = connect_to("unix:path=/run/systemd/private", false, ret);
	return r < 0 ? err_os(e, -r, NULL, "the system manager of systemd does not answer") : 0;
}

/* JobRemoved(u id, o job, s unit, s result): comes for every job, also before the reply that names ours. */
static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *ret_error)
{
	struct scope *s = data;
	const char *job;
	const char *unit;
	const char *result;
	uint32_t id;

	(void)ret_error;
	if (sd_bus_message_read(message, "uoss", &id, &job, &unit, &result) < 0)
		return 0;
	if (strcmp(unit, s->unit) == 0)
		(void)snprintf(s->result, sizeof s->result, "%s", result);
	return 0;
}

static int append_properties(const struct scope *s, sd_bus_message *m)
{
	int r = sd_bus_message_append(m, "ss", s->unit, "fail");

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "Description", "s",
					  "a job of vkjail", "PIDs", "au", 1, s->pid, "Delegate",
					  "b", 1, "CollectMode", "s", "inactive-or-failed",
					  "TimeoutStopUSec", "t", (uint64_t)STOP_US);
	if (r >= 0 && s->slice)
		r = sd_bus_message_append(m, "(sv)", "Slice", "s", s->slice);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	return r;
}

/* The manager's answer of error: a deadline, a policy, or anything else in its own words. */
static int refused(const struct scope *s, int r, const sd_bus_error *error, struct err *e)
{
	if (r == -ETIMEDOUT || sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
		return too_late(s, e);
	if (!sd_bus_error_is_set(error))
		return err_os(e, -r, s->unit, "cannot ask the manager for a scope");
	(void)err_set(e, ERR_OS, s->unit, "the manager refused the scope: %s",
		      error->message ? error->message : error->name);
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED) ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
		return err_hint(e, REFUSED_HINT);
	return -1;
}

static int request(struct scope *s, struct err *e)
{
	AUTO_BUS_ERROR error = SD_BUS_ERROR_NULL;
	AUTO_MESSAGE *m = NULL;
	/* A manager tells signals only to those that have asked for them. */
	int r = sd_bus_match_signal(s->bus, NULL, NULL, "/org/freedesktop/systemd1",
				    "org.freedesktop.systemd1.Manager", "JobRemoved",
				    on_job_removed, s);

	if (r >= 0)
		r = sd_bus_call_method(s->bus, MANAGER, "Subscribe", &error, NULL, NULL);
	if (r >= 0)
		r = sd_bus_message_new_method_call(s->bus, &m, MANAGER, "StartTransientUnit");
	if (r >= 0)
		r = append_properties(s, m);
	if (r >= 0)
		r = sd_bus_call(s->bus, m, left_us(s), &error, NULL);
	return r < 0 ? refused(s, r, &error, e) : 0;
}

/* A bus that takes the connection and then says nothing must not hold us longer than one that answers. */
static int wait_until_ready(struct scope *s, struct err *e)
{
	for (;;) {
		int r = sd_bus_is_ready(s->bus);
		if (r > 0)
			return 0;
		if (r == 0 && left_us(s) == 0)
			return too_late(s, e);
		if (r == 0)
			r = sd_bus_process(s->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(s->bus, left_us(s));
		if (r < 0 && r != -EINTR)
			return err_os(e, -r, NULL, "the connection to the bus broke");
	}
}

static int wait_for_job(struct scope *s, struct err *e)
{
	while (s->result[0] == '\0') {
		int r = sd_bus_process(s->bus, NULL);
		if (r == 0 && left_us(s) == 0)
			return too_late(s, e);
		if (r == 0)
			r = sd_bus_wait(s->bus, left_us(s));
		if (r < 0 && r != -EINTR)
			return err_os(e, -r, s->unit, "the connection to the manager broke");
	}
	if (strcmp(s->result, "done") != 0)
		return err_set(e, ERR_OS, s->unit, "the manager could not start the scope: %s",
			       s->result);
	return 0;
}

static int print_group(const struct scope *s, struct err *e)
{
	AUTO_BUS_ERROR error = SD_BUS_ERROR_NULL;
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *group = NULL;
	int r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", s->unit, &path);

	if (r >= 0)
		r = sd_bus_get_property_string(s->bus, "org.freedesktop.systemd1", path,
					       "org.freedesktop.systemd1.Scope", "ControlGroup",
					       &error, &group);
	if (r < 0)
		return err_os(e, -r, s->unit, "cannot learn the control group of the scope");
	/* The process may have ended by now, and the scope with it. */
	if (group[0] == '\0')
		return err_set(e, ERR_OS, s->unit, "the scope ended at once: process %u is gone",
			       s->pid);
	if (printf("%s\n", group) < 0 || fflush(stdout) != 0)
		return err_os(e, errno, "stdout", "cannot write");
	return 0;
}

static int run(int argc, char **argv, struct err *e)
{
	AUTO_BUS *bus = NULL;
	struct scope s = {.deadline_us = now_us() + DEADLINE_US};
	uint64_t pid;

	if (argc < 3 || argc > 4)
		return err_set(e, ERR_BAD, NULL, "usage: vkjail-scope PID NAME [SLICE]");
	if (text_count(argv[1], "PID", &pid, e) < 0 || check_name(argv[2], "NAME", e) < 0)
		return -1;
	if (pid == 0 || pid > PID_LARGEST)
		return err_bad(e, "PID", "no process can have the number '%s'", argv[1]);
	if (argc == 4 && check_name(argv[3], "SLICE", e) < 0)
		return -1;
	s.pid = (uint32_t)pid;
	s.name = argv[2];
	s.slice = argv[3];
	(void)snprintf(s.unit, sizeof s.unit, "%s.scope", s.name);
	if (open_bus(&bus, e) < 0)
		return -1;
	s.bus = bus;
	if (wait_until_ready(&s, e) < 0)
		return -1;
	(void)sd_bus_set_method_call_timeout(bus, left_us(&s));
	if (request(&s, e) < 0 || wait_for_job(&s, e) < 0)
		return -1;
	return print_group(&s, e);
}

int main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	char text[1200];

	if (run(argc, argv, &e) == 0)
		return 0;
	(void)fprintf(stderr, "vkjail-scope: %s%s%s\n", err_render(&e, text, sizeof text),
		      e.hint[0] ? "; " : "", e.hint);
	return 1;
}
