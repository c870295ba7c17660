// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Resuming and stopping.
#include "target_impl.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace wdbg::remote {

namespace {

using Action = rsp::Client::Action;

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
            [this](std::uint64_t address) { return code_at({address}) != nullptr; },
            follows_code(at->pc) ? std::optional(at->pc.value) : std::nullopt);
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

/// Each of Arm's 32-bit instructions may be conditional, returns too: the decoder does not tell.
bool NativeTargetImpl::follows_code(NativeAddress pc) const {
    const NativeCode* code = code_at(pc);
    return machine() != Machine::Arm || (code != nullptr && code->thumb);
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
    if (const auto reply = std::exchange(put_off_, std::nullopt)) {
        state_ = NativeState::Running;
        on_reply(*reply);
        return {};
    }
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
    if (site != sites_.end() && !site->second.wanted()) { // left over from an earlier step
        const auto out = take_out(site->first, site->second);
        return out ? Result<bool>(false) : std::unexpected(out.error());
    }
    return site != sites_.end() && !goes_straight;
}

/// From site to site. False if a stop came of it, which is posted.
Result<bool> NativeTargetImpl::leave_sites(ServerThread thread) {
    constexpr int most_steps = 64;
    for (int i = 0; i < most_steps; ++i) {
        const Result<bool> must = must_step_off(thread);
        if (!must || !*must) {
            return must ? Result<bool>(true) : must;
        }
        const Result<SteppedTo> to = step_one(thread);
        if (!to) {
            return std::unexpected(to.error());
        }
        if (*to != SteppedTo::SomePlace) {
            return *to == SteppedTo::PlainCode;
        }
    }
    return true;
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
    for (const ServerThread thread : moving) {
        const Result<bool> goes_on = leave_sites(thread);
        if (!goes_on || !*goes_on) {
            return goes_on;
        }
    }
    return true;
}

/// Whether one instruction from there leads to a place where nothing is to be done, so that nobody
/// needs to look. Should it lead elsewhere after all, a site there is hit when the target runs.
bool NativeTargetImpl::leads_to_plain_code(const Run& run, NativeAddress pc) const {
    constexpr std::size_t longest = 16;
    const NativeCode* code = code_at(pc);
    if (code == nullptr || !decoder_ || steps_ranges_ || (run.plan && run.plan->one_instruction)) {
        return false;
    }
    const std::uint64_t offset = pc.value - code->code.range.begin.value;
    const auto text = std::span(code->text).subspan(std::min(offset, code->text.size()));
    const auto decoded = decoder_->decode(text.first(std::min(longest, text.size())), pc);
    if (!decoded || decoded->kind != InstructionKind::Plain) {
        return false;
    }
    const std::uint64_t next = pc.value + decoded->length;
    const auto site = sites_.find(next);
    return (site == sites_.end() || !site->second.wanted()) &&
           (!run.plan || run.plan->exit_at(next) == nullptr);
}

/// The stop reply to one instruction of one thread, all others held.
Result<rsp::StopReply> NativeTargetImpl::single_step(ServerThread thread) {
    leave_stop();
    auto answer = std::make_shared<std::optional<Result<rsp::StopReply>>>();
    link_->client().resume({Action{.letter = 's', .thread = thread}},
                           [answer](Result<rsp::StopReply> reply) { *answer = std::move(reply); });
    link_->pump_until([&] { return answer->has_value(); }, options_.timeout);
    return *answer ? std::move(**answer)
                   : fail(ErrorCode::Busy, "the server does not end a single step");
}

bool NativeTargetImpl::is_end_of_step(const rsp::StopReply& reply, ServerThread thread) {
    return reply.kind == rsp::StopReply::Kind::Stopped && reply.signal == Trap &&
           (reply.thread == 0 || reply.thread == thread) && reply.reason != "watchpoint";
}

/// A server that steps ranges wants its breakpoints out of the way; of others it is tried.
Result<NativeTargetImpl::SteppedTo> NativeTargetImpl::step_one(ServerThread thread) {
    const Result<NativeRegisters> before = quick_registers(thread);
    if (!before) {
        return std::unexpected(before.error());
    }
    Run& run = runs_[thread];
    const native::StepExit* exit = run.plan ? run.plan->exit_at(before->pc.value) : nullptr;
    const auto site = sites_.find(before->pc.value);
    const bool on_site = site != sites_.end() && site->second.inserted;
    const bool over_site = on_site && !steps_ranges_ && steps_over_sites_.value_or(true);
    if (on_site && !over_site) {
        if (auto out = take_out(site->first, site->second); !out) {
            return std::unexpected(out.error());
        }
    }
    const bool to_plain_code = leads_to_plain_code(run, before->pc);
    const Result<rsp::StopReply> reply = single_step(thread);
    if (!reply && reply.error().code == ErrorCode::Busy) {
        return fail(ErrorCode::Io, reply.error().message);
    }
    if (!reply || !is_end_of_step(*reply, thread)) {
        state_ = NativeState::Running;
        on_reply(reply);
        return SteppedTo::Stop;
    }
    take_expedited(*reply);
    event_thread_ = thread;
    if (to_plain_code && (!over_site || steps_over_sites_.has_value())) {
        return SteppedTo::PlainCode;
    }
    const Result<NativeRegisters> after = quick_registers(thread);
    if (!after) {
        return std::unexpected(after.error());
    }
    if (over_site) {
        steps_over_sites_ = after->pc != before->pc;
        if (!*steps_over_sites_) {
            return step_one(thread);
        }
    }
    return look_after_step(thread, run, *after, stack_pointer(*before), exit);
}

/// `exit` is the one that the thread has stepped off, with stack pointer `from_sp`.
NativeTargetImpl::SteppedTo NativeTargetImpl::look_after_step(ServerThread thread, Run& run,
                                                              const NativeRegisters& after,
                                                              std::uint64_t from_sp,
                                                              const native::StepExit* exit) {
    Arrival reason;
    if (run.plan && run.plan->one_instruction) {
        reason = NativeStepDone{};
    } else if (run.plan) {
        reason = arrived_by_exit(run, after, from_sp, exit);
    }
    if (const auto hit = user_hit(thread, after.pc.value)) {
        reason = hit;
    }
    if (reason) {
        post_stop({{.thread = id_of(thread), .reason = *reason}});
        return SteppedTo::Stop;
    }
    return SteppedTo::SomePlace;
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
            lose_link(reply.error().message);
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

} // namespace wdbg::remote
