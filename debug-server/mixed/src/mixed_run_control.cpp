// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Two parts' stops as one, and one resume as two.
#include "mixed_impl.h"

#include <algorithm>

namespace wdbg::mixed {

// --- Stops ---------------------------------------------------------------------------------------

void MixedDebuggee::on_event(std::uint32_t part, const Event& event) {
    if (const auto* stopped = std::get_if<Stopped>(&event)) {
        on_stopped(part, *stopped);
    } else if (!std::exchange(ended_, true)) { // the other part tells the same
        forget_stop();
        if (handler_) {
            handler_(killed_ ? Event(Killed{}) : event);
        }
        parts_[1 - part].part.debuggee.detach(); // nothing is held any more
    }
}

void MixedDebuggee::on_stopped(std::uint32_t part, const Stopped& stop) {
    PartState& here = parts_[part];
    PartState& there = parts_[1 - part];
    if (!there.stopped) {
        first_to_stop_ = part;
    }
    here.stopped = true;
    here.reasons = stop.threads;
    if (there.stopped) {
        join_stop();
    } else if (!std::exchange(there.asked, true)) {
        // Fails only for a guest that is ending.
        [[maybe_unused]] const auto asked = there.part.debuggee.interrupt();
    }
}

void MixedDebuggee::join_stop() {
    stacks_.clear();
    stopped_ = true;
    threads_.refresh(parts_);
    ++generation_;
    if (handler_) {
        handler_(Stopped{.generation = generation_, .threads = joined_reasons()});
    }
}

/// One for each thread; an interrupt counts only where nothing else is to be told.
std::vector<ThreadStop> MixedDebuggee::joined_reasons() const {
    std::vector<ThreadStop> reasons;
    for (const std::uint32_t part : {first_to_stop_, 1 - first_to_stop_}) {
        for (const ThreadStop& own : parts_[part].reasons) {
            const JoinedThread* thread = threads_.of(part, own.thread);
            if (thread == nullptr || std::holds_alternative<Interrupted>(own.reason) ||
                std::ranges::find(reasons, thread->id, &ThreadStop::thread) != reasons.end()) {
                continue;
            }
            reasons.push_back({.thread = thread->id, .reason = joint_reason(part, own.reason)});
        }
    }
    if (reasons.empty()) {
        const auto& all = threads_.all();
        reasons.push_back(
            {.thread = all.empty() ? ThreadId{1} : all.front().id, .reason = Interrupted{}});
    }
    return reasons;
}

// --- Resuming ------------------------------------------------------------------------------------

/// A thread in the other part's code steps back into this one's by returning.
ThreadAction MixedDebuggee::action_for(const ThreadAction& action, const JoinedThread& thread,
                                       std::uint32_t part, std::uint32_t innermost) const {
    ThreadAction own{.thread = thread.in[part]->id, .kind = action.kind, .range = action.range};
    own.range.instance = own_id(own.range.instance);
    if (part != innermost && action.kind == ResumeKind::StepRange) {
        own.range = {}; // contains nothing: until the frame that has called goes on
    }
    return own;
}

std::array<ResumeRequest, part_count>
MixedDebuggee::requests_for(const ResumeRequest& request) const {
    std::array<ResumeRequest, part_count> own;
    for (ResumeRequest& each : own) {
        each = {.threads = {}, .others = request.others, .others_elsewhere = true};
    }
    for (const ThreadAction& action : request.threads) {
        const JoinedThread& thread = *threads_.find(action.thread);
        const std::uint32_t innermost = innermost_part(thread);
        for (std::uint32_t part = 0; part < part_count; ++part) {
            if (thread.in[part]) {
                own[part].threads.push_back(action_for(action, thread, part, innermost));
            }
        }
    }
    return own;
}

/// Of several threads that step, the first is seen to come into the other part.
void MixedDebuggee::arm_steps_into(const ResumeRequest& request) const {
    std::array<std::uint64_t, part_count> into{};
    for (const ThreadAction& action : request.threads) {
        const JoinedThread& thread = *threads_.find(action.thread);
        std::uint64_t& other = into[1 - innermost_part(thread)];
        if (action.kind == ResumeKind::StepInstruction && other == 0) {
            other = thread.system_id;
        }
    }
    for (std::uint32_t part = 0; part < part_count; ++part) {
        parts_[part].part.step_in(into[part]);
    }
}

void MixedDebuggee::forget_stop() {
    stopped_ = false;
    stacks_.clear();
    for (PartState& part : parts_) {
        part.go();
    }
}

Result<void> MixedDebuggee::resume(const ResumeRequest& request) {
    if (auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    if (request.threads.empty() && !request.others) {
        return fail(ErrorCode::InvalidArgument, "no thread would run");
    }
    for (const ThreadAction& action : request.threads) {
        if (threads_.find(action.thread) == nullptr) {
            return fail(ErrorCode::NotFound,
                        "there is no thread " + std::to_string(action.thread.value));
        }
    }
    const auto own = requests_for(request);
    arm_steps_into(request);
    if (auto resumed = parts_[0].part.debuggee.resume(own[0]); !resumed) {
        return resumed;
    }
    forget_stop();
    if (auto resumed = parts_[1].part.debuggee.resume(own[1]); !resumed) {
        parts_[1].stopped = true; // a Stopped event follows
        parts_[0].asked = true;
        return parts_[0].part.debuggee.interrupt();
    }
    return {};
}

Result<void> MixedDebuggee::interrupt() {
    if (stopped_) {
        return {};
    }
    for (PartState& part : parts_) {
        if (part.stopped || std::exchange(part.asked, true)) {
            continue;
        }
        if (auto asked = part.part.debuggee.interrupt(); !asked) {
            return asked;
        }
    }
    return {};
}

Result<void> MixedDebuggee::attach() {
    forget_stop();
    for (PartState& part : parts_) {
        part.asked = true;
    }
    for (const PartState& part : parts_) {
        if (auto attached = part.part.debuggee.attach(); !attached) {
            return attached;
        }
    }
    return {};
}

void MixedDebuggee::detach() {
    forget_stop();
    for (const PartState& part : parts_) {
        part.part.step_in(0);
        part.part.debuggee.detach();
    }
}

Result<void> MixedDebuggee::detach_stopped() {
    if (auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    Result<void> done;
    for (const PartState& part : parts_) {
        if (auto own = part.part.debuggee.detach_stopped(); !own && done) {
            done = own;
        }
    }
    return done;
}

void MixedDebuggee::kill() {
    killed_ = true;
    forget_stop();
    for (const PartState& part : parts_) {
        part.part.debuggee.kill();
    }
}

} // namespace wdbg::mixed
