# SPDX-License-Identifier: Apache-2.0
# The seccomp filter: profiles, the program compiled from them at build time.
