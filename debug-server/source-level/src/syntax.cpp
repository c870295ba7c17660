// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "syntax.h"

#include "syntax_tables.h"

#include <algorithm>
#include <array>
#include <utility>

namespace wdbg::source {

namespace {

constexpr int max_depth = 200;

using NodePointer = std::unique_ptr<Node>;
using NodeResult = Result<NodePointer>;

class Parser {
  public:
    Parser(std::string_view text, std::vector<Token> tokens, TypeNames& types)
        : text_(text)
        , tokens_(std::move(tokens))
        , types_(types) {}

    Result<Expression> run();

  private:
    NodeResult assignment();
    NodeResult conditional();
    NodeResult binary(int level);
    NodeResult unary();
    NodeResult prefix_cast();
    NodeResult size_of();
    NodeResult named_cast();
    NodeResult postfix();
    NodeResult postfix_of(NodePointer node);
    NodeResult index_of(NodePointer node, std::uint32_t at);
    NodeResult member_of(NodePointer node);
    NodeResult increment_of(NodePointer node);
    NodeResult call(NodePointer callee);
    NodeResult primary();
    NodeResult path();
    std::optional<std::string> template_arguments(const std::string& so_far);
    std::optional<TypeName> type_name();
    void type_suffixes(TypeName& type);
    Result<FormatSpecifier> format();

    [[nodiscard]] const Token& peek(std::size_t ahead = 0) const {
        return tokens_[std::min(position_ + ahead, tokens_.size() - 1)];
    }

    [[nodiscard]] bool is_sign(std::string_view sign, std::size_t ahead = 0) const {
        return peek(ahead).kind == TokenKind::Sign && peek(ahead).text == sign;
    }

    bool take(std::string_view sign) {
        const bool here = is_sign(sign);
        position_ += here ? 1 : 0;
        return here;
    }

    [[nodiscard]] std::unexpected<Error> unexpected_token() const {
        const Token& token = peek();
        if (token.kind == TokenKind::End) {
            return expression_error(token.begin, "the expression is not complete");
        }
        const std::string found(text_.substr(token.begin, token.end - token.begin));
        return expression_error(token.begin, "unexpected '" + found + "'");
    }

    [[nodiscard]] NodePointer make(NodeKind kind, std::string text, std::uint32_t at) const {
        auto node = std::make_unique<Node>();
        node->kind = kind;
        node->text = std::move(text);
        node->position = at;
        return node;
    }

    std::string_view text_;
    std::vector<Token> tokens_;
    TypeNames& types_;
    std::size_t position_ = 0;
    int depth_ = 0;
};

Result<Expression> Parser::run() {
    auto root = assignment();
    if (!root) {
        return std::unexpected(root.error());
    }
    Expression expression{.root = std::move(*root), .format = {}};
    auto specifier = format();
    if (!specifier) {
        return std::unexpected(specifier.error());
    }
    expression.format = *specifier;
    if (peek().kind != TokenKind::End) {
        return unexpected_token();
    }
    return expression;
}

Result<FormatSpecifier> Parser::format() {
    FormatSpecifier specifier;
    while (take(",")) {
        const Token& token = peek();
        const bool letter = token.kind == TokenKind::Name && token.text.size() == 1 &&
                            std::string_view("xXdboczs").contains(token.text.front());
        if (letter) {
            specifier.format = token.text.front() == 'X' ? 'x' : token.text.front();
        } else if (token.kind == TokenKind::Name && (token.text == "raw" || token.text == "!")) {
            specifier.raw = true;
        } else if (token.kind == TokenKind::Integer) {
            specifier.count = static_cast<std::uint64_t>(token.number.integer);
        } else {
            return expression_error(token.begin,
                                    "a format is x, d, b, o, c, s, raw or a number of elements");
        }
        ++position_;
    }
    return specifier;
}

NodeResult Parser::assignment() {
    if (++depth_ > max_depth) {
        return expression_error(peek().begin, "the expression is nested too deeply");
    }
    auto left = conditional();
    if (left && peek().kind == TokenKind::Sign && contains(assignments, peek().text)) {
        auto node = make(NodeKind::Assign, peek().text, peek().begin);
        ++position_;
        auto right = assignment();
        if (!right) {
            return right;
        }
        node->children.push_back(std::move(*left));
        node->children.push_back(std::move(*right));
        left = std::move(node);
    }
    --depth_;
    return left;
}

NodeResult Parser::conditional() {
    auto condition = binary(1);
    if (!condition || !is_sign("?")) {
        return condition;
    }
    auto node = make(NodeKind::Conditional, "?", peek().begin);
    ++position_;
    auto yes = assignment();
    if (!yes) {
        return yes;
    }
    if (!take(":")) {
        return unexpected_token();
    }
    auto no = assignment();
    if (!no) {
        return no;
    }
    node->children.push_back(std::move(*condition));
    node->children.push_back(std::move(*yes));
    node->children.push_back(std::move(*no));
    return node;
}

NodeResult Parser::binary(int level) {
    auto left = unary();
    while (left) {
        const int here = level_of(peek());
        if (here == 0 || here < level) {
            break;
        }
        auto node = make(NodeKind::Binary, peek().text, peek().begin);
        ++position_;
        if (++depth_ > max_depth) {
            return expression_error(peek().begin, "the expression is nested too deeply");
        }
        auto right = binary(here + 1);
        --depth_;
        if (!right) {
            return right;
        }
        node->children.push_back(std::move(*left));
        node->children.push_back(std::move(*right));
        left = std::move(node);
    }
    return left;
}

NodeResult Parser::unary() {
    if (++depth_ > max_depth) {
        return expression_error(peek().begin, "the expression is nested too deeply");
    }
    constexpr std::array<std::string_view, 8> prefixes{"+", "-", "!", "~", "*", "&", "++", "--"};
    NodeResult result = NodePointer{};
    if (peek().kind == TokenKind::Sign && contains(prefixes, peek().text)) {
        const bool step = peek().text.size() == 2;
        auto node = make(step ? NodeKind::Increment : NodeKind::Unary,
                         peek().text + (step ? "x" : ""), peek().begin);
        ++position_;
        auto operand = unary();
        if (!operand) {
            return operand;
        }
        node->children.push_back(std::move(*operand));
        result = std::move(node);
    } else if (peek().kind == TokenKind::Name && peek().text == "sizeof") {
        result = size_of();
    } else {
        result = prefix_cast();
    }
    --depth_;
    return result;
}

NodeResult Parser::prefix_cast() {
    const std::size_t begin = position_;
    const std::uint32_t at = peek().begin;
    if (take("(")) {
        auto type = type_name();
        if (type && take(")")) {
            auto operand = unary();
            if (!operand) {
                return operand;
            }
            auto node = make(NodeKind::Cast, "", at);
            node->type = std::move(*type);
            node->has_type = true;
            node->children.push_back(std::move(*operand));
            return node;
        }
        position_ = begin;
    }
    return postfix();
}

NodeResult Parser::size_of() {
    auto node = make(NodeKind::SizeOf, "sizeof", peek().begin);
    ++position_;
    const std::size_t begin = position_;
    if (take("(")) {
        if (auto type = type_name(); type && take(")")) {
            node->type = std::move(*type);
            node->has_type = true;
            return node;
        }
        position_ = begin;
    }
    auto operand = unary();
    if (!operand) {
        return operand;
    }
    node->children.push_back(std::move(*operand));
    return node;
}

NodeResult Parser::named_cast() {
    auto node = make(NodeKind::Cast, peek().text, peek().begin);
    ++position_;
    if (!take("<")) {
        return unexpected_token();
    }
    auto type = type_name();
    if (!type || !take(">") || !take("(")) {
        return unexpected_token();
    }
    auto operand = assignment();
    if (!operand) {
        return operand;
    }
    if (!take(")")) {
        return unexpected_token();
    }
    node->type = std::move(*type);
    node->has_type = true;
    node->children.push_back(std::move(*operand));
    return node;
}

NodeResult Parser::postfix() {
    auto node = primary();
    return node ? postfix_of(std::move(*node)) : std::move(node);
}

/// The first sign is taken already; `at` is where it is.
NodeResult Parser::index_of(NodePointer node, std::uint32_t at) {
    auto index = assignment();
    if (!index) {
        return index;
    }
    if (!take("]")) {
        return unexpected_token();
    }
    auto outer = make(NodeKind::Index, "[", at);
    outer->children.push_back(std::move(node));
    outer->children.push_back(std::move(*index));
    return outer;
}

NodeResult Parser::member_of(NodePointer node) {
    const bool number = peek().kind == TokenKind::Integer; // tuple fields
    if (peek().kind != TokenKind::Name && !number) {
        return unexpected_token();
    }
    auto outer =
        make(NodeKind::Member, number ? to_decimal(peek().number) : peek().text, peek().begin);
    ++position_;
    outer->children.push_back(std::move(node));
    return outer;
}

NodeResult Parser::increment_of(NodePointer node) {
    auto outer = make(NodeKind::Increment, "x" + peek().text, peek().begin);
    ++position_;
    outer->children.push_back(std::move(node));
    return outer;
}

NodeResult Parser::postfix_of(NodePointer node) {
    while (true) {
        const std::uint32_t at = peek().begin;
        NodeResult outer;
        if (take("[")) {
            outer = index_of(std::move(node), at);
        } else if (take(".") || take("->")) {
            outer = member_of(std::move(node));
        } else if (is_sign("++") || is_sign("--")) {
            outer = increment_of(std::move(node));
        } else if (take("(")) {
            outer = call(std::move(node));
        } else {
            return node;
        }
        if (!outer) {
            return outer;
        }
        node = std::move(*outer);
    }
}

NodeResult Parser::call(NodePointer callee) {
    auto node = make(NodeKind::Call, "()", callee->position);
    node->children.push_back(std::move(callee));
    while (!take(")")) {
        auto argument = assignment();
        if (!argument) {
            return argument;
        }
        node->children.push_back(std::move(*argument));
        if (!take(",") && !is_sign(")")) {
            return unexpected_token();
        }
    }
    return node;
}

NodeResult Parser::primary() {
    const Token& token = peek();
    switch (token.kind) {
    case TokenKind::Integer:
    case TokenKind::Real:
    case TokenKind::Character:
    case TokenKind::String: {
        auto node = make(token.kind == TokenKind::String ? NodeKind::String : NodeKind::Number,
                         token.text, token.begin);
        node->token = token;
        ++position_;
        return node;
    }
    case TokenKind::Name: {
        constexpr std::array<std::string_view, 4> casts{"static_cast", "reinterpret_cast",
                                                        "const_cast", "dynamic_cast"};
        return contains(casts, token.text) ? named_cast() : path();
    }
    default:
        break;
    }
    if (is_sign("::")) {
        return path();
    }
    if (take("(")) {
        auto inner = assignment();
        if (inner && !take(")")) {
            return unexpected_token();
        }
        return inner;
    }
    return unexpected_token();
}

/// `<int, 3>` behind a name, if that makes the name of a type.
std::optional<std::string> Parser::template_arguments(const std::string& so_far) {
    int depth = 0;
    for (std::size_t i = position_; i < tokens_.size(); ++i) {
        const std::string& sign = tokens_[i].text;
        if (tokens_[i].kind == TokenKind::End) {
            break;
        }
        if (tokens_[i].kind != TokenKind::Sign) {
            continue;
        }
        depth += sign == "<" ? 1 : 0;
        depth -= sign == ">" ? 1 : sign == ">>" ? 2 : 0;
        if (depth <= 0) {
            const auto begin = tokens_[position_].begin;
            std::string arguments(text_.substr(begin, tokens_[i].end - begin));
            if (depth < 0 || !types_.is_type(so_far + arguments)) {
                return std::nullopt;
            }
            position_ = i + 1;
            return arguments;
        }
    }
    return std::nullopt;
}

NodeResult Parser::path() {
    auto node = make(NodeKind::Name, "", peek().begin);
    if (take("::")) {
        node->text = "::";
    }
    while (true) {
        if (take("~")) {
            node->text += "~";
        }
        if (peek().kind != TokenKind::Name) {
            return unexpected_token();
        }
        node->text += peek().text;
        ++position_;
        if (is_sign("<")) {
            if (auto arguments = template_arguments(node->text)) {
                node->text += *arguments;
            }
        }
        if (!take("::")) {
            return node;
        }
        node->text += "::";
    }
}

void Parser::type_suffixes(TypeName& type) {
    while (true) {
        if (take("*")) {
            type.suffixes.push_back({'*', 0});
        } else if (take("&") || take("&&")) {
            type.suffixes.push_back({'&', 0});
        } else if (is_sign("[") && peek(1).kind == TokenKind::Integer && is_sign("]", 2)) {
            type.suffixes.push_back({'[', static_cast<std::uint64_t>(peek(1).number.integer)});
            position_ += 3;
        } else if (peek().kind == TokenKind::Name && contains(qualifiers, peek().text)) {
            ++position_;
        } else {
            return;
        }
    }
}

std::optional<TypeName> Parser::type_name() {
    const std::size_t begin = position_;
    TypeName type;
    while (peek().kind == TokenKind::Name && contains(qualifiers, peek().text)) {
        ++position_;
    }
    while (peek().kind == TokenKind::Name && contains(type_words, peek().text)) {
        type.base += (type.base.empty() ? "" : " ") + peek().text;
        ++position_;
    }
    if (type.base.empty()) {
        if (peek().kind != TokenKind::Name && !is_sign("::")) {
            position_ = begin;
            return std::nullopt;
        }
        auto name = path();
        if (!name || !types_.is_type((*name)->text)) {
            position_ = begin;
            return std::nullopt;
        }
        type.base = (*name)->text;
    }
    type_suffixes(type);
    return type;
}

} // namespace

Result<Expression> parse_expression(std::string_view text, TypeNames& types) {
    auto tokens = tokenize(text);
    if (!tokens) {
        return std::unexpected(tokens.error());
    }
    return Parser(text, std::move(*tokens), types).run();
}

} // namespace wdbg::source
