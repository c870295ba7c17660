// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "jump_room.h"

#include "held_place.h"
#include "machine_pass.h"

#include <llvm/CodeGen/MachineInstrBuilder.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/MC/MCInstrDesc.h>
#include <llvm/Support/MathExtras.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Triple.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace wdbg::compile {
namespace {

/// LLVM's X86::AddrBaseReg and so on (X86BaseInfo.h, not installed): a memory operand's parts.
enum MemoryOperand : unsigned { Base, Scale, Index, Displacement, Segment, Parts };

/// LLVM tells no length of x86's instructions: this one guesses, rather too little. What is too
/// much costs the room, what is too little some bytes.
class LengthGuess {
  public:
    explicit LengthGuess(const llvm::MachineInstr& instruction)
        : instruction_(instruction)
        , registers_(*instruction.getMF()->getSubtarget().getRegisterInfo())
        , instructions_(*instruction.getMF()->getSubtarget().getInstrInfo())
        , memory_(first_of_memory()) {}

    [[nodiscard]] unsigned bytes() const {
        constexpr unsigned shortest = 1;
        const llvm::MCInstrDesc& description = instruction_.getDesc();
        if (instruction_.isCall() && instruction_.getOperand(0).isGlobal()) {
            return call_size;
        }
        if (description.isPseudo()) {
            return shortest + 1;
        }
        if (instruction_.isTerminator()) {
            return shortest;
        }
        const bool plain =
            !instruction_.memoperands_empty() || instruction_.getNumExplicitOperands() > 1;
        return shortest + (plain ? 1 : 0) + (has_rex() ? 1 : 0) + memory_bytes() +
               immediate_bytes();
    }

    [[nodiscard]] bool has_segment() const {
        return memory_ && instruction_.getOperand(*memory_ + Segment).getReg().isValid();
    }

  private:
    static constexpr unsigned call_size = 5;

    [[nodiscard]] std::optional<unsigned> first_of_memory() const {
        if (instructions_.getName(instruction_.getOpcode()).starts_with("LEA")) {
            return instruction_.getNumExplicitDefs(); // not marked as one
        }
        const auto kinds = instruction_.getDesc().operands();
        const auto* const found =
            std::ranges::find(kinds, llvm::MCOI::OPERAND_MEMORY, &llvm::MCOperandInfo::OperandType);
        const auto at = static_cast<unsigned>(found - kinds.begin());
        return at + Parts <= kinds.size() ? std::optional(at) : std::nullopt;
    }

    /// A prefix for the upper registers; those for 64 bits come with most names that say so.
    [[nodiscard]] bool has_rex() const {
        constexpr unsigned lower_registers = 8;
        const llvm::StringRef name = instructions_.getName(instruction_.getOpcode());
        const bool is_wide = name.contains("64") && !name.starts_with("LEA64_32") &&
                             !name.starts_with("PUSH") && !name.starts_with("POP");
        if (is_wide) {
            return true;
        }
        return std::ranges::any_of(instruction_.explicit_operands(), [this](const auto& each) {
            return each.isReg() && each.getReg().isPhysical() &&
                   registers_.getEncodingValue(each.getReg()) >= lower_registers;
        });
    }

    [[nodiscard]] unsigned memory_bytes() const {
        constexpr unsigned wide = 4;
        if (!memory_) {
            return 0;
        }
        const llvm::MachineOperand& displacement = instruction_.getOperand(*memory_ + Displacement);
        const unsigned index = instruction_.getOperand(*memory_ + Index).getReg().isValid() ? 1 : 0;
        if (!displacement.isImm() || !llvm::isInt<8>(displacement.getImm())) {
            return wide + index;
        }
        return index + (displacement.getImm() != 0 ? 1 : 0);
    }

    [[nodiscard]] unsigned immediate_bytes() const {
        constexpr unsigned wide = 4;
        unsigned bytes = 0;
        for (unsigned each = 0; each < instruction_.getNumExplicitOperands(); ++each) {
            const bool is_memory = memory_ && each >= *memory_ && each < *memory_ + Parts;
            const llvm::MachineOperand& operand = instruction_.getOperand(each);
            if (!is_memory && operand.isImm()) {
                bytes += llvm::isInt<8>(operand.getImm()) ? 1 : wide;
            } else if (!is_memory &&
                       (operand.isGlobal() || operand.isSymbol() || operand.isCPI())) {
                bytes += wide;
            }
        }
        return bytes;
    }

    const llvm::MachineInstr& instruction_;
    const llvm::TargetRegisterInfo& registers_;
    const llvm::TargetInstrInfo& instructions_;
    std::optional<unsigned> memory_;
};

class JumpRoom : public MachinePass<JumpRoom> {
  public:
    bool runOnMachineFunction(llvm::MachineFunction& function) override {
        if (function.getTarget().getTargetTriple().getArch() != llvm::Triple::x86_64) {
            return false;
        }
        const llvm::TargetInstrInfo& instructions = *function.getSubtarget().getInstrInfo();
        const llvm::MCInstrDesc* const prefix = find_prefix(instructions);
        bool changed = false;
        for (llvm::MachineBasicBlock& block : function) {
            bool held = false;
            for (llvm::MachineInstr& each : block) {
                if (!has_bytes(each)) {
                    held = held || is_held_place(each);
                } else if (std::exchange(held, false) && prefix != nullptr) {
                    changed = lengthen(block, each, *prefix) || changed;
                }
            }
        }
        return changed;
    }

  private:
    /// Its number is in no installed header.
    const llvm::MCInstrDesc* find_prefix(const llvm::TargetInstrInfo& instructions) {
        for (; !prefix_ && opcode_ < instructions.getNumOpcodes(); ++opcode_) {
            if (instructions.getName(opcode_) == "CS_PREFIX") {
                prefix_ = opcode_;
            }
        }
        return prefix_ ? &instructions.get(*prefix_) : nullptr;
    }

    /// The prefixes have the instruction's own place in the source, so that no row of the line
    /// table is between them. With them, none gets longer than the 15 bytes that may be: without
    /// LOCK, what gets three has 12 at most, and what gets four has no operand in memory.
    static bool lengthen(llvm::MachineBasicBlock& block, llvm::MachineInstr& instruction,
                         const llvm::MCInstrDesc& prefix) {
        constexpr unsigned jump_size = 5;
        const LengthGuess guess(instruction);
        const llvm::StringRef name =
            block.getParent()->getSubtarget().getInstrInfo()->getName(instruction.getOpcode());
        const unsigned bytes = guess.bytes();
        if (bytes >= jump_size || guess.has_segment() || name.starts_with("LOCK_") ||
            instruction.isInlineAsm() || instruction.isBundled()) {
            return false;
        }
        for (unsigned count = jump_size - bytes; count > 0; --count) {
            llvm::BuildMI(block, instruction.getIterator(), instruction.getDebugLoc(), prefix);
        }
        return true;
    }

    std::optional<unsigned> prefix_;
    unsigned opcode_ = 0;
};

} // namespace

llvm::FunctionPass* make_jump_room_pass() {
    return new JumpRoom;
}

} // namespace wdbg::compile
