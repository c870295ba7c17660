// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Functions of the guest that a stopped thread runs for the debugger: the thread wakes up where it
// is parked, within the interpreter's loop, and enters the loop again above its own frames, as a
// host function that calls back does. No hook counts meanwhile (GuestThread::calling), and the
// guest's state stays Stopped.
#include "call_values.h"
#include "engine.h"
#include "hooks.h"
#include "wamr_access.h"

#include <wdbg/wasm/c_frame.h>

#include <array>
#include <utility>

namespace wdbg::wamr {

namespace {

using namespace std::chrono_literals;

/// How long a call that is told to end may still take, and how often a blocked one is woken.
constexpr auto end_limit = 2s;
constexpr auto wake_period = 20ms;

/// How much of C's stack below its stack pointer the thread's frames may use: a function that calls
/// another one has stored the stack pointer, so only the innermost one counts.
Result<std::uint32_t> kept_below(const FrameRef& frame, std::uint32_t stack_pointer) {
    const auto used =
        wasm::c_frame(*frame.instance->module->parsed, frame.function_index, stack_pointer);
    if (!used) {
        return fail(ErrorCode::Unsupported,
                    used.error().message + ": what it uses could be overwritten");
    }
    return wasm::c_red_zone + (used->moves_stack_pointer ? 0 : used->size);
}

/// As free_stack(), with what it takes to be C's stack pointer.
Result<std::optional<StackPointer>> stack_below(const FrameRef& frame) {
    const auto global = frame.instance->module->parsed->stack_pointer();
    const bool is_used = stack_pointer_value(frame.actual, global).has_value();
    const auto kept = is_used ? kept_below(frame, *global) : Result<std::uint32_t>(0U);
    return kept ? free_stack(frame.actual, global, *kept) : std::unexpected(kept.error());
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
    const std::uint32_t exit_code = wdbg_env_exit_code(env);
    move_stack_pointer(call->instance, call->stack_pointer);
    wdbg_env_clear_flags(env, WDBG_ATTENTION);
    thread.calling = true;
    lock.unlock();
    wdbg_interp_debug(call->instance, env, call->function,
                      static_cast<std::uint32_t>(call->cells.size()), call->cells.data());
    std::array<char, exception_size> text{};
    const bool failed = wdbg_env_call_exception(env, text.data(), text.size());
    lock.lock();
    thread.calling = false;
    if (failed) {
        call->failure = reason_for(text.data());
        globals.restore();
    } else {
        globals.restore(call->stack_pointer);
    }
    wdbg_env_recover(env);
    wdbg_env_set_exit_code(env, exit_code);
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
    const auto stack_pointer = stack_below(frames.front());
    if (!stack_pointer) {
        return std::unexpected(stack_pointer.error());
    }
    call->stack_pointer = *stack_pointer;
    auto cells = cells_for(wdbg_function_type(call->function), request.arguments);
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

bool Engine::is_calling() {
    return current().calling;
}

std::uint64_t Engine::traps() {
    return current().traps;
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
    return results_of(wdbg_function_type(call->function), call->cells);
}

} // namespace wdbg::wamr
