/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* WAMR's thread manager. Two places are hooked: a trap must be reported before the other threads
 * of the cluster are told to end, and a thread that is told to end must not stay parked. */

#include "thread_manager.h"

#include "hooks.h"

#define wasm_cluster_set_exception wdbg_spread_exception
#define wasm_runtime_interrupt_blocking_op(exec_env)                                               \
    (wdbg_on_cancel(exec_env), (wasm_runtime_interrupt_blocking_op)(exec_env))

#include WDBG_THREAD_MANAGER_SOURCE

#undef wasm_cluster_set_exception

void
wasm_cluster_set_exception(WASMExecEnv* exec_env, const char* exception)
{
    if (!wdbg_defer_exception(exec_env, exception)) {
        wdbg_spread_exception(exec_env, exception);
    }
}
