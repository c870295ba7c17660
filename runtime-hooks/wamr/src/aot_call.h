/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#pragma once

/* Calls into compiled code from a thread that is stopped in compiled code. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct WASMExecEnv;
struct WASMFuncType;
struct WASMModuleInstance;

/* The one that the calling thread runs compiled code with; NULL if it runs none. */
struct WASMExecEnv* wdbg_aot_current_env(void);
/* Bytes below the caller's frame that the thread may use. */
size_t wdbg_aot_stack_left(const struct WASMExecEnv* env);
/* `function` counts imports. NULL if it is imported, or there is none. */
const struct WASMFuncType* wdbg_aot_function_type(const struct WASMModuleInstance* instance,
                                                  uint32_t function);

/* Calls a function that is not imported; `cells` are the arguments, then the results. False if it
 * did not return: by an exception, or by wdbg_aot_leave(). The stopped code's state in `env` is
 * kept: the cells that it is about to hand to the host, and where exceptions lead. */
bool wdbg_aot_call(struct WASMExecEnv* env, uint32_t function, uint32_t count, uint32_t* cells);
/* Within wdbg_aot_call(), out of compiled code or of a host function: to its caller. */
void wdbg_aot_leave(struct WASMExecEnv* env) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif
