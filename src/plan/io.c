/* SPDX-License-Identifier: Apache-2.0 */
/* The limits on block devices: a line for each device and limit, in v2 to one file, in v1 to four. */
#include <string.h>

#include "base/auto.h"
#include "host/block.h"
#include "plan/parts.h"

static const struct {
	enum limit limit;
	const char *key;  /* in io.max of v2 */
	const char *file; /* in v1 */
} files[] = {
    {LIMIT_IO_READ, "rbps", "blkio.throttle.read_bps_device"},
    {LIMIT_IO_WRITE, "wbps", "blkio.throttle.write_bps_device"},
    {LIMIT_IO_READ_OPS, "riops", "blkio.throttle.read_iops_device"},
    {LIMIT_IO_WRITE_OPS, "wiops", "blkio.throttle.write_iops_device"},
};

/* Of one that the user named the limit has to hold; of all there are, some may not know limits. */
static void add_device(struct plan *p, size_t row, const char *device, uint64_t value, bool named)
{
	unsigned long long n = value;
	const char *from = p->limit_from[files[row].limit];
	char shown[32];

	if (p->group.version == CGROUP_V2)
		plan_setting(p, CGROUP_IO, "io.max",
			     arena_printf(&p->arena, "%s %s=%llu", device, files[row].key, n),
			     named);
	else
		plan_setting(p, CGROUP_IO, files[row].file,
			     arena_printf(&p->arena, "%s %llu", device, n), named);
	(void)limit_print(files[row].limit, value, shown, sizeof shown);
	p->limit_from[files[row].limit] = arena_printf(&p->arena, "%s%s%s of %s", from ? from : "",
						       from ? ", " : "", shown, device);
}

static int set_row(struct plan *p, const struct spec *spec, size_t row, struct err *e)
{
	enum limit id = files[row].limit;
	bool by_device = false;
	size_t count;

	for (size_t i = 0; i < spec->io_count; i++) {
		const struct spec_io *io = &spec->io[i];
		if (io->limit != id)
			continue;
		by_device = true;
		const char *device = block_of(&p->arena, io->device, io->where, e);
		if (!device)
			return -1;
		add_device(p, row, device, io->value, true);
	}
	if (by_device)
		return 0;
	const char **list = block_list(&p->arena, &count);
	for (size_t i = 0; i < count; i++)
		add_device(p, row, list[i], p->limits.value[id], false);
	if (count == 0)
		p->coverage[id] = (struct coverage){
		    .unavailable = "this machine has no block device"};
	return 0;
}

int plan_io(struct plan *p, const struct spec *spec, struct err *e)
{
	if (!(p->group.controllers & CGROUP_BIT(CGROUP_IO)))
		return 0;
	for (size_t row = 0; row < COUNTOF(files); row++)
		if (limit_is_set(&p->limits, files[row].limit) && set_row(p, spec, row, e) < 0)
			return -1;
	return 0;
}
