/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "platform_api_extension.h"
#include "platform_api_vmcore.h"

int bh_platform_init(void) {
    return 0;
}

void bh_platform_destroy(void) {
}

/* The runtime has a pool of its own: Alloc_With_Pool. */
void* os_malloc(unsigned size) {
    (void)size;
    return NULL;
}

void* os_realloc(void* pointer, unsigned size) {
    (void)pointer;
    (void)size;
    return NULL;
}

void os_free(void* pointer) {
    (void)pointer;
}

int os_printf(const char* format, ...) {
    (void)format;
    return 0;
}

int os_vprintf(const char* format, va_list arguments) {
    (void)format;
    (void)arguments;
    return 0;
}

int os_dumps_proc_mem_info(char* out, unsigned int size) {
    (void)out;
    (void)size;
    return -1;
}

uint64 os_time_get_boot_us(void) {
    return 0;
}

uint64 os_time_thread_cputime_us(void) {
    return 0;
}

korp_tid os_self_thread(void) {
    return 0;
}

uint8* os_thread_get_stack_boundary(void) {
    return NULL;
}

void os_thread_jit_write_protect_np(bool enabled) {
    (void)enabled;
}

int os_mutex_init(korp_mutex* mutex) {
    *mutex = 0;
    return 0;
}

int os_mutex_destroy(korp_mutex* mutex) {
    (void)mutex;
    return 0;
}

int os_mutex_lock(korp_mutex* mutex) {
    (void)mutex;
    return 0;
}

int os_mutex_unlock(korp_mutex* mutex) {
    (void)mutex;
    return 0;
}

int os_cond_init(korp_cond* cond) {
    *cond = 0;
    return 0;
}

int os_cond_destroy(korp_cond* cond) {
    (void)cond;
    return 0;
}

/* Compiled code needs a home that may run: all memory may, here. */
void* os_mmap(void* hint, size_t size, int prot, int flags, os_file_handle file) {
    (void)hint;
    (void)prot;
    (void)flags;
    (void)file;
    void* memory = BH_MALLOC((unsigned)size);
    if (memory) {
        memset(memory, 0, size);
    }
    return memory;
}

void* os_mremap(void* old_address, size_t old_size, size_t new_size) {
    return os_mremap_slow(old_address, old_size, new_size);
}

void os_munmap(void* address, size_t size) {
    (void)size;
    BH_FREE(address);
}

int os_mprotect(void* address, size_t size, int prot) {
    (void)address;
    (void)size;
    (void)prot;
    return 0;
}

void os_dcache_flush(void) {
}

void os_icache_flush(void* start, size_t length) {
    (void)start;
    (void)length;
    __asm__ volatile("" ::: "memory");
}
