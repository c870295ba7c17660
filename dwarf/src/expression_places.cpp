// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "evaluation.h"

#include <array>
#include <bit>

namespace wdbg::dwarf {

bool Evaluation::memory_operation(std::uint8_t code) {
    switch (code) {
    case OpDeref:
        dereference(scope_.address_size(), {});
        return true;
    case OpDerefSize:
        dereference(reader_.fixed(1), {});
        return true;
    case OpFbreg: {
        const std::int64_t offset = reader_.sleb();
        const auto base = scope_.frame_base();
        if (!base) {
            unavailable(base.error().message);
        } else {
            push(*base + static_cast<std::uint64_t>(offset));
        }
        return true;
    }
    case OpFormTlsAddress:
    case OpGnuPushTlsAddress: {
        const auto address = scope_.tls_address(pop().bits);
        if (!address) {
            unavailable(address.error().message);
        } else {
            push(*address);
        }
        return true;
    }
    case OpWasmLocation:
        wasm_location();
        return true;
    case OpEntryValue:
    case OpGnuEntryValue:
        entry_value();
        return true;
    default:
        return false;
    }
}

void Evaluation::dereference(std::uint64_t size, GuestBaseType type) {
    const std::uint64_t address = pop().bits;
    if (size == 0 || size > 8) {
        return malformed("it reads a value of an impossible size");
    }
    std::array<std::byte, 8> bytes{};
    const auto read = scope_.state().read_memory(address, std::span(bytes).first(size));
    if (!read) {
        return unavailable(read.error().message);
    }
    push(std::bit_cast<std::uint64_t>(bytes), type);
}

/// DW_OP_WASM_location: kind and index. Pushes the value for what comes behind it, and remembers
/// the place in case nothing does.
void Evaluation::wasm_location() {
    constexpr std::uint64_t kind_global_fixed = 3;
    const std::uint64_t kind = reader_.fixed(1);
    const std::uint64_t index = kind == kind_global_fixed ? reader_.fixed(4) : reader_.uleb();
    if (kind > kind_global_fixed || index > UINT32_MAX) {
        return malformed("it names a place that WebAssembly does not have");
    }
    constexpr std::array kinds{PlaceKind::Local, PlaceKind::Global, PlaceKind::Stack,
                               PlaceKind::Global};
    const auto number = static_cast<std::uint32_t>(index);
    const PlaceKind where = kinds[kind];
    const FrameState& state = scope_.state();
    const auto value = where == PlaceKind::Local    ? state.local(number)
                       : where == PlaceKind::Global ? state.global(number)
                                                    : state.stack_value(number);
    if (!value) {
        return unavailable(value.error().message);
    }
    const bool wide = value->type == ValueType::I64 || value->type == ValueType::F64;
    std::uint64_t bits = 0;
    std::memcpy(&bits, value->storage.data(), wide || value->type == ValueType::V128 ? 8 : 4);
    push(bits, wide ? GuestBaseType{.encoding = Encoding::Unsigned, .size = 8} : GuestBaseType{});
    Place place;
    place.kind = where;
    place.index = number;
    place_ = std::move(place);
}

void Evaluation::entry_value() {
    ExpressionReader inner(reader_.block(reader_.uleb()));
    if (!reader_.good() || inner.fixed(1) != OpWasmLocation || inner.fixed(1) != 0) {
        return unavailable("its value at the function's entry is not known");
    }
    const std::uint64_t index = inner.uleb();
    if (!inner.good() || index > UINT32_MAX) {
        return malformed("it names a local that WebAssembly cannot have");
    }
    const auto value = scope_.entry_local(static_cast<std::uint32_t>(index));
    if (!value) {
        return unavailable(value.error().message);
    }
    const bool wide = size_of(value->type) >= 8;
    push(wide ? value->as<std::uint64_t>() : value->as<std::uint32_t>(),
         wide ? GuestBaseType{.encoding = Encoding::Unsigned, .size = 8} : GuestBaseType{});
}

bool Evaluation::description(std::uint8_t code) {
    switch (code) {
    case OpStackValue: {
        // A plain wasm local keeps its place, so that it can be written.
        if (!place_) {
            const Item item = pop();
            Place place;
            place.kind = PlaceKind::Value;
            place.bytes = bytes_of(item.bits, 8);
            place_ = std::move(place);
        }
        return true;
    }
    case OpImplicitValue: {
        const auto block = reader_.block(reader_.uleb());
        Place place;
        place.kind = PlaceKind::Value;
        place.bytes.assign(block.begin(), block.end());
        place_ = std::move(place);
        return true;
    }
    case OpImplicitPointer:
    case OpGnuImplicitPointer: {
        Place place;
        place.kind = PlaceKind::ImplicitPointer;
        place.target = scope_.entry_at(reader_.fixed(scope_.offset_size()));
        place.address = static_cast<std::uint64_t>(reader_.sleb());
        place_ = std::move(place);
        return true;
    }
    case OpPiece: {
        const std::uint64_t bytes = reader_.uleb();
        end_piece(bytes > UINT32_MAX ? 0 : bytes * 8, 0);
        return true;
    }
    case OpBitPiece: {
        const std::uint64_t size = reader_.uleb();
        const std::uint64_t offset = reader_.uleb();
        end_piece(size, offset);
        return true;
    }
    default:
        return false;
    }
}

Place Evaluation::current_place() {
    if (place_) {
        return *std::exchange(place_, std::nullopt);
    }
    if (stack_.empty()) {
        return unavailable_place("optimized out");
    }
    Place place;
    place.kind = PlaceKind::Memory;
    place.address = to_address(pop().bits);
    return place;
}

void Evaluation::end_piece(std::uint64_t bit_size, std::uint64_t bit_offset) {
    if (bit_size == 0 || location_.pieces.size() >= max_pieces) {
        return malformed("it has an impossible piece");
    }
    location_.pieces.push_back(
        {.place = current_place(), .bit_size = bit_size, .bit_offset = bit_offset});
    stack_.clear();
}

bool Evaluation::typed_operation(std::uint8_t code) {
    const auto type_of = [this](std::uint64_t offset) {
        return offset == 0 ? GuestBaseType{} : scope_.base_type(offset).value_or(GuestBaseType{});
    };
    switch (code) {
    case OpConstType:
    case OpGnuConstType: {
        const GuestBaseType type = type_of(reader_.uleb());
        const std::uint64_t size = reader_.fixed(1);
        if (size == 0 || size > 8) {
            unavailable("its location has a constant of an unusual type");
        } else {
            push(reader_.fixed(static_cast<unsigned>(size)), type);
        }
        return true;
    }
    case OpDerefType:
    case OpGnuDerefType: {
        const std::uint64_t size = reader_.fixed(1);
        dereference(size, type_of(reader_.uleb()));
        return true;
    }
    case OpConvert:
    case OpGnuConvert:
        convert(type_of(reader_.uleb()));
        return true;
    case OpReinterpret:
    case OpGnuReinterpret: {
        const GuestBaseType type = type_of(reader_.uleb());
        push(pop().bits, type);
        return true;
    }
    default:
        return false;
    }
}

/// Between integers only (what LLVM makes of DW_OP_LLVM_convert).
void Evaluation::convert(GuestBaseType to) {
    const Item item = pop();
    if (to.encoding == Encoding::Float || item.type.encoding == Encoding::Float) {
        return unavailable("its location computes with floating-point numbers");
    }
    std::uint64_t bits = item.bits;
    const bool is_signed =
        item.type.encoding == Encoding::Signed || item.type.encoding == Encoding::SignedChar;
    if (is_signed) {
        bits = static_cast<std::uint64_t>(to_signed(item));
    }
    if (to.size != 0 && to.size < 8) {
        bits &= (std::uint64_t{1} << (8U * to.size)) - 1;
    }
    push(bits, to);
}

} // namespace wdbg::dwarf
