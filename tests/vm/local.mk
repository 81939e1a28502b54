# SPDX-License-Identifier: Apache-2.0
# The integration tests once more on other kernels, with User Mode Linux. 'make check-vm' runs them,
# 'make vm-kernels' fetches an older and a newer kernel from Debian's other releases for it.
vm_tests = tests/vm/root.t tests/vm/user.t tests/vm/systemd.t tests/vm/login.t \
	tests/vm/old.t tests/vm/new.t
EXTRA_DIST += $(vm_tests) tests/vm/fetch-kernel tests/vm/guest tests/vm/guest-systemd tests/vm/init \
	tests/vm/merge tests/vm/orders tests/vm/run

# What the first machine runs, and the others; docs, tables and the real programs have nothing to do
# with the kernel.
VM_TESTS = $(filter-out tests/t/0% tests/t/6%,$(integration_tests))
VM_LIMIT_TESTS = $(filter tests/t/2003% tests/t/3%,$(integration_tests))
check-vm: all
	@VM_TESTS='$(VM_TESTS)' VM_LIMIT_TESTS='$(VM_LIMIT_TESTS)' $(MAKE) $(AM_MAKEFLAGS) check TEST_SECONDS=5400 TESTS='$(vm_tests)'
vm-kernels: vm-kernels/old/linux.uml vm-kernels/new/linux.uml
vm-kernels/old/linux.uml:
	@$(SHELL) $(srcdir)/tests/vm/fetch-kernel bullseye vm-kernels/old
vm-kernels/new/linux.uml:
	@$(SHELL) $(srcdir)/tests/vm/fetch-kernel trixie vm-kernels/new
clean-local:
	rm -rf vm-kernels
.PHONY: check-vm vm-kernels
