# SPDX-License-Identifier: Apache-2.0
# Job file and command line -> spec.
