// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "x86_slot.h"

#include "probe_code.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <limits>

namespace wdbg::native {

namespace {

constexpr bool fits_rel32(std::int64_t value) {
    return value >= std::numeric_limits<std::int32_t>::min() &&
           value <= std::numeric_limits<std::int32_t>::max();
}

/// Writes the slot's code. All rewrites leave flags and registers as the original does.
class SlotWriter {
  public:
    SlotWriter(std::span<const std::byte> original, const DecodedInstruction& decoded,
               std::uint64_t address, std::uint64_t slot)
        : original_(original.first(decoded.length))
        , decoded_(decoded)
        , address_(address)
        , slot_(slot) {
        result_.kind = decoded.kind;
        result_.length = decoded.length;
    }

    Result<Slot> write();

  private:
    [[nodiscard]] std::uint64_t next() const { return address_ + decoded_.length; }

    void bytes(std::initializer_list<unsigned> values);
    void copy(std::span<const std::byte> values);
    void immediate(std::int64_t value);
    void point(std::uint64_t original, std::uint8_t pushed = 0);
    /// jmp rel32; also a point: before it, the instruction is done.
    void jump_to(std::uint64_t target);
    void relative(std::uint64_t target);
    void plain();
    void rebase(std::size_t instruction_start, std::size_t displacement, std::size_t length);
    void conditional_jump();
    void counter_jump();
    void push_return_address();
    void direct_call();
    void indirect_call();
    void call_operand();

    void refuse(const char* why) { refused_ = why; }

    std::span<const std::byte> original_;
    const DecodedInstruction& decoded_;
    std::uint64_t address_;
    std::uint64_t slot_;
    const char* refused_ = nullptr;
    Slot result_;
};

void SlotWriter::bytes(std::initializer_list<unsigned> values) {
    for (const unsigned value : values) {
        result_.code.at(result_.size++) = static_cast<std::byte>(value);
    }
}

void SlotWriter::copy(std::span<const std::byte> values) {
    std::ranges::copy(values, result_.code.begin() + result_.size);
    result_.size = static_cast<std::uint8_t>(result_.size + values.size());
}

void SlotWriter::immediate(std::int64_t value) {
    if (!fits_rel32(value)) {
        refuse("it is too far from free address space");
        value = 0;
    }
    const auto narrow = static_cast<std::int32_t>(value);
    copy(std::as_bytes(std::span(&narrow, 1)));
}

void SlotWriter::point(std::uint64_t original, std::uint8_t pushed) {
    result_.points.at(result_.point_count++) = {
        .offset = result_.size, .pushed = pushed, .original = original};
}

/// The last four bytes of an instruction, relative to its end.
void SlotWriter::relative(std::uint64_t target) {
    immediate(static_cast<std::int64_t>(target - (slot_ + result_.size + 4)));
}

void SlotWriter::jump_to(std::uint64_t target) {
    point(target);
    bytes({0xE9});
    relative(target);
}

/// Makes a pc-relative operand of a copied instruction mean what it meant at its own address.
void SlotWriter::rebase(std::size_t instruction_start, std::size_t displacement,
                        std::size_t length) {
    const NativeAddress operand = pc_operand(original_, decoded_, {address_});
    const auto moved =
        static_cast<std::int64_t>(operand.value - (slot_ + instruction_start + length));
    if (!fits_rel32(moved)) {
        refuse("its operand is too far from free address space");
        return;
    }
    const auto narrow = static_cast<std::int32_t>(moved);
    std::memcpy(result_.code.data() + instruction_start + displacement, &narrow, sizeof narrow);
}

void SlotWriter::plain() {
    copy(original_);
    if (decoded_.displacement_offset != 0) {
        rebase(0, decoded_.displacement_offset, decoded_.length);
    }
}

/// jcc rel8 (70+cc) and jcc rel32 (0F 80+cc), prefixes dropped: they are branch hints.
void SlotWriter::conditional_jump() {
    const auto first = std::to_integer<unsigned>(original_[decoded_.opcode_offset]);
    const auto second =
        first == 0x0F ? std::to_integer<unsigned>(original_[decoded_.opcode_offset + 1U]) : first;
    bytes({0x0F, 0x80U | (second & 0x0FU)});
    relative(decoded_.target.value);
    jump_to(next());
}

///     loop/jrcxz taken; jmp short next; taken: jmp target; next: jmp next
void SlotWriter::counter_jump() {
    copy(original_.first(decoded_.length - 1U));
    bytes({2});
    point(next());
    bytes({0xEB, 5});
    jump_to(decoded_.target.value);
    jump_to(next());
}

/// push imm32 (sign-extended), then the upper half: there is no push of 64 bits.
void SlotWriter::push_return_address() {
    const std::uint64_t value = next();
    const auto low = static_cast<std::int32_t>(value & 0xFFFF'FFFFU);
    const auto high = static_cast<std::int32_t>(value >> 32U);
    bytes({0x68});
    immediate(low);
    point(address_, 8);
    bytes({0xC7, 0x44, 0x24, 0x04}); // mov dword [rsp+4], imm32
    immediate(high);
    point(address_, 8);
}

void SlotWriter::direct_call() {
    push_return_address();
    bytes({0xE9});
    relative(decoded_.target.value);
}

/// FF /2 becomes FF /4 behind a push, so an operand on the stack is 8 bytes further up.
void SlotWriter::call_operand() {
    const std::size_t opcode = decoded_.opcode_offset;
    const auto modrm = std::to_integer<unsigned>(original_[opcode + 1]);
    const unsigned mod = modrm >> 6U;
    const std::size_t start = result_.size;
    copy(original_.first(opcode + 1));
    const unsigned as_jump = (modrm & 0xC7U) | (4U << 3U);
    const bool has_sib = mod != 3 && (modrm & 7U) == 4;
    const unsigned rex =
        opcode > 0 && (std::to_integer<unsigned>(original_[opcode - 1]) & 0xF0U) == 0x40
            ? std::to_integer<unsigned>(original_[opcode - 1])
            : 0;
    const unsigned sib = has_sib ? std::to_integer<unsigned>(original_[opcode + 2]) : 0;
    const bool stack_base = has_sib && (sib & 7U) == 4 && (rex & 1U) == 0;
    if (mod == 3 && (modrm & 7U) == 4 && (rex & 1U) == 0) {
        return refuse("it calls through the stack pointer");
    }
    if (!stack_base) {
        bytes({as_jump});
        copy(original_.subspan(opcode + 2));
        if (decoded_.displacement_offset != 0) {
            rebase(start, decoded_.displacement_offset, decoded_.length);
        }
        return;
    }
    std::int32_t displacement = 0;
    if (mod == 1) {
        std::int8_t narrow = 0;
        std::memcpy(&narrow, original_.data() + opcode + 3, sizeof narrow);
        displacement += narrow;
    } else if (mod == 2) {
        std::memcpy(&displacement, original_.data() + opcode + 3, sizeof displacement);
    }
    const bool indexed = ((sib >> 3U) & 7U) != 4 || (rex & 2U) != 0;
    if (indexed || (displacement > -16 && displacement < 0)) {
        return refuse("it calls through the stack below or beside its top");
    }
    bytes({(as_jump & 0x3FU) | 0x80U, sib}); // disp32
    immediate(std::int64_t{displacement} + 8);
}

void SlotWriter::indirect_call() {
    push_return_address();
    call_operand();
}

Result<Slot> SlotWriter::write() {
    switch (decoded_.kind) {
    case InstructionKind::Plain:
    case InstructionKind::PcRelative:
        plain();
        jump_to(next());
        break;
    case InstructionKind::Jump:
        jump_to(decoded_.target.value);
        result_.point_count = 0; // its only point is the start
        break;
    case InstructionKind::ConditionalJump:
        conditional_jump();
        break;
    case InstructionKind::CounterJump:
        counter_jump();
        break;
    case InstructionKind::Call:
        direct_call();
        break;
    case InstructionKind::IndirectCall:
        indirect_call();
        break;
    case InstructionKind::IndirectJump:
    case InstructionKind::Return:
    case InstructionKind::Trap: // never comes out at its end
        plain();
        break;
    case InstructionKind::Immovable:
        refuse("it only works at its own address");
        break;
    }
    if (refused_ != nullptr) {
        return fail(ErrorCode::Unsupported,
                    std::string("no breakpoint on this instruction: ") + refused_);
    }
    return result_;
}

} // namespace

NativeAddress pc_operand(std::span<const std::byte> code, const DecodedInstruction& decoded,
                         NativeAddress address) {
    if (decoded.displacement_offset == 0) {
        return {};
    }
    std::int32_t displacement = 0;
    std::memcpy(&displacement, code.data() + decoded.displacement_offset, sizeof displacement);
    return {address.value + decoded.length +
            static_cast<std::uint64_t>(std::int64_t{displacement})};
}

Result<Slot> build_slot(std::span<const std::byte> original, const DecodedInstruction& decoded,
                        std::uint64_t address, std::uint64_t slot) {
    return SlotWriter(original, decoded, address, slot).write();
}

namespace {

/// Calls are not: they come back into the code, and have pushed their way there before they go.
bool may_be_in_window(InstructionKind kind, bool is_last) {
    switch (kind) {
    case InstructionKind::Plain:
    case InstructionKind::PcRelative:
        return true;
    case InstructionKind::Jump:
    case InstructionKind::ConditionalJump:
    case InstructionKind::IndirectJump:
    case InstructionKind::Return:
        return is_last;
    default:
        return false;
    }
}

/// Adds an instruction that goes on behind itself where the next one will be, or the last one.
void append(Slot& window, const Slot& slot, bool is_last) {
    const std::size_t size = is_last ? slot.size : slot.size - jump_size;
    std::ranges::copy(std::span(slot.code).first(size), window.code.begin() + window.size);
    for (std::size_t i = 0; is_last && i < slot.point_count; ++i) {
        SlotPoint point = slot.points.at(i);
        point.offset = static_cast<std::uint8_t>(point.offset + window.size);
        window.points.at(window.point_count++) = point;
    }
    window.size = static_cast<std::uint8_t>(window.size + size);
    window.length = static_cast<std::uint8_t>(window.length + slot.length);
    window.kind = slot.kind;
}

} // namespace

Result<Slot> build_window(std::span<const std::byte> original, std::size_t least,
                          const InstructionDecoder& decoder, std::uint64_t address,
                          std::uint64_t slot) {
    Slot window;
    while (window.length < least) {
        const std::uint64_t at = address + window.length;
        const auto rest = original.subspan(window.length);
        const auto decoded = decoder.decode(rest, {at});
        if (!decoded) {
            return std::unexpected(decoded.error());
        }
        const bool is_last = least <= std::size_t{window.length} + decoded->length;
        if (!may_be_in_window(decoded->kind, is_last)) {
            return fail(ErrorCode::Unsupported, "control may leave before there is room");
        }
        if (window.length != 0) {
            window.points.at(window.point_count++) = {.offset = window.size, .original = at};
        }
        const auto one = build_slot(rest, *decoded, at, slot + window.size);
        if (!one) {
            return std::unexpected(one.error());
        }
        append(window, *one, is_last);
    }
    return window;
}

} // namespace wdbg::native
