// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/source_info.h>
#include <wdbg/model/debuggee.h>
#include <wdbg/source/views.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wdbg::source {

struct SourceLevelOptions {
    /// Gives an instance's SourceInfo: load_source_info() in programs, make_source_info() in tests.
    std::function<Result<std::unique_ptr<dwarf::SourceInfo>>(const dwarf::ModuleSource&)> open;
    /// Prefixes of paths in the debug information and what they are on this machine; the longest
    /// prefix wins.
    std::vector<std::pair<std::string, std::string>> source_map;
    /// JSON files that add formatters (docs/source-level.md, "Formatters"); ignored if missing.
    std::vector<std::filesystem::path> formatter_files;
    /// Stop when instances appear (otherwise breakpoints are resolved and the guest runs on).
    bool stop_on_modules_changed = false;
};

/// A guest as its source has it: over one Debuggee, for one client.
///
/// All members are called on the event loop's thread. It owns the Debuggee's event handler and
/// breakpoints; run control must go through it, because steps and conditional breakpoints stop
/// and resume the guest by themselves. Inspection is synchronous and needs a stopped guest
/// (NotStopped otherwise); resume and step return at once and a SourceEvent follows.
class SourceLevel {
  public:
    virtual ~SourceLevel() = default;

    using EventHandler = std::function<void(const SourceEvent&)>;
    virtual void set_event_handler(EventHandler handler) = 0;

    // --- Run control ----------------------------------------------------------------------------
    /// Takes control: a StoppedView follows.
    virtual Result<void> attach() = 0;
    /// Everything runs on; with `only` the other threads stay stopped.
    virtual Result<void> resume(std::optional<ThreadId> only = std::nullopt) = 0;
    /// Ends with a StoppedView of kind Step, or of what came in between. `target`: a StepTarget's
    /// id for Into, 0: any. With `only_this_thread` the others stay stopped meanwhile.
    virtual Result<void> step(ThreadId thread, StepKind kind, StepGranularity granularity,
                              std::uint32_t target = 0, bool only_this_thread = false) = 0;
    [[nodiscard]] virtual Result<std::vector<StepTarget>> step_targets(FrameHandle frame) = 0;
    /// Places on a line, or the next one with code, in the functions that threads now stand in.
    [[nodiscard]] virtual Result<std::vector<JumpTarget>> jump_targets(const std::string& path,
                                                                       std::uint32_t line) = 0;
    /// The thread goes on at `to` (see JumpSupport); nothing is executed, and a breakpoint there
    /// does not stop it again. Once that is done calls `done`, then tells a StoppedView of kind
    /// Goto.
    virtual Result<void> jump(ThreadId thread, CodeAddress to,
                              const std::function<void()>& done) = 0;
    /// A StoppedView of kind Pause follows, unless the guest is stopped already.
    virtual Result<void> pause() = 0;
    virtual void detach() = 0;
    /// See Debuggee::detach_stopped().
    virtual Result<void> detach_stopped() = 0;
    virtual void kill() = 0;
    [[nodiscard]] virtual bool stopped() const = 0;
    /// The stop that handles belong to; the last one while the guest runs.
    [[nodiscard]] virtual const StoppedView& last_stop() const = 0;

    // --- Breakpoints (work while the guest runs) ------------------------------------------------
    /// Replaces all breakpoints of the file. Answers in the order of `specs`.
    virtual std::vector<BreakpointInfo>
    set_source_breakpoints(const std::string& path,
                           std::span<const SourceBreakpointSpec> specs) = 0;
    virtual std::vector<BreakpointInfo>
    set_function_breakpoints(std::span<const FunctionBreakpointSpec> specs) = 0;
    virtual std::vector<BreakpointInfo>
    set_instruction_breakpoints(std::span<const InstructionBreakpointSpec> specs) = 0;
    [[nodiscard]] virtual std::vector<PossibleLocation>
    breakpoint_locations(const std::string& path, std::uint32_t first_line,
                         std::uint32_t last_line) = 0;

    // --- Stacks and variables -------------------------------------------------------------------
    /// Source frames, inlined functions expanded. `count` 0: all.
    [[nodiscard]] virtual Result<StackPage> stack(ThreadId thread, std::uint32_t first,
                                                  std::uint32_t count) = 0;
    [[nodiscard]] virtual Result<FramePlace> frame_place(FrameHandle frame) = 0;
    [[nodiscard]] virtual Result<std::vector<ScopeView>> scopes(FrameHandle frame) = 0;
    /// Children [start, start + count) of those that `filter` means; `count` 0: all.
    [[nodiscard]] virtual Result<std::vector<VariableView>>
    variables(VariableHandle handle, ChildFilter filter, std::uint64_t start, std::uint64_t count,
              const FormatOptions& format) = 0;
    /// Gives a child of `handle` the value of the expression `value`; returns its new view.
    virtual Result<VariableView> set_variable(VariableHandle handle, std::string_view name,
                                              std::string_view value,
                                              const FormatOptions& format) = 0;
    /// `frame` 0: globals only. InvalidArgument with the character's column (from 1) in the message
    /// for what cannot be parsed or evaluated.
    virtual Result<VariableView> evaluate(FrameHandle frame, std::string_view expression,
                                          const FormatOptions& format) = 0;
    /// `expression` = `value`.
    virtual Result<VariableView> set_expression(FrameHandle frame, std::string_view expression,
                                                std::string_view value,
                                                const FormatOptions& format) = 0;
    [[nodiscard]] virtual Result<std::vector<Completion>>
    completions(FrameHandle frame, std::string_view text, std::uint32_t column) = 0;
    /// Where a child of `handle` (or, if `handle` is 0, an expression in `frame`) lies in memory.
    [[nodiscard]] virtual Result<DataLocation>
    data_location(VariableHandle handle, FrameHandle frame, std::string_view name) = 0;

    // --- Modules and sources --------------------------------------------------------------------
    [[nodiscard]] virtual std::vector<ModuleView> modules() = 0;
    /// Paths after source mapping.
    [[nodiscard]] virtual std::vector<std::string> sources() = 0;
    /// "function+12" or "file:line" of an address, for disassembly; empty if not known.
    [[nodiscard]] virtual std::string describe(CodeAddress address) = 0;
    /// Line information for an address; line 0 if there is none.
    [[nodiscard]] virtual dwarf::SourceLocation location_of(CodeAddress address) = 0;
    [[nodiscard]] virtual Debuggee& debuggee() = 0;
};

/// `debuggee` must outlive it.
[[nodiscard]] std::unique_ptr<SourceLevel> make_source_level(Debuggee& debuggee,
                                                             SourceLevelOptions options);

} // namespace wdbg::source
