// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "host_functions.h"

#include <array>
#include <mutex>
#include <semaphore>
#include <wasm_export.h>

namespace wdbg::test {

namespace {

std::mutex mutex;
std::vector<std::int32_t> noted;
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

template <class Function>
NativeSymbol symbol(const char* name, Function* function, const char* signature) {
    return {name, reinterpret_cast<void*>(function), signature, nullptr};
}

} // namespace

void register_host_functions() {
    static std::array symbols{
        symbol("note", note, "(i)"),   symbol("call_back", call_back, "(ii)i"),
        symbol("fail", give_up, "()"), symbol("block", block, "()"),
        symbol("poke", poke, "(ii)"),
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

void wait_for_blocked() {
    entered.acquire();
}

void release_blocked() {
    released.release();
}

} // namespace wdbg::test
