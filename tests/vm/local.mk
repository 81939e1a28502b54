# SPDX-License-Identifier: Apache-2.0
# The integration tests once more on other kernels, with User Mode Linux. 'make check-vm' runs them,
# 'make vm-kernels' fetches an older and a newer kernel from Debian's other releases for it.
# The ones that take longest come first, for 'make -j2 check-vm'.
vm_tests = tests/vm/root.t tests/vm/systemd.t tests/vm/old.t tests/vm/login.t tests/vm/user.t tests/vm/new.t tests/vm/bare.t \
	tests/vm/swap.t tests/vm/swap-old.t
EXTRA_DIST += $(vm_tests) tests/vm/adversaries tests/lib/adversary-table.py tests/vm/fetch-kernel tests/vm/guest tests/vm/guest-systemd tests/vm/init \
	tests/vm/merge tests/vm/orders tests/vm/run

# What the first machine runs, and the others: what has to do with the kernel, in minutes. For a longer
# look: make check-vm VM_TESTS='tests/t/... tests/t/...'; all of the suite takes hours in there.
VM_TESTS = tests/t/2003-process.t tests/t/3000-reasons.t tests/t/3400-rlimits.t tests/t/3500-cgroup.t tests/t/3544-devices.t tests/t/3505-adversaries.t \
	tests/t/3540-cpus-and-shares.t tests/t/3541-io.t tests/t/3542-group-events.t tests/t/3543-memory-at-exec.t tests/t/3570-slow-death.t
VM_LIMIT_TESTS = tests/t/2003-process.t tests/t/3500-cgroup.t tests/t/3544-devices.t tests/t/3520-scope.t tests/t/3540-cpus-and-shares.t tests/t/3541-io.t \
	tests/t/3542-group-events.t tests/t/3543-memory-at-exec.t
check-vm: all
	@VM_TESTS='$(VM_TESTS)' VM_LIMIT_TESTS='$(VM_LIMIT_TESTS)' $(MAKE) $(AM_MAKEFLAGS) check TEST_SECONDS=5400 TESTS='$(vm_tests)'
# The table of docs/limits.md, anew.
adversaries: all
	@$(MAKE) $(AM_MAKEFLAGS) check TESTS= >/dev/null
	@top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' $(SHELL) $(srcdir)/tests/vm/adversaries '$(abs_top_srcdir)/docs/limits.md'
vm-kernels: vm-kernels/old/linux.uml vm-kernels/new/linux.uml
vm-kernels/old/linux.uml:
	@$(SHELL) $(srcdir)/tests/vm/fetch-kernel bullseye vm-kernels/old
vm-kernels/new/linux.uml:
	@$(SHELL) $(srcdir)/tests/vm/fetch-kernel trixie vm-kernels/new
clean-local:
	rm -rf vm-kernels
.PHONY: adversaries check-vm vm-kernels
