/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef WDBG_MODULE_TABLE_WAMR_H
#define WDBG_MODULE_TABLE_WAMR_H

/* The module table for those who have WAMR's own sources at hand: src/module_table_wamr.c finds the
 * code itself. */

#include "wdbg_module_table.h"

#ifdef __cplusplus
extern "C" {
#endif

struct WASMModuleInstanceCommon;

/* After wasm_runtime_instantiate(). `name` and `build_id` as in WdbgModuleInfo. Returns the serial
 * for wdbg_module_unloaded(), which belongs before wasm_runtime_deinstantiate(); 0 if the module is
 * not compiled or the table is full. */
uint32_t wdbg_module_instantiated(const struct WASMModuleInstanceCommon* instance, const char* name,
                                  const uint8_t* build_id, size_t build_id_size);

#ifdef __cplusplus
}
#endif

#endif
