#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The limits on block devices.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3
report=vkjail-report.json

run vkjail run --io-read 10M --cgroup none -- true
like "$err" "warning: the limit 'io-read' is not enforced: needs a control group" 'without a group: told'
run vkjail run --require io-read --io-read 10M --cgroup none -- touch started
status_is 125 'and refused where it is required'
for bad in 0 x -1 'sda=5M' '8:0=' '8:0' '=5M' '8:0=5M,' '8:0=5M,x' ':=3' '8:=3' 1/h /s; do
	run vkjail run "--io-read=$bad" -- touch started
	status_is 125 "io-read: $bad"
	like "$err" '^vkjail: --io-read: ' 'is told'
done
run vkjail run --io-write /nowhere=5M --io-read none -- touch started
if vkjail plan --io-read 1M -- true | grep -q '^ *io-read .*enforced by cgroup'; then
	like "$err" "^vkjail: --io-write: cannot tell the device of '/nowhere'" 'a path that is not there'
	run vkjail run --io-write /proc=5M -- touch started
	like "$err" "^vkjail: --io-write: '/proc' is not a block device, and not on one" 'a file system without a device'
else
	skip 2 'no control group with io to be had here, or no block device'
fi
ok 'none of these was started' test ! -e started

# The directory's own device, if it has one that the kernel can hold back; else nothing can be measured.
if ! vkjail run --io-write "$T=4M" -- true 2>/dev/null ||
	[ "$(report_get $report .limits.io-write.enforced_by)" = null ] ||
	! dd if=/dev/zero of=data bs=4096 count=1 oflag=direct 2>/dev/null; then
	skip 6 'no control group with io to be had here, or the working directory is on no block device'
	done_testing
fi
report_has 'the report says for which device' $report .limits.io-write.unit=bytes/s .limits.io-write.value=4194304
like "$(report_get $report .limits.io-write.from)" '^4MiB/s of [0-9]+:[0-9]+$' 'by its number'
run vkjail run --writable --io-write "$T=4M" -- dd if=/dev/zero of=data bs=1M count=6 oflag=direct
report_has 'io-write: 6 MiB at 4 MiB/s take a second and more' $report .outcome.reason=exited '.times.run_ns>=1000000000' \
	'.usage.group.io_written_bytes>=6291456'
run vkjail run --io-read-ops 40/s -- dd if=data of=/dev/null bs=64k count=60 iflag=direct
report_has 'io-read-ops, of all devices: 60 reads at 40/s take most of a second' $report .outcome.reason=exited '.times.run_ns>=700000000' \
	'.usage.group.io_read_bytes>=3932160'
run vkjail run --io-read-ops 40/s --io-read "$T=1G" --io-read-ops none -- dd if=data of=/dev/null bs=64k count=60 iflag=direct
report_has 'the last one counts' $report .outcome.reason=exited .limits.io-read-ops= '.limits.io-read.value>=1'
case $(report_get $report .sandbox.cgroup.version) in
1)
	run vkjail run --require io-write --io-write 4M -- touch started
	like "$err" 'cgroup v1 does not hold back writes through the page cache' 'cgroup v1: what it cannot do is told' ;;
*) pass 'cgroup v2: writes through the page cache count' ;;
esac
done_testing
