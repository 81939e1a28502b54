/* SPDX-License-Identifier: Apache-2.0 */
/* vkjail devices: what Vulkan offers, found out by vkjail-probe in a sandbox of its own. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/say.h"

enum { PROBE_MAX = 1024 * 1024 };
#define PROBE_DEADLINE_NS (20ULL * 1000000000u)

static int run_probe(const struct host *host, const char *driver, int out_fd, struct err *e)
{
	struct spec spec;
	struct run_result r;
	const struct capture capture = {.fd = out_fd};
	char path[4096 + 16];

	spec_init(&spec);
	(void)snprintf(path, sizeof path, "%s/vkjail-probe", host->libexec);
	const char *argv[] = {path, NULL};
	spec.name = "vkjail-probe";
	spec.command = argv;
	spec.command_count = 1;
	spec.helper = true;
	spec.workdir = "/tmp";
	spec.report = "none";
	spec.driver = driver;
	spec.sample_ns = LIMIT_NONE;
	spec.limits.value[LIMIT_WALL] = PROBE_DEADLINE_NS;
	supervise(&spec, host, &capture, NULL, &r);
	int result = 0;
	if (r.err.kind != ERR_NONE) {
		*e = r.err;
		result = -1;
	} else if (r.outcome.reason != REASON_EXITED) {
		result = err_set(e, ERR_CHILD, "vkjail-probe", "%s", r.outcome.text);
	}
	run_result_done(&r);
	spec_done(&spec);
	return result;
}

json_t *probe_devices(const struct host *host, const char *driver, struct err *e)
{
	json_error_t why;
	size_t size;
	AUTO_FREE char *text = NULL;

	AUTO_FD int fd = memfd_create("vkjail-probe", MFD_CLOEXEC);
	if (fd < 0) {
		(void)err_os(e, errno, NULL, "cannot receive the probe's answer");
		return NULL;
	}
	if (run_probe(host, driver, fd, e) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    fd_read_all(fd, "vkjail-probe", PROBE_MAX, &text, &size, e) < 0)
		return NULL;
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
	if (!root) {
		(void)err_set(e, ERR_CHILD, "vkjail-probe",
			      "answered something that is not JSON: %s", why.text);
		return NULL;
	}
	const char *error = json_string_value(json_object_get(root, "error"));
	if (error) {
		(void)err_set(e, ERR_CHILD, "vkjail-probe", "%s", error);
		const char *hint = json_string_value(json_object_get(root, "hint"));
		(void)err_hint(
		    e, "%s",
		    hint
			? hint
			: "install the Vulkan loader and a driver (Debian: libvulkan1 mesa-vulkan-drivers)");
		json_decref(root);
		return NULL;
	}
	return root;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "?";
}

static void print_device(size_t index, const json_t *d)
{
	const json_t *driver = json_object_get(d, "driver"), *heaps = json_object_get(d, "heaps"),
		     *queues = json_object_get(d, "queues");
	const json_t *budget = json_object_get(d, "budget");
	char size[32], used[32];

	(void)printf("%zu: %s\n", index, text_of(d, "name"));
	(void)printf("   type %s, Vulkan %s, driver %s (%s), uuid %s\n", text_of(d, "type"),
		     text_of(d, "api"), text_of(driver, "name"), text_of(driver, "info"),
		     text_of(d, "uuid"));
	for (size_t i = 0; i < json_array_size(queues); i++) {
		const json_t *q = json_array_get(queues, i), *flags = json_object_get(q, "flags");
		(void)printf("   queue family %zu: %lld x", i,
			     (long long)json_integer_value(json_object_get(q, "count")));
		for (size_t f = 0; f < json_array_size(flags); f++)
			(void)printf(" %s", json_string_value(json_array_get(flags, f))
						? json_string_value(json_array_get(flags, f))
						: "?");
		(void)printf(
		    ", timestamps of %lld bits\n",
		    (long long)json_integer_value(json_object_get(q, "timestamp_valid_bits")));
	}
	for (size_t i = 0; i < json_array_size(heaps); i++) {
		const json_t *h = json_array_get(heaps, i), *b = json_array_get(budget, i),
			     *flags = json_object_get(h, "flags");
		(void)printf(
		    "   heap %zu: %s", i,
		    text_print_size((uint64_t)json_integer_value(json_object_get(h, "size")), size,
				    sizeof size));
		for (size_t f = 0; f < json_array_size(flags); f++)
			(void)printf(" %s", json_string_value(json_array_get(flags, f))
						? json_string_value(json_array_get(flags, f))
						: "?");
		if (b)
			(void)printf(", budget %s, in use %s",
				     text_print_size(
					 (uint64_t)json_integer_value(json_object_get(b, "budget")),
					 size, sizeof size),
				     text_print_size(
					 (uint64_t)json_integer_value(json_object_get(b, "usage")),
					 used, sizeof used));
		(void)printf("\n");
	}
	(void)printf("   heap budgets: %s\n", text_of(d, "budget_source"));
	const json_t *loops = json_object_get(d, "loop_limit");
	if (json_is_integer(loops))
		(void)printf(
		    "   caution: this driver silently ends all loops of an invocation after %lld iterations\n",
		    (long long)json_integer_value(loops));
}

int cmd_devices(struct options *o, const struct host *host)
{
	struct err e = ERR_INIT;
	json_t *root = probe_devices(host, o->spec.driver, &e);

	if (!root) {
		say_error(&e);
		return EXIT_VKJAIL;
	}
	const json_t *devices = json_object_get(root, "devices");
	if (o->json) {
		(void)json_dumpf(root, stdout, JSON_INDENT(2));
		(void)printf("\n");
	}
	for (size_t i = 0; !o->json && i < json_array_size(devices); i++)
		print_device(i, json_array_get(devices, i));
	if (!o->json && json_array_size(devices) == 0)
		(void)printf(
		    "no Vulkan devices; install a driver (Debian: mesa-vulkan-drivers has the software driver lavapipe)\n");
	json_decref(root);
	return 0;
}
