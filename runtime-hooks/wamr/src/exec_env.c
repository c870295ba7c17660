/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* WAMR's execution environments. The engine learns when one ends, and a large wasm stack costs
 * memory only as far as it is used: WAMR clears all of it, though frames initialise what they
 * use; here only the struct in front of it is cleared. */

#include "../aot/aot_runtime.h"
#include "../common/wasm_runtime_common.h"
#include "../interpreter/wasm_runtime.h"
#include "../libraries/thread-mgr/thread_manager.h"
#include "hooks.h"
#include "wasm_exec_env.h"

#define memset(destination, value, size)                                                           \
    (memset)(destination, value, offsetof(WASMExecEnv, wasm_stack_u.bottom))
#define os_mutex_destroy(mutex) (wdbg_on_exec_env_destroyed(exec_env), (os_mutex_destroy)(mutex))

#include WDBG_EXEC_ENV_SOURCE
