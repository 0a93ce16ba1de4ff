/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_STRING_H
#define SHIM_LINUX_STRING_H

#include <linux/types.h>

#ifdef XENHOSTGEN_PARSE
void *memset(void *target, int byte, size_t size);
void *memcpy(void *target, const void *source, size_t size);
int memcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *text);
int strcmp(const char *left, const char *right);
#else
#include <string.h>
#endif

#endif
