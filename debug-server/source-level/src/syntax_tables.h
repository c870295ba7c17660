// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "lexer.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace wdbg::source {

struct BinaryRow {
    std::string_view sign;
    int level;
};

inline constexpr std::array binary_table{
    BinaryRow{"||", 1}, BinaryRow{"&&", 2}, BinaryRow{"|", 3},  BinaryRow{"^", 4},
    BinaryRow{"&", 5},  BinaryRow{"==", 6}, BinaryRow{"!=", 6}, BinaryRow{"<", 7},
    BinaryRow{">", 7},  BinaryRow{"<=", 7}, BinaryRow{">=", 7}, BinaryRow{"<<", 8},
    BinaryRow{">>", 8}, BinaryRow{"+", 9},  BinaryRow{"-", 9},  BinaryRow{"*", 10},
    BinaryRow{"/", 10}, BinaryRow{"%", 10}};

inline constexpr std::array<std::string_view, 11> assignments{
    "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="};
inline constexpr std::array<std::string_view, 7> qualifiers{"const", "volatile", "struct", "class",
                                                            "union", "enum",     "mut"};
inline constexpr std::array<std::string_view, 8> type_words{
    "unsigned", "signed", "long", "short", "int", "char", "double", "float"};

template <class Range>
bool contains(const Range& range, std::string_view text) {
    return std::ranges::find(range, text) != std::ranges::end(range);
}

/// How tightly a binary operator binds; 0: it is none.
inline int level_of(const Token& token) {
    if (token.kind != TokenKind::Sign) {
        return 0;
    }
    const auto row = std::ranges::find(binary_table, token.text, &BinaryRow::sign);
    return row == binary_table.end() ? 0 : row->level;
}

} // namespace wdbg::source
