// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "expression_reader.h"
#include "guest_expression.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wdbg::dwarf {

inline constexpr std::size_t max_operations = 10'000;
inline constexpr std::size_t max_stack = 1'000;
inline constexpr std::size_t max_pieces = 1'000;

/// DWARF 5 §7.7.1, and "DWARF for WebAssembly" for the location operation.
enum Operation : std::uint8_t {
    OpAddr = 0x03,
    OpDeref = 0x06,
    OpConst1u = 0x08,
    OpConst1s = 0x09,
    OpConst2u = 0x0a,
    OpConst2s = 0x0b,
    OpConst4u = 0x0c,
    OpConst4s = 0x0d,
    OpConst8u = 0x0e,
    OpConst8s = 0x0f,
    OpConstu = 0x10,
    OpConsts = 0x11,
    OpDup = 0x12,
    OpDrop = 0x13,
    OpOver = 0x14,
    OpPick = 0x15,
    OpSwap = 0x16,
    OpRot = 0x17,
    OpAbs = 0x19,
    OpAnd = 0x1a,
    OpDiv = 0x1b,
    OpMinus = 0x1c,
    OpMod = 0x1d,
    OpMul = 0x1e,
    OpNeg = 0x1f,
    OpNot = 0x20,
    OpOr = 0x21,
    OpPlus = 0x22,
    OpPlusUconst = 0x23,
    OpShl = 0x24,
    OpShr = 0x25,
    OpShra = 0x26,
    OpXor = 0x27,
    OpBra = 0x28,
    OpEq = 0x29,
    OpGe = 0x2a,
    OpGt = 0x2b,
    OpLe = 0x2c,
    OpLt = 0x2d,
    OpNe = 0x2e,
    OpSkip = 0x2f,
    OpLit0 = 0x30,
    OpLit31 = 0x4f,
    OpFbreg = 0x91,
    OpPiece = 0x93,
    OpDerefSize = 0x94,
    OpNop = 0x96,
    OpFormTlsAddress = 0x9b,
    OpBitPiece = 0x9d,
    OpImplicitValue = 0x9e,
    OpStackValue = 0x9f,
    OpImplicitPointer = 0xa0,
    OpAddrx = 0xa1,
    OpConstx = 0xa2,
    OpEntryValue = 0xa3,
    OpConstType = 0xa4,
    OpDerefType = 0xa6,
    OpConvert = 0xa8,
    OpReinterpret = 0xa9,
    OpGnuPushTlsAddress = 0xe0,
    OpWasmLocation = 0xed,
    OpGnuImplicitPointer = 0xf2,
    OpGnuEntryValue = 0xf3,
    OpGnuConstType = 0xf4,
    OpGnuDerefType = 0xf6,
    OpGnuConvert = 0xf7,
    OpGnuReinterpret = 0xf9,
    OpGnuAddrIndex = 0xfb,
    OpGnuConstIndex = 0xfc,
};

/// An entry of the stack; `type.size` 0: generic, of the address size.
struct Item {
    std::uint64_t bits = 0;
    GuestBaseType type{};
};

/// What ended an evaluation before its expression did.
struct Stop {
    enum class Kind : std::uint8_t { None, Malformed, Unavailable };
    Kind kind = Kind::None;
    std::string text{};
};

class Evaluation {
  public:
    Evaluation(std::span<const std::byte> bytes, ExpressionScope& scope)
        : reader_(bytes)
        , scope_(scope) {}

    Result<Location> run(std::optional<std::uint64_t> initial);

  private:
    void execute(std::uint8_t code);
    bool constant(std::uint8_t code);
    bool stack_operation(std::uint8_t code);
    bool arithmetic(std::uint8_t code);
    bool memory_operation(std::uint8_t code);
    bool description(std::uint8_t code);
    bool typed_operation(std::uint8_t code);
    void binary(std::uint8_t code);
    void convert(GuestBaseType to);
    void wasm_location();
    void entry_value();
    void dereference(std::uint64_t size, GuestBaseType type);
    void end_piece(std::uint64_t bit_size, std::uint64_t bit_offset);
    Place current_place();

    void push(std::uint64_t bits, GuestBaseType type = {}) {
        if (stack_.size() >= max_stack) {
            return malformed("its stack overflows");
        }
        stack_.push_back({cut(bits, type), type});
        place_.reset();
    }

    /// A constant is of the address size (DWARF 5 §2.5.1.1), but LLVM describes all values by them:
    /// one that does not fit, and the sign of one that has some, are kept.
    void push_constant(std::uint64_t bits) {
        const bool fits = to_address(bits) == bits;
        push(bits,
             fits ? GuestBaseType{} : GuestBaseType{.encoding = Encoding::Unsigned, .size = 8});
    }

    void push_constant(std::int64_t value) {
        push(static_cast<std::uint64_t>(value),
             value >= 0 && to_address(static_cast<std::uint64_t>(value)) ==
                               static_cast<std::uint64_t>(value)
                 ? GuestBaseType{}
                 : GuestBaseType{.encoding = Encoding::Signed, .size = 8});
    }

    Item pop() {
        if (stack_.empty()) {
            malformed("its stack underflows");
            return {};
        }
        const Item item = stack_.back();
        stack_.pop_back();
        place_.reset();
        return item;
    }

    [[nodiscard]] std::uint64_t to_address(std::uint64_t bits) const {
        return scope_.address_size() == 4 ? bits & 0xFFFFFFFFU : bits;
    }

    /// Without what does not fit into the type.
    [[nodiscard]] std::uint64_t cut(std::uint64_t bits, GuestBaseType type) const {
        if (type.size == 0) {
            return to_address(bits);
        }
        return type.size >= 8 ? bits : bits & ((std::uint64_t{1} << (8U * type.size)) - 1);
    }

    [[nodiscard]] std::int64_t to_signed(const Item& item) const {
        const unsigned size = item.type.size == 0 ? scope_.address_size() : item.type.size;
        const unsigned unused = size >= 8 ? 0 : 64 - (8 * size);
        return static_cast<std::int64_t>(item.bits << unused) >> unused;
    }

    void malformed(std::string text) {
        if (stop_.kind == Stop::Kind::None) {
            stop_ = {Stop::Kind::Malformed, std::move(text)};
        }
    }

    void unavailable(std::string text) {
        if (stop_.kind == Stop::Kind::None) {
            stop_ = {Stop::Kind::Unavailable, std::move(text)};
        }
    }

    ExpressionReader reader_;
    ExpressionScope& scope_;
    std::vector<Item> stack_;
    /// A description other than "the address on top of the stack".
    std::optional<Place> place_;
    Location location_;
    Stop stop_;
};

inline Place unavailable_place(std::string reason) {
    Place place;
    place.reason = std::move(reason);
    return place;
}

inline std::vector<std::byte> bytes_of(std::uint64_t bits, std::size_t size) {
    std::vector<std::byte> bytes(std::min<std::size_t>(size, 8));
    std::memcpy(bytes.data(), &bits, bytes.size());
    return bytes;
}

} // namespace wdbg::dwarf
