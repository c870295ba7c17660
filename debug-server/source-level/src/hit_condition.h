// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/agent/assembler.h>
#include <wdbg/model/error.h>

#include <cstdint>
#include <string_view>

namespace wdbg::source {

/// When a breakpoint's n-th hit counts: "5" and ">= 5" (the fifth and later ones), "> 5", "== 5",
/// "<= 5", "< 5", "!= 5", "% 3" (every third). Empty: always.
class HitCondition {
  public:
    /// InvalidArgument for anything else.
    [[nodiscard]] static Result<HitCondition> parse(std::string_view text);

    [[nodiscard]] bool holds(std::uint64_t hit) const;

    [[nodiscard]] bool always() const { return kind_ == Kind::Always; }

    /// Replaces the hit's number on the program's stack by whether it holds. Not if always().
    void compile(agent::Assembler& program) const;

  private:
    enum class Kind : std::uint8_t {
        Always,
        Equal,
        NotEqual,
        Less,
        LessEqual,
        Greater,
        GreaterEqual,
        Multiple
    };

    Kind kind_ = Kind::Always;
    std::uint64_t number_ = 0;
};

} // namespace wdbg::source
