/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#pragma once

/* What WAMR's interpreter loop, thread manager and execution environments call in the engine.
 *
 * C, because the callers are WAMR's own sources, compiled through interp_debug.c, interp_plain.c,
 * thread_manager.c, exec_env.c and depended_modules.c of this folder. Each function is called on
 * the guest's thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct WASMExecEnv;
struct WASMModuleInstance;
struct WASMFunctionInstance;
struct WASMInterpFrame;

/* A bit of exec_env->suspend_flags.flags that WAMR does not use: the thread calls
 * wdbg_on_attention() before its next instruction. The loop reads the word once per instruction. */
#define WDBG_ATTENTION 0x40000000U

/* The byte that stands in the code where a breakpoint is planted; no opcode has this number. */
#define WDBG_BREAK_OPCODE 0xdcU

/* True once a debugger may attach: decides which loop runs. Never changes while a guest runs. */
extern bool wdbg_hooks_enabled;

/* Both loops, compiled from the same source. */
void wdbg_interp_plain(struct WASMModuleInstance*, struct WASMExecEnv*,
                       struct WASMFunctionInstance*, uint32_t argc, uint32_t argv[]);
void wdbg_interp_debug(struct WASMModuleInstance*, struct WASMExecEnv*,
                       struct WASMFunctionInstance*, uint32_t argc, uint32_t argv[]);

/* Before the instruction at frame->ip executes, with the frame's registers stored in the frame. */
void wdbg_on_attention(struct WASMExecEnv* exec_env);

/* A planted byte was fetched at frame->ip. Returns the opcode to execute in its place. */
uint8_t wdbg_on_break(struct WASMExecEnv* exec_env);

/* Of the instruction at `ip`, planted or not. */
uint8_t wdbg_original_opcode(const uint8_t* ip);

/* An exception reached the loop; frame->ip is the instruction that raised it, or the one that
 * called what raised it. */
void wdbg_on_exception(struct WASMExecEnv* exec_env);

/* Around every call out of the loop that may block. */
void wdbg_host_call_enter(struct WASMExecEnv* exec_env);
void wdbg_host_call_leave(struct WASMExecEnv* exec_env);

/* Around a call into another module's instance: WAMR clears the calling frame's ip meanwhile. */
void wdbg_import_call_enter(struct WASMExecEnv* exec_env, struct WASMInterpFrame* frame,
                            uint8_t* return_ip);

/* The copy without planted bytes of the code that contains `start`; false while nothing was ever
 * planted there. */
bool wdbg_unplanted_code(const uint8_t* start, uint8_t** running, uint8_t** unplanted,
                         size_t* size);

/* The plain loop is about to unwind an exception; frame->ip is behind the opcode that raised it. */
void wdbg_note_exception(struct WASMExecEnv* exec_env);

/* WAMR is about to spread an exception to all threads of the cluster. Returns true if the engine
 * takes it over: the threads stay as they are until the trap has been reported. */
bool wdbg_defer_exception(struct WASMExecEnv* exec_env, const char* exception);
/* The real wasm_cluster_set_exception(). */
void wdbg_spread_exception(struct WASMExecEnv* exec_env, const char* exception);

/* The thread is to end: it must not stay parked. Returns true if the engine sees to it that it
 * leaves the system call it may block in; the caller does not wait for that. */
bool wdbg_on_cancel(struct WASMExecEnv* exec_env);

/* The thread leaves all guest code by a longjmp (pthread_exit). */
void wdbg_on_exit_thread(struct WASMExecEnv* exec_env);

/* An instance, compiled or interpreted, is about to be freed with what it imports from. */
void wdbg_on_instance_destroyed(struct WASMModuleInstance* instance);

/* The execution environment is about to be freed. */
void wdbg_on_exec_env_destroyed(struct WASMExecEnv* exec_env);

/* A module imports from the one with this name, which is loaded and of the other kind. */
void wdbg_wants_other_kind(const char* name);

#ifdef __cplusplus
}
#endif
