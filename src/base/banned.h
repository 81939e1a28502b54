/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forced into every translation unit of src/ (-include): calls that have no safe use here do
 * not compile. The system headers come first because a poisoned name may not even be declared.
 */
#pragma once

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atoll atof system popen tmpnam \
    mktemp
