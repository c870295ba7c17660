// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "machine_code.h"

#include <wdbg/dwarf/machine_decoder.h>
#include <wdbg/dwarf/x86_decoder.h>

#include <bit>
#include <mutex>

namespace wdbg::dwarf {
namespace {

class MachineDecoder final : public InstructionDecoder {
  public:
    [[nodiscard]] bool open(Machine machine, bool thumb) { return code_.open(machine, thumb); }

    [[nodiscard]] Result<DecodedInstruction> decode(std::span<const std::byte> bytes,
                                                    NativeAddress address) const override;

  private:
    [[nodiscard]] InstructionKind kind_of(const llvm::MCInst& inst, bool has_target) const;
    [[nodiscard]] bool returns_as_arm_does(const llvm::MCInst& inst) const;

    MachineCode code_;
    mutable std::mutex mutex_; // LLVM does not say that getInstruction() may run in parallel
};

/// What loads the pc from the stack, or goes to lr: LLVM knows returns by other opcodes, which its
/// disassembler does not give.
bool MachineDecoder::returns_as_arm_does(const llvm::MCInst& inst) const {
    const llvm::StringRef name = code_.instructions->getName(inst.getOpcode());
    const auto is = [&](unsigned operand, llvm::StringRef wanted) {
        return operand < inst.getNumOperands() && inst.getOperand(operand).isReg() &&
               wanted == code_.registers->getName(inst.getOperand(operand).getReg());
    };
    return name == "tPOP" || (name == "tBX" && is(0, "LR")) || (name == "BX" && is(0, "LR")) ||
           ((name == "t2LDMIA_UPD" || name == "LDMIA_UPD") && is(0, "SP")) ||
           (name == "t2LDR_POST" && is(0, "PC") && is(1, "SP"));
}

/// A branch that may not be taken and whose way is not known counts as indirect: it is looked at
/// when it has been executed.
InstructionKind MachineDecoder::kind_of(const llvm::MCInst& inst, bool has_target) const {
    if (code_.analysis->isCall(inst)) {
        return has_target ? InstructionKind::Call : InstructionKind::IndirectCall;
    }
    if (code_.analysis->isReturn(inst)) {
        return InstructionKind::Return;
    }
    if (code_.analysis->isConditionalBranch(inst) && has_target) {
        return InstructionKind::ConditionalJump;
    }
    if (code_.analysis->isUnconditionalBranch(inst) && has_target) {
        return InstructionKind::Jump;
    }
    if (code_.analysis->isBranch(inst) || code_.analysis->isIndirectBranch(inst) ||
        code_.analysis->mayAffectControlFlow(inst, *code_.registers)) {
        return returns_as_arm_does(inst) ? InstructionKind::Return : InstructionKind::IndirectJump;
    }
    return code_.instructions->get(inst.getOpcode()).isTrap() ? InstructionKind::Trap
                                                              : InstructionKind::Plain;
}

Result<DecodedInstruction> MachineDecoder::decode(std::span<const std::byte> bytes,
                                                  NativeAddress address) const {
    const std::lock_guard lock(mutex_);
    const auto read = code_.read(bytes, address);
    if (!read) {
        return std::unexpected(read.error());
    }
    const auto& [inst, size] = *read;
    DecodedInstruction result;
    result.length = static_cast<std::uint8_t>(size);
    const bool has_target =
        code_.analysis->evaluateBranch(inst, address.value, size, result.target.value);
    result.kind = kind_of(inst, has_target);
    if (code_.instructions->getName(inst.getOpcode()) == "t2IT") {
        // The lowest bit set of the mask ends the block (Arm ARM, A7.7.38).
        const auto mask = static_cast<unsigned>(inst.getOperand(1).getImm());
        result.makes_conditional = static_cast<std::uint8_t>(4 - std::countr_zero(mask | 8U));
    }
    return result;
}

} // namespace

Result<std::unique_ptr<InstructionDecoder>> make_machine_decoder(Machine machine, bool thumb) {
    if (machine == Machine::X86_64) {
        return make_x86_decoder();
    }
    auto decoder = std::make_unique<MachineDecoder>();
    if (!decoder->open(machine, thumb)) {
        return fail(ErrorCode::Unsupported, "this LLVM library cannot decode the target's machine");
    }
    return decoder;
}

} // namespace wdbg::dwarf
