// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "byte_reader.h"

#include <wdbg/wasm/jump.h>
#include <wdbg/wasm/stack_types.h>

#include <optional>
#include <string>

namespace wdbg::wasm {

namespace {

constexpr std::uint32_t cell_size = 4;

std::uint32_t cells_of(const std::vector<ValueType>& types) {
    std::uint32_t cells = 0;
    for (const ValueType type : types) {
        cells += static_cast<std::uint32_t>(size_of(type) / cell_size);
    }
    return cells;
}

class JumpFinder {
  public:
    JumpFinder(const Module& module, CodeOffset from, CodeOffset to)
        : module_(module)
        , from_(from)
        , to_(to) {}

    void visit(const Instruction& instruction, const OperandStack& stack) {
        if (instruction.offset == from_) {
            operands_before_ = stack;
        }
        if (instruction.offset == to_) {
            operands_behind_ = stack;
            around_ = open_;
        }
        switch (instruction.opcode) {
        case Opcode::Block:
        case Opcode::Loop:
        case Opcode::If:
            open(instruction, stack);
            break;
        case Opcode::End:
            close(instruction);
            break;
        default:
            break;
        }
    }

    [[nodiscard]] Result<std::vector<OpenBlock>> result() const {
        if (!operands_before_ || !operands_behind_) {
            return fail(ErrorCode::NotFound, "no instruction begins at file offset " +
                                                 hex((operands_before_ ? to_ : from_).value));
        }
        if (!operands_behind_->reachable) {
            return fail(ErrorCode::Unsupported, "no execution reaches this code");
        }
        if (operands_before_->types != operands_behind_->types) {
            return fail(ErrorCode::Unsupported,
                        "the operand stack holds other values there: " +
                            std::to_string(operands_behind_->types.size()) + " instead of " +
                            std::to_string(operands_before_->types.size()) + ", or others in kind");
        }
        std::vector<OpenBlock> blocks;
        blocks.reserve(around_.size());
        for (const std::size_t each : around_) {
            blocks.push_back(blocks_[each]);
        }
        return blocks;
    }

  private:
    void open(const Instruction& instruction, const OperandStack& stack) {
        std::vector<ValueType> params;
        std::vector<ValueType> results;
        if (instruction.block.kind == BlockType::Kind::Value) {
            results.push_back(instruction.block.value);
        } else if (instruction.block.kind == BlockType::Kind::TypeIndex &&
                   instruction.block.type_index < module_.types().size()) {
            params = module_.types()[instruction.block.type_index].params;
            results = module_.types()[instruction.block.type_index].results;
        }
        const bool is_loop = instruction.opcode == Opcode::Loop;
        const std::size_t consumed =
            params.size() + (instruction.opcode == Opcode::If ? 1U : 0U); // its condition
        std::vector<ValueType> below;
        for (std::size_t i = 0; i + consumed < stack.types.size(); ++i) {
            below.push_back(stack.types[i].value_or(ValueType::I32));
        }
        open_.push_back(blocks_.size());
        blocks_.push_back({.body = instruction.end(),
                           .target = instruction.end(),
                           .below = cells_of(below),
                           .carried = cells_of(is_loop ? params : results)});
        is_loop_.push_back(is_loop);
    }

    void close(const Instruction& instruction) {
        if (open_.empty()) {
            return; // the function's own
        }
        const std::size_t block = open_.back();
        open_.pop_back();
        if (!is_loop_[block]) {
            blocks_[block].target = instruction.offset;
        }
    }

    const Module& module_;
    CodeOffset from_;
    CodeOffset to_;
    std::vector<OpenBlock> blocks_{};
    std::vector<bool> is_loop_{};
    std::vector<std::size_t> open_{};
    std::vector<std::size_t> around_{};
    std::optional<OperandStack> operands_before_{};
    std::optional<OperandStack> operands_behind_{};
};

} // namespace

Result<std::vector<OpenBlock>> blocks_for_jump(const Module& module, const FunctionBody& body,
                                               CodeOffset from, CodeOffset to) {
    JumpFinder finder(module, from, to);
    const auto walked = walk_operand_stacks(
        module, body.index, [&finder](const Instruction& instruction, const OperandStack& stack) {
            finder.visit(instruction, stack);
            return true;
        });
    if (!walked) {
        return std::unexpected(walked.error());
    }
    return finder.result();
}

} // namespace wdbg::wasm
