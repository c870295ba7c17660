// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* WAMR's .aot emitter, unpatched, with the debug option off for this one file: otherwise it puts
 * the whole ELF object, debug information included, where the .aot's code belongs, and only a
 * runtime built with the option loads that. The headers come first so that the structs stay those
 * of the rest of the compiler. */
#include "../aot/aot_runtime.h"
#include "aot_compiler.h"
#include "aot_emit_aot_file.h"
#include "aot_llvm.h"

#undef WASM_ENABLE_DEBUG_AOT
#define WASM_ENABLE_DEBUG_AOT 0
#include "aot_emit_aot_file.c"
#include "emitter.h"

struct WdbgBytes wdbg_object_bytes(const AOTObjectData* object) {
    struct WdbgBytes bytes;
    bytes.data = LLVMGetBufferStart(object->mem_buf);
    bytes.size = LLVMGetBufferSize(object->mem_buf);
    return bytes;
}
