// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// From the first stop to the end.
#include "target_impl.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace wdbg::remote {

namespace {

using Action = rsp::Client::Action;

} // namespace

void NativeTargetImpl::leave_stop() {
    cache_.clear();
    has_run_ = true;
}

void NativeTargetImpl::drop_plans() {
    for (auto& [thread, run] : runs_) {
        if (run.plan) {
            drop_exits(*run.plan);
            run.plan.reset();
        }
    }
}

// --- Stops ---------------------------------------------------------------------------------------

void NativeTargetImpl::stop_with(std::vector<NativeThreadStop> reasons) {
    interrupt_wanted_ = false;
    drop_plans();
    for (auto& [thread, run] : runs_) {
        run.moves = false;
    }
    std::erase_if(runs_, [](const auto& entry) { return entry.second.signal == 0; });
    if (handler_) {
        handler_(NativeStopped{.generation = ++generation_, .threads = std::move(reasons)});
    }
}

/// From within resume(), whose caller hears of it later.
void NativeTargetImpl::post_stop(std::vector<NativeThreadStop> reasons) {
    boost::asio::post(loop_, [this, alive = alive_, reasons = std::move(reasons)]() mutable {
        if (*alive && state_ == NativeState::Running) {
            state_ = NativeState::Stopped;
            stop_with(std::move(reasons));
        }
    });
    state_ = NativeState::Running;
}

void NativeTargetImpl::end(const NativeEnd& how) {
    if (state_ == NativeState::Ended) {
        return;
    }
    state_ = NativeState::Ended;
    if (const auto* lost = std::get_if<NativeLost>(&how)) {
        lost_ = lost->reason;
        warn_of_what_stays();
    }
    leave_stop();
    link_->close();
    reconnect_timer_.cancel();
    if (end_handler_) {
        end_handler_(how);
    }
}

// --- Before anybody listens ----------------------------------------------------------------------

Result<bool> NativeTargetImpl::run_until(std::span<const NativeAddress> addresses,
                                         std::chrono::milliseconds limit) {
    if (auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    if (auto left = leave_one_of(addresses); !left) {
        return std::unexpected(left.error());
    }
    for (const NativeAddress address : addresses) {
        if (auto set = stop_point(true, 0, address.value, site_kind(address.value)); !set) {
            return std::unexpected(set.error());
        }
    }
    const Result<bool> arrived = run_for(limit);
    for (const NativeAddress address : addresses) {
        if (state_ == NativeState::Stopped) {
            [[maybe_unused]] const auto removed =
                stop_point(false, 0, address.value, site_kind(address.value));
        }
    }
    return arrived;
}

/// A thread that stands where it is to stop has been there.
Result<void> NativeTargetImpl::leave_one_of(std::span<const NativeAddress> addresses) {
    const Result<NativeRegisters> at = quick_registers(event_thread_);
    if (!at) {
        return std::unexpected(at.error());
    }
    if (std::ranges::find(addresses, at->pc) == addresses.end()) {
        return {};
    }
    const Result<rsp::StopReply> reply = single_step(event_thread_);
    if (!reply) {
        return std::unexpected(reply.error());
    }
    if (reply->kind != rsp::StopReply::Kind::Stopped) {
        state_ = NativeState::Ended;
        return fail(ErrorCode::Gone, "the target has ended");
    }
    take_expedited(*reply);
    return {};
}

/// Signals go to the target. True if it stopped by itself.
Result<bool> NativeTargetImpl::run_for(std::chrono::milliseconds limit) {
    rsp::Client& client = link_->client();
    const auto end_of_time = std::chrono::steady_clock::now() + limit;
    bool interrupted = false;
    Action action{.letter = 'c'};
    while (true) {
        leave_stop();
        auto answer = std::make_shared<std::optional<Result<rsp::StopReply>>>();
        client.resume({action},
                      [answer](Result<rsp::StopReply> reply) { *answer = std::move(reply); });
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end_of_time - std::chrono::steady_clock::now());
        if (!link_->pump_until([&] { return answer->has_value(); },
                               std::max(left, std::chrono::milliseconds(0)))) {
            interrupted = true;
            send_interrupt();
            link_->pump_until([&] { return answer->has_value(); }, options_.timeout);
        }
        if (!*answer) {
            return fail(ErrorCode::Io, "the target does not stop");
        }
        const Result<rsp::StopReply>& reply = **answer;
        if (!reply) {
            return std::unexpected(reply.error());
        }
        if (reply->kind != rsp::StopReply::Kind::Stopped) {
            state_ = NativeState::Ended;
            return fail(ErrorCode::Gone, "the target has ended");
        }
        event_thread_ = reply->thread != 0 ? reply->thread : event_thread_;
        take_expedited(*reply);
        if (reply->signal == 5 || interrupted) {
            return reply->signal == 5;
        }
        action = {.letter = 'C', .thread = 0, .signal = reply->signal};
    }
}

std::optional<NativeAddress> NativeTargetImpl::first_argument() const {
    const Result<NativeRegisters> registers = all_registers(event_thread_);
    if (!registers) {
        return std::nullopt;
    }
    const std::size_t number = machine() == Machine::X86_64                                 ? 5
                               : machine() == Machine::AArch64 || machine() == Machine::Arm ? 0
                                                                                            : 10;
    return NativeAddress{registers->general.at(number)};
}

/// The first stop is told from the loop.
void NativeTargetImpl::start() {
    watch_link();
    post_stop({});
}

Result<void> NativeTargetImpl::interrupt() {
    if (state_ == NativeState::Ended || state_ == NativeState::Lost) {
        return require_stopped();
    }
    if (state_ == NativeState::Running) {
        interrupt_wanted_ = true;
        send_interrupt();
    }
    return {};
}

// --- The end -------------------------------------------------------------------------------------

/// Stands still, or has ended.
void NativeTargetImpl::bring_to_rest() {
    if (state_ == NativeState::Running && pause()) {
        if (pending_ && *pending_ && (*pending_)->kind != rsp::StopReply::Kind::Stopped) {
            take_reply(); // it has ended
            return;
        }
        pending_.reset(); // whatever it was, nobody waits for it
        state_ = NativeState::Stopped;
    }
    drop_plans();
}

/// At rest, as it was before anybody came; false if it has ended.
bool NativeTargetImpl::restore() {
    if (state_ == NativeState::Lost) {
        stay_lost();
    }
    if (state_ != NativeState::Ended) {
        bring_to_rest();
    }
    if (state_ == NativeState::Ended) {
        return false;
    }
    remove_everything();
    return true;
}

void NativeTargetImpl::detach() {
    if (restore() && state_ == NativeState::Stopped) {
        others_run_ = true;
        [[maybe_unused]] const auto running = send_resume(); // a lost link is told by its own event
    }
}

void NativeTargetImpl::kill() {
    if (state_ == NativeState::Ended) {
        return;
    }
    if (state_ == NativeState::Lost) {
        stay_lost();
        return;
    }
    state_ = NativeState::Ended;
    auto done = std::make_shared<bool>(false);
    link_->client().kill([done](const Result<void>& /*reply*/) { *done = true; });
    link_->pump_until([done] { return *done; }, options_.timeout);
    link_->close();
}

void NativeTargetImpl::release() {
    if (!restore()) {
        return;
    }
    state_ = NativeState::Ended;
    rsp::Client& client = link_->client();
    auto done = std::make_shared<bool>(false);
    client.detach([done](const Result<void>& /*reply*/) { *done = true; });
    link_->pump_until([&] { return *done || client.broken(); }, options_.timeout);
    link_->close();
}

} // namespace wdbg::remote
