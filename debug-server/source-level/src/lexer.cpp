// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "lexer.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <utility>

namespace wdbg::source {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool is_name_part(char c) {
    return is_name_start(c) || is_digit(c);
}

constexpr std::array<std::string_view, 46> signs{
    "<<=", ">>=", "->*", "::", "->", "++", "--", "<<", ">>", "<=", ">=", "==",
    "!=",  "&&",  "||",  "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "+",
    "-",   "*",   "/",   "%",  "<",  ">",  "=",  "!",  "~",  "&",  "|",  "^",
    "(",   ")",   "[",   "]",  ".",  ",",  "?",  ":",  "{",  "}"};

/// The base that a number's first characters tell.
int base_of(std::string_view number) {
    if (number.starts_with("0x") || number.starts_with("0X")) {
        return 16;
    }
    if (number.starts_with("0b") || number.starts_with("0B")) {
        return 2;
    }
    return number.size() > 1 && number[0] == '0' && is_digit(number[1]) ? 8 : 10;
}

class Lexer {
  public:
    explicit Lexer(std::string_view text) : text_(text) {}

    Result<std::vector<Token>> run();

  private:
    Result<Token> number();
    Result<Token> suffixes(Token number);
    Result<Token> quoted(char quote);
    std::optional<char> escape();
    [[nodiscard]] Token name();
    [[nodiscard]] Result<Token> sign();

    [[nodiscard]] char at(std::size_t position) const {
        return position < text_.size() ? text_[position] : '\0';
    }

    std::string_view text_;
    std::size_t position_ = 0;
};

} // namespace

std::unexpected<Error> expression_error(std::uint32_t position, std::string message) {
    return fail(ErrorCode::InvalidArgument,
                std::move(message) + ", at character " + std::to_string(position + 1));
}

Result<std::vector<Token>> tokenize(std::string_view text) {
    constexpr std::size_t max_size = 100'000;
    if (text.size() > max_size) {
        return fail(ErrorCode::InvalidArgument, "the expression is too long");
    }
    return Lexer(text).run();
}

namespace {

Result<std::vector<Token>> Lexer::run() {
    std::vector<Token> tokens;
    while (true) {
        while (position_ < text_.size() && std::string_view(" \t\r\n").contains(at(position_))) {
            ++position_;
        }
        const auto begin = static_cast<std::uint32_t>(position_);
        if (position_ >= text_.size()) {
            tokens.push_back({.begin = begin, .end = begin});
            return tokens;
        }
        const char c = at(position_);
        Result<Token> token = Token{};
        if (is_digit(c) || (c == '.' && is_digit(at(position_ + 1)) &&
                            (tokens.empty() || tokens.back().kind == TokenKind::Sign))) {
            token = number();
        } else if (is_name_start(c)) {
            token = name();
        } else if (c == '"' || c == '\'') {
            token = quoted(c);
        } else {
            token = sign();
        }
        if (!token) {
            return std::unexpected(token.error());
        }
        token->begin = begin;
        token->end = static_cast<std::uint32_t>(position_);
        tokens.push_back(std::move(*token));
    }
}

Token Lexer::name() {
    Token token{.kind = TokenKind::Name};
    while (position_ < text_.size() && is_name_part(at(position_))) {
        token.text.push_back(text_[position_++]);
    }
    return token;
}

Result<Token> Lexer::sign() {
    for (const std::string_view each : signs) {
        if (text_.substr(position_).starts_with(each)) {
            position_ += each.size();
            return Token{.kind = TokenKind::Sign, .text = std::string(each)};
        }
    }
    return expression_error(static_cast<std::uint32_t>(position_),
                            std::string("unexpected '") + at(position_) + "'");
}

Result<Token> Lexer::number() {
    const std::size_t begin = position_;
    const auto position = static_cast<std::uint32_t>(begin);
    const int base = base_of(text_.substr(begin));
    const std::size_t digits = begin + (base == 16 || base == 2 ? 2U : 0U);
    Token token{.kind = TokenKind::Integer};
    std::uint64_t value = 0;
    const char* last = text_.data() + text_.size();
    const auto integer = std::from_chars(text_.data() + digits, last, value, base);
    if (base == 10) {
        double real = 0;
        const auto floating = std::from_chars(text_.data() + begin, last, real);
        const bool range_end = floating.ptr > integer.ptr && *integer.ptr == '.' &&
                               integer.ptr + 1 < last && *(integer.ptr + 1) == '.';
        if (floating.ec == std::errc{} && floating.ptr > integer.ptr && !range_end) {
            token.kind = TokenKind::Real;
            token.number = Scalar::of_float(real);
            position_ = static_cast<std::size_t>(floating.ptr - text_.data());
        }
    }
    if (token.kind == TokenKind::Integer) {
        if (integer.ec != std::errc{}) {
            return expression_error(position, "the number is damaged or does not fit into 64 bits");
        }
        position_ = static_cast<std::size_t>(integer.ptr - text_.data());
        token.number = Scalar::of_unsigned(value);
    }
    return suffixes(std::move(token));
}

/// The letters behind a number, as in 1ul and 1.0f.
Result<Token> Lexer::suffixes(Token number) {
    while (is_name_part(at(position_))) {
        const char suffix = text_[position_++];
        if (suffix == 'u' || suffix == 'U') {
            number.is_unsigned = true;
        } else if (suffix == 'l' || suffix == 'L') {
            number.is_long = at(position_ - 2) == 'l' || at(position_ - 2) == 'L';
        } else if ((suffix == 'f' || suffix == 'F') && number.kind == TokenKind::Real) {
            number.is_single = true;
        } else if (suffix != '_') {
            return expression_error(static_cast<std::uint32_t>(position_ - 1),
                                    "a number does not end like this");
        }
    }
    return number;
}

std::optional<char> Lexer::escape() {
    const char c = at(position_++);
    constexpr std::array<std::pair<char, char>, 9> table{{{'n', '\n'},
                                                          {'t', '\t'},
                                                          {'r', '\r'},
                                                          {'0', '\0'},
                                                          {'\\', '\\'},
                                                          {'\'', '\''},
                                                          {'"', '"'},
                                                          {'a', '\a'},
                                                          {'e', '\x1b'}}};
    for (const auto& [name, value] : table) {
        if (c == name) {
            return value;
        }
    }
    if (c != 'x') {
        return std::nullopt;
    }
    unsigned value = 0;
    const char* begin = text_.data() + std::min(position_, text_.size());
    const char* end = text_.data() + std::min(position_ + 2, text_.size());
    const auto parsed = std::from_chars(begin, end, value, 16);
    if (parsed.ec != std::errc{}) {
        return std::nullopt;
    }
    position_ = static_cast<std::size_t>(parsed.ptr - text_.data());
    return static_cast<char>(value);
}

Result<Token> Lexer::quoted(char quote) {
    const auto begin = static_cast<std::uint32_t>(position_);
    Token token{.kind = quote == '"' ? TokenKind::String : TokenKind::Character};
    ++position_;
    while (position_ < text_.size() && text_[position_] != quote) {
        char c = text_[position_++];
        if (c == '\\') {
            const auto escaped = escape();
            if (!escaped) {
                return expression_error(static_cast<std::uint32_t>(position_ - 1),
                                        "unknown escape in the quotes");
            }
            c = *escaped;
        }
        token.text.push_back(c);
    }
    if (position_ >= text_.size()) {
        return expression_error(begin, "the quote is not closed");
    }
    ++position_;
    if (token.kind == TokenKind::Character) {
        if (token.text.size() != 1) {
            return expression_error(begin, "one character belongs between these quotes");
        }
        token.number = Scalar::of_signed(static_cast<signed char>(token.text.front()));
    }
    return token;
}

} // namespace

} // namespace wdbg::source
