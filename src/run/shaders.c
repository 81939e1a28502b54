/* SPDX-License-Identifier: Apache-2.0 */
/* See shaders.h. What is no SPIR-V is text, and only text has includes. */
#include "run/shaders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/auto.h"
#include "base/fd.h"
#include "run/include.h"

static bool is_spirv(const char *data, size_t size)
{
	static const char magic[2][4] = {"\x03\x02\x23\x07", "\x07\x23\x02\x03"};

	return size >= 4 && (memcmp(data, magic[0], 4) == 0 || memcmp(data, magic[1], 4) == 0);
}

static int add_kernel(int fd, struct includes *in, const struct compute_kernel *k, uint64_t used,
		      struct shader_place *ret, struct err *e)
{
	AUTO_FREE char *text = NULL;
	size_t size;

	if (fd_read_file(AT_FDCWD, k->shader_path, SHADER_BYTES, &text, &size, e) < 0)
		return err_in(e, "%s", k->where);
	if (!is_spirv(text, size)) {
		struct include_text whole;
		if (includes_expand(in, k, &(struct include_text){text, size}, &whole, e) < 0)
			return -1;
		free(text);
		text = whole.text;
		size = whole.size;
	}
	if (size > SHADERS_BYTES - used)
		return err_bad(e, k->where, "all shaders of the job have more than %d bytes",
			       SHADERS_BYTES);
	if (fd_write_all(fd, text, size) < 0)
		return err_os(e, errno, k->where, "cannot hand the shader over");
	*ret = (struct shader_place){.offset = used, .size = size};
	return 0;
}

int shaders_read(const struct spec *spec, struct shader_place *places, struct err *e)
{
	const struct compute *c = spec->compute;
	AUTO_FD int fd = memfd_create("vkjail-shaders", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct includes in;
	uint64_t used = 0;
	int rc = 0;

	if (fd < 0)
		return err_os(e, errno, c->where, "cannot hand the shaders over");
	includes_init(&in, spec->file_dir ? spec->file_dir : ".");
	for (size_t i = 0; i < c->kernel_count && rc == 0; i++) {
		rc = add_kernel(fd, &in, &c->kernels[i], used, &places[i], e);
		used += rc == 0 ? places[i].size : 0;
	}
	includes_done(&in);
	if (rc < 0)
		return -1;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return err_os(e, errno, c->where, "cannot hand the shaders over");
	return TAKE_FD(fd);
}
