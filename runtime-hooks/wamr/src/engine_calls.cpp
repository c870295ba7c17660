// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Functions of the guest that a stopped thread runs for the debugger: the thread wakes up where it
// is parked, within the interpreter's loop, and enters the loop again above its own frames, as a
// host function that calls back does. No hook counts meanwhile (GuestThread::calling), and the
// guest's state stays Stopped.
#include "engine.h"
#include "hooks.h"
#include "wamr_access.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace wdbg::wamr {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t exception_size = 128; // WAMR's EXCEPTION_BUF_LEN
/// A leaf function of C uses that many bytes below its stack pointer without moving it.
constexpr std::uint32_t red_zone = 128;
constexpr std::uint32_t stack_alignment = 16;
/// How long a call that is told to end may still take, and how often a blocked one is woken.
constexpr auto end_limit = 2s;
constexpr auto wake_period = 20ms;

bool is_number(std::uint8_t type) {
    return type >= static_cast<std::uint8_t>(ValueType::F64) &&
           type <= static_cast<std::uint8_t>(ValueType::I32);
}

std::size_t cells_of(std::uint8_t type) {
    return size_of(static_cast<ValueType>(type)) / sizeof(std::uint32_t);
}

/// The values of all globals that can change, to be put back.
class SavedGlobals {
  public:
    explicit SavedGlobals(const WASMModuleInstance* instance) : instance_(instance) {
        const std::uint32_t count = wdbg_instance_global_count(instance);
        for (std::uint32_t i = 0; i < count; ++i) {
            std::uint8_t type = 0;
            bool is_mutable = false;
            const std::uint8_t* place = wdbg_instance_global(instance, i, &type, &is_mutable);
            if (place != nullptr && is_mutable) {
                Saved saved{.index = i, .size = size_of(static_cast<ValueType>(type))};
                std::memcpy(saved.bytes.data(), place, saved.size);
                saved_.push_back(saved);
            }
        }
    }

    void restore() const {
        for (const Saved& each : saved_) {
            restore_one(each);
        }
    }

    void restore(std::uint32_t index) const {
        const auto found = std::ranges::find(saved_, index, &Saved::index);
        if (found != saved_.end()) {
            restore_one(*found);
        }
    }

  private:
    struct Saved {
        std::uint32_t index = 0;
        std::size_t size = 0;
        std::array<std::uint8_t, 16> bytes{};
    };

    void restore_one(const Saved& saved) const {
        std::uint8_t type = 0;
        bool is_mutable = false;
        std::memcpy(wdbg_instance_global(instance_, saved.index, &type, &is_mutable),
                    saved.bytes.data(), saved.size);
    }

    const WASMModuleInstance* instance_;
    std::vector<Saved> saved_;
};

/// The global that is C's stack pointer: by name, by what WAMR has found, or else the first that
/// can change (where the linker puts it) if it may be one. UINT32_MAX if there is none.
std::uint32_t stack_pointer_of(const WASMModuleInstance* instance, const wasm::Module& module) {
    for (const auto& [index, name] : module.names().globals) {
        if (name == "__stack_pointer") {
            return index;
        }
    }
    const std::uint32_t found = wdbg_instance_stack_pointer(instance);
    if (found != UINT32_MAX) {
        return found;
    }
    const std::uint32_t count = wdbg_instance_global_count(instance);
    for (std::uint32_t i = 0; i < count; ++i) {
        std::uint8_t type = 0;
        bool is_mutable = false;
        const std::uint8_t* place = wdbg_instance_global(instance, i, &type, &is_mutable);
        if (is_mutable && type == static_cast<std::uint8_t>(ValueType::I32)) {
            std::uint32_t value = 0;
            std::memcpy(&value, place, sizeof(value));
            return value % stack_alignment == 0 ? i : UINT32_MAX;
        }
    }
    return UINT32_MAX;
}

/// Below what the interrupted function may have stored without saying so.
void leave_red_zone(const WASMModuleInstance* instance, std::uint32_t stack_pointer) {
    std::uint8_t type = 0;
    bool is_mutable = false;
    std::uint8_t* place = wdbg_instance_global(instance, stack_pointer, &type, &is_mutable);
    if (place == nullptr || type != static_cast<std::uint8_t>(ValueType::I32)) {
        return;
    }
    std::uint32_t value = 0;
    std::memcpy(&value, place, sizeof(value));
    if (value > red_zone) {
        value = (value - red_zone) & ~(stack_alignment - 1);
        std::memcpy(place, &value, sizeof(value));
    }
}

Result<std::vector<std::uint32_t>> cells_for(const WASMFunctionInstance* function,
                                             const std::vector<Value>& arguments) {
    const std::uint32_t params = wdbg_function_param_count(function);
    if (arguments.size() != params) {
        return fail(ErrorCode::InvalidArgument, "the function takes " + std::to_string(params) +
                                                    " WebAssembly values, not " +
                                                    std::to_string(arguments.size()));
    }
    std::vector<std::uint32_t> cells;
    std::size_t results = 0;
    for (std::uint32_t i = 0; i < wdbg_function_result_count(function); ++i) {
        const std::uint8_t type = wdbg_function_result(function, i);
        if (!is_number(type)) {
            return fail(ErrorCode::Unsupported, "the function returns what is no number");
        }
        results += cells_of(type);
    }
    for (std::uint32_t i = 0; i < params; ++i) {
        const std::uint8_t type = wdbg_function_param(function, i);
        if (!is_number(type) || type != static_cast<std::uint8_t>(arguments[i].type)) {
            return fail(ErrorCode::InvalidArgument,
                        "argument " + std::to_string(i + 1) + " has another type");
        }
        const std::size_t at = cells.size();
        cells.resize(at + cells_of(type));
        std::memcpy(&cells[at], arguments[i].storage.data(), size_of(arguments[i].type));
    }
    cells.resize(std::max({cells.size(), results, std::size_t{1}}));
    return cells;
}

std::vector<Value> results_of(const InjectedCall& call) {
    std::vector<Value> results;
    std::size_t at = 0;
    for (std::uint32_t i = 0; i < wdbg_function_result_count(call.function); ++i) {
        Value value{.type = static_cast<ValueType>(wdbg_function_result(call.function, i))};
        std::memcpy(value.storage.data(), &call.cells[at], size_of(value.type));
        at += cells_of(static_cast<std::uint8_t>(value.type));
        results.push_back(value);
    }
    return results;
}

std::string reason_for(std::string_view exception) {
    if (exception == "wasi proc exit") {
        return "the function wanted to end the program";
    }
    if (exception == "terminated by user") {
        return "the function did not return in time";
    }
    return "the function trapped: " + std::string(exception);
}

} // namespace

/// On the parked thread. The lock is free while the function runs.
void Engine::run_call(Lock& lock, GuestThread& thread) {
    const std::shared_ptr<InjectedCall> call = std::exchange(thread.call, nullptr);
    if (call->abandoned) {
        return;
    }
    WASMExecEnv* env = thread.env();
    const auto exception_pc = exception_pc_;
    const SavedGlobals globals(call->instance);
    leave_red_zone(call->instance, call->stack_pointer);
    wdbg_env_clear_flags(env, WDBG_ATTENTION);
    thread.calling = true;
    lock.unlock();
    wdbg_interp_debug(call->instance, env, call->function,
                      static_cast<std::uint32_t>(call->cells.size()), call->cells.data());
    std::array<char, exception_size> text{};
    const bool failed = wdbg_env_exception(env, text.data(), text.size());
    lock.lock();
    thread.calling = false;
    if (failed) {
        call->failure = reason_for(text.data());
        globals.restore();
    } else {
        globals.restore(call->stack_pointer);
    }
    wdbg_env_recover(env);
    exception_pc_ = exception_pc;
    wdbg_env_set_flags(env, WDBG_ATTENTION);
    watchpoints_.refresh();
    call->done = true;
    call_done_.notify_all();
}

Result<std::shared_ptr<InjectedCall>> Engine::prepare_call(const CallRequest& request) {
    const auto stack = stack_of(request.thread);
    if (!stack) {
        return std::unexpected(stack.error());
    }
    const GuestThread& thread = *find(request.thread);
    if (!thread.parked) {
        return fail(ErrorCode::Unsupported,
                    "the thread is in a host call: it cannot run a function now");
    }
    if (thread.at_exception || thread.cancelled || killed_) {
        return fail(ErrorCode::Unsupported,
                    "the guest has trapped or ends: it can run nothing any more");
    }
    if (thread.call != nullptr || thread.calling) {
        return fail(ErrorCode::Busy, "the thread still runs an earlier call");
    }
    const auto& frames = **stack;
    if (frames.empty() || frames.front().instance->id != request.instance) {
        return fail(ErrorCode::Unsupported,
                    "only functions of the module that the thread stands in can be called");
    }
    auto call = std::make_shared<InjectedCall>();
    call->instance = frames.front().actual;
    call->function = wdbg_instance_function(call->instance, request.function);
    if (call->function == nullptr) {
        return fail(ErrorCode::NotFound,
                    "there is no function " + std::to_string(request.function));
    }
    call->stack_pointer =
        stack_pointer_of(call->instance, *frames.front().instance->module->parsed);
    auto cells = cells_for(call->function, request.arguments);
    if (!cells) {
        return std::unexpected(cells.error());
    }
    call->cells = std::move(*cells);
    return call;
}

/// False if even then it does not return: it stays behind, and the thread parks when it does.
bool Engine::end_call(Lock& lock, const GuestThread& thread, const InjectedCall& call) {
    const auto end = std::chrono::steady_clock::now() + end_limit;
    wdbg_env_terminate(thread.env());
    while (!call.done && std::chrono::steady_clock::now() < end) {
        wdbg_env_wake_blocked(thread.env());
        call_done_.wait_for(lock, wake_period, [&] { return call.done; });
    }
    return call.done;
}

Result<std::vector<Value>> Engine::call(const CallRequest& request) {
    Lock lock(mutex_);
    const auto prepared = prepare_call(request);
    if (!prepared) {
        return std::unexpected(prepared.error());
    }
    const std::shared_ptr<InjectedCall>& call = *prepared;
    GuestThread& thread = *find(request.thread);
    thread.call = call;
    thread.wake.notify_all();
    const bool in_time = call_done_.wait_for(lock, request.limit, [&] { return call->done; });
    if (!in_time && !end_call(lock, thread, *call)) {
        call->abandoned = true;
        return fail(ErrorCode::Busy,
                    "the function does not return, and cannot be ended: it waits in the host");
    }
    if (!call->failure.empty()) {
        return fail(ErrorCode::Unavailable, call->failure);
    }
    return results_of(*call);
}

} // namespace wdbg::wamr
