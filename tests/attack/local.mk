# SPDX-License-Identifier: Apache-2.0
# The attacks of tests/t/62*.t.
check_PROGRAMS += tests/attack/attack
tests_attack_attack_SOURCES = tests/attack/attack.h tests/attack/attack.c tests/attack/attack-files.c \
	tests/attack/attack-kernel.c tests/attack/attack-others.c
tests_attack_attack_CPPFLAGS = $(HELPER_CPPFLAGS)
tests_attack_attack_CFLAGS = $(HELPER_CFLAGS)
tests_attack_attack_LDFLAGS =
integration_tests += tests/t/6200-attack.t tests/t/6201-attack-landlock.t
