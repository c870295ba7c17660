// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Resuming, and what a stop means.
#include "target_impl.h"

#include <wdbg/rsp/text.h>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

namespace wdbg::remote {

namespace {

using Action = rsp::Client::Action;
using native::ExitKind;

/// GDB's numbers of signals.
enum GdbSignal : std::uint8_t {
    Interrupt = 2,
    Illegal = 4,
    Trap = 5,
    Float = 8,
    Bus = 10,
    Segment = 11
};

/// The system's number of a fault; 0 for what is none.
int system_signal(unsigned number) {
    switch (number) {
    case Illegal:
        return SIGILL;
    case Float:
        return SIGFPE;
    case Bus:
        return SIGBUS;
    case Segment:
        return SIGSEGV;
    default:
        return 0;
    }
}

} // namespace

// --- Resuming ------------------------------------------------------------------------------------

Result<std::unique_ptr<native::StepPlan>> NativeTargetImpl::make_plan(ServerThread thread,
                                                                      const NativeAction& action) {
    if (std::holds_alternative<ContinueNative>(action)) {
        return nullptr;
    }
    auto plan = std::make_unique<native::StepPlan>();
    if (const auto* range = std::get_if<StepNativeRange>(&action)) {
        const Result<NativeRegisters> at = quick_registers(thread);
        if (!at) {
            return std::unexpected(at.error());
        }
        if (!decoder_) {
            return fail(ErrorCode::Unsupported, "steps need libwdbg-dwarf.so");
        }
        auto made = native::plan_range_step(
            *range, *decoder_,
            [this](std::uint64_t address, std::span<std::byte> into) {
                return read_memory({address}, into);
            },
            [this](std::uint64_t address) { return code_at({address}) != nullptr; });
        if (!made) {
            return std::unexpected(made.error());
        }
        *plan = std::move(*made);
        if (plan->stack_floor == 0) {
            plan->stack_floor = stack_pointer(*at);
        }
        return plan;
    }
    if (const auto* run = std::get_if<RunToAddresses>(&action)) {
        *plan = native::plan_run_to(*run);
        return plan;
    }
    plan->one_instruction = true;
    return plan;
}

Result<void> NativeTargetImpl::resume(const NativeResume& request) {
    if (auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    std::map<ServerThread, Run> runs;
    for (const NativeThreadAction& action : request.threads) {
        const Result<ServerThread> thread = server_thread(action.thread);
        if (!thread) {
            return std::unexpected(thread.error());
        }
        auto plan = make_plan(*thread, action.action);
        if (!plan) {
            return std::unexpected(plan.error());
        }
        const auto before = runs_.find(*thread);
        runs[*thread] = {.moves = true,
                         .signal = before == runs_.end() ? 0 : before->second.signal,
                         .plan = std::move(*plan)};
    }
    for (auto& [thread, run] : runs_) { // signals that wait for their threads
        if (run.signal != 0 && !runs.contains(thread)) {
            runs[thread] = {.moves = request.resume_others, .signal = run.signal, .plan = nullptr};
        }
    }
    runs_ = std::move(runs);
    others_run_ = request.resume_others;
    for (const auto& [thread, run] : runs_) {
        if (run.plan) {
            add_exits(*run.plan);
        }
    }
    auto gone = go_on();
    if (!gone) {
        drop_plans();
    }
    return gone;
}

/// Threads leave the sites that they stand on, then all run.
Result<void> NativeTargetImpl::go_on() {
    Result<bool> may_run = step_off_sites();
    if (may_run && *may_run) {
        may_run = run_straight();
    }
    if (!may_run) {
        return std::unexpected(may_run.error());
    }
    if (!*may_run) {
        return {}; // a stop has been posted, or a step is on its way
    }
    if (auto planted = sync_sites(); !planted) {
        return planted;
    }
    return send_resume();
}

/// Whether the thread stands on a site, or is to execute one instruction. A straight step and a
/// signal leave a site by themselves.
Result<bool> NativeTargetImpl::must_step_off(ServerThread thread) {
    const Result<NativeRegisters> at = quick_registers(thread);
    if (!at) {
        return std::unexpected(at.error());
    }
    const Run& run = runs_[thread];
    if (run.signal != 0) {
        return false;
    }
    if (run.plan && run.plan->one_instruction) {
        return true;
    }
    const bool goes_straight =
        run.plan && run.plan->straight && steps_ranges_ && run.plan->in_ranges(at->pc.value);
    const auto site = sites_.find(at->pc.value);
    return site != sites_.end() && site->second.wanted() && !goes_straight;
}

/// False if a stop came of it, which is posted.
Result<bool> NativeTargetImpl::step_off_sites() {
    if (others_run_ && !runs_.contains(event_thread_)) {
        runs_[event_thread_].moves = true;
    }
    std::vector<ServerThread> moving;
    for (const auto& [thread, run] : runs_) {
        if (run.moves) {
            moving.push_back(thread);
        }
    }
    constexpr int most_steps = 64; // from exit to exit
    for (const ServerThread thread : moving) {
        for (int i = 0; i < most_steps; ++i) {
            Result<bool> goes_on = must_step_off(thread);
            if (goes_on && !*goes_on) {
                break;
            }
            goes_on = goes_on ? step_one(thread) : goes_on;
            if (!goes_on || !*goes_on) {
                return goes_on;
            }
        }
    }
    return true;
}

/// One instruction of one thread, all others held. False if a stop came of it, which is posted.
Result<bool> NativeTargetImpl::step_one(ServerThread thread) {
    const Result<NativeRegisters> before = quick_registers(thread);
    if (!before) {
        return std::unexpected(before.error());
    }
    Run& run = runs_[thread];
    const native::StepExit* exit = run.plan ? run.plan->exit_at(before->pc.value) : nullptr;
    if (const auto site = sites_.find(before->pc.value); site != sites_.end()) {
        if (auto out = take_out(site->first, site->second); !out) {
            return std::unexpected(out.error());
        }
    }
    leave_stop();
    rsp::Client& client = link_->client();
    auto answer = std::make_shared<std::optional<Result<rsp::StopReply>>>();
    client.resume({Action{.letter = 's', .thread = thread}},
                  [answer](Result<rsp::StopReply> reply) { *answer = std::move(reply); });
    link_->pump_until([&] { return answer->has_value(); }, options_.timeout);
    if (!*answer) {
        return fail(ErrorCode::Io, "the server does not end a single step");
    }
    const Result<rsp::StopReply>& reply = **answer;
    if (!reply || reply->kind != rsp::StopReply::Kind::Stopped || reply->signal != Trap ||
        (reply->thread != 0 && reply->thread != thread) || reply->reason == "watchpoint") {
        state_ = NativeState::Running;
        on_reply(reply);
        return false;
    }
    take_expedited(*reply);
    event_thread_ = thread;
    const Result<NativeRegisters> after = quick_registers(thread);
    if (!after) {
        return std::unexpected(after.error());
    }
    Arrival reason;
    if (run.plan && run.plan->one_instruction) {
        reason = NativeStepDone{};
    } else if (run.plan) {
        reason = arrived_by_exit(run, *after, stack_pointer(*before), exit);
    }
    if (const auto hit = user_hit(thread, after->pc.value)) {
        reason = hit;
    }
    if (reason) {
        post_stop({{.thread = id_of(thread), .reason = *reason}});
        return false;
    }
    return true;
}

/// A single thread's step through code without calls and loops: the server does it at once.
Result<bool> NativeTargetImpl::run_straight() {
    if (!steps_ranges_) {
        return true;
    }
    for (const auto& [thread, run] : runs_) {
        if (!run.plan || !run.plan->straight || run.plan->ranges.empty() || run.signal != 0) {
            continue;
        }
        const Result<NativeRegisters> at = quick_registers(thread);
        if (!at) {
            return std::unexpected(at.error());
        }
        const auto range = std::ranges::find_if(
            run.plan->ranges, [&](const NativeRange& each) { return each.contains(at->pc); });
        if (range == run.plan->ranges.end()) {
            continue;
        }
        if (const auto site = sites_.find(at->pc.value); site != sites_.end()) {
            if (auto out = take_out(site->first, site->second); !out) {
                return std::unexpected(out.error());
            }
        }
        leave_stop();
        state_ = NativeState::Running;
        link_->client().resume(
            {Action{.letter = 'r',
                    .thread = thread,
                    .begin = range->begin.value,
                    .end = range->end.value}},
            [this](Result<rsp::StopReply> reply) { on_reply(std::move(reply)); });
        return false;
    }
    return true;
}

Result<void> NativeTargetImpl::send_resume() {
    std::vector<Action> actions;
    for (auto& [thread, run] : runs_) {
        if (!run.moves) {
            continue;
        }
        if (run.signal != 0) {
            actions.push_back({.letter = 'C', .thread = thread, .signal = run.signal});
            run.signal = 0;
        } else if (!others_run_) {
            actions.push_back({.letter = 'c', .thread = thread});
        }
    }
    if (others_run_) {
        actions.push_back({.letter = 'c'});
    }
    leave_stop();
    pending_.reset();
    state_ = NativeState::Running;
    link_->client().resume(actions,
                           [this](Result<rsp::StopReply> reply) { on_reply(std::move(reply)); });
    return {};
}

// --- Stops ---------------------------------------------------------------------------------------

/// Called by the client, perhaps in the middle of somebody's pause().
void NativeTargetImpl::on_reply(Result<rsp::StopReply> reply) {
    pending_ = std::move(reply);
    boost::asio::post(loop_, [this, alive = alive_] {
        if (*alive) {
            take_reply();
        }
    });
}

void NativeTargetImpl::take_reply() {
    if (!pending_ || state_ != NativeState::Running) {
        return; // a pause() has used it
    }
    const Result<rsp::StopReply> reply = std::move(*pending_);
    pending_.reset();
    if (!reply) {
        if (link_->client().broken()) {
            end(NativeLost{reply.error().message});
            return;
        }
        state_ = NativeState::Stopped; // the server refuses to resume
        stop_with({});
        return;
    }
    switch (reply->kind) {
    case rsp::StopReply::Kind::Exited:
        end(NativeExited{static_cast<int>(reply->exit_code)});
        return;
    case rsp::StopReply::Kind::Killed:
        end(NativeKilled{static_cast<int>(reply->signal)});
        return;
    case rsp::StopReply::Kind::Stopped:
        take_stop(*reply);
        return;
    }
}

void NativeTargetImpl::take_stop(const rsp::StopReply& reply) {
    state_ = NativeState::Stopped;
    cache_.clear();
    if (reply.thread != 0) {
        event_thread_ = reply.thread;
    }
    take_expedited(reply);
    const Arrival reason = reason_of(reply, event_thread_);
    if (interrupt_wanted_ && !reason) {
        look_again();
        stop_with({});
        return;
    }
    if (reason) {
        const bool interrupted = std::holds_alternative<Interrupted>(*reason);
        if (interrupted) {
            look_again();
        }
        stop_with(interrupted ? std::vector<NativeThreadStop>{}
                              : std::vector<NativeThreadStop>{
                                    {.thread = id_of(event_thread_), .reason = *reason}});
        return;
    }
    if (const auto gone = go_on(); !gone) {
        stop_with({});
    }
}

/// In host code nothing says that the code is still where it was.
void NativeTargetImpl::look_again() {
    const Result<NativeRegisters> at = quick_registers(event_thread_);
    if (look_at_code_ && at && code_at(at->pc) == nullptr) {
        look_at_code_(false);
    }
}

/// nullopt: nobody's business, the target goes on.
Arrival NativeTargetImpl::reason_of(const rsp::StopReply& reply, ServerThread thread) {
    if (system_signal(reply.signal) != 0) {
        return fault_of(reply, thread);
    }
    if (reply.signal == Interrupt && !interrupt_wanted_ && std::exchange(late_interrupt_, false)) {
        return std::nullopt; // of a pause that another stop had come before
    }
    if (reply.signal == Interrupt || reply.signal == 0) {
        return Interrupted{};
    }
    if (reply.signal != Trap) {
        runs_[thread].signal = reply.signal;
        runs_[thread].moves = true;
        return std::nullopt;
    }
    if (reply.reason == "watchpoint") {
        return watch_hit(reply);
    }
    const Result<NativeRegisters> at = quick_registers(thread);
    return at ? arrived(thread, *at) : Arrival(Interrupted{});
}

/// A thread has come to a site, or to the end of a step.
Arrival NativeTargetImpl::arrived(ServerThread thread, const NativeRegisters& at) {
    const auto site = sites_.find(at.pc.value);
    if (const auto hit = user_hit(thread, at.pc.value)) {
        return hit;
    }
    const auto run = runs_.find(thread);
    if (run != runs_.end() && run->second.plan) {
        if (const auto done =
                arrived_by_exit(run->second, at, run->second.plan->stack_floor, nullptr)) {
            return done;
        }
        return std::nullopt;
    }
    const bool ours = site != sites_.end() && site->second.inserted;
    return ours ? std::nullopt : Arrival(Interrupted{});
}

/// `from` is the exit whose instruction has just been executed, with stack pointer `from_sp`.
Arrival NativeTargetImpl::arrived_by_exit(Run& run, const NativeRegisters& at,
                                          std::uint64_t from_sp, const native::StepExit* from) {
    const native::StepPlan& plan = *run.plan;
    const bool in_frame = stack_pointer(at) >= plan.stack_floor;
    if (from != nullptr && from_sp >= plan.stack_floor && !plan.in_ranges(at.pc.value)) {
        const bool left = from->kind == ExitKind::PassOver ||
                          (from->kind == ExitKind::PassInto && code_at(at.pc) != nullptr);
        if (left) {
            return NativeStepDone{};
        }
    }
    const native::StepExit* exit = plan.exit_at(at.pc.value);
    if (exit != nullptr) {
        const bool done =
            exit->kind == ExitKind::Enter || (exit->kind == ExitKind::Arrive && in_frame);
        return done ? Arrival(NativeStepDone{}) : std::nullopt;
    }
    // The end of a straight step that no exit was planted for.
    const bool straight = plan.straight && !plan.ranges.empty() && from == nullptr;
    return straight && in_frame && !plan.in_ranges(at.pc.value) ? Arrival(NativeStepDone{})
                                                                : std::nullopt;
}

Arrival NativeTargetImpl::user_hit(ServerThread thread, std::uint64_t address) {
    const auto site = sites_.find(address);
    if (site != sites_.end() && site->second.traps) {
        const Result<NativeRegisters> registers = all_registers(thread);
        return registers ? Arrival(describe_trap_(*registers)) : std::nullopt;
    }
    if (site != sites_.end() && site->second.changes) {
        return look_at_code_(true) ? Arrival(NativeCodeChanged{}) : std::nullopt;
    }
    if (site == sites_.end() || !site->second.wanted_by_user) {
        return std::nullopt;
    }
    ++site->second.counters.hits;
    const HitFilter& filter = site->second.filter;
    if (filter.accept != nullptr) {
        const Result<NativeRegisters> registers = all_registers(thread);
        if (registers && !filter.accept(*registers, filter.data)) {
            return std::nullopt;
        }
    }
    ++site->second.counters.accepted;
    return NativeBreakpointHit{.address = {address}};
}

/// The signal waits for the next resume. Faults of the host are its own business: WAMR touches its
/// guard pages on purpose.
Arrival NativeTargetImpl::fault_of(const rsp::StopReply& reply, ServerThread thread) {
    runs_[thread].signal = reply.signal;
    runs_[thread].moves = true;
    const Result<NativeRegisters> at = quick_registers(thread);
    if (!at || code_at(at->pc) == nullptr) {
        return std::nullopt;
    }
    NativeFault fault{.signal = system_signal(reply.signal), .code = 0, .address = {}};
    // siginfo_t: si_signo, si_errno, si_code, then (aligned to a pointer) si_addr.
    if (const Result<std::string> info = object("siginfo", "")) {
        const std::size_t width = pointer_size(machine());
        const std::size_t place = width == 8 ? 16 : 12;
        if (info->size() >= place + width) {
            std::memcpy(&fault.code, info->data() + 8, sizeof fault.code);
            std::memcpy(&fault.address.value, info->data() + place, width);
        }
    }
    return fault;
}

Arrival NativeTargetImpl::watch_hit(const rsp::StopReply& reply) const {
    std::optional<std::uint64_t> accessed;
    for (const auto& [key, value] : reply.fields) {
        if (key == "watch" || key == "rwatch" || key == "awatch") {
            accessed = rsp::TextReader(value).hex();
        }
    }
    for (const auto& [id, watched] : watched_) {
        if (accessed && *accessed - watched.address.value < watched.size) {
            return NativeWatchpointHit{.watchpoint = WatchpointId{id}};
        }
    }
    return Interrupted{};
}

} // namespace wdbg::remote
