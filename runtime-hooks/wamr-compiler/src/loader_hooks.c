// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* With WASM_ENABLE_DEBUG_AOT, WAMR's .aot loader announces ELF code to a native debugger
 * (aot/debug). A compiler loads no .aot: nothing here is ever called for a good reason. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool jit_debug_engine_init(void) {
    return true;
}

void jit_debug_engine_destroy(void) {
}

bool jit_code_entry_create(const uint8_t* symfile, uint64_t size) {
    (void)symfile;
    (void)size;
    return true;
}

void jit_code_entry_destroy(const uint8_t* symfile) {
    (void)symfile;
}

bool is_ELF(void* buffer) {
    (void)buffer;
    return false;
}

bool get_text_section(void* buffer, uint64_t* offset, uint64_t* size) {
    (void)buffer;
    (void)offset;
    (void)size;
    return false;
}
