// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "stack_offsets.h"

#include "machine_pass.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/CodeGen/MachineInstrBuilder.h>
#include <llvm/CodeGen/TargetFrameLowering.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetLowering.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/MC/MCDwarf.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Triple.h>

#include <cstdint>
#include <optional>

namespace wdbg::compile {
namespace {

constexpr std::int64_t word = 8;

/// All offsets are of the canonical frame address from the stack pointer (DWARF 5 §6.4).
class FunctionOffsets {
  public:
    explicit FunctionOffsets(llvm::MachineFunction& function)
        : function_(function)
        , instructions_(*function.getSubtarget().getInstrInfo())
        , registers_(*function.getSubtarget().getRegisterInfo())
        , stack_pointer_(
              function.getSubtarget().getTargetLowering()->getStackPointerRegisterToSaveRestore()) {
    }

    bool mend() {
        if (!find_offsets() || is_told_as_it_is()) {
            return false;
        }
        for (const auto& [block, offset] : at_start_) {
            tell_anew(*block, offset);
        }
        return true;
    }

  private:
    /// How far down it moves the stack pointer; none if that is not known.
    [[nodiscard]] std::optional<std::int64_t>
    growth_of(const llvm::MachineInstr& instruction) const {
        if (instruction.isCall() || instruction.isReturn() ||
            !instruction.modifiesRegister(stack_pointer_, &registers_)) {
            return 0;
        }
        const llvm::StringRef name = instructions_.getName(instruction.getOpcode());
        if (name.starts_with("PUSH64") || name.starts_with("PUSHP64")) {
            return word;
        }
        if (name.starts_with("POP64") || name.starts_with("POPP64")) {
            return -word;
        }
        const bool is_sum = name.starts_with("SUB64ri") || name.starts_with("ADD64ri");
        if (is_sum && instruction.getOperand(1).getReg() == stack_pointer_) {
            const std::int64_t number = instruction.getOperand(2).getImm();
            return name.starts_with("SUB") ? number : -number;
        }
        constexpr unsigned base = 1;
        constexpr unsigned index = 3;
        constexpr unsigned displacement = 4;
        if (name == "LEA64r" && instruction.getOperand(base).isReg() &&
            instruction.getOperand(base).getReg() == stack_pointer_ &&
            instruction.getOperand(index).getReg() == 0 &&
            instruction.getOperand(displacement).isImm()) {
            return -instruction.getOperand(displacement).getImm();
        }
        return std::nullopt;
    }

    /// False where they differ by the way that was taken, or are not known.
    bool find_offsets() {
        llvm::SmallVector<llvm::MachineBasicBlock*> pending{&function_.front()};
        at_start_[&function_.front()] = word;
        while (!pending.empty()) {
            llvm::MachineBasicBlock& block = *pending.pop_back_val();
            std::int64_t offset = at_start_[&block];
            for (const llvm::MachineInstr& instruction : block) {
                const auto growth = growth_of(instruction);
                if (!growth || (instruction.isCFIInstruction() && !is_plain(instruction))) {
                    return false;
                }
                offset += *growth;
            }
            for (llvm::MachineBasicBlock* const next : block.successors()) {
                const auto [place, is_new] = at_start_.try_emplace(next, offset);
                if (is_new) {
                    pending.push_back(next);
                } else if (place->second != offset) {
                    return false;
                }
            }
        }
        return true;
    }

    [[nodiscard]] const llvm::MCCFIInstruction&
    rule_of(const llvm::MachineInstr& instruction) const {
        return function_.getFrameInstructions()[instruction.getOperand(0).getCFIIndex()];
    }

    static bool is_offset(const llvm::MCCFIInstruction& rule) {
        return rule.getOperation() == llvm::MCCFIInstruction::OpDefCfaOffset ||
               rule.getOperation() == llvm::MCCFIInstruction::OpAdjustCfaOffset;
    }

    /// The frame's address is told from the stack pointer all the time.
    [[nodiscard]] bool is_plain(const llvm::MachineInstr& instruction) const {
        const llvm::MCCFIInstruction& rule = rule_of(instruction);
        return is_offset(rule) || rule.getOperation() == llvm::MCCFIInstruction::OpOffset ||
               rule.getOperation() == llvm::MCCFIInstruction::OpRestore;
    }

    [[nodiscard]] bool is_told_as_it_is() const {
        return llvm::all_of(at_start_, [&](const auto& each) {
            return is_told_as_it_is(*each.first, each.second);
        });
    }

    /// `offset` is right at its start: another pass of LLVM sees to what is told between blocks.
    [[nodiscard]] bool is_told_as_it_is(const llvm::MachineBasicBlock& block,
                                        std::int64_t offset) const {
        std::int64_t told = offset;
        for (const llvm::MachineInstr& instruction : block) {
            if (instruction.isCFIInstruction()) {
                const llvm::MCCFIInstruction& rule = rule_of(instruction);
                const bool is_absolute =
                    rule.getOperation() == llvm::MCCFIInstruction::OpDefCfaOffset;
                if (is_offset(rule)) {
                    told = (is_absolute ? 0 : told) + rule.getOffset();
                }
                continue;
            }
            if (!instruction.isMetaInstruction() && told != offset) {
                return false;
            }
            offset += *growth_of(instruction);
        }
        return told == offset;
    }

    void tell_anew(llvm::MachineBasicBlock& block, std::int64_t offset) {
        for (llvm::MachineInstr& instruction : llvm::make_early_inc_range(block)) {
            if (instruction.isCFIInstruction()) {
                if (is_offset(rule_of(instruction))) {
                    instruction.eraseFromParent();
                }
                continue;
            }
            const std::int64_t growth = *growth_of(instruction);
            offset += growth;
            if (growth != 0) {
                const unsigned rule = function_.addFrameInst(
                    llvm::MCCFIInstruction::cfiDefCfaOffset(nullptr, offset));
                llvm::BuildMI(block, std::next(instruction.getIterator()), llvm::DebugLoc(),
                              instructions_.get(llvm::TargetOpcode::CFI_INSTRUCTION))
                    .addCFIIndex(rule);
            }
        }
    }

    llvm::MachineFunction& function_;
    const llvm::TargetInstrInfo& instructions_;
    const llvm::TargetRegisterInfo& registers_;
    llvm::Register stack_pointer_;
    llvm::DenseMap<llvm::MachineBasicBlock*, std::int64_t> at_start_;
};

class StackOffsets : public MachinePass<StackOffsets> {
  public:
    bool runOnMachineFunction(llvm::MachineFunction& function) override {
        const bool concerned =
            function.getTarget().getTargetTriple().getArch() == llvm::Triple::x86_64 &&
            function.needsFrameMoves() &&
            !function.getSubtarget().getFrameLowering()->hasFP(function);
        return concerned && FunctionOffsets(function).mend();
    }
};

} // namespace

llvm::FunctionPass* make_stack_offsets_pass() {
    return new StackOffsets;
}

} // namespace wdbg::compile
