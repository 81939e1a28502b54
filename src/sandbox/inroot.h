/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a path below a root whose contents may be hostile: links cannot lead out of it. */
#pragma once

/*
 * O_PATH descriptor of path as seen with root_fd as the root directory; symbolic links are
 * followed inside it, "magic" ones of proc never. "" is the root itself. -1 with errno.
 * openat2(2) where the kernel has it, else component by component.
 */
int inroot_open(int root_fd, const char *path);

/* The fallback alone, for kernels or containers that answer ENOSYS. No final symbolic link to a mount is missed. */
int inroot_open_walk(int root_fd, const char *path);
