/* SPDX-License-Identifier: Apache-2.0 */
/* The GPUs of this machine, from /dev, /sys/class/drm and /proc/driver/nvidia. */
#include "host/gpu.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"

const char *const gpu_vendor_names[] = {[VENDOR_OTHER] = "other",
					[VENDOR_NVIDIA] = "NVIDIA",
					[VENDOR_AMD] = "AMD",
					[VENDOR_INTEL] = "Intel",
					[VENDOR_VIRTIO] = "virtio",
					[VENDOR_DXG] = "Windows",
					NULL};

static const struct {
	unsigned long id; /* PCI vendor */
	enum gpu_vendor vendor;
} vendor_ids[] = {{0x10de, VENDOR_NVIDIA},
		  {0x1002, VENDOR_AMD},
		  {0x1022, VENDOR_AMD},
		  {0x8086, VENDOR_INTEL},
		  {0x1af4, VENDOR_VIRTIO}};

enum { TEXT_MAX = 4096 };

struct look {
	struct arena *arena;
	const char *root;
	struct gpu_list *list;
};

/* ---- PCI addresses and UUIDs -------------------------------------------------------------- */

/* Domain, bus, device and function as one number; false when text is no address. */
static bool pci_number(const char *text, unsigned long long *ret)
{
	static const struct {
		int digits, digits_max;
		char end;
	} long_form[] = {{4, 8, ':'}, {2, 2, ':'}, {2, 2, '.'}, {1, 1, '\0'}};
	size_t first = strchr(text, ':') && strchr(strchr(text, ':') + 1, ':') ? 0 : 1;

	*ret = 0;
	for (size_t i = first; i < COUNTOF(long_form); i++) {
		int digits = 0;
		while (isxdigit((unsigned char)text[digits]))
			digits++;
		if (digits < long_form[i].digits || digits > long_form[i].digits_max ||
		    text[digits] != long_form[i].end)
			return false;
		*ret = *ret << 8 | strtoul(text, NULL, 16);
		text += digits + 1;
	}
	return true;
}

bool gpu_is_pci(const char *text)
{
	unsigned long long number;
	return pci_number(text, &number);
}

bool gpu_same_pci(const char *a, const char *b)
{
	unsigned long long x, y;
	return pci_number(a, &x) && pci_number(b, &y) && x == y;
}

bool gpu_has_uuid(const struct host_gpu *g, const char *text)
{
	const char *have = g->uuid;
	size_t digits = 0;

	if (!have)
		return false;
	have += strncasecmp(have, "GPU-", 4) == 0 ? 4 : 0;
	text += strncasecmp(text, "GPU-", 4) == 0 ? 4 : 0;
	for (;; digits++) {
		have += strspn(have, "-");
		text += strspn(text, "-");
		if (!*text || tolower((unsigned char)*have) != tolower((unsigned char)*text))
			return !*text && digits > 0;
		have++;
		text++;
	}
}

const char *gpu_describe(struct arena *a, const struct host_gpu *g)
{
	const char *where = g->pci          ? arena_printf(a, "pci:%s", g->pci)
			    : g->node_count ? g->nodes[0]
					    : "?";

	return arena_printf(a, "%u (%s, %s)", g->index,
			    g->name ? g->name : gpu_vendor_names[g->vendor], where);
}

/* ---- looking ------------------------------------------------------------------------------ */

static const char *rooted(const struct look *l, const char *path)
{
	return l->root[0] ? arena_printf(l->arena, "%s%s", l->root, path) : path;
}

static bool exists(const struct look *l, const char *path)
{
	return access(rooted(l, path), F_OK) == 0;
}

/* A small file of the kernel's, without the newline at its end. False: it can't be read. */
static bool read_text(const char *path, char *text, size_t size)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	if (text[n - 1] == '\n')
		text[n - 1] = '\0';
	return true;
}

/* Calls one for each path that matches, without the root. */
static void each(const struct look *l, const char *pattern,
		 void (*one)(const struct look *l, const char *path, void *with), void *with)
{
	glob_t found;

	if (glob(rooted(l, pattern), 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		one(l, arena_strdup(l->arena, found.gl_pathv[i] + strlen(l->root)), with);
	globfree(&found);
}

static void add_node(const struct look *l, struct host_gpu *g, const char *path)
{
	g->nodes = arena_grow(l->arena, g->nodes, g->node_count, sizeof *g->nodes);
	g->nodes[g->node_count++] = path;
}

static struct host_gpu *add_gpu(const struct look *l, enum gpu_vendor vendor, const char *pci)
{
	for (size_t i = 0; pci && i < l->list->count; i++)
		if (l->list->at[i].pci && gpu_same_pci(l->list->at[i].pci, pci))
			return &l->list->at[i];
	l->list->at = arena_grow(l->arena, l->list->at, l->list->count, sizeof *l->list->at);
	struct host_gpu *g = &l->list->at[l->list->count++];
	*g = (struct host_gpu){.vendor = vendor, .pci = pci};
	return g;
}

static void add_render_node(const struct look *l, const char *path, void *with)
{
	(void)with;

	const char *device = rooted(
	    l, arena_printf(l->arena, "/sys/class/drm/%s/device", strrchr(path, '/') + 1));
	enum gpu_vendor vendor = VENDOR_OTHER;
	const char *pci = NULL;
	char text[64];

	AUTO_FREE char *real = realpath(device, NULL);
	if (real && gpu_is_pci(strrchr(real, '/') + 1))
		pci = arena_strdup(l->arena, strrchr(real, '/') + 1);
	if (read_text(arena_printf(l->arena, "%s/vendor", device), text, sizeof text)) {
		unsigned long id = strtoul(text, NULL, 16);
		for (size_t i = 0; i < COUNTOF(vendor_ids); i++)
			if (vendor_ids[i].id == id)
				vendor = vendor_ids[i].vendor;
	}
	struct host_gpu *g = add_gpu(l, vendor, pci);
	add_node(l, g, path);
	if (vendor == VENDOR_AMD && !g->uuid &&
	    read_text(arena_printf(l->arena, "%s/unique_id", device), text, sizeof text))
		g->uuid = arena_printf(l->arena, "GPU-%s",
				       text + (strncmp(text, "0x", 2) == 0 ? 2 : 0));
}

/* The value of "KEY: \t value" in the text of /proc/driver/nvidia/gpus/ADDRESS/information; NULL. */
static const char *nvidia_value(const struct look *l, const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = text; line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, key, n) != 0 || line[n] != ':')
			continue;
		line += n + 1;
		line += strspn(line, " \t");
		return arena_strndup(l->arena, line, strcspn(line, "\n"));
	}
	return NULL;
}

/* The instances of a GPU that is cut up; not the nodes that cut it up or that watch all of it. */
static void add_mig_node(const struct look *l, const char *path, void *with)
{
	struct host_gpu *g = with;
	char text[256];

	g->has_mig = true;
	if (!read_text(rooted(l, path), text, sizeof text))
		return;
	const char *minor = nvidia_value(l, text, "DeviceFileMinor");
	const char *node = minor ? arena_printf(l->arena, "/dev/nvidia-caps/nvidia-cap%s", minor)
				 : NULL;
	if (node && exists(l, node))
		add_node(l, g, node);
}

/* One directory of /proc/driver/nvidia/gpus, until the one whose minor number is asked for. */
struct nvidia_card {
	const char *minor, *pci, *uuid, *name;
};

static void read_nvidia_card(const struct look *l, const char *path, void *with)
{
	struct nvidia_card *card = with;
	UNINITIALIZED char text[TEXT_MAX];

	if (!read_text(rooted(l, path), text, sizeof text))
		return;
	const char *minor = nvidia_value(l, text, "Device Minor");
	const char *pci = nvidia_value(l, text, "Bus Location");
	if (!minor || strcmp(minor, card->minor) != 0)
		return;
	card->pci = pci && gpu_is_pci(pci) ? pci : NULL;
	card->name = nvidia_value(l, text, "Model");
	card->uuid = nvidia_value(l, text, "GPU UUID");
	/* "GPU-????????-..." until the driver has woken it up */
	if (card->uuid && strchr(card->uuid, '?'))
		card->uuid = NULL;
}

static void add_nvidia_node(const struct look *l, const char *path, void *with)
{
	struct nvidia_card card = {.minor = path + strlen("/dev/nvidia")};

	(void)with;
	if (card.minor[strspn(card.minor, "0123456789")])
		return;
	each(l, "/proc/driver/nvidia/gpus/*/information", read_nvidia_card, &card);
	struct host_gpu *g = add_gpu(l, VENDOR_NVIDIA, card.pci);
	g->vendor = VENDOR_NVIDIA;
	g->name = card.name;
	g->uuid = card.uuid;
	add_node(l, g, path);
	each(l,
	     arena_printf(l->arena, "/proc/driver/nvidia/capabilities/gpu%s/mig/gi*/access",
			  card.minor),
	     add_mig_node, g);
	each(l,
	     arena_printf(l->arena, "/proc/driver/nvidia/capabilities/gpu%s/mig/gi*/ci*/access",
			  card.minor),
	     add_mig_node, g);
}

/* By PCI address, as nvidia-smi and rocm-smi count; those without one behind, by their node. */
static int compare(const void *x, const void *y)
{
	const struct host_gpu *a = x, *b = y;
	unsigned long long m = 0, n = 0;

	if (!a->pci != !b->pci)
		return a->pci ? -1 : 1;
	if (!a->pci)
		return strverscmp(a->nodes[0], b->nodes[0]);
	(void)pci_number(a->pci, &m);
	(void)pci_number(b->pci, &n);
	return (m > n) - (m < n);
}

void gpu_find(struct arena *a, const char *root, struct gpu_list *ret)
{
	const struct look l = {.arena = a, .root = root, .list = ret};

	*ret = (struct gpu_list){.at = NULL};
	/* Each guard spares the machines without that vendor a look through all of /dev. */
	if (exists(&l, "/dev/dri"))
		each(&l, "/dev/dri/renderD*", add_render_node, NULL);
	if (exists(&l, "/dev/nvidiactl"))
		each(&l, "/dev/nvidia[0-9]*", add_nvidia_node, NULL);
	if (exists(&l, "/dev/dxg"))
		add_node(&l, add_gpu(&l, VENDOR_DXG, NULL), "/dev/dxg");
	if (ret->count > 1)
		qsort(ret->at, ret->count, sizeof *ret->at, compare);
	for (size_t i = 0; i < ret->count; i++) {
		struct host_gpu *g = &ret->at[i];
		g->index = (unsigned)i;
		/* access(2) asks the control group's device filter as well. */
		for (size_t n = 0; n < g->node_count && !g->os; n++)
			if (access(rooted(&l, g->nodes[n]), R_OK | W_OK) < 0 &&
			    !strstr(g->nodes[n], "/nvidia-caps/"))
				g->os = errno;
	}
}
