/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* WAMR's table of the helpers that compiled code calls, for x86-64. Those that may block, call the
 * guest back or end it lead through the gate; the table's names stay as they are (REG_SYM turns
 * its argument into text before macros are expanded). */

#include "aot_reloc.h"

#include "aot_hooks.h"

#define aot_set_exception_with_id wdbg_gated_aot_set_exception_with_id
#define aot_set_exception wdbg_gated_aot_set_exception
#define aot_invoke_native wdbg_gated_aot_invoke_native
#define aot_call_indirect wdbg_gated_aot_call_indirect
#define aot_enlarge_memory wdbg_gated_aot_enlarge_memory
#define wasm_runtime_quick_invoke_c_api_native wdbg_gated_wasm_runtime_quick_invoke_c_api_native
#define wasm_runtime_atomic_wait wdbg_gated_wasm_runtime_atomic_wait
#define wasm_runtime_atomic_notify wdbg_gated_wasm_runtime_atomic_notify
#define aot_memory_init wdbg_gated_aot_memory_init
#define aot_memset wdbg_gated_aot_memset
#define aot_memmove wdbg_gated_aot_memmove
#define aot_table_init wdbg_gated_aot_table_init
#define aot_table_copy wdbg_gated_aot_table_copy
#define aot_table_fill wdbg_gated_aot_table_fill
#define aot_table_grow wdbg_gated_aot_table_grow

#include WDBG_AOT_RELOC_SOURCE
