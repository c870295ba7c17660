// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "value_types.h"

#include <array>
#include <optional>

namespace wdbg::wasm {

namespace {

constexpr std::uint8_t typed_reference = 0x64;          // (ref ht)
constexpr std::uint8_t typed_nullable_reference = 0x63; // (ref null ht)
constexpr std::uint8_t empty_block = 0x40;

struct ByteType {
    std::uint8_t byte;
    ValueType type;
};

constexpr std::array byte_types{
    ByteType{0x7F, ValueType::I32},       ByteType{0x7E, ValueType::I64},
    ByteType{0x7D, ValueType::F32},       ByteType{0x7C, ValueType::F64},
    ByteType{0x7B, ValueType::V128},      ByteType{0x70, ValueType::FuncRef},
    ByteType{0x6F, ValueType::ExternRef}, ByteType{0x73, ValueType::FuncRef},   // nofunc
    ByteType{0x74, ValueType::ExternRef}, ByteType{0x72, ValueType::ExternRef}, // noexn, noextern
    ByteType{0x71, ValueType::ExternRef}, ByteType{0x6E, ValueType::ExternRef}, // none, any
    ByteType{0x6D, ValueType::ExternRef}, ByteType{0x6C, ValueType::ExternRef}, // eq, i31
    ByteType{0x6B, ValueType::ExternRef}, ByteType{0x6A, ValueType::ExternRef}, // struct, array
    ByteType{0x69, ValueType::ExternRef},                                       // exn
};

std::optional<ValueType> type_of_byte(std::uint8_t byte) {
    for (const ByteType& entry : byte_types) {
        if (entry.byte == byte) {
            return entry.type;
        }
    }
    return std::nullopt;
}

} // namespace

ValueType reference_to(std::int64_t heap_type) {
    // A concrete type is most often a function's; telling needs the type section, and both are
    // shown as opaque handles.
    const bool function = heap_type >= 0 || heap_type == -0x10 || heap_type == -0x0D;
    return function ? ValueType::FuncRef : ValueType::ExternRef;
}

std::int64_t read_heap_type(ByteReader& reader) {
    const std::size_t start = reader.position();
    const std::int64_t type = reader.s33();
    if (type < -0x40) {
        reader.fail_at(start, "unknown heap type");
    }
    return type;
}

ValueType read_value_type(ByteReader& reader) {
    const std::size_t start = reader.position();
    const std::uint8_t byte = reader.u8();
    if (byte == typed_reference || byte == typed_nullable_reference) {
        return reference_to(read_heap_type(reader));
    }
    const std::optional<ValueType> type = type_of_byte(byte);
    if (!type) {
        reader.fail_at(start, "unknown value type");
    }
    return type.value_or(ValueType::I32);
}

BlockType read_block_type(ByteReader& reader) {
    const std::uint8_t byte = reader.peek();
    if (byte == empty_block) {
        reader.u8();
        return {};
    }
    const bool one_byte_negative = byte >= 0x40 && byte < 0x80;
    if (one_byte_negative) {
        return {.kind = BlockType::Kind::Value, .value = read_value_type(reader)};
    }
    const std::size_t start = reader.position();
    const std::int64_t index = reader.s33();
    if (index < 0) {
        reader.fail_at(start, "unknown block type");
        return {};
    }
    return {.kind = BlockType::Kind::TypeIndex, .type_index = static_cast<std::uint32_t>(index)};
}

} // namespace wdbg::wasm
