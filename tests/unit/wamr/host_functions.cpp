// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "host_functions.h"

#include <array>
#include <mutex>
#include <semaphore>
#include <thread>
#include <wasm_export.h>

namespace wdbg::test {

namespace {

constexpr std::uint32_t new_stack = 65536;

std::mutex mutex;
std::vector<std::int32_t> noted;
std::vector<wasm_module_inst_t> instances;
std::counting_semaphore<> entered{0};
std::counting_semaphore<> released{0};

void note(wasm_exec_env_t /*env*/, std::int32_t value) {
    const std::lock_guard lock(mutex);
    noted.push_back(value);
}

std::int32_t call_back(wasm_exec_env_t env, std::uint32_t element, std::uint32_t argument) {
    std::array arguments{argument};
    if (!wasm_runtime_call_indirect(env, element, 1, arguments.data())) {
        return 0;
    }
    return static_cast<std::int32_t>(arguments[0]);
}

void give_up(wasm_exec_env_t env) {
    wasm_runtime_set_exception(wasm_runtime_get_module_inst(env), "the host gave up");
}

void block(wasm_exec_env_t /*env*/) {
    entered.release();
    released.acquire();
}

void poke(wasm_exec_env_t env, std::uint32_t address, std::uint32_t value) {
    auto* byte = static_cast<std::uint8_t*>(
        wasm_runtime_addr_app_to_native(wasm_runtime_get_module_inst(env), address));
    *byte = static_cast<std::uint8_t>(value);
}

std::uint32_t bump(wasm_module_inst_t instance, std::uint32_t by) {
    std::array arguments{by};
    wasm_function_inst_t function = wasm_runtime_lookup_function(instance, "bump");
    wasm_exec_env_t env = wasm_runtime_create_exec_env(instance, new_stack);
    if (env == nullptr || !wasm_runtime_call_wasm(env, function, 1, arguments.data())) {
        arguments[0] = UINT32_MAX;
    }
    if (env != nullptr) {
        wasm_runtime_destroy_exec_env(env);
    }
    return arguments[0];
}

wasm_module_inst_t new_base() {
    std::array<char, 128> error{};
    return wasm_runtime_instantiate(wasm_runtime_find_module_registered("base"), new_stack, 0,
                                    error.data(), static_cast<std::uint32_t>(error.size()));
}

std::uint32_t bump_on_new_thread(wasm_module_inst_t instance, std::uint32_t by) {
    std::uint32_t result = UINT32_MAX;
    std::thread([&] {
        if (wasm_runtime_init_thread_env()) {
            result = bump(instance, by);
            wasm_runtime_destroy_thread_env();
        }
    }).join();
    return result;
}

std::uint32_t bump_new_base(wasm_exec_env_t /*env*/, std::uint32_t by) {
    const wasm_module_inst_t instance = new_base();
    if (instance == nullptr) {
        return UINT32_MAX;
    }
    const std::uint32_t result = bump_on_new_thread(instance, by);
    const std::lock_guard lock(mutex);
    instances.push_back(instance);
    return result;
}

std::uint32_t bump_and_free(wasm_exec_env_t /*env*/, std::uint32_t by) {
    const wasm_module_inst_t instance = new_base();
    if (instance == nullptr) {
        return UINT32_MAX;
    }
    const std::uint32_t result = bump_on_new_thread(instance, by);
    wasm_runtime_deinstantiate(instance);
    return result;
}

template <class Function>
NativeSymbol symbol(const char* name, Function* function, const char* signature) {
    return {name, reinterpret_cast<void*>(function), signature, nullptr};
}

} // namespace

void register_host_functions() {
    static std::array symbols{
        symbol("note", note, "(i)"),
        symbol("call_back", call_back, "(ii)i"),
        symbol("fail", give_up, "()"),
        symbol("block", block, "()"),
        symbol("poke", poke, "(ii)"),
        symbol("bump_new_base", bump_new_base, "(i)i"),
        symbol("bump_and_free", bump_and_free, "(i)i"),
    };
    noted.clear();
    while (entered.try_acquire() || released.try_acquire()) {
    }
    wasm_runtime_register_natives("test", symbols.data(), symbols.size());
}

std::vector<std::int32_t> notes() {
    const std::lock_guard lock(mutex);
    return noted;
}

void free_instances() {
    const std::lock_guard lock(mutex);
    for (const wasm_module_inst_t instance : instances) {
        wasm_runtime_deinstantiate(instance);
    }
    instances.clear();
}

void wait_for_blocked() {
    entered.acquire();
}

void release_blocked() {
    released.release();
}

} // namespace wdbg::test
