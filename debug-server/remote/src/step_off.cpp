// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Threads that go on from where breakpoints are planted.
#include "remote_impl.h"

#include <algorithm>

namespace wdbg::remote {

/// What has to come before `request`. A thread that stands at a breakpoint for which it has not
/// been reported hits it when it goes on.
std::optional<StepOff> RemoteImpl::step_off_for(const ResumeRequest& request) const {
    if (leaves_sites_.value_or(false) || state_ != State::Stopped || planted_.empty()) {
        return std::nullopt;
    }
    for (const ThreadId thread : reported_) {
        const auto& asked = request.threads;
        const bool runs = request.others ||
                          std::ranges::find(asked, thread, &ThreadAction::thread) != asked.end();
        const auto pcs = stack(thread);
        if (!runs || !pcs || (*pcs)->empty()) {
            continue;
        }
        std::vector<CodeAddress> sites = planted_at(to_code((*pcs)->front()));
        std::erase_if(sites, [this](CodeAddress each) { return !planted_.contains(each); });
        if (!sites.empty()) {
            return StepOff{.thread = thread,
                           .pc = (*pcs)->front(),
                           .sites = std::move(sites),
                           .request = request};
        }
    }
    return std::nullopt;
}

/// The first time the breakpoints stay where they are.
Result<void> RemoteImpl::begin_step_off(StepOff step) {
    if (!leaves_sites_) {
        step.sites.clear();
    }
    if (auto removed = set_sites(step.sites, false); !removed) {
        [[maybe_unused]] const auto back = set_sites(step.sites, true);
        return removed;
    }
    step_off_ = std::move(step);
    return step_instruction(step_off_->thread);
}

Result<void> RemoteImpl::step_instruction(ThreadId thread) {
    return send_actions({.threads = {{.thread = thread, .kind = ResumeKind::StepInstruction}},
                         .others = std::nullopt});
}

/// All of them; the first failure counts.
Result<void> RemoteImpl::set_sites(const std::vector<CodeAddress>& sites, bool planted) {
    Result<void> done;
    for (const CodeAddress site : sites) {
        const Result<std::uint64_t> packed = to_packed(site);
        auto set = packed ? stop_point(planted, 0, *packed, breakpoint_kind)
                          : std::unexpected(packed.error());
        done = done ? std::move(set) : done;
    }
    return done;
}

/// True if the thread goes on. Otherwise the stop is to be told, as the end of what was asked for.
bool RemoteImpl::end_step_off(rsp::StopReply& reply) {
    if (!step_off_) {
        return false;
    }
    state_ = State::Stopped;
    cache_.clear();
    const auto pcs = stack(step_off_->thread);
    const bool is_step = pcs && !(*pcs)->empty() && !interrupt_wanted_ &&
                         !reply.libraries_changed && reply.signal == trap_signal &&
                         reply.reason != "exception" && id_of(reply.thread) == step_off_->thread;
    const std::uint64_t pc = is_step ? (*pcs)->front() : 0;
    const bool is_there = is_step && pc == step_off_->pc;
    if (is_there && !step_off_->sites.empty() && !std::exchange(step_off_->stepped_again, true)) {
        return step_instruction(step_off_->thread).has_value(); // WAMR's first one leads nowhere
    }
    const StepOff step = std::move(*step_off_);
    step_off_.reset();
    const auto put = set_sites(step.sites, true);
    if (!is_step || !put) {
        return false;
    }
    if (!leaves_sites_) {
        leaves_sites_ = !is_there;
        if (is_there) {
            return send_resume(step.request).has_value();
        }
    }
    const auto asked = std::ranges::find(step.request.threads, step.thread, &ThreadAction::thread);
    const ResumeKind kind = asked != step.request.threads.end()
                                ? asked->kind
                                : step.request.others.value_or(ResumeKind::Continue);
    const bool is_hit = !planted_at(to_code(pc)).empty();
    if (kind != ResumeKind::Continue || is_hit) {
        reply.reason = is_hit ? "breakpoint" : "trace";
        return false;
    }
    return send_resume(step.request).has_value(); // another one may stand at some
}

} // namespace wdbg::remote
