// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/instruction_decoder.h>
#include <wdbg/model/native_target.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

/// Steps are prepared before the thread runs, so that its trap handler only has to look things up.
namespace wdbg::native {

enum class ExitKind : std::uint8_t {
    Arrive,   ///< outside of the range: the step is done here
    Enter,    ///< the entry of a function that the range calls: the step is done here
    PassOver, ///< leads to an address not known yet (ret): single-step it and look
    PassInto, ///< an indirect call: as PassOver, but host code that it leads to is run through
    Return,   ///< where the frame returns to: the step is done here, if the frame has returned
};

struct StepExit {
    std::uint64_t address = 0;
    ExitKind kind = ExitKind::Arrive;
};

struct StepPlan {
    bool one_instruction = false; ///< by the trap flag; no exits
    std::vector<StepExit> exits;  ///< sorted by address, unique
    std::vector<NativeRange> ranges;
    std::uint64_t stack_floor = 0;
    std::uint64_t return_floor = 0; ///< lowest stack pointer at a Return
    bool into_calls = false;
    /// No calls and no jumps backwards within the ranges: single-stepping through is bounded.
    bool straight = true;

    // Async-signal-safe:
    /// nullptr if `address` is none of the exits. One that is an exit for two reasons stands for
    /// Enter.
    [[nodiscard]] const StepExit* exit_at(std::uint64_t address) const;
    [[nodiscard]] bool in_ranges(std::uint64_t address) const;
};

/// Reads code without planted traps.
using CodeReader = std::function<Result<void>(std::uint64_t address, std::span<std::byte> into)>;
using CodeTest = std::function<bool(std::uint64_t address)>;

/// Ranges above this size in sum are refused.
inline constexpr std::uint64_t max_step_bytes = 1U << 20U;

/// The exits of `ranges`, each of which starts with an instruction. `in_code` tells where traps can
/// be planted. With `from`, the thread's pc, there are only the exits that can be reached from
/// there, and those of kind Return; else each return is a PassOver. Behind a PassOver the thread
/// may be elsewhere in the ranges: it needs another plan. InvalidArgument for too much or no code,
/// OutOfRange if it cannot be read.
[[nodiscard]] Result<StepPlan> plan_range_step(const StepNativeRange& step,
                                               const InstructionDecoder& decoder,
                                               const CodeReader& read, const CodeTest& in_code,
                                               std::optional<std::uint64_t> from = std::nullopt);
[[nodiscard]] StepPlan plan_run_to(const RunToAddresses& run);

} // namespace wdbg::native
