/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* The guest as WAMR's classic interpreter has it. Little-endian targets only, as WAMR's loader. */

#include "guest.h"
#include "stub_hooks.h"
#include "stub_internal.h"
#include "wasm_exec_env.h"
#include "wasm_interp.h"
#include "wasm_runtime.h"

#include <string.h>

enum { Nop = 0x01, Unreachable = 0x00, MaxBodyHead = 64 };

static struct WASMExecEnv*
    guest_env;         /* of the guest code that runs or called the host; null if none */
static bool unwinding; /* an exception has been reported and ends the guest's calls */
static char exception_text[EXCEPTION_BUF_LEN];

void wdbg_stub_module_loaded(const struct WdbgStubModule* module) {
    wdbg_stub.module = *module;
    wdbg_stub.killed = false; /* that was another guest */
}

void wdbg_stub_module_unloading(void) {
    static const struct WdbgStubModule none;
    wdbg_breakpoints_clear();
    wdbg_stub.module = none;
    guest_env = NULL;
}

/* --- The interpreter's hooks --------------------------------------------------------------------
 */

static uint32_t offset_of(const uint8_t* ip) {
    return (uint32_t)(ip - wdbg_stub.module.code);
}

/* WAMR fills shortened instructions up with nop: no place to stop at. */
static bool is_filler(const WASMExecEnv* env) {
    const struct WdbgStubModule* module = &wdbg_stub.module;
    const uint8_t* ip = env->cur_frame->ip;
    return *ip == Nop && module->original && module->original[offset_of(ip)] != Nop;
}

static bool end_guest(WASMExecEnv* env) {
    wasm_set_exception((WASMModuleInstance*)env->module_inst, "terminated by the debugger");
    unwinding = true;
    return true;
}

void wdbg_stub_on_enter(struct WASMExecEnv* env) {
    guest_env = env;
    unwinding = false;
}

bool wdbg_stub_on_attention(struct WASMExecEnv* env) {
    guest_env = env;
    if (!wdbg_stub.module.code) {
        wdbg_stub_countdown = WDBG_STUB_POLL_INTERVAL;
        return false;
    }
    if (is_filler(env)) {
        wdbg_stub_countdown = 1;
        return false;
    }
    wdbg_stub_countdown = WDBG_STUB_POLL_INTERVAL;
    if (wdbg_stub.killed) {
        return end_guest(env);
    }
    if (wdbg_stub.stepping) {
        wdbg_stub_stop(WdbgSignalTrap, "trace", NULL);
    } else if (wdbg_stub.wait_for_client) {
        wdbg_stub_stop(WdbgSignalTrap, "signal", "attached");
    } else {
        wdbg_stub_receive(false);
    }
    while (wdbg_stub.stop_requested) {
        wdbg_stub_stop(WdbgSignalInt, "signal", NULL);
    }
    return wdbg_stub.killed ? end_guest(env) : false;
}

uint8_t wdbg_stub_on_break(struct WASMExecEnv* env) {
    guest_env = env;
    const uint32_t place = offset_of(env->cur_frame->ip);
    if (!wdbg_breakpoint_at(place)) {
        return Unreachable; /* cannot be: the loader lets no such opcode pass */
    }
    const uint8_t original = wdbg_code_byte(place);
    if (wdbg_stub.attached) {
        wdbg_stub_stop(WdbgSignalTrap, "breakpoint", NULL);
        while (wdbg_stub.stop_requested) {
            wdbg_stub_stop(WdbgSignalInt, "signal", NULL);
        }
    }
    return original;
}

uint8_t wdbg_stub_original_opcode(const uint8_t* ip) {
    return wdbg_code_byte(offset_of(ip));
}

/* What a native program would have got for the same mistake. */
static enum WdbgStubSignal signal_of(const char* exception) {
    if (strcmp(exception, "unreachable") == 0) {
        return WdbgSignalIll;
    }
    if (strncmp(exception, "integer", 7) == 0 ||
        strncmp(exception, "invalid conversion", 18) == 0) {
        return WdbgSignalFpe;
    }
    return WdbgSignalSegv;
}

void wdbg_stub_on_exception(struct WASMExecEnv* env) {
    static const char prefix[] = "Exception: ";
    guest_env = env;
    if (unwinding || !wdbg_stub.attached || wdbg_stub.killed ||
        !wasm_copy_exception((WASMModuleInstance*)env->module_inst, exception_text)) {
        return;
    }
    const char* text = exception_text;
    if (strncmp(text, prefix, sizeof(prefix) - 1) == 0) {
        text += sizeof(prefix) - 1;
    }
    if (strcmp(text, "wasi proc exit") == 0 || strcmp(text, "terminated by user") == 0) {
        return;
    }
    unwinding = true;
    wdbg_stub_stop(signal_of(text), "exception", text);
}

void wdbg_stub_poll(void) {
    if (!guest_env || !wdbg_stub.module.code || wdbg_stub.stopped) {
        return;
    }
    wdbg_stub_receive(false);
    while (wdbg_stub.stop_requested) {
        wdbg_stub_stop(WdbgSignalInt, "signal", NULL);
    }
}

/* --- Frames --------------------------------------------------------------------------------------
 */

/* Frame `index` (0: innermost) of wasm code; null if there is none. */
static WASMInterpFrame* find_frame(uint32_t index, bool* in_host_call) {
    *in_host_call = false;
    if (!guest_env) {
        return NULL;
    }
    for (WASMInterpFrame* frame = guest_env->cur_frame; frame; frame = frame->prev_frame) {
        if (!frame->function) {
            continue; /* by which the host called */
        }
        if (frame->function->is_import_func) {
            *in_host_call = true;
            continue;
        }
        if (index-- == 0) {
            return frame;
        }
        *in_host_call = false;
    }
    return NULL;
}

bool wdbg_guest_pc(uint32_t index, uint32_t* offset) {
    bool in_host_call = false;
    const WASMInterpFrame* frame = find_frame(index, &in_host_call);
    const uint8_t* code = wdbg_stub.module.code;
    if (!frame || !frame->ip || frame->ip <= code || frame->ip > code + wdbg_stub.module.size) {
        return false;
    }
    *offset = offset_of(frame->ip) - (index == 0 && in_host_call ? 1 : 0);
    return true;
}

/* Null if there is no such frame or no such local. */
static const WASMInterpFrame* find_local(uint32_t index, uint32_t local, uint8_t* type) {
    bool in_host_call = false;
    const WASMInterpFrame* frame = find_frame(index, &in_host_call);
    if (!frame) {
        return NULL;
    }
    const WASMFunctionInstance* function = frame->function;
    if (local >= (uint32_t)function->param_count + function->local_count) {
        return NULL;
    }
    *type = local < function->param_count ? function->param_types[local]
                                          : function->local_types[local - function->param_count];
    return frame;
}

uint8_t wdbg_guest_local_type(uint32_t index, uint32_t local) {
    uint8_t type = VALUE_TYPE_I32;
    (void)find_local(index, local, &type);
    return type;
}

size_t wdbg_guest_local(uint32_t index, uint32_t local, uint8_t value[WDBG_VALUE_SIZE]) {
    uint8_t type = VALUE_TYPE_I32;
    const WASMInterpFrame* frame = find_local(index, local, &type);
    if (!frame) {
        return 0;
    }
    const size_t size = wdbg_size_of_type(type);
    memcpy(value, frame->lp + frame->function->local_offsets[local], size);
    return size;
}

static const WASMModuleInstance* guest_instance(void) {
    return (const WASMModuleInstance*)guest_env->module_inst;
}

/* Null if there is no such global. */
static const WASMGlobalInstance* find_global(uint32_t index) {
    const WASMModuleInstance* instance = guest_env ? guest_instance() : NULL;
    return instance && index < instance->e->global_count ? &instance->e->globals[index] : NULL;
}

uint8_t wdbg_guest_global_type(uint32_t index) {
    const WASMGlobalInstance* global = find_global(index);
    return global ? global->type : VALUE_TYPE_I32;
}

size_t wdbg_guest_global(uint32_t index, uint8_t value[WDBG_VALUE_SIZE]) {
    const WASMGlobalInstance* global = find_global(index);
    if (!global) {
        return 0;
    }
    const size_t size = wdbg_size_of_type(global->type);
    memcpy(value, guest_instance()->global_data + global->data_offset, size);
    return size;
}

uint32_t wdbg_guest_stack(uint32_t index, const uint32_t** cells, struct WdbgGuestCode* code) {
    bool in_host_call = false;
    const WASMInterpFrame* frame = find_frame(index, &in_host_call);
    if (!frame || !frame->ip || frame->sp < frame->sp_bottom) {
        return 0;
    }
    const WASMFunction* function = frame->function->u.func;
    code->begin = offset_of(function->code);
    code->end = code->begin + function->code_size;
    code->pc = offset_of(frame->ip);
    *cells = frame->sp_bottom;
    return (uint32_t)(frame->sp - frame->sp_bottom);
}

static void describe(const WASMFuncType* type, struct WdbgSignature* signature) {
    signature->param_count = type->param_count;
    signature->result_count = type->result_count;
    signature->types = type->types;
}

bool wdbg_guest_type(uint32_t index, struct WdbgSignature* signature) {
    const WASMModule* module = guest_env ? guest_instance()->module : NULL;
    if (!module || index >= module->type_count) {
        return false;
    }
    describe((const WASMFuncType*)module->types[index], signature);
    return true;
}

bool wdbg_guest_function_type(uint32_t index, struct WdbgSignature* signature) {
    const WASMModuleInstance* instance = guest_env ? guest_instance() : NULL;
    if (!instance || index >= instance->e->function_count) {
        return false;
    }
    const WASMFunctionInstance* function = &instance->e->functions[index];
    describe(function->is_import_func ? function->u.func_import->func_type
                                      : function->u.func->func_type,
             signature);
    return true;
}

uint8_t* wdbg_guest_memory(uint64_t* size) {
    *size = 0;
    if (!guest_env) {
        return NULL;
    }
    const WASMModuleInstance* instance = guest_instance();
    if (instance->memory_count == 0) {
        return NULL;
    }
    *size = instance->memories[0]->memory_data_size;
    return instance->memories[0]->memory_data;
}

/* --- Where breakpoints can be ---------------------------------------------------------------- */

/* The function whose body has `offset`, its size and its local declarations included. */
static const WASMFunction* function_at(uint32_t offset) {
    const WASMModule* module = guest_instance()->module;
    uint32_t end_of_last = 0;
    for (uint32_t i = 0; i < module->function_count; i++) {
        const WASMFunction* function = module->functions[i];
        const uint32_t start = offset_of(function->code);
        const uint32_t end = start + function->code_size;
        if (offset < end) {
            const bool in_head = offset >= end_of_last && offset + MaxBodyHead >= start;
            return offset >= start || in_head ? function : NULL;
        }
        end_of_last = end;
    }
    return NULL;
}

bool wdbg_guest_breakpoint_place(uint32_t offset, uint32_t* place) {
    const WASMFunction* function = guest_env ? function_at(offset) : NULL;
    if (!function) {
        return false;
    }
    const uint32_t start = offset_of(function->code);
    const uint32_t end = start + function->code_size;
    *place = start;
    while (*place < offset) {
        const size_t size = wdbg_instruction_size(*place, end);
        if (size == 0) {
            return false;
        }
        *place += (uint32_t)size;
    }
    return offset <= start || *place == offset;
}
