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
    op_addr = 0x03,
    op_deref = 0x06,
    op_const1u = 0x08,
    op_const1s = 0x09,
    op_const2u = 0x0a,
    op_const2s = 0x0b,
    op_const4u = 0x0c,
    op_const4s = 0x0d,
    op_const8u = 0x0e,
    op_const8s = 0x0f,
    op_constu = 0x10,
    op_consts = 0x11,
    op_dup = 0x12,
    op_drop = 0x13,
    op_over = 0x14,
    op_pick = 0x15,
    op_swap = 0x16,
    op_rot = 0x17,
    op_abs = 0x19,
    op_and = 0x1a,
    op_div = 0x1b,
    op_minus = 0x1c,
    op_mod = 0x1d,
    op_mul = 0x1e,
    op_neg = 0x1f,
    op_not = 0x20,
    op_or = 0x21,
    op_plus = 0x22,
    op_plus_uconst = 0x23,
    op_shl = 0x24,
    op_shr = 0x25,
    op_shra = 0x26,
    op_xor = 0x27,
    op_bra = 0x28,
    op_eq = 0x29,
    op_ge = 0x2a,
    op_gt = 0x2b,
    op_le = 0x2c,
    op_lt = 0x2d,
    op_ne = 0x2e,
    op_skip = 0x2f,
    op_lit0 = 0x30,
    op_lit31 = 0x4f,
    op_fbreg = 0x91,
    op_piece = 0x93,
    op_deref_size = 0x94,
    op_nop = 0x96,
    op_form_tls_address = 0x9b,
    op_bit_piece = 0x9d,
    op_implicit_value = 0x9e,
    op_stack_value = 0x9f,
    op_implicit_pointer = 0xa0,
    op_addrx = 0xa1,
    op_constx = 0xa2,
    op_entry_value = 0xa3,
    op_const_type = 0xa4,
    op_deref_type = 0xa6,
    op_convert = 0xa8,
    op_reinterpret = 0xa9,
    op_gnu_push_tls_address = 0xe0,
    op_wasm_location = 0xed,
    op_gnu_implicit_pointer = 0xf2,
    op_gnu_entry_value = 0xf3,
    op_gnu_const_type = 0xf4,
    op_gnu_deref_type = 0xf6,
    op_gnu_convert = 0xf7,
    op_gnu_reinterpret = 0xf9,
    op_gnu_addr_index = 0xfb,
    op_gnu_const_index = 0xfc,
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
