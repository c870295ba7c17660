/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "wamr_access.h"

#include "../aot/aot_runtime.h"
#include "../common/wasm_exec_env.h"
#include "../common/wasm_runtime_common.h"
#include "../libraries/thread-mgr/thread_manager.h"
#include "wasm_interp.h"
#include "wasm_runtime.h"

#include <string.h>

static const AOTModule* aot_module_of(const WASMModuleInstance* instance) {
    return instance->module_type == Wasm_Module_AoT ? (const AOTModule*)instance->module : NULL;
}

struct WASMModuleInstance* wdbg_env_instance(const WASMExecEnv* env) {
    return (WASMModuleInstance*)env->module_inst;
}

struct WASMInterpFrame* wdbg_env_top_frame(const WASMExecEnv* env) {
    return __atomic_load_n(&env->cur_frame, __ATOMIC_RELAXED);
}

void wdbg_env_set_flags(WASMExecEnv* env, uint32_t bits) {
    __atomic_fetch_or(&env->suspend_flags.flags, bits, __ATOMIC_SEQ_CST);
}

void wdbg_env_clear_flags(WASMExecEnv* env, uint32_t bits) {
    __atomic_fetch_and(&env->suspend_flags.flags, ~bits, __ATOMIC_SEQ_CST);
}

bool wdbg_env_has_flags(const WASMExecEnv* env, uint32_t bits) {
    return (__atomic_load_n(&env->suspend_flags.flags, __ATOMIC_SEQ_CST) & bits) != 0;
}

bool wdbg_env_terminating(const WASMExecEnv* env) {
    return wdbg_env_has_flags(env, WASM_SUSPEND_FLAG_TERMINATE);
}

bool wdbg_env_wake_blocked(WASMExecEnv* env) {
    if (!wdbg_env_has_flags(env, WASM_SUSPEND_FLAG_BLOCKING)) {
        return false;
    }
    os_wakeup_blocking_op(env->handle);
    return true;
}

void wdbg_env_end_blocking(WASMExecEnv* env) {
    wasm_runtime_interrupt_blocking_op(env);
}

const void* wdbg_env_cluster(const WASMExecEnv* env) {
    return env->cluster;
}

void wdbg_wait_for_threads(WASMModuleInstance* instance) {
    WASMExecEnv* env = wasm_runtime_get_exec_env_singleton((WASMModuleInstanceCommon*)instance);
    if (env && env->cluster) {
        wasm_cluster_wait_for_all_except_self(env->cluster, env);
    }
}

static WASMModuleInstance* instance_of(const WASMExecEnv* env) {
    return (WASMModuleInstance*)env->module_inst;
}

void wdbg_env_set_exception(WASMExecEnv* env, const char* exception) {
    WASMModuleInstance* instance = instance_of(env);
    os_mutex_lock(&instance->e->common.exception_lock);
    snprintf(instance->cur_exception, sizeof(instance->cur_exception), "Exception: %s", exception);
    os_mutex_unlock(&instance->e->common.exception_lock);
}

void wdbg_env_terminate(WASMExecEnv* env) {
    wdbg_env_set_exception(env, "terminated by user");
    wdbg_env_set_flags(env, WASM_SUSPEND_FLAG_TERMINATE);
}

static void clear_exceptions(WASMModuleInstance* instance) {
    os_mutex_lock(&instance->e->common.exception_lock);
    instance->cur_exception[0] = '\0';
    os_mutex_unlock(&instance->e->common.exception_lock);
    WASMModuleInstance* import = NULL;
    for (uint32_t i = 0; (import = wdbg_instance_import(instance, i)) != NULL; ++i) {
        clear_exceptions(import);
    }
}

void wdbg_env_recover(WASMExecEnv* env) {
    clear_exceptions(instance_of(env));
    wdbg_env_clear_flags(env, WASM_SUSPEND_FLAG_TERMINATE);
}

uint32_t wdbg_env_exit_code(const WASMExecEnv* env) {
    const WASIContext* wasi = wasm_runtime_get_wasi_ctx(env->module_inst);
    return wasi ? wasi->exit_code : 0;
}

void wdbg_env_set_exit_code(WASMExecEnv* env, uint32_t code) {
    WASIContext* wasi = wasm_runtime_get_wasi_ctx(env->module_inst);
    if (wasi) {
        wasi->exit_code = code;
    }
}

static bool instance_exception(WASMModuleInstance* instance, char* text, size_t size) {
    char buffer[EXCEPTION_BUF_LEN];
    if (!wasm_copy_exception(instance, buffer)) {
        return false;
    }
    static const char prefix[] = "Exception: ";
    const char* start = buffer;
    if (strncmp(buffer, prefix, sizeof(prefix) - 1) == 0) {
        start += sizeof(prefix) - 1;
    }
    snprintf(text, size, "%s", start);
    return true;
}

bool wdbg_env_exception(const WASMExecEnv* env, char* text, size_t size) {
    return instance_exception(instance_of(env), text, size);
}

WASMModuleInstance* wdbg_instance_with_exception(WASMModuleInstance* instance) {
    char text[1];
    WASMModuleInstance* found = instance_exception(instance, text, sizeof(text)) ? instance : NULL;
    WASMModuleInstance* import = NULL;
    for (uint32_t i = 0; !found && (import = wdbg_instance_import(instance, i)) != NULL; ++i) {
        found = wdbg_instance_with_exception(import);
    }
    return found;
}

bool wdbg_env_call_exception(const WASMExecEnv* env, char* text, size_t size) {
    WASMModuleInstance* instance = wdbg_instance_with_exception(instance_of(env));
    return instance && instance_exception(instance, text, size);
}

WASMExecEnv* wdbg_swap_current_env(WASMExecEnv* env) {
    WASMExecEnv* before = wasm_runtime_get_exec_env_tls();
    wasm_runtime_set_exec_env_tls(env);
    return before;
}

void wdbg_read_frame(const WASMInterpFrame* frame, struct WdbgFrame* into) {
    into->caller = frame->prev_frame;
    into->function = frame->function;
    into->ip = frame->ip;
    into->locals = (uint32_t*)frame->lp;
    into->stack_bottom = frame->sp_bottom;
    into->stack_top = frame->sp;
}

bool wdbg_frame_jump(WASMInterpFrame* frame, uint8_t* ip, const struct WdbgBlock* blocks,
                     size_t count) {
    WASMBranchBlock* inner = frame->csp_bottom + 1; /* behind the function's own */
    if (count > (size_t)(frame->csp_boundary - inner)) {
        return false;
    }
    for (size_t i = 0; i < count; ++i) {
        inner[i].begin_addr = blocks[i].begin;
        inner[i].target_addr = blocks[i].target;
        inner[i].frame_sp = frame->sp_bottom + blocks[i].below;
        inner[i].cell_num = blocks[i].cells;
    }
    frame->csp = inner + count;
    frame->ip = ip;
    return true;
}

bool wdbg_function_is_import(const WASMFunctionInstance* function) {
    return function->is_import_func;
}

void wdbg_import_names(const WASMFunctionInstance* function, const char** module,
                       const char** field) {
    *module = function->u.func_import->module_name;
    *field = function->u.func_import->field_name;
}

uint32_t wdbg_function_local_count(const WASMFunctionInstance* function) {
    return (uint32_t)function->param_count + function->local_count;
}

uint8_t wdbg_function_local(const WASMFunctionInstance* function, uint32_t index, uint32_t* cell) {
    *cell = function->local_offsets[index];
    return index < function->param_count ? function->param_types[index]
                                         : function->local_types[index - function->param_count];
}

struct WASMFunctionInstance* wdbg_instance_function(const WASMModuleInstance* instance,
                                                    uint32_t index) {
    return index < instance->e->function_count ? &instance->e->functions[index] : NULL;
}

const WASMFuncType* wdbg_function_type(const WASMFunctionInstance* function) {
    return function->is_import_func ? function->u.func_import->func_type
                                    : function->u.func->func_type;
}

uint32_t wdbg_type_param_count(const WASMFuncType* type) {
    return type->param_count;
}

uint32_t wdbg_type_result_count(const WASMFuncType* type) {
    return type->result_count;
}

uint8_t wdbg_type_param(const WASMFuncType* type, uint32_t index) {
    return type->types[index];
}

uint8_t wdbg_type_result(const WASMFuncType* type, uint32_t index) {
    return type->types[type->param_count + index];
}

bool wdbg_instance_has_function(const WASMModuleInstance* instance,
                                const WASMFunctionInstance* function, uint32_t* index) {
    const WASMFunctionInstance* first = instance->e->functions;
    if (function < first || function >= first + instance->e->function_count) {
        return false;
    }
    *index = (uint32_t)(function - first);
    return true;
}

struct WASMModule* wdbg_instance_module(const WASMModuleInstance* instance) {
    return instance->module;
}

struct WASMModuleInstance* wdbg_instance_import(const WASMModuleInstance* instance,
                                                uint32_t position) {
    bh_list* imports = aot_module_of(instance)
                           ? ((AOTModuleInstanceExtra*)instance->e)->sub_module_inst_list
                           : instance->e->sub_module_inst_list;
    WASMSubModInstNode* node = imports ? bh_list_first_elem(imports) : NULL;
    while (node && position-- > 0) {
        node = bh_list_elem_next(node);
    }
    return node ? node->module_inst : NULL;
}

uint32_t wdbg_instance_memory_count(const WASMModuleInstance* instance) {
    return instance->memory_count;
}

struct WASMMemoryInstance* wdbg_instance_memory(const WASMModuleInstance* instance,
                                                uint32_t index) {
    return index < instance->memory_count ? instance->memories[index] : NULL;
}

static uint8_t* aot_global(const WASMModuleInstance* instance, const AOTModule* module,
                           uint32_t index, uint8_t* type, bool* is_mutable) {
    const bool is_import = index < module->import_global_count;
    const uint32_t defined = index - module->import_global_count;
    const WASMGlobalType* global =
        is_import ? &module->import_globals[index].type : &module->globals[defined].type;
    *type = global->val_type;
    *is_mutable = global->is_mutable;
    return instance->global_data + (is_import ? module->import_globals[index].data_offset
                                              : module->globals[defined].data_offset);
}

uint32_t wdbg_instance_global_count(const WASMModuleInstance* instance) {
    const AOTModule* aot = aot_module_of(instance);
    return aot ? aot->import_global_count + aot->global_count : instance->e->global_count;
}

uint8_t* wdbg_instance_global(const WASMModuleInstance* instance, uint32_t index, uint8_t* type,
                              bool* is_mutable) {
    if (index >= wdbg_instance_global_count(instance)) {
        return NULL;
    }
    const AOTModule* aot = aot_module_of(instance);
    if (aot) {
        return aot_global(instance, aot, index, type, is_mutable);
    }
    const WASMGlobalInstance* global = &instance->e->globals[index];
    *type = global->type;
    *is_mutable = global->is_mutable;
    if (global->import_global_inst) {
        return global->import_module_inst->global_data + global->import_global_inst->data_offset;
    }
    return instance->global_data + global->data_offset;
}

bool wdbg_instance_table_element(const WASMModuleInstance* instance, uint32_t table, uint64_t index,
                                 uint8_t* type, uint32_t* value) {
    if (table >= instance->table_count) {
        return false;
    }
    const WASMTableInstance* elements = instance->tables[table];
    if (index >= elements->cur_size) {
        return false;
    }
    *type = elements->elem_type;
    *value = (uint32_t)elements->elems[index];
    return true;
}

uint8_t* wdbg_memory_data(const WASMMemoryInstance* memory) {
    return memory->memory_data;
}

uint64_t wdbg_memory_size(const WASMMemoryInstance* memory) {
    return __atomic_load_n(&memory->memory_data_size, __ATOMIC_SEQ_CST);
}

bool wdbg_memory_is_shared(const WASMMemoryInstance* memory) {
    return memory->is_shared_memory != 0;
}

bool wdbg_module_is_aot(const WASMModule* module) {
    return module->module_type == Wasm_Module_AoT;
}

void wdbg_module_aot_code(const WASMModule* module, const void** code, uint64_t* size) {
    const AOTModule* aot = (const AOTModule*)module;
    const uint32_t table = aot->is_indirect_mode ? 0 : get_plt_table_size();
    *code = aot->code;
    *size = aot->code_size > table ? aot->code_size - table : 0;
}

uint32_t wdbg_module_aot_imports(const WASMModule* module) {
    return ((const AOTModule*)module)->import_func_count;
}

static bool aot_unresolved_import(const AOTModule* module, const char** module_name,
                                  const char** field) {
    for (uint32_t i = 0; i < module->import_func_count; i++) {
        if (!module->import_funcs[i].func_ptr_linked) {
            *module_name = module->import_funcs[i].module_name;
            *field = module->import_funcs[i].func_name;
            return true;
        }
    }
    return false;
}

bool wdbg_module_unresolved_import(const WASMModule* module, const char** module_name,
                                   const char** field) {
    if (wdbg_module_is_aot(module)) {
        return aot_unresolved_import((const AOTModule*)module, module_name, field);
    }
    for (uint32_t i = 0; i < module->import_function_count; i++) {
        const WASMFunctionImport* import = &module->import_functions[i].u.function;
        if (!import->func_ptr_linked && !import->import_func_linked) {
            *module_name = import->module_name;
            *field = import->field_name;
            return true;
        }
    }
    return false;
}

const char* wdbg_module_damage(const WASMModule* module) {
    if (!wdbg_module_is_aot(module)) {
        return NULL;
    }
    const AOTModule* aot = (const AOTModule*)module;
    const uint32_t tables = aot->import_table_count + aot->table_count;
    for (uint32_t i = 0; i < aot->table_init_data_count; i++) {
        const AOTTableInitData* segment = aot->table_init_data_list[i];
        if (wasm_elem_is_active(segment->mode) && segment->table_index >= tables) {
            return "an element segment is for a table that does not exist";
        }
    }
    return NULL;
}

struct WASMModule* wdbg_module_import(const WASMModule* module, uint32_t position,
                                      const char** name) {
    bh_list* list = wdbg_module_is_aot(module) ? ((AOTModule*)module)->import_module_list
                                               : module->import_module_list;
    if (!list) {
        return NULL;
    }
    WASMRegisteredModule* node = bh_list_first_elem(list);
    while (node && position-- > 0) {
        node = bh_list_elem_next(node);
    }
    if (!node) {
        return NULL;
    }
    *name = node->module_name;
    return (WASMModule*)node->module;
}
