// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/rsp/text.h>

#include <limits>
#include <utility>

namespace wdbg::rsp {

void encode_hex(std::span<const std::byte> bytes, char* out) {
    for (const std::byte byte : bytes) {
        const auto value = std::to_integer<unsigned>(byte);
        *out++ = hex_digit(value >> 4U);
        *out++ = hex_digit(value);
    }
}

bool decode_hex(std::string_view digits, std::span<std::byte> into) {
    if (digits.size() % 2 != 0 || digits.size() / 2 != into.size()) {
        return false;
    }
    for (std::size_t i = 0; i < into.size(); ++i) {
        const int high = hex_value(digits[2 * i]);
        const int low = hex_value(digits[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        into[i] = static_cast<std::byte>(high * 16 + low);
    }
    return true;
}

namespace {

std::size_t format(std::uint64_t value, char* out, unsigned base) {
    std::size_t digits = 0;
    for (std::uint64_t rest = value; digits == 0 || rest != 0; rest /= base) {
        ++digits;
    }
    for (std::size_t at = digits; at-- > 0; value /= base) {
        out[at] = hex_digit(static_cast<unsigned>(value % base));
    }
    return digits;
}

} // namespace

std::size_t format_hex(std::uint64_t value, char* out) {
    return format(value, out, 16);
}

std::size_t format_decimal(std::uint64_t value, char* out) {
    return format(value, out, 10);
}

void format_le64(std::uint64_t value, char* out) {
    for (unsigned i = 0; i < 8; ++i, value >>= 8U) {
        *out++ = hex_digit(static_cast<unsigned>(value >> 4U));
        *out++ = hex_digit(static_cast<unsigned>(value));
    }
}

std::optional<std::uint64_t> TextReader::number(unsigned base) {
    std::uint64_t value = 0;
    std::size_t length = 0;
    for (; length < rest_.size(); ++length) {
        const int digit = hex_value(rest_[length]);
        if (digit < 0 || std::cmp_greater_equal(digit, base)) {
            break;
        }
        const auto added = static_cast<std::uint64_t>(digit);
        if (value > (std::numeric_limits<std::uint64_t>::max() - added) / base) {
            return std::nullopt;
        }
        value = value * base + added;
    }
    if (length == 0) {
        return std::nullopt;
    }
    rest_.remove_prefix(length);
    return value;
}

} // namespace wdbg::rsp
