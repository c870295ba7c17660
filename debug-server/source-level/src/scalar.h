// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace wdbg::source {

__extension__ using WideSigned = __int128;
__extension__ using WideUnsigned = unsigned __int128;

/// A number of the guest.
struct Scalar {
    enum class Kind : std::uint8_t { Signed, Unsigned, Float };
    Kind kind = Kind::Signed;
    WideSigned integer = 0; ///< Unsigned: its bits
    double real = 0;        ///< Float

    [[nodiscard]] static Scalar of_signed(std::int64_t value) {
        return {.kind = Kind::Signed, .integer = value};
    }

    [[nodiscard]] static Scalar of_unsigned(std::uint64_t value) {
        return {.kind = Kind::Unsigned, .integer = static_cast<WideSigned>(value)};
    }

    [[nodiscard]] static Scalar of_float(double value) {
        return {.kind = Kind::Float, .real = value};
    }

    [[nodiscard]] bool is_float() const { return kind == Kind::Float; }

    [[nodiscard]] bool truth() const { return is_float() ? real != 0 : integer != 0; }

    [[nodiscard]] double as_double() const {
        if (is_float()) {
            return real;
        }
        return kind == Kind::Unsigned ? static_cast<double>(static_cast<WideUnsigned>(integer))
                                      : static_cast<double>(integer);
    }

    /// A float that no integer can hold gives the nearest one.
    [[nodiscard]] WideSigned as_integer() const;
};

/// `size` bytes, little-endian; of integers 1 to 16, of floats 4, 8 or 16 (wasm's long double).
[[nodiscard]] Scalar read_integer(std::span<const std::byte> bytes, bool is_signed);
[[nodiscard]] Scalar read_float(std::span<const std::byte> bytes);
[[nodiscard]] std::vector<std::byte> integer_bytes(WideSigned value, std::size_t size);
[[nodiscard]] std::vector<std::byte> float_bytes(double value, std::size_t size);

[[nodiscard]] std::string to_decimal(const Scalar& integer);
/// "0x1f", as wide as `size` bytes are if `padded`.
[[nodiscard]] std::string to_hex(WideUnsigned value, std::size_t size, bool padded);
[[nodiscard]] std::string to_binary(WideUnsigned value, std::size_t size);
/// The shortest text that reads back as the same number.
[[nodiscard]] std::string float_text(double value, std::size_t size);

} // namespace wdbg::source
