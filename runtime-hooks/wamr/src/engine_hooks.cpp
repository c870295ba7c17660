// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The guest threads' side of the engine: every function here runs on a guest's thread.
#include "call_values.h"
#include "engine.h"
#include "hit_surroundings.h"
#include "hooks.h"
#include "wamr_access.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <unistd.h>
#include <utility>

namespace wdbg::wamr {

namespace {

constexpr std::uint8_t nop_opcode = 0x01;

/// Whether an instruction that begins with this byte may touch linear memory. Planted bytes may
/// hide anything.
bool may_touch_memory(std::uint8_t opcode) {
    return (opcode >= 0x28 && opcode <= 0x3E) || opcode >= 0xFC || opcode == WDBG_BREAK_OPCODE;
}

const std::uint8_t* top_ip(const WASMExecEnv* env) {
    WdbgFrame data{};
    wdbg_read_frame(wdbg_env_top_frame(env), &data);
    return data.ip;
}

} // namespace

std::optional<TrapKind> trap_kind(std::string_view exception) {
    struct Row {
        std::string_view text;
        TrapKind kind;
    };

    static constexpr std::array rows{
        Row{"unreachable", TrapKind::Unreachable},
        Row{"out of bounds memory access", TrapKind::OutOfBoundsMemory},
        Row{"out of bounds table access", TrapKind::OutOfBoundsTable},
        Row{"integer divide by zero", TrapKind::IntegerDivideByZero},
        Row{"integer overflow", TrapKind::IntegerOverflow},
        Row{"invalid conversion to integer", TrapKind::InvalidConversion},
        Row{"indirect call type mismatch", TrapKind::IndirectCallTypeMismatch},
        Row{"uninitialized element", TrapKind::UninitializedElement},
        Row{"undefined element", TrapKind::UndefinedElement},
        Row{"wasm operand stack overflow", TrapKind::StackOverflow},
        Row{"native stack overflow", TrapKind::StackOverflow},
        Row{"wasm auxiliary stack overflow", TrapKind::StackOverflow},
        Row{"unaligned atomic", TrapKind::UnalignedAtomic},
    };
    if (exception.empty() || exception == "wasi proc exit" || exception == "terminated by user") {
        return std::nullopt;
    }
    const auto row = std::ranges::find(rows, exception, &Row::text);
    return row == rows.end() ? TrapKind::Other : row->kind;
}

/// The calling operating system thread's GuestThread, for as long as that thread lives.
struct ThreadSlot {
    std::unique_ptr<GuestThread> thread;

    ThreadSlot() = default;
    ThreadSlot(const ThreadSlot&) = delete;
    ThreadSlot& operator=(const ThreadSlot&) = delete;

    ~ThreadSlot() {
        if (thread) {
            Engine::instance().forget(*thread);
        }
    }
};

namespace {
thread_local ThreadSlot slot;
} // namespace

GuestThread& Engine::current() {
    if (!slot.thread) {
        slot.thread = std::make_unique<GuestThread>();
        slot.thread->system_id = static_cast<std::uint64_t>(::gettid());
    }
    return *slot.thread;
}

void Engine::forget(GuestThread& thread) {
    const std::lock_guard lock(mutex_);
    std::erase(threads_, &thread);
    settle();
}

// --- Entering and leaving guest code
// ------------------------------------------------------------------

void Engine::drop_dead_activations(GuestThread& thread, const void* native_frame) {
    // The native stack grows down: what lies at or below the caller's frame was left by a longjmp.
    while (thread.active() && thread.activations.back().native_frame <= native_frame) {
        thread.activations.pop_back();
    }
}

void Engine::on_enter(WASMExecEnv* env, const void* native_frame) {
    GuestThread& thread = current();
    if (thread.calling) {
        return;
    }
    Lock lock(mutex_);
    drop_dead_activations(thread, native_frame);
    if (thread.active()) {
        pass_gate(lock, thread); // a callback out of a host call
    } else {
        start_activity(lock, thread);
    }
    thread.trap_depth = 0;
    thread.activations.push_back(
        {.env = env, .base = wdbg_env_top_frame(env), .native_frame = native_frame});
    if (modules_.discover(env).is_new && attached_ && !stop_at_entry_ && !thread.due) {
        thread.due = InstancesChanged{};
    }
    arm(thread);
}

/// Gives a thread that has just begun (or gone back to) guest code its attention bits.
void Engine::arm(GuestThread& thread) {
    std::uint32_t bits = thread.attention.load();
    if (thread.due) {
        bits |= attention::due;
    }
    if (watching_) {
        bits |= attention::watch;
    }
    if (state_ == RunState::Stopping) {
        bits |= attention::hold;
    }
    if (bits != 0) {
        set_attention(thread, bits);
    } else {
        wdbg_env_clear_flags(thread.env(), WDBG_ATTENTION); // may be inherited from its creator
    }
}

void Engine::start_activity(Lock& lock, GuestThread& thread) {
    running_.wait(lock, [&] { return state_ != RunState::Stopped; });
    if (std::ranges::find(threads_, &thread) == threads_.end()) {
        thread.id = ThreadId{next_thread_++};
        thread.name = thread.id.value == 1 ? "main" : "thread " + std::to_string(thread.id.value);
        threads_.push_back(&thread);
    }
    thread.attention = 0;
    thread.cancelled = false;
    thread.in_host = false;
    thread.import_calls.clear();
    if (std::exchange(stop_at_entry_, false)) {
        thread.due = StoppedAtEntry{};
    }
    if (steps_in_ != 0 && steps_in_ == thread.system_id) {
        steps_in_ = 0;
        thread.due = StepDone{};
    }
}

void Engine::end_activity(GuestThread& thread) {
    thread.step.reset();
    thread.due.reset();
    if (thread.access) {
        watchpoints_.abandon(*std::exchange(thread.access, std::nullopt));
    }
    thread.attention = 0;
    thread.trap_depth = 0;
    settle();
    // With only held threads left nothing would ever happen again.
    const auto may_run = [](const GuestThread* other) {
        return other->active() && (!other->wants(attention::hold) || other->cancelled);
    };
    const auto is_active = [](const GuestThread* other) { return other->active(); };
    if (state_ == RunState::Running && attached_ && !is_secondary_ &&
        std::ranges::any_of(threads_, is_active) && std::ranges::none_of(threads_, may_run)) {
        request_stop();
    }
}

void Engine::on_leave(WASMExecEnv* env) {
    GuestThread& thread = current();
    if (thread.calling) {
        return;
    }
    std::string deferred;
    WASMExecEnv* deferred_env = nullptr;
    {
        const std::lock_guard lock(mutex_);
        deferred = std::exchange(thread.deferred_exception, {});
        deferred_env = std::exchange(thread.deferred_env, nullptr);
        if (thread.active() && thread.env() == env) {
            wdbg_env_clear_flags(env, WDBG_ATTENTION);
            thread.activations.pop_back();
        }
        if (thread.active()) {
            thread.in_host.store(true, std::memory_order_seq_cst);
            arm(thread);
            settle();
        } else {
            end_activity(thread);
        }
    }
    if (deferred_env != nullptr) {
        wdbg_spread_exception(deferred_env, deferred.c_str());
    }
}

/// Drops the activations of `env` and what they called.
void Engine::leave(GuestThread& thread, const WASMExecEnv* env) {
    const auto used = std::ranges::find(thread.activations, env, &Activation::env);
    if (used != thread.activations.end()) {
        thread.activations.erase(used, thread.activations.end());
        if (!thread.active()) {
            end_activity(thread);
        }
    }
}

void Engine::on_exit_thread(WASMExecEnv* env) {
    GuestThread& thread = current();
    const std::lock_guard lock(mutex_);
    leave(thread, env);
}

// --- Parking
// ------------------------------------------------------------------------------------------

/// A thread that is to end goes on by itself, but not before the client lets the guest go on.
bool Engine::may_pass(const GuestThread& thread) const {
    return !thread.wants(attention::hold) || (thread.cancelled && state_ != RunState::Stopped);
}

void Engine::park(Lock& lock, GuestThread& thread) {
    thread.parked = true;
    settle();
    for (;;) {
        thread.wake.wait(lock, [&] { return may_pass(thread) || thread.call != nullptr; });
        if (thread.call == nullptr) {
            break;
        }
        run_call(lock, thread);
    }
    thread.parked = false;
}

void Engine::pass_gate(Lock& lock, GuestThread& thread) {
    thread.in_host.store(true, std::memory_order_seq_cst);
    settle();
    thread.wake.wait(lock, [&] { return may_pass(thread); });
    thread.in_host.store(false, std::memory_order_seq_cst);
}

void Engine::on_host_call_enter() {
    GuestThread& thread = current();
    if (thread.calling) {
        return;
    }
    thread.in_host.store(true, std::memory_order_seq_cst);
    if (thread.attention.load(std::memory_order_seq_cst) != 0) {
        const std::lock_guard lock(mutex_);
        settle();
    }
}

void Engine::on_host_call_leave() {
    GuestThread& thread = current();
    if (thread.calling) {
        return;
    }
    thread.in_host.store(false, std::memory_order_seq_cst);
    if (thread.attention.load(std::memory_order_seq_cst) == 0) {
        return;
    }
    Lock lock(mutex_);
    if (thread.wants(attention::hold)) {
        pass_gate(lock, thread);
    }
    if (watching_ && !thread.due) {
        thread.due = watchpoints_.changed_by_host();
        if (thread.due) {
            set_attention(thread, attention::due);
        }
    }
}

void Engine::on_import_call(WASMInterpFrame* frame, std::uint8_t* return_ip) {
    GuestThread& thread = current();
    const std::lock_guard lock(mutex_);
    std::erase_if(thread.import_calls, [&](const ImportCall& call) { return call.frame >= frame; });
    thread.import_calls.push_back({frame, return_ip});
}

// --- Before an instruction
// ------------------------------------------------------------------------------

std::optional<FrameRef> Engine::top_frame(WASMExecEnv* env) const {
    WASMInterpFrame* frame = wdbg_env_top_frame(env);
    WdbgFrame data{};
    wdbg_read_frame(frame, &data);
    if (data.function == nullptr || data.ip == nullptr) {
        return std::nullopt;
    }
    const auto owner = modules_.find_function(data.function);
    if (!owner || !owner->record->module->contains(data.ip)) {
        return std::nullopt;
    }
    return FrameRef{.frame = frame,
                    .function = data.function,
                    .instance = owner->record,
                    .actual = owner->instance,
                    .function_index = owner->index,
                    .pc = owner->record->module->offset_of(data.ip),
                    .host_call = {}};
}

/// A range step deep in a call, seen without the lock: nothing to do.
bool Engine::quiet_step(GuestThread& thread, WASMExecEnv* env) const {
    return thread.attention.load(std::memory_order_acquire) == attention::step && thread.step &&
           thread.step->kind == ResumeKind::StepRange &&
           thread.is_in_call_of_step(wdbg_env_top_frame(env));
}

bool Engine::step_is_done(const GuestThread& thread, const FrameRef& frame) const {
    if (thread.step->kind == ResumeKind::StepInstruction) {
        return true;
    }
    if (thread.is_in_call_of_step(frame.frame)) {
        return false;
    }
    return frame.frame != thread.step_frame ||
           !thread.step->range.contains({frame.instance->id, frame.pc});
}

/// What there is to report now that `frame.pc` is reached.
std::optional<StopReason> Engine::arrive(GuestThread& thread, const FrameRef& frame) {
    std::optional<StopReason> reason;
    if (thread.access && watchpoints_.after_instruction(*thread.access)) {
        reason = std::move(*thread.access);
    } else if (thread.due) {
        reason = std::exchange(thread.due, std::nullopt);
    } else if (thread.wants(attention::step) && thread.step && step_is_done(thread, frame)) {
        reason = StepDone{};
    }
    thread.access.reset();
    if (!thread.due) {
        clear_attention(thread, attention::due);
    }
    return reason;
}

/// The instruction at `frame.pc` is about to execute.
void Engine::depart(GuestThread& thread, const FrameRef& frame) {
    if (watching_ && !thread.access) {
        thread.access = watchpoints_.before_instruction(frame);
    }
}

void Engine::on_attention(WASMExecEnv* env) {
    GuestThread& thread = current();
    if (thread.calling) {
        return;
    }
    const std::uint8_t* ip = top_ip(env);
    if (thread.attention.load(std::memory_order_acquire) == attention::watch && !thread.access &&
        !may_touch_memory(*ip)) {
        return;
    }
    if (quiet_step(thread, env)) {
        return;
    }
    Lock lock(mutex_);
    if (wdbg_env_terminating(env) || thread.cancelled) {
        return;
    }
    auto frame = top_frame(env);
    if (!frame) {
        return;
    }
    if (*ip == nop_opcode) {
        // WAMR fills shortened instructions up with nop: no place to stop at.
        const auto* map = frame->instance->module->instructions_at(frame->pc);
        if (map != nullptr && !map->is_start(frame->pc)) {
            return;
        }
    }
    if (auto reason = arrive(thread, *frame)) {
        report(thread, std::move(*reason));
    }
    if (thread.wants(attention::hold)) {
        park(lock, thread);
    }
    if (std::exchange(thread.jumped, false)) {
        frame = top_frame(env);
    }
    depart(thread, *frame);
}

std::uint8_t Engine::original_opcode(const std::uint8_t* ip) {
    const std::lock_guard lock(mutex_);
    return breakpoints_.original(ip).value_or(*ip);
}

std::uint8_t Engine::on_break(WASMExecEnv* env) {
    GuestThread& thread = current();
    Lock lock(mutex_);
    for (;;) { // a jump may lead to another planted byte
        const std::uint8_t* ip = top_ip(env);
        const std::uint8_t original = breakpoints_.original(ip).value_or(*ip);
        auto frame = top_frame(env);
        if (!frame || thread.calling || thread.cancelled || wdbg_env_terminating(env)) {
            return original;
        }
        auto requested = attached_
                             ? breakpoints_.hits(ip, frame->instance->id,
                                                 surroundings_of(*frame, condition_variables_))
                             : std::vector<CodeAddress>{};
        if (!requested.empty()) {
            if (thread.access) {
                watchpoints_.abandon(*std::exchange(thread.access, std::nullopt));
            }
            report(thread, BreakpointHit{std::move(requested)});
            park(lock, thread);
        }
        if (!std::exchange(thread.jumped, false)) {
            depart(thread, *frame);
            return original;
        }
    }
}

// --- Exceptions
// -----------------------------------------------------------------------------------------

bool Engine::defer_exception(WASMExecEnv* env, const char* exception) {
    GuestThread& thread = current();
    if (exception != nullptr && thread.calling) { // it ends the call, and nobody else
        wdbg_env_set_exception(env, exception);
        return true;
    }
    if (exception == nullptr || !trap_kind(exception)) {
        return false;
    }
    const std::lock_guard lock(mutex_);
    if (!attached_ || killed_ || !thread.active() || thread.env() != env || thread.cancelled) {
        return false;
    }
    wdbg_env_set_exception(env, exception);
    thread.deferred_exception = exception;
    thread.deferred_env = env;
    return true;
}

void Engine::on_exception(WASMExecEnv* env) {
    GuestThread& thread = current();
    if (thread.calling) {
        return;
    }
    std::array<char, exception_size> text{};
    if (!wdbg_env_exception(env, text.data(), text.size())) {
        return;
    }
    const auto kind = trap_kind(text.data());
    std::string deferred;
    {
        Lock lock(mutex_);
        if (thread.access) {
            watchpoints_.abandon(*std::exchange(thread.access, std::nullopt));
        }
        const bool unwinding = thread.trap_depth != 0;
        const bool reports = kind && attached_ && !unwinding && !thread.cancelled;
        if (kind) {
            ++thread.traps;
            thread.trap_depth = thread.activations.size();
        }
        if (reports) {
            thread.at_exception = true;
            report(thread, Trapped{*kind, text.data()});
            park(lock, thread);
            thread.at_exception = false;
        }
        deferred = std::exchange(thread.deferred_exception, {});
        thread.deferred_env = nullptr;
    }
    if (!deferred.empty()) {
        wdbg_spread_exception(env, deferred.c_str());
    }
}

} // namespace wdbg::wamr
