# SPDX-License-Identifier: Apache-2.0
# Written by hand in mdoc(7); the source is what is installed.
dist_man_MANS += man/vkjail.1 man/vkjail-job.5 man/vkjail-profile.5 man/vkjail-report.5 man/vkjail-sandbox.7
