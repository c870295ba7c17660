// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "aot_gate.h"

#include "aot_calls.h"
#include "aot_hooks.h"
#include "engine.h"
#include "wamr_access.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

bool wdbg_aot_gate_open = false;
const std::atomic<std::uint32_t>* wdbg_aot_watch_count = nullptr;

namespace wdbg::wamr {

namespace {

GuestGate* the_gate = nullptr;

struct LoadedCode {
    CodeRangeId id;
    NativeRange range;
    ModuleId module;
};

std::shared_mutex codes_mutex;
std::vector<LoadedCode> codes;

/// A thread registers when it first runs compiled code, and goes when it ends.
struct Registration {
    bool registered = false;

    Registration() = default;
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

    ~Registration() { end(); }

    void begin() {
        if (!std::exchange(registered, true)) {
            the_gate->register_thread();
        }
    }

    void end() {
        if (std::exchange(registered, false) && the_gate != nullptr) {
            the_gate->unregister_thread();
        }
    }
};

thread_local Registration registration;
thread_local bool is_known_exception = false;
thread_local std::uint64_t entries = 0;

bool is_compiled(const WASMExecEnv* env) {
    return wdbg_module_is_aot(wdbg_instance_module(wdbg_env_instance(env)));
}

} // namespace

void open_aot_gate(GuestGate* gate) {
    the_gate = gate;
    wdbg_aot_watch_count = gate != nullptr ? &gate->watch_count() : nullptr;
    wdbg_aot_gate_open = gate != nullptr;
    if (gate != nullptr) {
        gate->set_caller(&aot_caller());
    }
}

Result<CodeRangeId> add_aot_code(CodeRange code) {
    const NativeRange range = code.range;
    const ModuleId module = code.module;
    auto added = the_gate->add_code(std::move(code));
    if (added) {
        const std::unique_lock lock(codes_mutex);
        codes.push_back({.id = *added, .range = range, .module = module});
    }
    return added;
}

void remove_aot_code(CodeRangeId id) {
    {
        const std::unique_lock lock(codes_mutex);
        std::erase_if(codes, [id](const LoadedCode& code) { return code.id == id; });
    }
    [[maybe_unused]] const auto removed = the_gate->remove_code(id);
}

void remove_aot_instance(const void* instance) {
    if (the_gate != nullptr) {
        the_gate->remove_instance({reinterpret_cast<std::uint64_t>(instance)});
    }
}

bool is_calling_compiled() {
    return registration.registered && the_gate->is_calling();
}

std::uint64_t entries_of_compiled() {
    return entries;
}

KnownException::KnownException() {
    is_known_exception = true;
}

KnownException::~KnownException() {
    is_known_exception = false;
}

void leave_aot_gate() {
    registration.end();
}

} // namespace wdbg::wamr

using namespace wdbg::wamr; // NOLINT(google-build-using-namespace): the C functions below

extern "C" {

void* wdbg_aot_before_call() {
    registration.begin();
    return the_gate->host_call();
}

void wdbg_aot_after_call(void* before) {
    the_gate->back_in_host(static_cast<wdbg::GuestExit*>(before));
}

bool wdbg_aot_is_code(const void* function) {
    const wdbg::NativeAddress address{reinterpret_cast<std::uint64_t>(function)};
    const std::shared_lock lock(codes_mutex);
    return std::ranges::any_of(
        codes, [address](const LoadedCode& code) { return code.range.contains(address); });
}

void wdbg_aot_enter_guest(const void* function) {
    ++entries;
    the_gate->enter_guest(wdbg::NativeAddress{reinterpret_cast<std::uint64_t>(function)});
}

void wdbg_aot_leave_guest() {
    the_gate->back_in_host(the_gate->host_call());
}

// Called by aot_gate.S.
void wdbg_aot_gate_out(wdbg::GuestExit* exit) {
    the_gate->leave_guest(*exit);
}

void wdbg_aot_gate_in(wdbg::GuestExit* exit) {
    the_gate->enter_guest(*exit);
}

void wdbg_aot_instance_made(const void* instance, const void* code) {
    const wdbg::NativeAddress address{reinterpret_cast<std::uint64_t>(code)};
    const std::shared_lock lock(codes_mutex);
    const auto loaded = std::ranges::find_if(
        codes, [address](const LoadedCode& each) { return each.range.contains(address); });
    if (the_gate != nullptr && loaded != codes.end()) {
        the_gate->add_instance(
            {.module = loaded->module, .address = {reinterpret_cast<std::uint64_t>(instance)}});
    }
}

bool wdbg_aot_on_exception(WASMExecEnv* exec_env, const char* exception) {
    if (exception == nullptr || !registration.registered || is_known_exception ||
        !is_compiled(exec_env)) {
        return false;
    }
    if (the_gate->is_calling()) {
        wdbg_env_set_exception(exec_env, exception);
        return true;
    }
    if (const auto kind = trap_kind(exception)) {
        the_gate->trapped(*kind, exception);
    }
    return false;
}

} // extern "C"
