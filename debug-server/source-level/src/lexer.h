// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "scalar.h"

#include <wdbg/model/error.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wdbg::source {

enum class TokenKind : std::uint8_t { End, Name, Integer, Real, Character, String, Sign };

struct Token {
    TokenKind kind = TokenKind::End;
    std::string text{}; ///< a name, a sign, or a string's contents
    Scalar number{};    ///< Integer, Real, Character
    bool is_unsigned = false;
    bool is_long = false;  ///< 8 bytes
    bool is_single = false; ///< `1.5f`
    std::uint32_t begin = 0; ///< bytes from the start of the expression
    std::uint32_t end = 0;
};

/// "…, at character 5": what is wrong and where, counted from 1.
[[nodiscard]] std::unexpected<Error> expression_error(std::uint32_t position, std::string message);

/// Splits an expression of the C family, `End` last. InvalidArgument for characters that no token
/// begins with, open quotes and numbers that do not fit into 64 bits.
[[nodiscard]] Result<std::vector<Token>> tokenize(std::string_view text);

} // namespace wdbg::source
