/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#pragma once

/* What compiled (AOT) code passes on its way between guest and host. C, because WAMR's own sources
 * are compiled against it through aot_runtime.c and aot_reloc.c of this folder. */

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct WASMExecEnv;

/* True once a debugger may attach to AOT code; never changes while a guest runs. While it is false,
 * the functions below are not called. */
extern bool wdbg_aot_gate_open;

/* Around aot_call_function(), by which the host calls: returns what after_call() takes. */
void* wdbg_aot_before_call(void);
void wdbg_aot_after_call(void* before);

/* Around the call of a function pointer: is it compiled code of a module? Then it passes the gate.
 */
bool wdbg_aot_is_code(const void* function);
void wdbg_aot_enter_guest(const void* function);
void wdbg_aot_leave_guest(void);

/* An instance of a compiled module, none that is made for a thread, is about to run code for the
 * first time. */
void wdbg_aot_instance_made(const void* instance, const void* code);

/* An exception is about to be set in `exec_env`, and to be spread to the other threads. True if it
 * ends a call that the thread makes for the debugger: it is set, and nobody else's. */
bool wdbg_aot_on_exception(struct WASMExecEnv* exec_env, const char* exception);

/* The helpers that compiled code calls, each with the gate around it (aot_gate.S). */
#define WDBG_AOT_GATED(each)                                                                       \
    each(aot_set_exception_with_id) each(aot_set_exception) each(aot_invoke_native)                \
        each(aot_call_indirect) each(aot_enlarge_memory)                                           \
            each(wasm_runtime_quick_invoke_c_api_native) each(wasm_runtime_atomic_wait)            \
                each(wasm_runtime_atomic_notify) each(aot_memory_init) each(aot_memset)            \
                    each(aot_memmove) each(aot_table_init) each(aot_table_copy)                    \
                        each(aot_table_fill) each(aot_table_grow)

#define WDBG_AOT_DECLARE(name) void wdbg_gated_##name(void);
WDBG_AOT_GATED(WDBG_AOT_DECLARE)
#undef WDBG_AOT_DECLARE

#ifdef __cplusplus
}
#endif
