// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "fast_step.h"

#include <algorithm>
#include <utility>

namespace wdbg::rsp {

namespace {

/// Makes it a step of the thread, should that be about to continue. False if it is not.
bool step_instead(ResumeRequest& request, const ThreadAction& step) {
    const auto action = std::ranges::find(request.threads, step.thread, &ThreadAction::thread);
    const bool is_named = action != request.threads.end();
    const auto kind = is_named ? std::optional(action->kind) : request.others;
    if (kind != ResumeKind::Continue) {
        return false;
    }
    if (is_named) {
        *action = step;
    } else {
        request.threads.push_back(step);
    }
    return true;
}

} // namespace

void FastStep::packet_begins() {
    set_before_ = std::exchange(set_now_, std::nullopt);
}

void FastStep::breakpoint_set(CodeAddress address) {
    const bool is_put_back = lifted_ && lifted_->breakpoint == address && lifted_->resumes == 1;
    if (!is_put_back) {
        set_now_ = address;
    }
}

void FastStep::breakpoint_removed(CodeAddress address) {
    lifted_ = Lifted{.breakpoint = address};
    if (step_ && step_->breakpoint == address) {
        step_.reset();
    }
}

void FastStep::change(ResumeRequest& request, ThreadId thread, CodeAddress pc,
                      const LeavesUnseen& leaves_unseen) {
    if (lifted_) {
        ++lifted_->resumes;
    }
    if (step_ && !set_before_) {
        step_instead(request, {.thread = step_->thread, .kind = ResumeKind::StepInstruction});
        return;
    }
    if (!leaves_unseen || !set_before_ || pc.instance != set_before_->instance ||
        pc.offset >= set_before_->offset) {
        return;
    }
    const CodeAddressRange range{
        .instance = pc.instance, .begin = pc.offset, .end = set_before_->offset};
    if (leaves_unseen(range) &&
        step_instead(request, {.thread = thread, .kind = ResumeKind::StepRange, .range = range})) {
        step_ = Step{.thread = thread, .breakpoint = *set_before_};
    }
}

} // namespace wdbg::rsp
