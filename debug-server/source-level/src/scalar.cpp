// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace wdbg::source {

namespace {

constexpr std::size_t quad_size = 16;

/// IEEE binary128 to double: what is lost are digits that nobody shows.
double quad_to_double(std::span<const std::byte> bytes) {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::memcpy(&low, bytes.data(), 8);
    std::memcpy(&high, bytes.data() + 8, 8);
    const bool negative = (high >> 63U) != 0;
    const auto exponent = static_cast<int>((high >> 48U) & 0x7FFFU);
    const std::uint64_t top = high & 0xFFFFFFFFFFFFULL;
    constexpr int bias = 16383;
    double value = 0;
    if (exponent == 0x7FFF) {
        value = (top | low) == 0 ? std::numeric_limits<double>::infinity()
                                 : std::numeric_limits<double>::quiet_NaN();
    } else {
        const double fraction =
            std::ldexp(static_cast<double>(top), -48) + std::ldexp(static_cast<double>(low), -112);
        value = std::ldexp((exponent == 0 ? 0.0 : 1.0) + fraction,
                           exponent == 0 ? 1 - bias : exponent - bias);
    }
    return negative ? -value : value;
}

std::string digits_of(WideUnsigned value, unsigned base) {
    std::string text;
    do {
        text.push_back("0123456789abcdef"[static_cast<std::size_t>(value % base)]);
        value /= base;
    } while (value != 0);
    std::ranges::reverse(text);
    return text;
}

WideUnsigned mask_of(std::size_t size) {
    return size >= 16 ? ~WideUnsigned{0} : (WideUnsigned{1} << (8 * size)) - 1;
}

} // namespace

WideSigned Scalar::as_integer() const {
    if (!is_float()) {
        return integer;
    }
    constexpr double limit = 9.2e18;
    return static_cast<WideSigned>(
        std::isnan(real) ? 0 : static_cast<std::int64_t>(std::clamp(real, -limit, limit)));
}

Scalar read_integer(std::span<const std::byte> bytes, bool is_signed) {
    WideUnsigned bits = 0;
    const std::size_t size = std::min<std::size_t>(bytes.size(), 16);
    for (std::size_t i = size; i-- > 0;) {
        bits = (bits << 8U) | std::to_integer<unsigned>(bytes[i]);
    }
    if (is_signed && size > 0 && size < 16 && ((bits >> (8 * size - 1)) & 1U) != 0) {
        bits |= ~mask_of(size);
    }
    return {.kind = is_signed ? Scalar::Kind::Signed : Scalar::Kind::Unsigned,
            .integer = static_cast<WideSigned>(bits)};
}

Scalar read_float(std::span<const std::byte> bytes) {
    if (bytes.size() == sizeof(float)) {
        float value = 0;
        std::memcpy(&value, bytes.data(), sizeof value);
        return Scalar::of_float(value);
    }
    if (bytes.size() == sizeof(double)) {
        double value = 0;
        std::memcpy(&value, bytes.data(), sizeof value);
        return Scalar::of_float(value);
    }
    return Scalar::of_float(bytes.size() == quad_size
                                ? quad_to_double(bytes)
                                : std::numeric_limits<double>::quiet_NaN());
}

std::vector<std::byte> integer_bytes(WideSigned value, std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size && i < 16; ++i) {
        bytes[i] = static_cast<std::byte>(static_cast<WideUnsigned>(value) >> (8 * i));
    }
    return bytes;
}

std::vector<std::byte> float_bytes(double value, std::size_t size) {
    std::vector<std::byte> bytes(size);
    if (size == sizeof(float)) {
        const auto narrow = static_cast<float>(value);
        std::memcpy(bytes.data(), &narrow, size);
    } else if (size == sizeof(double)) {
        std::memcpy(bytes.data(), &value, size);
    }
    return bytes;
}

std::string to_decimal(const Scalar& scalar) {
    const bool negative = scalar.kind == Scalar::Kind::Signed && scalar.integer < 0;
    const auto bits = static_cast<WideUnsigned>(scalar.integer);
    return (negative ? "-" : "") + digits_of(negative ? ~bits + 1 : bits, 10);
}

std::string to_hex(WideUnsigned value, std::size_t size, bool padded) {
    std::string digits = digits_of(value & mask_of(size), 16);
    if (padded && digits.size() < 2 * size) {
        digits.insert(0, 2 * size - digits.size(), '0');
    }
    return "0x" + digits;
}

std::string to_binary(WideUnsigned value, std::size_t size) {
    return "0b" + digits_of(value & mask_of(size), 2);
}

std::string float_text(double value, std::size_t size) {
    if (std::isnan(value)) {
        return "nan";
    }
    if (std::isinf(value)) {
        return value < 0 ? "-inf" : "inf";
    }
    std::array<char, 64> buffer{};
    const auto result =
        size == sizeof(float)
            ? std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                            static_cast<float>(value))
            : std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return {buffer.data(), result.ptr};
}

} // namespace wdbg::source
