// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/source/source_level.h>

#include <map>
#include <string>
#include <vector>

namespace wdbg::test {

/// A scripted source level over a (fake) Debuggee, for tests of the DAP server. It understands
/// what the test tells it: lines, frames and variables are data. Run control goes through to the
/// debuggee, and its events come back as they are.
class FakeSourceLevel final : public source::SourceLevel {
  public:
    explicit FakeSourceLevel(Debuggee& debuggee);

    // --- The scene; tests change it as they like ---
    /// Lines that have code, of every file.
    std::map<std::uint32_t, CodeAddress> lines;
    /// Where the debug information says that files are; empty: where the client says.
    std::string debug_folder;
    std::vector<source::StackFrame> frames;
    std::vector<source::ScopeView> scope_views;
    std::map<source::VariableHandle, std::vector<source::VariableView>> children;
    std::map<std::string, source::VariableView, std::less<>> expressions;
    std::vector<source::StepTarget> targets;
    std::vector<source::JumpTarget> jumps;
    std::vector<source::ModuleView> module_views;
    std::vector<std::string> source_paths;
    std::vector<source::Completion> proposals;
    std::map<std::string, source::DataLocation, std::less<>> data;

    // --- What happens ---
    void send(const source::SourceEvent& event);

    // --- What happened: "step 1 over line", "resume", "source /a.c 3,7" … ---
    [[nodiscard]] std::vector<std::string> take_calls() { return std::exchange(calls_, {}); }

    // --- SourceLevel ---
    void set_event_handler(EventHandler handler) override { handler_ = std::move(handler); }

    Result<void> attach() override;
    Result<void> resume(std::optional<ThreadId> only) override;
    Result<void> step(ThreadId thread, source::StepKind kind, source::StepGranularity granularity,
                      std::uint32_t target, bool only_this_thread) override;
    [[nodiscard]] Result<std::vector<source::StepTarget>>
    step_targets(source::FrameHandle frame) override;
    [[nodiscard]] Result<std::vector<source::JumpTarget>> jump_targets(const std::string& path,
                                                                       std::uint32_t line) override;
    /// To one of `jumps` only; no StoppedView follows.
    Result<void> jump(ThreadId thread, CodeAddress to, const std::function<void()>& done) override;
    Result<void> pause() override;
    void detach() override;
    Result<void> detach_stopped() override;
    void kill() override;

    [[nodiscard]] bool stopped() const override { return stopped_; }

    [[nodiscard]] const source::StoppedView& last_stop() const override { return stop_; }

    std::vector<source::BreakpointInfo>
    set_source_breakpoints(const std::string& path,
                           std::span<const source::SourceBreakpointSpec> specs) override;
    std::vector<source::BreakpointInfo>
    set_function_breakpoints(std::span<const source::FunctionBreakpointSpec> specs) override;
    std::vector<source::BreakpointInfo>
    set_instruction_breakpoints(std::span<const source::InstructionBreakpointSpec> specs) override;
    [[nodiscard]] std::vector<source::PossibleLocation>
    breakpoint_locations(const std::string& path, std::uint32_t first_line,
                         std::uint32_t last_line) override;

    [[nodiscard]] Result<source::StackPage> stack(ThreadId thread, std::uint32_t first,
                                                  std::uint32_t count) override;
    [[nodiscard]] Result<source::FramePlace> frame_place(source::FrameHandle frame) override;
    [[nodiscard]] Result<std::vector<source::ScopeView>> scopes(source::FrameHandle frame) override;
    [[nodiscard]] Result<std::vector<source::VariableView>>
    variables(source::VariableHandle handle, source::ChildFilter filter, std::uint64_t start,
              std::uint64_t count, const source::FormatOptions& format) override;
    Result<source::VariableView> set_variable(source::VariableHandle handle, std::string_view name,
                                              std::string_view value,
                                              const source::FormatOptions& format) override;
    Result<source::VariableView> evaluate(source::FrameHandle frame, std::string_view expression,
                                          const source::FormatOptions& format) override;
    Result<source::VariableView> set_expression(source::FrameHandle frame,
                                                std::string_view expression, std::string_view value,
                                                const source::FormatOptions& format) override;
    [[nodiscard]] Result<std::vector<source::Completion>>
    completions(source::FrameHandle frame, std::string_view text, std::uint32_t column) override;
    [[nodiscard]] Result<source::DataLocation> data_location(source::VariableHandle handle,
                                                             source::FrameHandle frame,
                                                             std::string_view name) override;

    [[nodiscard]] std::vector<source::ModuleView> modules() override { return module_views; }

    [[nodiscard]] std::vector<std::string> sources() override { return source_paths; }

    [[nodiscard]] std::string describe(CodeAddress address) override;
    [[nodiscard]] dwarf::SourceLocation location_of(CodeAddress address) override;

    [[nodiscard]] Debuggee& debuggee() override { return debuggee_; }

  private:
    void on_event(const Event& event);

    void note(std::string call) { calls_.push_back(std::move(call)); }

    Debuggee& debuggee_;
    EventHandler handler_;
    source::StoppedView stop_;
    bool stopped_ = false;
    std::uint32_t next_breakpoint_ = 1;
    std::vector<std::string> calls_;
};

} // namespace wdbg::test
