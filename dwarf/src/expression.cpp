// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "expression.h"

#include "expression_reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace wdbg::dwarf {

namespace {

constexpr std::size_t max_operations = 10'000;
constexpr std::size_t max_stack = 1'000;
constexpr std::size_t max_pieces = 1'000;

/// DWARF 5 §7.7.1, and "DWARF for WebAssembly" for the location operation.
enum Operation : std::uint8_t {
    op_addr = 0x03, op_deref = 0x06, op_const1u = 0x08, op_const1s = 0x09, op_const2u = 0x0a,
    op_const2s = 0x0b, op_const4u = 0x0c, op_const4s = 0x0d, op_const8u = 0x0e, op_const8s = 0x0f,
    op_constu = 0x10, op_consts = 0x11, op_dup = 0x12, op_drop = 0x13, op_over = 0x14,
    op_pick = 0x15, op_swap = 0x16, op_rot = 0x17, op_abs = 0x19, op_and = 0x1a, op_div = 0x1b,
    op_minus = 0x1c, op_mod = 0x1d, op_mul = 0x1e, op_neg = 0x1f, op_not = 0x20, op_or = 0x21,
    op_plus = 0x22, op_plus_uconst = 0x23, op_shl = 0x24, op_shr = 0x25, op_shra = 0x26,
    op_xor = 0x27, op_bra = 0x28, op_eq = 0x29, op_ge = 0x2a, op_gt = 0x2b, op_le = 0x2c,
    op_lt = 0x2d, op_ne = 0x2e, op_skip = 0x2f, op_lit0 = 0x30, op_lit31 = 0x4f, op_fbreg = 0x91,
    op_piece = 0x93, op_deref_size = 0x94, op_nop = 0x96, op_form_tls_address = 0x9b,
    op_bit_piece = 0x9d, op_implicit_value = 0x9e, op_stack_value = 0x9f,
    op_implicit_pointer = 0xa0, op_addrx = 0xa1, op_constx = 0xa2, op_entry_value = 0xa3,
    op_const_type = 0xa4, op_deref_type = 0xa6, op_convert = 0xa8, op_reinterpret = 0xa9,
    op_gnu_push_tls_address = 0xe0, op_wasm_location = 0xed, op_gnu_implicit_pointer = 0xf2,
    op_gnu_entry_value = 0xf3, op_gnu_const_type = 0xf4, op_gnu_deref_type = 0xf6,
    op_gnu_convert = 0xf7, op_gnu_reinterpret = 0xf9, op_gnu_addr_index = 0xfb,
    op_gnu_const_index = 0xfc,
};

/// An entry of the stack; `type.size` 0: generic, of the address size.
struct Item {
    std::uint64_t bits = 0;
    BaseType type{};
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
    void convert(BaseType to);
    void wasm_location();
    void entry_value();
    void dereference(std::uint64_t size, BaseType type);
    void end_piece(std::uint64_t bit_size, std::uint64_t bit_offset);
    Place current_place();

    void push(std::uint64_t bits, BaseType type = {}) {
        if (stack_.size() >= max_stack) {
            return malformed("its stack overflows");
        }
        stack_.push_back({type.size == 0 ? to_address(bits) : bits, type});
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

Place unavailable_place(std::string reason) {
    Place place;
    place.reason = std::move(reason);
    return place;
}

std::vector<std::byte> bytes_of(std::uint64_t bits, std::size_t size) {
    std::vector<std::byte> bytes(std::min<std::size_t>(size, 8));
    std::memcpy(bytes.data(), &bits, bytes.size());
    return bytes;
}

Result<Location> Evaluation::run(std::optional<std::uint64_t> initial) {
    if (initial) {
        push(*initial);
    }
    std::size_t count = 0;
    while (!reader_.at_end() && stop_.kind == Stop::Kind::None) {
        if (++count > max_operations) {
            malformed("it does not end");
            break;
        }
        execute(static_cast<std::uint8_t>(reader_.fixed(1)));
    }
    if (!reader_.good()) {
        malformed("it ends within an operation");
    }
    if (stop_.kind == Stop::Kind::Malformed) {
        return fail(ErrorCode::Malformed, "damaged location expression: " + stop_.text);
    }
    if (stop_.kind == Stop::Kind::Unavailable) {
        return Location{{{.place = unavailable_place(stop_.text)}}};
    }
    if (location_.pieces.empty()) {
        location_.pieces.push_back({.place = current_place()});
    }
    return std::move(location_);
}

void Evaluation::execute(std::uint8_t code) {
    const bool known = constant(code) || stack_operation(code) || arithmetic(code) ||
                       memory_operation(code) || description(code) || typed_operation(code);
    if (!known) {
        constexpr std::array digits{'0', '1', '2', '3', '4', '5', '6', '7',
                                    '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
        unavailable(std::string("its location uses DWARF operation 0x") + digits[code >> 4U] +
                    digits[code & 15U] + ", which is not supported");
    }
}

bool Evaluation::constant(std::uint8_t code) {
    if (code >= op_lit0 && code <= op_lit31) {
        push(static_cast<std::uint64_t>(code - op_lit0));
        return true;
    }
    switch (code) {
    case op_addr:
        push(reader_.fixed(scope_.address_size()));
        return true;
    case op_const1u:
    case op_const2u:
    case op_const4u:
    case op_const8u:
        push(reader_.fixed(1U << ((code - op_const1u) / 2U)));
        return true;
    case op_const1s:
    case op_const2s:
    case op_const4s:
    case op_const8s:
        push(static_cast<std::uint64_t>(reader_.signed_fixed(1U << ((code - op_const1s) / 2U))));
        return true;
    case op_constu:
        push(reader_.uleb());
        return true;
    case op_consts:
        push(static_cast<std::uint64_t>(reader_.sleb()));
        return true;
    case op_addrx:
    case op_constx:
    case op_gnu_addr_index:
    case op_gnu_const_index:
        if (const auto address = scope_.indexed_address(reader_.uleb())) {
            push(*address);
        } else {
            malformed("it names an address that .debug_addr does not have");
        }
        return true;
    default:
        return false;
    }
}

bool Evaluation::stack_operation(std::uint8_t code) {
    const auto pick = [this](std::uint64_t depth) {
        if (depth >= stack_.size()) {
            return malformed("its stack underflows");
        }
        const Item item = stack_[stack_.size() - 1 - depth];
        push(item.bits, item.type);
    };
    switch (code) {
    case op_dup:
        pick(0);
        return true;
    case op_over:
        pick(1);
        return true;
    case op_pick:
        pick(reader_.fixed(1));
        return true;
    case op_drop:
        pop();
        return true;
    case op_swap:
    case op_rot: {
        const std::size_t depth = code == op_swap ? 2 : 3;
        if (stack_.size() < depth) {
            malformed("its stack underflows");
        } else {
            std::rotate(stack_.end() - static_cast<std::ptrdiff_t>(depth), stack_.end() - 1,
                        stack_.end());
        }
        return true;
    }
    case op_bra:
    case op_skip: {
        const std::int64_t distance = reader_.signed_fixed(2);
        if (code == op_skip || pop().bits != 0) {
            reader_.jump(distance);
        }
        return true;
    }
    case op_nop:
        return true;
    default:
        return false;
    }
}

bool Evaluation::arithmetic(std::uint8_t code) {
    switch (code) {
    case op_plus_uconst: {
        const Item item = pop();
        push(item.bits + reader_.uleb(), item.type);
        return true;
    }
    case op_abs:
    case op_neg: {
        const Item item = pop();
        const std::int64_t value = to_signed(item);
        const bool negate = code == op_neg || value < 0;
        push(negate ? 0 - static_cast<std::uint64_t>(value) : item.bits, item.type);
        return true;
    }
    case op_not: {
        const Item item = pop();
        push(~item.bits, item.type);
        return true;
    }
    case op_and:
    case op_div:
    case op_minus:
    case op_mod:
    case op_mul:
    case op_or:
    case op_plus:
    case op_shl:
    case op_shr:
    case op_shra:
    case op_xor:
    case op_eq:
    case op_ge:
    case op_gt:
    case op_le:
    case op_lt:
    case op_ne:
        binary(code);
        return true;
    default:
        return false;
    }
}

std::uint64_t compare(std::uint8_t code, std::int64_t left, std::int64_t right) {
    switch (code) {
    case op_eq:
        return static_cast<std::uint64_t>(left == right);
    case op_ge:
        return static_cast<std::uint64_t>(left >= right);
    case op_gt:
        return static_cast<std::uint64_t>(left > right);
    case op_le:
        return static_cast<std::uint64_t>(left <= right);
    case op_lt:
        return static_cast<std::uint64_t>(left < right);
    default:
        return static_cast<std::uint64_t>(left != right);
    }
}

void Evaluation::binary(std::uint8_t code) {
    const Item right = pop();
    const Item left = pop();
    if (left.type.encoding == Encoding::Float || right.type.encoding == Encoding::Float) {
        return unavailable("its location computes with floating-point numbers");
    }
    const std::int64_t a = to_signed(left);
    const std::int64_t b = to_signed(right);
    const bool zero = right.bits == 0;
    const bool overflow = b == -1 && a == INT64_MIN;
    const std::uint64_t shift = right.bits;
    switch (code) {
    case op_and:
        return push(left.bits & right.bits, left.type);
    case op_or:
        return push(left.bits | right.bits, left.type);
    case op_xor:
        return push(left.bits ^ right.bits, left.type);
    case op_plus:
        return push(left.bits + right.bits, left.type);
    case op_minus:
        return push(left.bits - right.bits, left.type);
    case op_mul:
        return push(left.bits * right.bits, left.type);
    case op_div:
    case op_mod:
        if (zero || overflow) {
            return unavailable("its location divides by zero");
        }
        return push(code == op_div ? static_cast<std::uint64_t>(a / b) : left.bits % right.bits,
                    left.type);
    case op_shl:
        return push(shift < 64 ? left.bits << shift : 0, left.type);
    case op_shr:
        return push(shift < 64 ? left.bits >> shift : 0, left.type);
    case op_shra:
        return push(static_cast<std::uint64_t>(a >> std::min<std::uint64_t>(shift, 63)), left.type);
    default:
        return push(compare(code, a, b));
    }
}

bool Evaluation::memory_operation(std::uint8_t code) {
    switch (code) {
    case op_deref:
        dereference(scope_.address_size(), {});
        return true;
    case op_deref_size:
        dereference(reader_.fixed(1), {});
        return true;
    case op_fbreg: {
        const std::int64_t offset = reader_.sleb();
        const auto base = scope_.frame_base();
        if (!base) {
            unavailable(base.error().message);
        } else {
            push(*base + static_cast<std::uint64_t>(offset));
        }
        return true;
    }
    case op_form_tls_address:
    case op_gnu_push_tls_address: {
        const auto address = scope_.tls_address(pop().bits);
        if (!address) {
            unavailable(address.error().message);
        } else {
            push(*address);
        }
        return true;
    }
    case op_wasm_location:
        wasm_location();
        return true;
    case op_entry_value:
    case op_gnu_entry_value:
        entry_value();
        return true;
    default:
        return false;
    }
}

void Evaluation::dereference(std::uint64_t size, BaseType type) {
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
    push(bits, wide ? BaseType{.encoding = Encoding::Unsigned, .size = 8} : BaseType{});
    Place place;
    place.kind = where;
    place.index = number;
    place_ = std::move(place);
}

void Evaluation::entry_value() {
    ExpressionReader inner(reader_.block(reader_.uleb()));
    if (!reader_.good() || inner.fixed(1) != op_wasm_location || inner.fixed(1) != 0) {
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
         wide ? BaseType{.encoding = Encoding::Unsigned, .size = 8} : BaseType{});
}

bool Evaluation::description(std::uint8_t code) {
    switch (code) {
    case op_stack_value: {
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
    case op_implicit_value: {
        const auto block = reader_.block(reader_.uleb());
        Place place;
        place.kind = PlaceKind::Value;
        place.bytes.assign(block.begin(), block.end());
        place_ = std::move(place);
        return true;
    }
    case op_implicit_pointer:
    case op_gnu_implicit_pointer: {
        Place place;
        place.kind = PlaceKind::ImplicitPointer;
        place.target = scope_.entry_at(reader_.fixed(scope_.offset_size()));
        place.address = static_cast<std::uint64_t>(reader_.sleb());
        place_ = std::move(place);
        return true;
    }
    case op_piece: {
        const std::uint64_t bytes = reader_.uleb();
        end_piece(bytes > UINT32_MAX ? 0 : bytes * 8, 0);
        return true;
    }
    case op_bit_piece: {
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
        return offset == 0 ? BaseType{} : scope_.base_type(offset).value_or(BaseType{});
    };
    switch (code) {
    case op_const_type:
    case op_gnu_const_type: {
        const BaseType type = type_of(reader_.uleb());
        const std::uint64_t size = reader_.fixed(1);
        if (size == 0 || size > 8) {
            unavailable("its location has a constant of an unusual type");
        } else {
            push(reader_.fixed(static_cast<unsigned>(size)), type);
        }
        return true;
    }
    case op_deref_type:
    case op_gnu_deref_type: {
        const std::uint64_t size = reader_.fixed(1);
        dereference(size, type_of(reader_.uleb()));
        return true;
    }
    case op_convert:
    case op_gnu_convert:
        convert(type_of(reader_.uleb()));
        return true;
    case op_reinterpret:
    case op_gnu_reinterpret: {
        const BaseType type = type_of(reader_.uleb());
        push(pop().bits, type);
        return true;
    }
    default:
        return false;
    }
}

/// Between integers only (what LLVM makes of DW_OP_LLVM_convert).
void Evaluation::convert(BaseType to) {
    const Item item = pop();
    if (to.encoding == Encoding::Float || item.type.encoding == Encoding::Float) {
        return unavailable("its location computes with floating-point numbers");
    }
    std::uint64_t bits = item.bits;
    const bool is_signed = item.type.encoding == Encoding::Signed ||
                           item.type.encoding == Encoding::SignedChar;
    if (is_signed) {
        bits = static_cast<std::uint64_t>(to_signed(item));
    }
    if (to.size != 0 && to.size < 8) {
        bits &= (std::uint64_t{1} << (8U * to.size)) - 1;
    }
    push(bits, to);
}

} // namespace

Result<Location> evaluate_location(std::span<const std::byte> expression, ExpressionScope& scope,
                                   std::optional<std::uint64_t> initial) {
    if (expression.empty()) {
        return Location{{{.place = unavailable_place("optimized out")}}};
    }
    return Evaluation(expression, scope).run(initial);
}

} // namespace wdbg::dwarf
