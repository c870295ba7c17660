// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// Numbers and hex as the GDB remote protocol writes them. Freestanding: no heap, no exceptions.
namespace wdbg::rsp {

/// Value of a hex digit, -1 for any other character.
[[nodiscard]] constexpr int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    const char lower = static_cast<char>(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

[[nodiscard]] constexpr char hex_digit(unsigned nibble) {
    return "0123456789abcdef"[nibble & 0xFU];
}

/// Writes two digits per byte; `out` has room for 2 * bytes.size() characters.
void encode_hex(std::span<const std::byte> bytes, char* out);

/// Decodes pairs of digits until `into` is full. False if a character is no digit, the number of
/// digits is odd, or they do not fill `into` exactly.
[[nodiscard]] bool decode_hex(std::string_view digits, std::span<std::byte> into);

/// Number of digits written, most significant first, without leading zeros ("0" for 0).
/// `out` has room for 16 (hex) or 20 (decimal) characters.
std::size_t format_hex(std::uint64_t value, char* out);
std::size_t format_decimal(std::uint64_t value, char* out);

/// Decimal, or hex behind 0x, as documents and people write numbers; nothing else may stand there.
[[nodiscard]] std::optional<std::uint64_t> parse_integer(std::string_view text);

/// Writes the value's bytes in memory order (little-endian), two digits each: 16 characters.
void format_le64(std::uint64_t value, char* out);

/// Takes a packet apart from left to right. Each function either takes what it is asked for and
/// tells so, or takes nothing.
class TextReader {
  public:
    constexpr explicit TextReader(std::string_view text) : rest_(text) {}

    [[nodiscard]] constexpr bool at_end() const { return rest_.empty(); }

    [[nodiscard]] constexpr std::string_view rest() const { return rest_; }

    [[nodiscard]] constexpr char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

    constexpr bool take(char expected) {
        if (rest_.empty() || rest_.front() != expected) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    constexpr bool take(std::string_view expected) {
        if (!rest_.starts_with(expected)) {
            return false;
        }
        rest_.remove_prefix(expected.size());
        return true;
    }

    /// Up to, not including, `delimiter`, or all that is left. The delimiter is skipped.
    constexpr std::string_view take_until(char delimiter) {
        const std::size_t length = rest_.find(delimiter);
        std::string_view part = rest_;
        if (length == std::string_view::npos) {
            rest_ = {};
            return part;
        }
        part.remove_suffix(rest_.size() - length);
        rest_.remove_prefix(length + 1);
        return part;
    }

    /// One or more digits; nothing if there is none or the number does not fit into 64 bits.
    std::optional<std::uint64_t> hex() { return number(16); }

    std::optional<std::uint64_t> decimal() { return number(10); }

    /// As above, for a number that must fit into T.
    template <std::unsigned_integral T>
    std::optional<T> hex_as() {
        return narrow<T>(16);
    }

    template <std::unsigned_integral T>
    std::optional<T> decimal_as() {
        return narrow<T>(10);
    }

  private:
    std::optional<std::uint64_t> number(unsigned base);

    template <class T>
    std::optional<T> narrow(unsigned base) {
        const std::string_view before = rest_;
        const std::optional<std::uint64_t> wide = number(base);
        if (!wide || *wide != static_cast<T>(*wide)) {
            rest_ = before;
            return std::nullopt;
        }
        return static_cast<T>(*wide);
    }

    std::string_view rest_;
};

} // namespace wdbg::rsp
