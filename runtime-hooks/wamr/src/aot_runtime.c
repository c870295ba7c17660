/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* WAMR's AOT runtime, with the gate where the host calls compiled code: around aot_call_function(),
 * which a trap leaves by longjmp, and around the call of a function pointer that is a module's
 * code. */

#include "aot_runtime.h"

#include "../common/wasm_memory.h"
#include "../common/wasm_runtime_common.h"
#include "../common/wasm_shared_memory.h"
#include "../compilation/aot_stack_frame.h"
#include "../interpreter/wasm_runtime.h"
#include "../libraries/thread-mgr/thread_manager.h"
#include "aot_hooks.h"
#include "aot_traps.h"
#include "bh_log.h"
#include "hooks.h"
#include "mem_alloc.h"

static bool invoke_through_gate(WASMExecEnv* exec_env, void* function, const WASMFuncType* type,
                                const char* signature, void* attachment, uint32* argv, uint32 argc,
                                uint32* results) {
    if (!wdbg_aot_gate_open || !wdbg_aot_is_code(function)) {
        return wasm_runtime_invoke_native(exec_env, function, type, signature, attachment, argv,
                                          argc, results);
    }
    wdbg_aot_enter_guest(function);
    const bool done = wasm_runtime_invoke_native(exec_env, function, type, signature, attachment,
                                                 argv, argc, results);
    wdbg_aot_leave_guest();
    return done;
}

static bool call_without_gate(WASMExecEnv*, AOTFunctionInstance*, unsigned argc, uint32 argv[]);

bool aot_call_function(WASMExecEnv* exec_env, AOTFunctionInstance* function, unsigned argc,
                       uint32 argv[]) {
    if (!wdbg_aot_gate_open) {
        wdbg_aot_note_faults();
        return call_without_gate(exec_env, function, argc, argv);
    }
    void* before = wdbg_aot_before_call();
    const bool done = call_without_gate(exec_env, function, argc, argv);
    wdbg_aot_after_call(before);
    return done;
}

static bool call_indirect_without_gate(WASMExecEnv*, uint32 table, uint32 element, uint32 argc,
                                       uint32* argv);

/* Called by the host (a new thread's start routine), and by compiled code for imports. */
bool aot_call_indirect(WASMExecEnv* exec_env, uint32 table, uint32 element, uint32 argc,
                       uint32* argv) {
    if (!wdbg_aot_gate_open) {
        wdbg_aot_note_faults();
        return call_indirect_without_gate(exec_env, table, element, argc, argv);
    }
    void* before = wdbg_aot_before_call();
    const bool done = call_indirect_without_gate(exec_env, table, element, argc, argv);
    wdbg_aot_after_call(before);
    return done;
}

/* The definitions become the functions without a gate, and so do WAMR's own calls of them in this
 * file, which are made from within another one or while the module is instantiated. */
#define aot_call_function call_without_gate
#define aot_call_indirect call_indirect_without_gate
#define wasm_runtime_invoke_native invoke_through_gate

/* What a thread's instance imports from is cloned for the thread as well. */
static __thread uint32 clones_being_made;

static void begin_imports(const AOTModule* module, const void* instance, bool is_clone) {
    if (!is_clone && clones_being_made == 0) {
        wdbg_aot_instance_made(instance, module->code);
    }
    clones_being_made += is_clone;
}

static bool end_imports(bool done, bool is_clone) {
    clones_being_made -= is_clone;
    return done;
}

/* In aot_instantiate(), before any code of the instance runs; `parent` is what a thread's instance
 * is cloned from. And in aot_deinstantiate(), which also ends an instantiation that fails. */
#define wasm_runtime_sub_module_instantiate(module, instance, ...)                                 \
    (begin_imports((const AOTModule*)(module), instance, parent != NULL),                          \
     end_imports((wasm_runtime_sub_module_instantiate)(module, instance, __VA_ARGS__),             \
                 parent != NULL))
#define wasm_runtime_sub_module_deinstantiate(instance)                                            \
    (wdbg_on_instance_destroyed((WASMModuleInstance*)(instance)),                                  \
     (wasm_runtime_sub_module_deinstantiate)(instance))

#include WDBG_AOT_RUNTIME_SOURCE
