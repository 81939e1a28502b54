/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership by scope: a resource is born into an AUTO_* variable and leaves it only through
 * TAKE_FD/TAKE_PTR or by being stored in a struct whose _done frees it.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void auto_free_(void *p)
{
	free(*(void **)p);
}

/* close(2) is never retried: on Linux the descriptor is gone even after EINTR. */
static inline void auto_close_(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline void auto_fclose_(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

#define AUTO_FREE __attribute__((cleanup(auto_free_)))
#define AUTO_FD   __attribute__((cleanup(auto_close_)))
#define AUTO_FILE __attribute__((cleanup(auto_fclose_)))

static inline int take_fd_(int *fd)
{
	int out = *fd;
	*fd = -1;
	return out;
}

#define TAKE_FD(fd) take_fd_(&(fd))
#define TAKE_PTR(p)                       \
	({                                \
		__typeof__(p) out_ = (p); \
		(p) = NULL;               \
		out_;                     \
	})

/*
 * For large buffers that are written before they are read, on paths where microseconds count: the
 * build has every automatic variable zeroed (-ftrivial-auto-var-init), which touches them all.
 */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define UNINITIALIZED __attribute__((uninitialized))
#endif
#endif
#ifndef UNINITIALIZED
#define UNINITIALIZED
#endif

#define COUNTOF(a) (sizeof(a) / sizeof((a)[0]))
