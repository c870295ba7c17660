// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "stale_locations.h"

#include "machine_pass.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/CodeGen/TargetFrameLowering.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetLowering.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/IR/DebugInfoMetadata.h>

#include <cstdint>

namespace wdbg::compile {
namespace {

llvm::DebugVariable variable_of(const llvm::MachineInstr& instruction) {
    return {instruction.getDebugVariable(), instruction.getDebugExpression(),
            instruction.getDebugLoc()->getInlinedAt()};
}

/// One basic block, from its first instruction to its last.
class BlockWalk {
  public:
    explicit BlockWalk(const llvm::MachineFunction& function)
        : instructions_(*function.getSubtarget().getInstrInfo())
        , registers_(*function.getSubtarget().getRegisterInfo())
        , stack_pointer_(
              function.getSubtarget().getTargetLowering()->getStackPointerRegisterToSaveRestore())
        , frame_pointer_(function.getSubtarget().getFrameLowering()->hasFP(function)
                             ? registers_.getFrameRegister(function)
                             : llvm::Register()) {}

    /// Whether the instruction gives a location back that has been lost.
    bool is_stale(const llvm::MachineInstr& instruction) {
        if (instruction.isDebugRef()) {
            given_.insert(variable_of(instruction));
            return false;
        }
        if (instruction.isDebugValue()) {
            return !take_location(instruction);
        }
        if (!instruction.isMetaInstruction()) {
            lose_locations(instruction);
        }
        return false;
    }

  private:
    /// What is overwritten may be found elsewhere: the instruction right behind tells so.
    enum class State : std::uint8_t { There, JustOverwritten, Lost };

    struct Place {
        State state = State::There;
        llvm::SmallVector<llvm::Register, 1> registers{};
    };

    /// False: of a lost variable, without any reference that says what its value is.
    bool take_location(const llvm::MachineInstr& instruction) {
        const llvm::DebugVariable variable = variable_of(instruction);
        const bool given = given_.erase(variable);
        const bool located = llvm::any_of(instruction.debug_operands(), [](const auto& operand) {
            return operand.isReg() && operand.getReg() != 0;
        });
        if (!located) {
            places_.erase(variable);
            return true;
        }
        Place& place = places_[variable];
        if (place.state == State::Lost && !given) {
            return false;
        }
        place = {.registers = registers_of(instruction)};
        return true;
    }

    /// Those that hold the value itself.
    [[nodiscard]] llvm::SmallVector<llvm::Register, 1>
    registers_of(const llvm::MachineInstr& instruction) const {
        llvm::SmallVector<llvm::Register, 1> result;
        if (instruction.getDebugExpression()->isEntryValue()) {
            return result;
        }
        for (const llvm::MachineOperand& operand : instruction.debug_operands()) {
            if (operand.isReg() && operand.getReg() != 0 && operand.getReg() != stack_pointer_ &&
                operand.getReg() != frame_pointer_) {
                result.push_back(operand.getReg());
            }
        }
        return result;
    }

    void lose_locations(const llvm::MachineInstr& instruction) {
        const auto copy = instructions_.isCopyLikeInstr(instruction);
        const bool changes_nothing = copy && copy->Source->getReg() == copy->Destination->getReg();
        for (auto& [variable, place] : places_) {
            if (place.state == State::JustOverwritten) {
                place.state = State::Lost;
            } else if (place.state == State::There && !changes_nothing &&
                       llvm::any_of(place.registers, [&](llvm::Register each) {
                           return instruction.modifiesRegister(each, &registers_);
                       })) {
                place.state = State::JustOverwritten;
            }
        }
    }

    const llvm::TargetInstrInfo& instructions_;
    const llvm::TargetRegisterInfo& registers_;
    llvm::Register stack_pointer_;
    llvm::Register frame_pointer_;
    llvm::DenseMap<llvm::DebugVariable, Place> places_;
    llvm::DenseSet<llvm::DebugVariable> given_; ///< by a reference; its location follows
};

class StaleLocations : public MachinePass<StaleLocations> {
  public:
    bool runOnMachineFunction(llvm::MachineFunction& function) override {
        if (!function.useDebugInstrRef()) {
            return false; // the other LiveDebugValues, which has no such error
        }
        bool changed = false;
        for (llvm::MachineBasicBlock& block : function) {
            BlockWalk walk(function);
            for (llvm::MachineInstr& instruction : llvm::make_early_inc_range(block)) {
                if (walk.is_stale(instruction)) {
                    instruction.eraseFromParent();
                    changed = true;
                }
            }
        }
        return changed;
    }
};

} // namespace

llvm::FunctionPass* make_stale_locations_pass() {
    return new StaleLocations;
}

} // namespace wdbg::compile
