// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "remote_impl.h"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace wdbg::remote {

namespace {

using Action = rsp::Client::Action;

} // namespace

void RemoteImpl::deliver(const Event& event) {
    if (handler_) {
        handler_(event);
    }
}

/// Stops a running guest for a moment: true if it must be resumed, false if it stands still for a
/// reason that is yet to be told (or has not been running).
Result<bool> RemoteImpl::pause() {
    rsp::Client& client = link_->client();
    if (!client.running()) {
        return false;
    }
    client.interrupt();
    if (!link_->pump_until([&client] { return !client.running(); }, options_.timeout)) {
        return fail(ErrorCode::Busy, "the guest does not stop; it may be in a host call");
    }
    const bool quiet = pending_ && *pending_ && !interrupt_wanted_ && !killing_ &&
                       (*pending_)->kind == rsp::StopReply::Kind::Stopped &&
                       (*pending_)->signal == 2 && (*pending_)->reason != "breakpoint";
    if (quiet) {
        pending_.reset();
    }
    return quiet;
}

/// Behind a pause().
Result<void> RemoteImpl::resume_again() {
    return step_off_ ? step_instruction(step_off_->thread) : send_resume(last_resume_);
}

Result<void> RemoteImpl::stop_point(bool set, unsigned type, std::uint64_t address,
                                    std::uint64_t kind) {
    const Result<bool> paused = pause();
    if (!paused) {
        return std::unexpected(paused.error());
    }
    rsp::Client& client = link_->client();
    Result<void> done = link_->ask<void>(
        [&](auto handler) { client.stop_point(set, type, address, kind, std::move(handler)); });
    if (*paused) {
        if (const auto resumed = resume_again(); !resumed) {
            return resumed;
        }
    }
    return done;
}

Result<void> RemoteImpl::plant(CodeAddress address) {
    if (state_ == State::Ended) {
        return fail(ErrorCode::Gone, "the guest has ended");
    }
    const RemoteInstance* instance = find(address.instance);
    if (instance == nullptr || instance->module->function_containing(address.offset) == nullptr) {
        return fail(ErrorCode::NotFound, "no code at this address");
    }
    const Result<std::uint64_t> packed = to_packed(address);
    if (!packed) {
        return std::unexpected(packed.error());
    }
    if (const auto known = planted_.find(address); known != planted_.end()) {
        ++known->second;
        return {};
    }
    if (const auto set = stop_point(true, 0, *packed, breakpoint_kind); !set) {
        return set;
    }
    planted_[address] = 1;
    return {};
}

Result<void> RemoteImpl::unplant(CodeAddress address) {
    const auto known = planted_.find(address);
    if (known == planted_.end()) {
        return fail(ErrorCode::NotFound, "no breakpoint at this address");
    }
    if (--known->second != 0) {
        return {};
    }
    planted_.erase(known);
    conditional_.erase(address);
    if (step_off_ && std::erase(step_off_->sites, address) != 0) {
        return {};
    }
    const Result<std::uint64_t> packed = to_packed(address);
    return state_ == State::Ended || !packed ? Result<void>()
                                             : stop_point(false, 0, *packed, breakpoint_kind);
}

Result<void> RemoteImpl::resume(const ResumeRequest& request) {
    if (const auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    if (request.threads.empty() && !request.others) {
        return fail(ErrorCode::InvalidArgument, "no thread would run");
    }
    range_step_.reset();
    for (const ThreadAction& action : request.threads) {
        if (action.kind == ResumeKind::StepRange && !steps_ranges_) {
            if (const auto begun = start_range_step(action); !begun) {
                return begun;
            }
        }
    }
    note_watched();
    last_resume_ = request;
    return send_resume(request);
}

Result<void> RemoteImpl::send_resume(const ResumeRequest& request) {
    if (auto step = step_off_for(request)) {
        return begin_step_off(std::move(*step));
    }
    return send_actions(request);
}

Result<void> RemoteImpl::send_actions(const ResumeRequest& request) {
    std::vector<Action> actions;
    for (const ThreadAction& action : request.threads) {
        Action sent{.letter = action.kind == ResumeKind::Continue ? 'c' : 's',
                    .thread = number_of(action.thread)};
        if (action.kind == ResumeKind::StepRange && steps_ranges_) {
            const CodeAddressRange& range = action.range;
            const auto begin = to_packed(CodeAddress{range.instance, range.begin});
            const auto end = to_packed(CodeAddress{range.instance, range.end});
            if (!begin || !end) {
                return std::unexpected((begin ? end : begin).error());
            }
            sent.letter = 'r';
            sent.begin = *begin;
            sent.end = *end;
        }
        actions.push_back(sent);
    }
    if (request.others) {
        actions.push_back({.letter = *request.others == ResumeKind::Continue ? 'c' : 's'});
    }
    cache_.clear();
    pending_.reset();
    state_ = State::Running;
    link_->client().resume(actions,
                           [this](Result<rsp::StopReply> reply) { on_reply(std::move(reply)); });
    return {};
}

/// Called by the client, perhaps in the middle of somebody's pause().
void RemoteImpl::on_reply(Result<rsp::StopReply> reply) {
    pending_ = std::move(reply);
    boost::asio::post(loop_, [this, alive = alive_] {
        if (*alive) {
            take_reply();
        }
    });
}

void RemoteImpl::take_reply() {
    if (!pending_) {
        return; // a pause() has used it
    }
    Result<rsp::StopReply> reply = std::move(*pending_);
    pending_.reset();
    if (!reply) {
        step_off_.reset();
        if (link_->client().broken()) {
            lost_ = reply.error().message;
            end(Killed{});
            return;
        }
        // The server refuses to resume: the guest stands where it was.
        stopped({.kind = rsp::StopReply::Kind::Stopped, .signal = 2, .reason = "signal"});
        return;
    }
    switch (reply->kind) {
    case rsp::StopReply::Kind::Exited:
        end(Exited{static_cast<int>(reply->exit_code)});
        return;
    case rsp::StopReply::Kind::Killed:
        end(Killed{});
        return;
    case rsp::StopReply::Kind::Stopped:
        if (!end_step_off(*reply) && (!range_step_ || !continue_range_step(*reply))) {
            stopped(*reply);
        }
        return;
    }
}

void RemoteImpl::end(const Event& event) {
    if (state_ == State::Ended) {
        return;
    }
    state_ = State::Ended;
    threads_.clear();
    cache_.clear();
    link_->close();
    deliver(event);
}

void RemoteImpl::stopped(const rsp::StopReply& reply) {
    cache_.clear();
    state_ = State::Stopped;
    interrupt_wanted_ = false;
    drop_range_step();
    note_threads(reply);
    if (reply.libraries_changed) {
        // A module that cannot be read stays unknown.
        [[maybe_unused]] const auto read = read_libraries();
    }
    Stopped event{.generation = ++generation_, .threads = reasons_of(reply)};
    first_stop_ = false;
    reported_.clear();
    for (const ThreadStop& stop : event.threads) {
        reported_.push_back(stop.thread);
    }
    deliver(event);
}

Result<void> RemoteImpl::interrupt() {
    if (state_ == State::Ended) {
        return fail(ErrorCode::Gone, "the guest has ended");
    }
    if (state_ == State::Running) {
        interrupt_wanted_ = true;
        link_->client().interrupt();
    }
    return {};
}

/// The connection is of no use behind this.
Result<void> RemoteImpl::detach_stopped() {
    if (const auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    rsp::Client& client = link_->client();
    auto left = link_->ask<void>([&](auto done) { client.detach_stopped(std::move(done)); });
    if (left) {
        forget_guest();
        link_->close();
        client.connection_lost();
    }
    return left;
}

/// What is on its way is dropped.
void RemoteImpl::forget_guest() {
    state_ = State::Ended;
    *alive_ = false;
    alive_ = std::make_shared<bool>(true);
}

void RemoteImpl::detach() {
    if (state_ == State::Ended) {
        return;
    }
    rsp::Client& client = link_->client();
    if (!client.running()) { // WAMR's server leaves them where they are
        while (!planted_.empty()) {
            const auto packed = to_packed(planted_.begin()->first);
            planted_.erase(planted_.begin());
            [[maybe_unused]] const auto removed =
                packed ? stop_point(false, 0, *packed, breakpoint_kind) : Result<void>();
        }
    }
    forget_guest();
    bool done = false;
    client.detach([&done](const Result<void>& /*reply*/) { done = true; });
    link_->pump_until([&] { return done || client.broken(); }, options_.timeout);
    link_->close();
    client.connection_lost();
}

Result<void> RemoteImpl::attach() {
    if (state_ == State::Ended) {
        return fail(ErrorCode::Gone, "the guest has ended");
    }
    if (state_ == State::Idle) {
        boost::asio::post(loop_, [this, alive = alive_] {
            if (*alive) {
                take_reply();
            }
        });
        return {};
    }
    return interrupt();
}

/// The answer is X, W, or the end of the connection. Waits for it, so that the guest is ended also
/// if the debugger goes away behind this.
void RemoteImpl::kill() {
    if (state_ == State::Ended || killing_) {
        return;
    }
    killing_ = true;
    rsp::Client& client = link_->client();
    auto done = std::make_shared<bool>(false);
    client.kill([done](const Result<void>& /*reply*/) { *done = true; });
    link_->pump_until([done] { return *done; }, options_.timeout);
    boost::asio::post(loop_, [this, alive = alive_] {
        if (*alive) {
            end(Killed{});
        }
    });
}

// --- Steps over a range by single steps ---------------------------------------------------------

Result<void> RemoteImpl::start_range_step(const ThreadAction& action) {
    const auto pcs = stack(action.thread);
    if (!pcs) {
        return std::unexpected(pcs.error());
    }
    range_step_ = RangeStep{.thread = action.thread,
                            .range = action.range,
                            .depth = (*pcs)->size(),
                            .back = std::nullopt};
    return {};
}

void RemoteImpl::drop_range_step() {
    if (range_step_ && range_step_->back) {
        const CodeAddress back = *range_step_->back;
        range_step_->back.reset();
        [[maybe_unused]] const auto removed = unplant(back);
    }
    range_step_.reset();
}

void RemoteImpl::resume_silently(char letter, ThreadId thread) {
    ResumeRequest request = last_resume_;
    for (ThreadAction& action : request.threads) {
        if (action.thread == thread) {
            action.kind = letter == 'c' ? ResumeKind::Continue : ResumeKind::StepInstruction;
        }
    }
    [[maybe_unused]] const auto sent = send_resume(request);
}

/// False if the stop is one to be told.
bool RemoteImpl::continue_range_step(const rsp::StopReply& reply) {
    RangeStep& step = *range_step_;
    const ThreadId thread{static_cast<std::uint32_t>(reply.thread)};
    if (interrupt_wanted_ || thread != step.thread || reply.libraries_changed) {
        return false;
    }
    state_ = State::Stopped;
    cache_.clear();
    const auto pcs = stack(thread);
    if (!pcs || (*pcs)->empty()) {
        return false;
    }
    const std::vector<std::uint64_t> frames = **pcs;
    const CodeAddress pc = to_code(frames.front());
    const bool at_back = step.back && *step.back == pc;
    if (reply.reason != "trace" && !at_back && !(reply.reason.empty() && planted_at(pc).empty())) {
        return false;
    }
    if (at_back && frames.size() <= step.depth) {
        step.back.reset();
        [[maybe_unused]] const auto removed = unplant(pc);
        if (!planted_at(pc).empty()) {
            return false;
        }
    } else if (at_back) {
        resume_silently('c', thread);
        return true;
    }
    if (frames.size() > step.depth) {
        const CodeAddress back = to_code(frames[frames.size() - step.depth]);
        if (plant(back)) {
            step.back = back;
            resume_silently('c', thread);
            return true;
        }
    }
    if (frames.size() == step.depth && step.range.contains(pc)) {
        resume_silently('s', thread);
        return true;
    }
    return false;
}

} // namespace wdbg::remote
