// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "module_table.h"

#include <wdbg/model/debuggee.h>
#include <wdbg/source/views.h>

#include <optional>
#include <string>
#include <vector>

namespace wdbg::source {

/// One step of the user, made of several of the machine model's.
///
///              StepDone in the frame                 call instruction reached
///     Range ◄──────────────────────┐        ┌──────────────────────────────► Entering
///       │ ▲                        │        │                                   │ one instruction
///       │ └── back in the frame ── Return   │   callee has lines     ┌──────────┴───────┐ none
///       │                                Range ◄── host function ── Prologue        Through
///       └── another line begins: done                                  │ behind it: done  │ a
///       function
///                                                                      └──────────────────┘ with
///                                                                      lines
class StepPlan {
  public:
    struct Options {
        ThreadId thread;
        StepKind kind = StepKind::Over;
        StepGranularity granularity = StepGranularity::Line;
        CodeOffset target{}; ///< of the call instruction to step into; 0: any
        bool only_this_thread = false;
    };

    StepPlan(Debuggee& debuggee, ModuleTable& modules, Options options)
        : debuggee_(debuggee)
        , modules_(modules)
        , options_(options) {}

    StepPlan(const StepPlan&) = delete;
    StepPlan& operator=(const StepPlan&) = delete;

    ~StepPlan() { remove_traps(); }

    [[nodiscard]] ThreadId thread() const { return options_.thread; }

    /// What to resume first; nullopt if there is nothing to do. NotFound without frames.
    [[nodiscard]] Result<std::optional<ResumeRequest>> start();
    /// After a stop that nobody else is interested in: what to resume next, nullopt when done.
    [[nodiscard]] Result<std::optional<ResumeRequest>> next(bool step_done);

    /// True if the plan itself planted a trap at this address.
    [[nodiscard]] bool owns(CodeAddress address) const;

  private:
    enum class Phase : std::uint8_t { Range, Entering, Prologue, Through, Return, Instruction };
    using Step = std::optional<ResumeRequest>;

    struct Top {
        Frame frame;
        std::uint32_t depth = 0; ///< frames on the stack
    };

    struct Scope {
        std::uint32_t function = 0;
        dwarf::EntryId entry{}; ///< innermost function or inlined copy
        dwarf::FileIndex file = dwarf::no_file;
        std::uint32_t line = 0;
    };

    [[nodiscard]] Result<Top> top() const;
    [[nodiscard]] Scope scope_at(const Frame& frame, dwarf::SourceInfo* source) const;
    Result<Step> start_instruction(const Top& at);
    Result<Step> after_instruction(const Top& at, bool step_done);
    Result<Step> start_out(const Top& at);
    Result<Step> in_frame(const Top& at);
    Result<Step> in_outer_frame(const Top& at);
    Result<Step> in_line(const Top& at, dwarf::SourceInfo& source, const dwarf::LineRow& row);
    Result<Step> without_lines(const Top& at);
    Result<Step> entered(const Top& at);
    Result<Step> through(const Top& at);
    /// Runs until the frame at `depth` is the innermost one.
    Result<Step> return_to(std::uint32_t depth);
    /// Runs within [pc, end) of the frame; stops at calls if the plan wants to go into them.
    Step run_range(const Top& at, dwarf::CodeRange range);
    [[nodiscard]] Step resume_thread(ResumeKind kind, CodeAddressRange range = {}) const;
    [[nodiscard]] bool has_lines(CodeAddress address);
    [[nodiscard]] bool is_call(CodeAddress address);
    [[nodiscard]] bool at_begin(const dwarf::LineRow& row, CodeAddress pc);
    [[nodiscard]] std::optional<dwarf::CodeRange> inlined_range(dwarf::SourceInfo& source,
                                                                CodeOffset pc) const;
    void plant_calls(InstanceId instance, dwarf::CodeRange range);
    void plant(CodeAddress address);
    void remove_traps();

    Debuggee& debuggee_;
    ModuleTable& modules_;
    Options options_;
    Phase phase_ = Phase::Range;
    std::uint32_t depth_ = 0; ///< of the frame that is stepped
    Scope scope_;
    bool out_of_inlined_ = false;
    std::vector<CodeAddress> traps_;
};

/// The calls in a range of code: their offsets, ordered. For StepTarget.
[[nodiscard]] std::vector<CodeOffset> calls_in(LoadedModule& module, dwarf::CodeRange range);

} // namespace wdbg::source
