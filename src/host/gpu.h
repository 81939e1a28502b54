/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GPUs of this machine by their device nodes: which there are, what they are called, and which of
 * them this caller may open. Reads only, and opens no node: that would wake a GPU up.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum gpu_vendor {
	VENDOR_OTHER,
	VENDOR_NVIDIA,
	VENDOR_AMD,
	VENDOR_INTEL,
	VENDOR_VIRTIO,
	VENDOR_DXG /* all of Windows' GPUs behind one node */
};

extern const char *const gpu_vendor_names[];

struct host_gpu {
	enum gpu_vendor vendor;
	unsigned index;     /* among all, in the order of their PCI addresses */
	const char *pci;    /* "0000:01:00.0"; NULL: none, or not known */
	const char *uuid;   /* as the vendor's tools print it, "GPU-..."; NULL: not known */
	const char *name;   /* NULL: not known */
	const char **nodes; /* its own; never a card node, which can set modes and more */
	size_t node_count;
	bool has_mig; /* is cut into MIG instances */
	int os;       /* why its nodes can't be opened; 0: they can */
};

struct gpu_list {
	struct host_gpu *at;
	size_t count;
};

/* root stands before /dev, /sys and /proc: "" for this machine. Paths in *ret are without it. */
void gpu_find(struct arena *a, const char *root, struct gpu_list *ret);

/* The domain may be missing or have eight digits. */
bool gpu_is_pci(const char *text);
bool gpu_same_pci(const char *a, const char *b);

/* Whether text is the start of the GPU's UUID, with or without "GPU-" and dashes. */
bool gpu_has_uuid(const struct host_gpu *g, const char *text);

/* "0 (NVIDIA H200, pci:0000:01:00.0)" */
const char *gpu_describe(struct arena *a, const struct host_gpu *g);
