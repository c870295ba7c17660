// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "hooks.h"

#include "aot_gate.h"
#include "engine.h"
#include "mixed_imports.h"
#include "wamr_access.h"

#include <cstddef>

using wdbg::wamr::Engine;

bool wdbg_hooks_enabled = false;

extern "C" {

// What WAMR calls to interpret a function.
void wasm_interp_call_wasm(WASMModuleInstance* instance, WASMExecEnv* env,
                           WASMFunctionInstance* function, std::uint32_t argc,
                           std::uint32_t argv[]) {
    if (!wdbg_hooks_enabled) {
        wdbg_interp_plain(instance, env, function, argc, argv);
        return;
    }
    Engine::instance().on_enter(env, __builtin_frame_address(0));
    wdbg_interp_debug(instance, env, function, argc, argv);
    Engine::instance().on_leave(env);
}

void wdbg_on_attention(WASMExecEnv* env) {
    Engine::instance().on_attention(env);
}

std::uint8_t wdbg_on_break(WASMExecEnv* env) {
    return Engine::instance().on_break(env);
}

std::uint8_t wdbg_original_opcode(const std::uint8_t* ip) {
    return Engine::instance().original_opcode(ip);
}

void wdbg_on_exception(WASMExecEnv* env) {
    WdbgFrame frame{};
    wdbg_read_frame(wdbg_env_top_frame(env), &frame);
    if (frame.function != nullptr && wdbg_function_is_import(frame.function) &&
        frame.caller != nullptr) {
        wdbg_read_frame(frame.caller, &frame);
    }
    Engine::instance().note_exception_pc(frame.ip, true);
    Engine::instance().on_exception(env);
}

void wdbg_note_exception(WASMExecEnv* env) {
    WdbgFrame frame{};
    wdbg_read_frame(wdbg_env_top_frame(env), &frame);
    if (frame.ip != nullptr) {
        Engine::instance().note_exception_pc(frame.ip, false);
    }
}

void wdbg_host_call_enter(WASMExecEnv* /*env*/) {
    Engine::instance().on_host_call_enter();
}

void wdbg_host_call_leave(WASMExecEnv* /*env*/) {
    Engine::instance().on_host_call_leave();
}

void wdbg_import_call_enter(WASMExecEnv* /*env*/, WASMInterpFrame* frame, std::uint8_t* return_ip) {
    Engine::instance().on_import_call(frame, return_ip);
}

bool wdbg_unplanted_code(const std::uint8_t* start, std::uint8_t** running,
                         std::uint8_t** unplanted, std::size_t* size) {
    auto* module = Engine::instance().module_with_plants(start);
    if (module == nullptr) {
        return false;
    }
    *running = module->loaded.data();
    *unplanted = module->unplanted.data();
    *size = module->unplanted.size();
    return true;
}

bool wdbg_defer_exception(WASMExecEnv* env, const char* exception) {
    return wdbg_hooks_enabled && Engine::instance().defer_exception(env, exception);
}

bool wdbg_on_cancel(WASMExecEnv* env) {
    for (WASMExecEnv* callee : wdbg::wamr::called_by(env)) {
        wdbg_env_terminate(callee);
        if (!wdbg_on_cancel(callee)) {
            wdbg_env_end_blocking(callee);
        }
    }
    return wdbg_hooks_enabled && Engine::instance().on_cancel(env);
}

void wdbg_on_exit_thread(WASMExecEnv* env) {
    if (wdbg_hooks_enabled) {
        Engine::instance().on_exit_thread(env);
    }
}

void wdbg_on_exec_env_destroyed(WASMExecEnv* env) {
    if (wdbg_hooks_enabled) {
        Engine::instance().on_env_destroyed(env);
    }
}

void wdbg_on_instance_destroyed(WASMModuleInstance* instance) {
    wdbg::wamr::remove_aot_instance(instance);
    if (wdbg_hooks_enabled) {
        Engine::instance().on_instance_destroyed(instance);
    }
}

} // extern "C"
