// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "breakpoint_table.h"
#include "module_table.h"
#include "step_plan.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace wdbg::source {

/// What run control asks of the evaluator, in the innermost source frame of a thread.
class ConditionEvaluator {
  public:
    virtual ~ConditionEvaluator() = default;
    [[nodiscard]] virtual Result<bool> holds(ThreadId thread, const std::string& condition) = 0;
    /// Text with its {expressions} replaced.
    [[nodiscard]] virtual std::string expand(ThreadId thread, const std::string& text) = 0;
};

/// Receives the machine model's events and decides which of them the user sees: steps in progress,
/// conditions, hit counts, log points and new modules let the guest run on.
///
///              stop with a reason for the user
///     Running ───────────────────────────────► Stopped
///        │ ▲                                      │
///        └─┘ other stops: resumed at once   ◄─────┘ resume(), step()
class RunControl {
  public:
    using EventHandler = std::function<void(const SourceEvent&)>;

    RunControl(Debuggee& debuggee, ModuleTable& modules, BreakpointTable& breakpoints,
               ConditionEvaluator& evaluator, bool stop_on_modules_changed)
        : debuggee_(debuggee)
        , modules_(modules)
        , breakpoints_(breakpoints)
        , evaluator_(evaluator)
        , stop_on_modules_changed_(stop_on_modules_changed) {}

    void set_event_handler(EventHandler handler) { handler_ = std::move(handler); }

    void on_event(const Event& event);

    Result<void> resume(std::optional<ThreadId> only);
    Result<void> step(const StepPlan::Options& options);
    Result<void> jump(ThreadId thread, CodeAddress to, const std::function<void()>& done);
    void detach();
    Result<void> detach_stopped();

    [[nodiscard]] bool stopped() const { return stopped_; }

    [[nodiscard]] const StoppedView& last_stop() const { return last_stop_; }

    /// Called before the user's first look at a new stop, and before every resume.
    std::function<void()> on_change = [] {};

  private:
    void on_stopped(const Stopped& stopped);
    [[nodiscard]] std::optional<ThreadStopView> view_of(const ThreadStop& stop);
    [[nodiscard]] std::vector<BreakpointId> hit_at(ThreadId thread,
                                                   const std::vector<CodeAddress>& addresses);
    [[nodiscard]] bool counts(ThreadId thread, Breakpoint& breakpoint, CodeAddress address);
    void log(ThreadId thread, const Breakpoint& breakpoint);
    void continue_plan(const Stopped& stopped);
    void finish_step(const Stopped& stopped);
    void arrive(ThreadId thread, CodeAddress at);
    void show(std::uint64_t generation, std::vector<ThreadStopView> threads);
    void update_modules();
    void run(const ResumeRequest& request);
    [[nodiscard]] std::optional<CodeAddress> pc_of(ThreadId thread) const;
    void emit(const SourceEvent& event);

    Debuggee& debuggee_;
    ModuleTable& modules_;
    BreakpointTable& breakpoints_;
    ConditionEvaluator& evaluator_;
    bool stop_on_modules_changed_;
    EventHandler handler_;
    bool stopped_ = false;
    StoppedView last_stop_;
    ResumeRequest last_request_;
    std::unique_ptr<StepPlan> plan_;
    /// Threads that a step brought onto a breakpoint: it is hit again without moving when they are
    /// resumed, and that is not news.
    std::map<ThreadId, CodeAddress> arrived_;
};

} // namespace wdbg::source
