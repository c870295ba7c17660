// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "run_control.h"

#include <algorithm>

namespace wdbg::source {

namespace {

StopKind kind_of(const StopReason& reason) {
    struct Visitor {
        StopKind operator()(const StoppedAtEntry&) const { return StopKind::Entry; }

        StopKind operator()(const BreakpointHit&) const { return StopKind::Breakpoint; }

        StopKind operator()(const StepDone&) const { return StopKind::Step; }

        StopKind operator()(const Interrupted&) const { return StopKind::Pause; }

        StopKind operator()(const InstancesChanged&) const { return StopKind::ModulesChanged; }

        StopKind operator()(const WatchpointHit&) const { return StopKind::Watchpoint; }

        StopKind operator()(const Trapped&) const { return StopKind::Trap; }
    };

    return std::visit(Visitor{}, reason);
}

} // namespace

void RunControl::emit(const SourceEvent& event) {
    if (handler_) {
        handler_(event);
    }
}

void RunControl::on_event(const Event& event) {
    if (const auto* stopped = std::get_if<Stopped>(&event)) {
        return on_stopped(*stopped);
    }
    plan_.reset();
    stopped_ = false;
    on_change();
    if (const auto* exited = std::get_if<Exited>(&event)) {
        emit(*exited);
    } else {
        emit(std::get<Killed>(event));
    }
}

std::optional<CodeAddress> RunControl::pc_of(ThreadId thread) const {
    const auto frames = debuggee_.frames(thread, 0, 1);
    if (!frames || frames->frames.empty()) {
        return std::nullopt;
    }
    return frames->frames.front().pc;
}

void RunControl::update_modules() {
    for (BreakpointInfo& changed : breakpoints_.resolve_all()) {
        emit(BreakpointChanged{std::move(changed)});
    }
    emit(ModulesUpdated{});
}

void RunControl::on_stopped(const Stopped& stopped) {
    stopped_ = true;
    on_change();
    const bool first_look = modules_.all().empty();
    const bool modules_changed =
        modules_.refresh() || std::ranges::any_of(stopped.threads, [](const ThreadStop& each) {
            return std::holds_alternative<InstancesChanged>(each.reason);
        });
    if (first_look || modules_changed) {
        update_modules();
    }
    std::vector<ThreadStopView> visible;
    for (const ThreadStop& stop : stopped.threads) {
        if (auto view = view_of(stop)) {
            visible.push_back(std::move(*view));
        }
    }
    if (!visible.empty()) {
        const bool interrupted_step = plan_ != nullptr;
        const ThreadId stepping = interrupted_step ? plan_->thread() : ThreadId{};
        plan_.reset();
        if (interrupted_step && visible.front().thread != stepping) {
            visible.front().text = "this stop ended a step of another thread";
        }
        return show(stopped.generation, std::move(visible));
    }
    if (plan_ != nullptr) {
        return continue_plan(stopped);
    }
    run(last_request_);
}

std::optional<ThreadStopView> RunControl::view_of(const ThreadStop& stop) {
    ThreadStopView view{.thread = stop.thread, .kind = kind_of(stop.reason), .reason = stop.reason};
    const auto* hit = std::get_if<BreakpointHit>(&stop.reason);
    if (hit != nullptr) {
        const auto arrived = arrived_.find(stop.thread);
        const bool known = arrived != arrived_.end() && pc_of(stop.thread) == arrived->second;
        if (arrived != arrived_.end()) {
            breakpoints_.resume_filter(arrived->second);
            arrived_.erase(arrived);
        }
        if (known) {
            return std::nullopt;
        }
        view.breakpoints = hit_at(stop.thread, hit->requested);
        return view.breakpoints.empty() ? std::nullopt : std::optional(std::move(view));
    }
    if (const auto arrived = arrived_.find(stop.thread); arrived != arrived_.end()) {
        breakpoints_.resume_filter(arrived->second);
        arrived_.erase(arrived);
    }
    if (const auto* trapped = std::get_if<Trapped>(&stop.reason)) {
        view.text = trapped->message;
    }
    if (view.kind == StopKind::ModulesChanged && !stop_on_modules_changed_) {
        return std::nullopt;
    }
    const bool is_plans = plan_ != nullptr && plan_->thread() == stop.thread;
    if (view.kind == StopKind::Step && is_plans) {
        return std::nullopt;
    }
    return view;
}

/// Conditions, counts and logs of the breakpoints at these addresses; those that stop the guest.
std::vector<BreakpointId> RunControl::hit_at(ThreadId thread,
                                             const std::vector<CodeAddress>& addresses) {
    std::vector<BreakpointId> ids;
    std::vector<Breakpoint*> seen;
    for (const CodeAddress& address : addresses) {
        for (Breakpoint* breakpoint : breakpoints_.at(address)) {
            if (std::ranges::find(seen, breakpoint) != seen.end()) {
                continue;
            }
            seen.push_back(breakpoint);
            if (!counts(thread, *breakpoint, address)) {
                continue;
            }
            if (breakpoint->options.log_message.empty()) {
                ids.push_back(breakpoint->info.id);
            } else {
                log(thread, *breakpoint);
            }
        }
    }
    return ids;
}

bool RunControl::counts(ThreadId thread, Breakpoint& breakpoint, CodeAddress address) {
    if (!breakpoint.options.condition.empty()) {
        const auto holds = evaluator_.holds(thread, breakpoint.options.condition);
        if (!holds) { // a stop is better than a breakpoint that silently never stops
            emit(LogOutput{.text = "condition of breakpoint " +
                                   std::to_string(breakpoint.info.id.value) + ": " +
                                   holds.error().message + "\n",
                           .is_error = true,
                           .path = breakpoint.info.path,
                           .line = breakpoint.info.line});
        } else if (!*holds) {
            return false;
        }
    }
    breakpoint.info.hits = breakpoints_.count_pass(breakpoint, address);
    return breakpoint.hit_condition.holds(breakpoint.info.hits);
}

void RunControl::log(ThreadId thread, const Breakpoint& breakpoint) {
    emit(LogOutput{.text = evaluator_.expand(thread, breakpoint.options.log_message) + "\n",
                   .path = breakpoint.info.path,
                   .line = breakpoint.info.line});
}

void RunControl::continue_plan(const Stopped& stopped) {
    bool step_done = false;
    for (const ThreadStop& stop : stopped.threads) {
        step_done = step_done || (stop.thread == plan_->thread() &&
                                  std::holds_alternative<StepDone>(stop.reason));
    }
    const auto request = plan_->next(step_done);
    if (request && *request) {
        return run(**request);
    }
    finish_step(stopped);
}

void RunControl::finish_step(const Stopped& stopped) {
    const ThreadId thread = plan_->thread();
    plan_.reset();
    ThreadStopView view{.thread = thread, .kind = StopKind::Step, .reason = StepDone{}};
    const auto pc = pc_of(thread);
    if (pc && breakpoints_.planted(*pc)) {
        arrive(thread, *pc);
        view.breakpoints = hit_at(thread, {*pc});
    }
    show(stopped.generation, {std::move(view)});
}

/// At a planted address without having hit it.
void RunControl::arrive(ThreadId thread, CodeAddress at) {
    arrived_[thread] = at;
    breakpoints_.suspend_filter(at); // so that it is told when the thread goes on
}

void RunControl::show(std::uint64_t generation, std::vector<ThreadStopView> threads) {
    last_stop_ = {.generation = generation, .threads = std::move(threads)};
    emit(last_stop_);
}

void RunControl::run(const ResumeRequest& request) {
    stopped_ = false;
    on_change();
    if (const auto resumed = debuggee_.resume(request); !resumed) {
        stopped_ = true;
        plan_.reset();
        ThreadStopView view{.text = "cannot go on: " + resumed.error().message};
        view.thread = request.threads.empty() ? ThreadId{1} : request.threads.front().thread;
        show(last_stop_.generation, {std::move(view)});
    }
}

Result<void> RunControl::resume(std::optional<ThreadId> only) {
    ResumeRequest request;
    if (only) {
        request.threads.push_back({.thread = *only, .kind = ResumeKind::Continue});
    } else {
        request.others = ResumeKind::Continue;
    }
    plan_.reset();
    const bool was_stopped = stopped_;
    stopped_ = false; // before the guest runs: it may stop at once
    last_request_ = request;
    on_change();
    const auto resumed = debuggee_.resume(request);
    if (!resumed) {
        stopped_ = was_stopped;
    }
    return resumed;
}

Result<void> RunControl::step(const StepPlan::Options& options) {
    if (!stopped_) {
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    auto plan = std::make_unique<StepPlan>(debuggee_, modules_, options);
    const auto request = plan->start();
    if (!request) {
        return std::unexpected(request.error());
    }
    if (!*request) {
        return fail(ErrorCode::Internal, "a step that does nothing");
    }
    last_request_ = {.threads = {}, .others = ResumeKind::Continue};
    plan_ = std::move(plan);
    stopped_ = false;
    on_change();
    const auto resumed = debuggee_.resume(**request);
    if (!resumed) {
        plan_.reset();
        stopped_ = true;
    }
    return resumed;
}

Result<void> RunControl::jump(ThreadId thread, CodeAddress to, const std::function<void()>& done) {
    if (!stopped_) {
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    JumpSupport* jumps = debuggee_.jump_support();
    if (jumps == nullptr) {
        return fail(ErrorCode::Unsupported,
                    "the next statement cannot be chosen with this engine: only interpreted code "
                    "keeps its state between instructions");
    }
    if (const auto jumped = jumps->jump(thread, to); !jumped) {
        return jumped;
    }
    if (const auto before = arrived_.find(thread); before != arrived_.end()) {
        breakpoints_.resume_filter(before->second);
        arrived_.erase(before);
    }
    if (breakpoints_.planted(to)) {
        arrive(thread, to);
    }
    on_change();
    done();
    show(last_stop_.generation,
         {ThreadStopView{.thread = thread, .kind = StopKind::Goto, .reason = StepDone{}}});
    return {};
}

Result<void> RunControl::detach_stopped() {
    if (!stopped_) {
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    const auto done = debuggee_.detach_stopped();
    if (done) {
        plan_.reset();
        arrived_.clear();
        breakpoints_.forget_planted();
        stopped_ = false;
        on_change();
    }
    return done;
}

void RunControl::detach() {
    plan_.reset();
    arrived_.clear();
    breakpoints_.forget_planted();
    debuggee_.detach();
    stopped_ = false;
    on_change();
}

} // namespace wdbg::source
