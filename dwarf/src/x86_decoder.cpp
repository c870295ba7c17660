// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "machine_code.h"

#include <wdbg/dwarf/x86_decoder.h>

#include <llvm/ADT/ArrayRef.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <optional>

namespace wdbg::dwarf {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t longest_instruction = 15; // Intel SDM volume 2, 2.3.11

constexpr bool is_legacy_prefix(std::uint8_t byte) {
    constexpr std::array<std::uint8_t, 11> prefixes{0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65,
                                                    0x66, 0x67, 0xF0, 0xF2, 0xF3};
    return std::ranges::find(prefixes, byte) != prefixes.end();
}

constexpr bool is_rex(std::uint8_t byte) {
    return (byte & 0xF0U) == 0x40;
}

struct Prefixes {
    std::size_t size = 0;
    bool operand_size = false; ///< 66, not overridden by REX.W
};

Prefixes read_prefixes(Bytes code) {
    Prefixes result;
    bool wide = false;
    while (result.size < code.size() && is_legacy_prefix(code[result.size])) {
        result.operand_size = result.operand_size || code[result.size] == 0x66;
        ++result.size;
    }
    if (result.size < code.size() && is_rex(code[result.size])) {
        wide = (code[result.size] & 8U) != 0;
        ++result.size;
    }
    result.operand_size = result.operand_size && !wide;
    return result;
}

// Kinds by opcode (Intel SDM volume 2, appendix A). `opcode` starts behind the prefixes.

InstructionKind kind_of_group_ff(Bytes opcode) {
    constexpr std::array<InstructionKind, 8> kinds{
        InstructionKind::Plain,        InstructionKind::Plain,
        InstructionKind::IndirectCall, InstructionKind::Immovable, // far call
        InstructionKind::IndirectJump, InstructionKind::Immovable, // far jump
        InstructionKind::Plain,        InstructionKind::Trap};
    return opcode.size() < 2 ? InstructionKind::Trap : kinds.at((opcode[1] >> 3U) & 7U);
}

InstructionKind kind_of_two_bytes(Bytes opcode) {
    const std::uint8_t second = opcode.size() < 2 ? 0 : opcode[1];
    if ((second & 0xF0U) == 0x80) {
        return InstructionKind::ConditionalJump;
    }
    const bool undefined = second == 0x0B || second == 0xB9 || second == 0xFF;
    return undefined ? InstructionKind::Trap : InstructionKind::Plain;
}

struct OpcodeRow {
    std::uint8_t first;
    std::uint8_t last;
    InstructionKind kind;
};

constexpr std::array one_byte_opcodes{
    OpcodeRow{.first = 0x70, .last = 0x7F, .kind = InstructionKind::ConditionalJump},
    OpcodeRow{.first = 0xC2, .last = 0xC3, .kind = InstructionKind::Return},
    OpcodeRow{.first = 0xCA, .last = 0xCB, .kind = InstructionKind::Immovable}, // far return
    OpcodeRow{.first = 0xCC, .last = 0xCC, .kind = InstructionKind::Trap},
    OpcodeRow{.first = 0xCF, .last = 0xCF, .kind = InstructionKind::Immovable}, // iret
    OpcodeRow{.first = 0xE0, .last = 0xE3, .kind = InstructionKind::CounterJump},
    OpcodeRow{.first = 0xE8, .last = 0xE8, .kind = InstructionKind::Call},
    OpcodeRow{.first = 0xE9, .last = 0xE9, .kind = InstructionKind::Jump},
    OpcodeRow{.first = 0xEB, .last = 0xEB, .kind = InstructionKind::Jump},
    OpcodeRow{.first = 0xF1, .last = 0xF1, .kind = InstructionKind::Trap},
    OpcodeRow{.first = 0xF4, .last = 0xF4, .kind = InstructionKind::Trap},
};

InstructionKind kind_by_opcode(Bytes opcode) {
    const std::uint8_t first = opcode.empty() ? 0 : opcode[0];
    if (first == 0x0F) {
        return kind_of_two_bytes(opcode);
    }
    if (first == 0xFF) {
        return kind_of_group_ff(opcode);
    }
    if (first == 0xC7 && opcode.size() > 1 && opcode[1] == 0xF8) {
        return InstructionKind::Immovable; // xbegin
    }
    const auto* row = std::ranges::find_if(one_byte_opcodes, [first](const OpcodeRow& candidate) {
        return candidate.first <= first && first <= candidate.last;
    });
    return row != one_byte_opcodes.end() ? row->kind : InstructionKind::Plain;
}

bool is_direct(InstructionKind kind) {
    return kind == InstructionKind::Jump || kind == InstructionKind::ConditionalJump ||
           kind == InstructionKind::CounterJump || kind == InstructionKind::Call;
}

/// The displacement of a direct jump is the last field of its instruction.
std::int64_t relative_target(Bytes code, bool short_form) {
    if (short_form) {
        return static_cast<std::int8_t>(code.back());
    }
    std::int32_t value = 0;
    std::memcpy(&value, code.data() + code.size() - sizeof value, sizeof value);
    return value;
}

class X86Decoder final : public InstructionDecoder {
  public:
    [[nodiscard]] bool open();

    [[nodiscard]] Result<DecodedInstruction> decode(std::span<const std::byte> bytes,
                                                    NativeAddress address) const override;

  private:
    struct Raw {
        llvm::MCInst inst;
        std::size_t size = 0;
    };

    [[nodiscard]] std::optional<Raw> decode_raw(Bytes code, std::uint64_t address) const;
    [[nodiscard]] std::optional<std::int64_t> pc_displacement(const llvm::MCInst& inst) const;
    [[nodiscard]] std::size_t find_displacement(Bytes code, std::int64_t value) const;
    [[nodiscard]] bool uses_narrow_pc(const llvm::MCInst& inst) const;
    [[nodiscard]] std::optional<std::int32_t> stack_change(const llvm::MCInst& inst) const;
    void classify(DecodedInstruction& result, const Raw& raw, Bytes code,
                  std::uint64_t address) const;

    unsigned rip_ = 0;
    unsigned eip_ = 0;
    unsigned rsp_ = 0;
    MachineCode code_;
    mutable std::mutex mutex_; // LLVM does not say that getInstruction() may run in parallel
};

bool X86Decoder::open() {
    if (!code_.open(Machine::X86_64, false)) {
        return false;
    }
    for (unsigned number = 1; number < code_.registers->getNumRegs(); ++number) {
        const llvm::StringRef name = code_.registers->getName(number);
        rip_ = name == "RIP" ? number : rip_;
        eip_ = name == "EIP" ? number : eip_;
        rsp_ = name == "RSP" ? number : rsp_;
    }
    return rip_ != 0 && eip_ != 0 && rsp_ != 0;
}

/// LLVM gives lock and rep prefixes as instructions of their own: they are merged with the next.
std::optional<X86Decoder::Raw> X86Decoder::decode_raw(Bytes code, std::uint64_t address) const {
    const std::lock_guard lock(mutex_);
    Raw result;
    while (true) {
        std::uint64_t size = 0;
        llvm::MCInst inst;
        const llvm::ArrayRef<std::uint8_t> rest(code.data() + result.size,
                                                code.size() - result.size);
        if (code_.disassembler->getInstruction(inst, size, rest, address + result.size,
                                               llvm::nulls()) != llvm::MCDisassembler::Success ||
            size == 0 || result.size + size > longest_instruction) {
            return std::nullopt;
        }
        result.size += size;
        result.inst = inst;
        if (!std::ranges::all_of(code.first(result.size), is_legacy_prefix)) {
            return result;
        }
    }
}

/// Memory operands are base, scale, index, displacement, segment.
std::optional<std::int64_t> X86Decoder::pc_displacement(const llvm::MCInst& inst) const {
    for (unsigned i = 0; i + 3 < inst.getNumOperands(); ++i) {
        const llvm::MCOperand& operand = inst.getOperand(i);
        if (operand.isReg() && operand.getReg() == rip_ && inst.getOperand(i + 3).isImm()) {
            return inst.getOperand(i + 3).getImm();
        }
    }
    return std::nullopt;
}

bool X86Decoder::uses_narrow_pc(const llvm::MCInst& inst) const {
    return std::ranges::any_of(inst, [this](const llvm::MCOperand& operand) {
        return operand.isReg() && operand.getReg() == eip_;
    });
}

/// Found by changing a byte and decoding again, so that no table of operand encodings is needed.
std::size_t X86Decoder::find_displacement(Bytes code, std::int64_t value) const {
    std::array<std::uint8_t, longest_instruction> changed{};
    for (std::size_t at = 1; at + sizeof(std::int32_t) <= code.size(); ++at) {
        std::int32_t field = 0;
        std::memcpy(&field, code.data() + at, sizeof field);
        if (field != value) {
            continue;
        }
        std::ranges::copy(code, changed.begin());
        changed.at(at) ^= 1U;
        const auto again = decode_raw(Bytes(changed).first(code.size()), 0);
        if (again && again->size == code.size() && pc_displacement(again->inst) == (value ^ 1)) {
            return at;
        }
    }
    return 0;
}

std::optional<std::int32_t> X86Decoder::stack_change(const llvm::MCInst& inst) const {
    constexpr std::int32_t word = 8;
    const llvm::MCInstrDesc& desc = code_.instructions->get(inst.getOpcode());
    if (desc.isCall() || !desc.hasDefOfPhysReg(inst, rsp_, *code_.registers)) {
        return 0;
    }
    const auto is_rsp = [&](unsigned operand) {
        return operand < inst.getNumOperands() && inst.getOperand(operand).isReg() &&
               inst.getOperand(operand).getReg() == rsp_;
    };
    const auto number = [&](unsigned operand) -> std::optional<std::int32_t> {
        const bool fits = operand < inst.getNumOperands() && inst.getOperand(operand).isImm();
        return fits ? std::optional(static_cast<std::int32_t>(inst.getOperand(operand).getImm()))
                    : std::nullopt;
    };
    const llvm::StringRef name = code_.instructions->getName(inst.getOpcode());
    if (name.starts_with("PUSH64") || name.starts_with("PUSHP64")) {
        return -word;
    }
    if ((name.starts_with("POP64") || name.starts_with("POPP64")) && !is_rsp(0)) {
        return word;
    }
    if (name.starts_with("ADD64ri") && is_rsp(0)) {
        return number(2);
    }
    if (name.starts_with("SUB64ri") && is_rsp(0)) {
        const auto change = number(2);
        return change && *change != INT32_MIN ? std::optional(-*change) : std::nullopt;
    }
    constexpr unsigned base = 1; // then scale, index, displacement
    const bool from_rsp = name == "LEA64r" && is_rsp(0) && is_rsp(base) &&
                          inst.getOperand(base + 2).isReg() && !inst.getOperand(base + 2).getReg();
    return from_rsp ? number(base + 3) : std::nullopt;
}

void X86Decoder::classify(DecodedInstruction& result, const Raw& raw, Bytes code,
                          std::uint64_t address) const {
    const Prefixes prefixes = read_prefixes(code);
    const Bytes opcode = code.subspan(prefixes.size);
    result.opcode_offset = static_cast<std::uint8_t>(prefixes.size);
    result.kind = kind_by_opcode(opcode);
    const llvm::MCInstrDesc& desc = code_.instructions->get(raw.inst.getOpcode());
    const bool transfers = desc.isBranch() || desc.isCall() || desc.isReturn();
    if ((transfers && result.kind == InstructionKind::Plain) || uses_narrow_pc(raw.inst) ||
        (is_direct(result.kind) && prefixes.operand_size)) {
        result.kind = InstructionKind::Immovable;
        return;
    }
    if (is_direct(result.kind)) {
        const bool short_form = code.size() - prefixes.size == 2;
        result.target.value =
            address + code.size() + static_cast<std::uint64_t>(relative_target(code, short_form));
        return;
    }
    if (const auto displacement = pc_displacement(raw.inst)) {
        const std::size_t offset = find_displacement(code, *displacement);
        result.displacement_offset = static_cast<std::uint8_t>(offset);
        if (offset == 0) {
            result.kind = InstructionKind::Immovable;
        } else if (result.kind == InstructionKind::Plain) {
            result.kind = InstructionKind::PcRelative;
        }
    }
}

Result<DecodedInstruction> X86Decoder::decode(std::span<const std::byte> bytes,
                                              NativeAddress address) const {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const Bytes code(data, std::min(bytes.size(), longest_instruction));
    const auto raw = decode_raw(code, address.value);
    if (!raw) {
        return fail(ErrorCode::Malformed, "no instruction at this address");
    }
    DecodedInstruction result;
    result.length = static_cast<std::uint8_t>(raw->size);
    result.stack_change = stack_change(raw->inst);
    classify(result, *raw, code.first(raw->size), address.value);
    return result;
}

} // namespace

Result<std::unique_ptr<InstructionDecoder>> make_x86_decoder() {
    auto decoder = std::make_unique<X86Decoder>();
    if (!decoder->open()) {
        return fail(ErrorCode::Unsupported, "this LLVM library cannot decode x86-64");
    }
    return decoder;
}

} // namespace wdbg::dwarf
