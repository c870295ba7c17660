/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "aot_call.h"

#include "../common/wasm_exec_env.h"
#include "../common/wasm_runtime_common.h"
#include "aot_runtime.h"

#include <string.h>

#ifndef OS_ENABLE_HW_BOUND_CHECK
#error "exceptions of compiled code are expected to leave it by longjmp"
#endif

enum { argv_cells = 64 }; /* of exec_env->argv_buf: wasm_exec_env_create_internal() */

struct WASMExecEnv* wdbg_aot_current_env(void) {
    return wasm_runtime_get_exec_env_tls();
}

size_t wdbg_aot_stack_left(const WASMExecEnv* env) {
    const uint8_t* here = __builtin_frame_address(0);
    return here > env->native_stack_boundary ? (size_t)(here - env->native_stack_boundary) : 0;
}

static const AOTModule* module_of(const WASMModuleInstance* instance) {
    return (const AOTModule*)instance->module;
}

const WASMFuncType* wdbg_aot_function_type(const WASMModuleInstance* instance, uint32_t function) {
    const AOTModule* module = module_of(instance);
    const uint32_t defined = function - module->import_func_count;
    if (function < module->import_func_count || defined >= module->func_count) {
        return NULL;
    }
    return (const WASMFuncType*)module->types[module->func_type_indexes[defined]];
}

bool wdbg_aot_call(WASMExecEnv* env, uint32_t function, uint32_t count, uint32_t* cells) {
    const WASMModuleInstance* instance = (const WASMModuleInstance*)env->module_inst;
    const AOTModule* module = module_of(instance);
    AOTFunctionInstance called = {.func_name = "", .func_index = function};
    called.u.func.func_type = (AOTFuncType*)wdbg_aot_function_type(instance, function);
    called.u.func.func_ptr = module->func_ptrs[function - module->import_func_count];

    uint32_t arguments_of_host[argv_cells];
    memcpy(arguments_of_host, env->argv_buf, sizeof(arguments_of_host));
    WASMJmpBuf* outer = env->jmpbuf_stack_top;
    env->jmpbuf_stack_top = NULL; /* pthread_exit() leaves for the outermost one */
    const bool done = aot_call_function(env, &called, count, cells);
    env->jmpbuf_stack_top = outer;
    wasm_runtime_set_exec_env_tls(env);
    memcpy(env->argv_buf, arguments_of_host, sizeof(arguments_of_host));
    WASM_SUSPEND_FLAGS_FETCH_AND(env->suspend_flags, ~WASM_SUSPEND_FLAG_EXIT);
    return done;
}

void wdbg_aot_leave(WASMExecEnv* env) {
    os_longjmp(env->jmpbuf_stack_top->jmpbuf, 1);
}
