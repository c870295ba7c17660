// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct AOTObjectData;

struct WdbgBytes {
    const char* data;
    size_t size;
};

/* The ELF object of one code generation, from which the .aot is made: its .text is the .aot's, its
 * debug sections belong to it. Lives as long as the object. */
struct WdbgBytes wdbg_object_bytes(const struct AOTObjectData* object);

#ifdef __cplusplus
}
#endif
