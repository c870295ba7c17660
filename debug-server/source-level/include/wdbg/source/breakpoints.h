// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/ids.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wdbg::source {

/// A Breakpoint as the user sees it; never reused during a session, starts at 1.
using BreakpointId = Id<struct BreakpointTag>;

/// What all kinds of breakpoints may have. Empty strings: not given.
struct BreakpointOptions {
    std::string condition{};     ///< an expression; the stop happens if it is not zero
    std::string hit_condition{}; ///< "5" (the fifth and later hits), ">= 5", "== 5", "% 3" …
    std::string log_message{};   ///< text with {expressions}: logs instead of stopping
};

struct SourceBreakpointSpec {
    std::uint32_t line = 0;
    std::uint32_t column = 0; ///< 0: any
    BreakpointOptions options{};
};

struct FunctionBreakpointSpec {
    std::string name;
    BreakpointOptions options{};
};

struct InstructionBreakpointSpec {
    CodeAddress address{};
    BreakpointOptions options{};
    std::optional<NativeAddress> native{}; ///< this one instruction of the machine, instead
};

struct BreakpointInfo {
    BreakpointId id;
    bool verified = false;  ///< it has at least one location
    std::string message{};  ///< why it is not verified, or what is wrong with its condition
    std::string path{};     ///< of the first location; empty if not known
    std::uint32_t line = 0; ///< the line it really got; 0: not known
    std::uint32_t column = 0;
    std::vector<CodeAddress> locations{};
    std::uint64_t hits = 0; ///< times that its condition held
};

struct PossibleLocation {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

} // namespace wdbg::source
