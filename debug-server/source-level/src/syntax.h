// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "lexer.h"

#include <wdbg/model/error.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wdbg::source {

/// A type as an expression writes it: `const unsigned char *[4]` is {"unsigned char", "*[4]"}.
struct TypeName {
    std::string base;
    /// '*' pointer, '&' reference, and array counts, applied in this order.
    struct Suffix {
        char kind = '*';
        std::uint64_t count = 0;
    };
    std::vector<Suffix> suffixes;
};

enum class NodeKind : std::uint8_t {
    Number,
    String,
    Name,       ///< `text`, with its `::`
    Unary,      ///< `text`: + - ! ~ * &
    Binary,     ///< `text`; also && and ||
    Assign,     ///< `text`: = += …
    Increment,  ///< `text`: ++x --x x++ x--
    Conditional,
    Member, ///< `text`: the name
    Index,
    Cast,   ///< `type`
    SizeOf, ///< of `type`, or of the child
    Call,
};

struct Node {
    NodeKind kind = NodeKind::Number;
    std::string text{};
    Token token{}; ///< Number, String
    TypeName type{};
    bool has_type = false;
    std::uint32_t position = 0;
    std::vector<std::unique_ptr<Node>> children{};
};

/// `,x` and friends behind an expression.
struct FormatSpecifier {
    char format = '\0'; ///< x, d, b, o, c, s, or none
    bool raw = false;   ///< without formatters
    std::optional<std::uint64_t> count; ///< show as an array of so many
};

struct Expression {
    std::unique_ptr<Node> root;
    FormatSpecifier format;
};

/// Tells types from other names, as C's grammar needs it.
class TypeNames {
  public:
    virtual ~TypeNames() = default;
    [[nodiscard]] virtual bool is_type(const std::string& name) = 0;
};

/// InvalidArgument with the character's number for what does not follow the grammar.
[[nodiscard]] Result<Expression> parse_expression(std::string_view text, TypeNames& types);

} // namespace wdbg::source
