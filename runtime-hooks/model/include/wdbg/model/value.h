// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace wdbg {

/// Types of wasm values; the numbers are those of the binary format (wasm core §5.3).
enum class ValueType : std::uint8_t {
    I32 = 0x7F,
    I64 = 0x7E,
    F32 = 0x7D,
    F64 = 0x7C,
    V128 = 0x7B,
    FuncRef = 0x70,
    ExternRef = 0x6F,
};

/// Bytes a value of this type has in the debugger's protocols (references: a 32-bit index).
[[nodiscard]] constexpr std::size_t size_of(ValueType type) {
    switch (type) {
    case ValueType::I64:
    case ValueType::F64:
        return 8;
    case ValueType::V128:
        return 16;
    default:
        return 4;
    }
}

/// A wasm value with its type; bytes are little-endian, as in linear memory.
struct Value {
    ValueType type = ValueType::I32;
    std::array<std::byte, 16> storage{};

    [[nodiscard]] std::span<const std::byte> bytes() const {
        return std::span(storage).first(size_of(type));
    }

    /// T must have the size of the type.
    template <class T>
    [[nodiscard]] T as() const {
        static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 16);
        T result;
        std::memcpy(&result, storage.data(), sizeof(T));
        return result;
    }

    template <class T>
    [[nodiscard]] static Value of(ValueType type, T raw) {
        static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 16);
        Value value{.type = type};
        std::memcpy(value.storage.data(), &raw, sizeof(T));
        return value;
    }

    friend bool operator==(const Value&, const Value&) = default;
};

} // namespace wdbg
