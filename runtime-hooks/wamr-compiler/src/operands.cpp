// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "operands.h"

#include "value_types.h"
#include "wamr_headers.h"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>

#include <algorithm>
#include <string>

namespace wdbg::compile {
namespace {

/// One frame's operand stack over all its blocks, bottom first.
std::vector<const AOTValue*> operands_of(const AOTFuncContext& function) {
    std::vector<const AOTValue*> values;
    for (const AOTBlock* block = function.block_stack.block_list_head; block != nullptr;
         block = block->next) {
        for (const AOTValue* value = block->value_stack.value_list_head; value != nullptr;
             value = value->next) {
            values.push_back(value);
        }
    }
    return values;
}

} // namespace

/// One instruction: what is on the stack before it, and what is told of that.
class Operands::Visit {
  public:
    Visit(Operands& operands, const AOTCompContext& context, const AOTFuncContext& function,
          llvm::DILocation& location)
        : operands_(operands)
        , function_(function)
        , builder_(*llvm::unwrap(context.builder))
        , debug_(*llvm::unwrap(context.debug_builder))
        , location_(location)
        , values_(operands_of(function)) {}

    void run() {
        for (const Range& range : operands_.active_) {
            tell(range.index);
        }
    }

    /// Ends what is told of places that hold something else now, or nothing. Where several ways
    /// meet, what each of them has told may go on: `all` ends that, too.
    void forget(bool all) {
        std::map<Key, llvm::Value*>& told = operands_.told_;
        llvm::Value* const nothing =
            llvm::PoisonValue::get(llvm::Type::getInt32Ty(builder_.getContext()));
        for (const auto& [key, variable] : operands_.variables_) {
            const auto known = told.find(key);
            if (known == told.end() ? all : known->second != value_at(key)) {
                debug_.insertDbgValueIntrinsic(nothing, variable.variable,
                                               debug_.createExpression(), &location_,
                                               builder_.GetInsertBlock());
                told.erase(key);
            }
        }
    }

  private:
    /// WAMR keeps what a comparison gives in one bit; to the guest it is an i32.
    static std::uint8_t type_of(const AOTValue& value) {
        return value.type == VALUE_TYPE_I1 ? std::uint8_t{VALUE_TYPE_I32} : value.type;
    }

    [[nodiscard]] llvm::Value* value_at(const Key& key) const {
        return key.first < values_.size() && type_of(*values_[key.first]) == key.second
                   ? llvm::unwrap(values_[key.first]->value)
                   : nullptr;
    }

    void tell(std::uint32_t index) {
        if (index >= values_.size()) {
            return;
        }
        const Key key{index, type_of(*values_[index])};
        llvm::Value* value = value_at(key);
        llvm::DIType* const type = debug_type(debug_, key.second);
        if (operands_.told_.contains(key) || value == nullptr || type == nullptr ||
            !is_tellable(*value, *type)) {
            return;
        }
        operands_.told_.emplace(key, value);
        Variable& variable = operands_.variables_[key];
        if (variable.variable == nullptr) {
            auto* const scope = llvm::unwrap<llvm::DISubprogram>(function_.debug_func);
            variable.variable = debug_.createAutoVariable(scope, "operand" + std::to_string(index),
                                                          scope->getFile(), 0, type);
        }
        llvm::DIExpression* expression = debug_.createExpression();
        if (operands_.with_slots_ && !llvm::isa<llvm::Constant>(value)) {
            value = store(*value, variable);
            expression = debug_.createExpression({llvm::dwarf::DW_OP_deref});
        }
        debug_.insertDbgValueIntrinsic(value, variable.variable, expression, &location_,
                                       builder_.GetInsertBlock());
    }

    /// One bit is made an i32 only where it costs anyway.
    [[nodiscard]] bool is_tellable(const llvm::Value& value, const llvm::DIType& type) const {
        const std::uint64_t bits = value.getType()->getPrimitiveSizeInBits().getFixedValue();
        return bits == type.getSizeInBits() || (bits == 1 && operands_.with_slots_);
    }

    /// Belongs to no line: breakpoints on the instruction come behind.
    llvm::Value* store(llvm::Value& told, Variable& variable) {
        llvm::DebugLoc none =
            llvm::DILocation::get(builder_.getContext(), 0, 0, location_.getScope());
        llvm::Value* value = &told;
        if (value->getType()->isIntegerTy(1)) {
            value = builder_.CreateZExt(value, builder_.getInt32Ty());
            if (auto* const widened = llvm::dyn_cast<llvm::Instruction>(value)) {
                widened->setDebugLoc(none);
            }
        }
        if (variable.slot == nullptr) {
            llvm::BasicBlock& entry = llvm::unwrap<llvm::Function>(function_.func)->getEntryBlock();
            llvm::IRBuilder<> code(&entry, entry.getFirstInsertionPt());
            variable.slot = code.CreateAlloca(value->getType(), nullptr, "operand");
        }
        builder_.CreateStore(value, variable.slot, true)->setDebugLoc(none);
        return variable.slot;
    }

    Operands& operands_;
    const AOTFuncContext& function_;
    llvm::IRBuilderBase& builder_;
    llvm::DIBuilder& debug_;
    llvm::DILocation& location_;
    std::vector<const AOTValue*> values_;
};

void Operands::note(std::span<const dwarf::GuestVariable> variables, bool with_slots) {
    with_slots_ = with_slots;
    for (const dwarf::GuestVariable& variable : variables) {
        for (const std::uint32_t index : variable.operands) {
            ranges_[variable.function].push_back(
                {.begin = variable.begin, .end = variable.listed_end, .index = index});
        }
    }
    for (auto& [body, ranges] : ranges_) {
        std::ranges::sort(ranges, {}, &Range::begin);
    }
}

void Operands::enter(const AOTFuncContext& function, std::uint32_t body) {
    function_ = &function;
    const auto ranges = ranges_.find(body);
    wanted_ = ranges == ranges_.end() ? nullptr : &ranges->second;
    next_ = 0;
    active_.clear();
    block_ = nullptr;
    told_.clear();
    variables_.clear();
}

void Operands::move_to(std::uint32_t offset) {
    std::erase_if(active_, [offset](const Range& range) { return range.end <= offset; });
    for (; next_ < wanted_->size() && (*wanted_)[next_].begin <= offset; ++next_) {
        if (offset < (*wanted_)[next_].end) {
            active_.push_back((*wanted_)[next_]);
        }
    }
}

void Operands::visit(const AOTCompContext& context, const AOTFuncContext& function,
                     std::uint32_t body, llvm::DILocation& location) {
    if (&function != function_) {
        enter(function, body);
    }
    llvm::BasicBlock* const block = llvm::unwrap(context.builder)->GetInsertBlock();
    if (wanted_ == nullptr || block == nullptr || block->getTerminator() != nullptr) {
        return;
    }
    move_to(location.getLine());
    const bool is_new_block = block != block_;
    if (active_.empty() && told_.empty() && (!is_new_block || variables_.empty())) {
        block_ = block;
        return;
    }
    if (is_new_block) {
        block_ = block;
        told_.clear();
    }
    Visit visit(*this, context, function, location);
    visit.forget(false);
    visit.run();
    if (is_new_block) {
        visit.forget(true);
    }
}

} // namespace wdbg::compile
