/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* WAMR's thread manager. Three places are hooked: a trap must be reported before the other threads
 * of the cluster are told to end, a thread that is told to end must not stay parked (and is woken
 * by the engine: WAMR would wait 50 ms for each one that blocks), and one that ends by a longjmp
 * has left guest code.
 *
 * Locks, outermost first: WAMR's cluster list, a cluster, the engine's mutex, an instance's
 * exception. The hooks are called with the first two held, so the engine takes neither. */

#include "thread_manager.h"

#include "aot_hooks.h"
#include "hooks.h"

#define wasm_cluster_set_exception wdbg_spread_exception
#define wasm_runtime_interrupt_blocking_op(exec_env)                                               \
    (wdbg_on_cancel(exec_env) ? (void)0 : (wasm_runtime_interrupt_blocking_op)(exec_env))

#undef os_longjmp
#define os_longjmp(buffer, value) (wdbg_on_exit_thread(exec_env), longjmp(buffer, value))

/* A thread that ends frees its instances with the list of clusters locked. Those that it imports
 * from have clusters of their own, which are taken off that list: WAMR's plain mutex locked itself
 * out. */
#define os_mutex_init(mutex)                                                                       \
    ((mutex) == &cluster_list_lock ? os_recursive_mutex_init(mutex) : (os_mutex_init)(mutex))

#include WDBG_THREAD_MANAGER_SOURCE

#undef wasm_cluster_set_exception

void wasm_cluster_set_exception(WASMExecEnv* exec_env, const char* exception) {
    if (wdbg_aot_gate_open && wdbg_aot_on_exception(exec_env, exception)) {
        return;
    }
    if (!wdbg_defer_exception(exec_env, exception)) {
        wdbg_spread_exception(exec_env, exception);
    }
}
