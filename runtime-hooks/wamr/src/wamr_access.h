/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#pragma once

/* What the engine reads and writes in WAMR's structs. WAMR's internal headers are C; this is the
 * one place that includes them, so that the engine (C++) does not depend on their layout.
 *
 * Callers see to it that what they name stays as it is meanwhile: the thread of an execution
 * environment is stopped or is the caller. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct WASMExecEnv;
struct WASMFuncType;
struct WASMFunctionInstance;
struct WASMInterpFrame;
struct WASMMemoryInstance;
struct WASMModule;
struct WASMModuleInstance;

/* --- Execution environments --- */
struct WASMModuleInstance* wdbg_env_instance(const struct WASMExecEnv* env);
struct WASMInterpFrame* wdbg_env_top_frame(const struct WASMExecEnv* env);
/* Sets or clears bits of suspend_flags, atomically. */
void wdbg_env_set_flags(struct WASMExecEnv* env, uint32_t bits);
void wdbg_env_clear_flags(struct WASMExecEnv* env, uint32_t bits);
bool wdbg_env_has_flags(const struct WASMExecEnv* env, uint32_t bits);
bool wdbg_env_terminating(const struct WASMExecEnv* env);
/* The thread leaves guest code at its next branch or call, with WAMR's "terminated by user". */
void wdbg_env_terminate(struct WASMExecEnv* env);
/* If the thread is about to block in a system call, or does: signals it, so that the call returns.
 * False if it does not block. */
bool wdbg_env_wake_blocked(struct WASMExecEnv* env);
/* As often as it takes: waits until the thread does not block any more. */
void wdbg_env_end_blocking(struct WASMExecEnv* env);
/* What the threads of one program have in common; only good for comparing. Takes no lock. */
const void* wdbg_env_cluster(const struct WASMExecEnv* env);
/* Waits until the threads that the guest has started have ended. Needs no lock. */
void wdbg_wait_for_threads(struct WASMModuleInstance* instance);
/* Like WAMR's wasm_set_exception(), but for this thread's instance only. */
void wdbg_env_set_exception(struct WASMExecEnv* env, const char* exception);
/* Copies the exception without its "Exception: " prefix; false if there is none. */
bool wdbg_env_exception(const struct WASMExecEnv* env, char* text, size_t size);
/* Once a call has returned: who has one, this or an instance that it imports from; NULL: nobody. */
struct WASMModuleInstance* wdbg_instance_with_exception(struct WASMModuleInstance* instance);
/* Once a call has returned: that, else the one of an instance that this one imports from. */
bool wdbg_env_call_exception(const struct WASMExecEnv* env, char* text, size_t size);

/* The calling thread runs with another environment, or with none: gives the one before. */
struct WASMExecEnv* wdbg_swap_current_env(struct WASMExecEnv* env);

/* What the guest has handed to proc_exit(). */
uint32_t wdbg_env_exit_code(const struct WASMExecEnv* env);
void wdbg_env_set_exit_code(struct WASMExecEnv* env, uint32_t code);

/* Undoes wdbg_env_terminate() and any other exception of this thread's instance and of those that
 * it imports from. */
void wdbg_env_recover(struct WASMExecEnv* env);

/* --- Frames --- */
struct WdbgFrame {
    struct WASMInterpFrame* caller;
    struct WASMFunctionInstance* function; /* NULL: a frame by which the host called */
    uint8_t* ip;
    uint32_t* locals;       /* cells of 4 bytes */
    uint32_t* stack_bottom; /* not valid for an imported function */
    uint32_t* stack_top;
};

void wdbg_read_frame(const struct WASMInterpFrame* frame, struct WdbgFrame* into);

/* A block that is open in a frame (WAMR's WASMBranchBlock), within the function's own. */
struct WdbgBlock {
    uint8_t* begin;
    uint8_t* target;
    uint32_t below; /* cells on the operand stack when it was entered */
    uint32_t cells; /* that a branch to it carries */
};

/* The frame goes on at `ip`, with these blocks open, outermost first. False if they do not fit. */
bool wdbg_frame_jump(struct WASMInterpFrame* frame, uint8_t* ip, const struct WdbgBlock* blocks,
                     size_t count);

/* --- Functions --- */
bool wdbg_function_is_import(const struct WASMFunctionInstance* function);
void wdbg_import_names(const struct WASMFunctionInstance* function, const char** module,
                       const char** field);
uint32_t wdbg_function_local_count(const struct WASMFunctionInstance* function);
/* Type (binary format's number) and position in cells of a parameter or local. */
uint8_t wdbg_function_local(const struct WASMFunctionInstance* function, uint32_t index,
                            uint32_t* cell);
bool wdbg_instance_has_function(const struct WASMModuleInstance* instance,
                                const struct WASMFunctionInstance* function, uint32_t* index);

/* NULL if there is none. */
struct WASMFunctionInstance* wdbg_instance_function(const struct WASMModuleInstance* instance,
                                                    uint32_t index);
const struct WASMFuncType* wdbg_function_type(const struct WASMFunctionInstance* function);
/* Parameters and results: how many, and the type (binary format's number) of each. */
uint32_t wdbg_type_param_count(const struct WASMFuncType* type);
uint32_t wdbg_type_result_count(const struct WASMFuncType* type);
uint8_t wdbg_type_param(const struct WASMFuncType* type, uint32_t index);
uint8_t wdbg_type_result(const struct WASMFuncType* type, uint32_t index);

/* --- Instances --- */
struct WASMModule* wdbg_instance_module(const struct WASMModuleInstance* instance);
/* Instances that this one imports from, by position; NULL behind the last. Of compiled modules too.
 */
struct WASMModuleInstance* wdbg_instance_import(const struct WASMModuleInstance* instance,
                                                uint32_t position);
uint32_t wdbg_instance_memory_count(const struct WASMModuleInstance* instance);
struct WASMMemoryInstance* wdbg_instance_memory(const struct WASMModuleInstance* instance,
                                                uint32_t index);
/* Globals: of compiled modules' instances too. */
uint32_t wdbg_instance_global_count(const struct WASMModuleInstance* instance);
/* Where the global's value is, through imports; NULL if there is no such global. */
uint8_t* wdbg_instance_global(const struct WASMModuleInstance* instance, uint32_t index,
                              uint8_t* type, bool* is_mutable);
/* False if there is no such element. `*value` is UINT32_MAX for a null reference. */
bool wdbg_instance_table_element(const struct WASMModuleInstance* instance, uint32_t table,
                                 uint64_t index, uint8_t* type, uint32_t* value);

/* --- Memories --- */
uint8_t* wdbg_memory_data(const struct WASMMemoryInstance* memory);
uint64_t wdbg_memory_size(const struct WASMMemoryInstance* memory);
bool wdbg_memory_is_shared(const struct WASMMemoryInstance* memory);

/* --- Modules --- */
/* Compiled modules are AOTModules, which start as a WASMModule does. */
bool wdbg_module_is_aot(const struct WASMModule* module);
/* The native code of a compiled module, without WAMR's jump table for far calls, which lies behind
 * it and leads to the host. */
void wdbg_module_aot_code(const struct WASMModule* module, const void** code, uint64_t* size);
/* How many functions a compiled module imports. */
uint32_t wdbg_module_aot_imports(const struct WASMModule* module);
/* The first function import that nothing provides; false if there is none. */
bool wdbg_module_unresolved_import(const struct WASMModule* module, const char** module_name,
                                   const char** field);
/* What WAMR's loader lets pass in a damaged .aot, and would crash on later; NULL if it is sound. */
const char* wdbg_module_damage(const struct WASMModule* module);
/* Whether a native or module import of this kind exists at all. */
struct WASMModule* wdbg_module_import(const struct WASMModule* module, uint32_t position,
                                      const char** name);

#ifdef __cplusplus
}
#endif
