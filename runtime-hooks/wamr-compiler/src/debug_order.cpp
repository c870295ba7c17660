// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_order.h"

#include "machine_pass.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

namespace wdbg::compile {
namespace {

/// DBG_PHI and labels are of no variable.
bool tells_value(const llvm::MachineInstr& instruction) {
    return instruction.isDebugValue() || instruction.isDebugRef();
}

/// 0: of no line, as what WAMR puts in front of a function.
unsigned line_of(const llvm::MachineInstr& instruction) {
    const llvm::DILocation* const location = instruction.getDebugLoc();
    return location == nullptr ? 0 : location->getLine();
}

/// Where a debug instruction was. Instructions may be gone since: their addresses are only
/// compared.
struct Origin {
    const llvm::MachineInstr* behind = nullptr; ///< nullptr: at the block's beginning
    std::size_t number = 0;                     ///< in the function
};

using Origins = llvm::DenseMap<const llvm::MachineInstr*, Origin>;

Origins origins_in(const llvm::MachineFunction& function) {
    Origins origins;
    for (const llvm::MachineBasicBlock& block : function) {
        const llvm::MachineInstr* last = nullptr;
        for (const llvm::MachineInstr& each : block) {
            if (tells_value(each)) {
                origins.insert({&each, {.behind = last, .number = origins.size()}});
            } else {
                last = &each;
            }
        }
    }
    return origins;
}

class Remember : public MachinePass<Remember> {
  public:
    explicit Remember(std::shared_ptr<Origins> origins) : origins_(std::move(origins)) {}

    bool runOnMachineFunction(llvm::MachineFunction& function) override {
        *origins_ = origins_in(function);
        return false;
    }

  private:
    std::shared_ptr<Origins> origins_;
};

/// The debug instructions of one block.
class BlockOrder {
  public:
    /// `origins`: which ones, and where they were.
    BlockOrder(llvm::MachineBasicBlock& block, const Origins& origins)
        : block_(block)
        , origins_(origins) {
        number_instructions();
    }

    bool restore() {
        for (Told& each : told_) {
            const auto behind = numbers_.find(each.origin.behind);
            if (each.origin.behind == nullptr) {
                each.place = 0;
            } else if (behind != numbers_.end()) {
                each.place = behind->second;
            }
        }
        std::ranges::sort(told_, {}, [](const Told& each) { return each.origin.number; });
        keep_order_of_variables();
        return place_again();
    }

    /// What lies in front of an earlier line: a value where its line begins, behind the store to
    /// its slot, which has no line; the end of one behind the earlier line.
    bool sort_by_line() {
        for (Told& each : told_) {
            const unsigned line = line_of(*each.instruction);
            const std::size_t begin = begin_of(line, each.place);
            const std::size_t earlier = behind_earlier_lines(line, each.place, begin);
            if (earlier != each.place) {
                each.place = each.instruction->isUndefDebugValue() ? earlier : begin;
            }
        }
        return place_again();
    }

  private:
    struct Told {
        llvm::MachineInstr* instruction = nullptr;
        Origin origin{};
        std::size_t place = 0; ///< behind how many of the block's other instructions
    };

    void number_instructions() {
        for (llvm::MachineInstr& each : block_) {
            const auto origin = tells_value(each) ? origins_.find(&each) : origins_.end();
            if (origin != origins_.end()) {
                told_.push_back(
                    {.instruction = &each, .origin = origin->second, .place = others_.size()});
            } else if (!each.isPHI()) {
                others_.push_back(&each);
                numbers_.insert({&each, others_.size()});
            }
        }
    }

    void keep_order_of_variables() {
        llvm::DenseMap<llvm::DebugVariable, std::size_t> last;
        for (Told& each : told_) {
            const llvm::DebugVariable variable(each.instruction->getDebugVariable(), std::nullopt,
                                               each.instruction->getDebugLoc()->getInlinedAt());
            std::size_t& place = last[variable];
            place = std::max(place, each.place);
            each.place = place;
        }
    }

    /// The first instruction, from `place` on, of the line or a later one, or the block's end.
    [[nodiscard]] std::size_t begin_of(unsigned line, std::size_t place) const {
        while (place < others_.size() && line_of(*others_[place]) < line &&
               !others_[place]->isTerminator()) {
            ++place;
        }
        return place;
    }

    /// Behind the last instruction of an earlier line, or `begin`.
    [[nodiscard]] std::size_t behind_earlier_lines(unsigned line, std::size_t begin,
                                                   std::size_t end) const {
        for (; end != begin; --end) {
            const unsigned before = line_of(*others_[end - 1]);
            if (before != 0 && before < line) {
                break;
            }
        }
        return end;
    }

    bool place_again() {
        if (told_.empty()) {
            return false;
        }
        std::ranges::sort(
            told_, {}, [](const Told& each) { return std::pair(each.place, each.origin.number); });
        for (const Told& each : told_) {
            each.instruction->removeFromParent();
        }
        for (const Told& each : told_) {
            const auto before = each.place < others_.size() ? others_[each.place]->getIterator()
                                                            : block_.instr_end();
            block_.insert(before, each.instruction);
        }
        return true;
    }

    llvm::MachineBasicBlock& block_;
    const Origins& origins_;
    llvm::SmallVector<Told> told_;
    llvm::SmallVector<llvm::MachineInstr*> others_;
    llvm::DenseMap<const llvm::MachineInstr*, std::size_t> numbers_;
};

class Restore : public MachinePass<Restore> {
  public:
    explicit Restore(std::shared_ptr<Origins> origins) : origins_(std::move(origins)) {}

    bool runOnMachineFunction(llvm::MachineFunction& function) override {
        bool changed = false;
        for (llvm::MachineBasicBlock& block : function) {
            changed |= BlockOrder(block, *origins_).restore();
        }
        origins_->clear();
        return changed;
    }

  private:
    std::shared_ptr<Origins> origins_;
};

class LineOrder : public MachinePass<LineOrder> {
  public:
    bool runOnMachineFunction(llvm::MachineFunction& function) override {
        if (function.getTarget().getOptLevel() != llvm::CodeGenOptLevel::None) {
            return false;
        }
        const Origins origins = origins_in(function);
        bool changed = false;
        for (llvm::MachineBasicBlock& block : function) {
            changed |= BlockOrder(block, origins).sort_by_line();
        }
        return changed;
    }
};

} // namespace

llvm::FunctionPass* make_line_order_pass() {
    return new LineOrder;
}

DebugOrderPasses make_debug_order_passes() {
    auto origins = std::make_shared<Origins>();
    return {.remember = new Remember(origins), .restore = new Restore(origins)};
}

} // namespace wdbg::compile
