/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much address space a program takes up before its first instruction: elf(5), the span of its
 * loadable segments. execve(2) that finds no room for them kills the process with a bare SIGSEGV.
 */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "plan/parts.h"

enum { HEADERS_MAX = 64 };

static uint64_t span_of(int fd)
{
	Elf64_Ehdr e;
	Elf64_Phdr p[HEADERS_MAX];
	uint64_t low = UINT64_MAX, high = 0;

	if (pread(fd, &e, sizeof e, 0) != sizeof e || memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 ||
	    e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_phentsize != sizeof *p ||
	    e.e_phnum > HEADERS_MAX)
		return 0;
	ssize_t size = (ssize_t)(e.e_phnum * sizeof *p);
	if (pread(fd, p, (size_t)size, (off_t)e.e_phoff) != size)
		return 0;
	for (unsigned i = 0; i < e.e_phnum; i++) {
		if (p[i].p_type != PT_LOAD)
			continue;
		low = p[i].p_vaddr < low ? p[i].p_vaddr : low;
		uint64_t end = p[i].p_vaddr + p[i].p_memsz;
		high = end > high ? end : high;
	}
	return high > low ? high - low : 0;
}

uint64_t plan_image_bytes(const struct plan *p)
{
	AUTO_FD int dir = open(p->workdir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	for (size_t i = 0; p->exec_paths[i]; i++) {
		AUTO_FD int fd = openat(dir, p->exec_paths[i],
					O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd >= 0)
			return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? span_of(fd) : 0;
	}
	return 0;
}
