/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef _PLATFORM_INTERNAL_H
#define _PLATFORM_INTERNAL_H

/* WAMR's platform layer for one thread without an operating system: a C library and nothing else.
 */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BH_PLATFORM_WDBG_BARE

#define BH_APPLET_PRESERVED_STACK_SIZE (2 * 1024)
#define BH_THREAD_DEFAULT_PRIORITY 0

/* One thread: nothing to lock. */
typedef int korp_tid;
typedef int korp_mutex;
typedef int korp_cond;
typedef int korp_thread;
typedef int korp_rwlock;
typedef int korp_sem;

#define OS_THREAD_MUTEX_INITIALIZER 0
#define os_thread_local_attribute
#define os_getpagesize() 4096
#define bh_socket_t int

typedef int os_file_handle;
typedef void* os_dir_stream;
typedef int os_raw_file_handle;
typedef int os_poll_file_handle;
typedef unsigned int os_nfds_t;
typedef int os_timespec;

static inline os_file_handle os_get_invalid_handle(void) {
    return -1;
}

#ifdef __cplusplus
}
#endif

#endif
