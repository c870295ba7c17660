// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/ids.h>
#include <wdbg/wasm/instruction.h>
#include <wdbg/wasm/module.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace wdbg::wasm {

/// Which instructions of one function can follow which (wasm core §4.4.8), calls taken to return.
/// Immutable. Offsets are from the start of the .wasm file.
class ControlFlow {
  public:
    /// `bytes` is the .wasm file and must outlive this; what does not decode has no successors.
    ControlFlow(std::span<const std::byte> bytes, const FunctionBody& body);

    /// The function's first instruction.
    [[nodiscard]] CodeOffset first() const { return blocks_.front().begin; }

    /// Empty where control leaves the function (return, the final end, unreachable).
    [[nodiscard]] std::vector<CodeOffset> successors(CodeOffset offset) const;

    /// Behind an unconditional branch, with no branch to it: never executed.
    [[nodiscard]] bool is_dead(CodeOffset offset) const;

    /// Whether control can leave [begin, end) to elsewhere than `end`, but by no instruction that
    /// LLVM's disassembler takes for a branch (br, br_if, return): the function's end, br_table,
    /// if.
    [[nodiscard]] bool is_left_unseen(CodeOffset begin, CodeOffset end) const;

    /// What can be executed without a certain instruction before.
    struct Reach {
        std::vector<CodeOffset> offsets; ///< sorted
        bool returns = false;            ///< the function's end among it

        [[nodiscard]] bool contains(CodeOffset offset) const;
    };

    /// From the function's first instruction on. An instruction that is not in it is dominated by
    /// `avoided`.
    [[nodiscard]] Reach reach_without(CodeOffset avoided) const;
    /// Whether control can come back to the instruction without leaving the function, or coming to
    /// `avoided` on the way.
    [[nodiscard]] bool can_repeat(CodeOffset offset,
                                  std::optional<CodeOffset> avoided = std::nullopt) const;

    /// What the instruction changes.
    struct Effect {
        std::optional<std::uint32_t> local{}; ///< that it sets
        bool takes_operands = false;          ///< from the operand stack
        bool is_lasting = false;              ///< more than its function's own values, or calls
    };

    [[nodiscard]] Effect effect(CodeOffset offset) const;

    /// Control leaves the function to its caller behind this instruction.
    [[nodiscard]] bool returns(CodeOffset offset) const;

  private:
    static constexpr std::size_t no_block = SIZE_MAX;

    struct Block {
        std::size_t parent = no_block;
        CodeOffset begin{};
        std::optional<CodeOffset> otherwise{}; ///< behind its `else`
        CodeOffset end{};                      ///< behind its `end`
        bool is_loop = false;
        bool is_if = false;
        bool is_entered = false; ///< by an instruction that is not dead
        bool is_left = false;    ///< … to behind its end
    };

    struct Entry {
        CodeOffset offset;
        std::size_t block = 0;        ///< innermost one around it
        std::size_t opens = no_block; ///< for block, loop, if
        bool is_dead = false;
    };

    void read(const FunctionBody& body);
    std::size_t note(const Instruction& instruction, std::size_t block);
    void note_branches(const Instruction& instruction, std::size_t block);
    [[nodiscard]] const Entry* find(CodeOffset offset) const;
    [[nodiscard]] Reach reach(std::vector<CodeOffset> from,
                              std::optional<CodeOffset> avoided) const;
    [[nodiscard]] std::uint8_t opcode_at(CodeOffset offset) const;
    [[nodiscard]] std::size_t block_at(std::size_t block, std::uint64_t depth) const;
    [[nodiscard]] CodeOffset label(std::size_t block, std::uint64_t depth) const;
    [[nodiscard]] std::vector<CodeOffset> successors(const Entry& entry) const;
    [[nodiscard]] bool returns(const Entry& entry) const;
    [[nodiscard]] std::vector<CodeOffset> targets_of_table(const Instruction& instruction,
                                                           std::size_t block) const;

    std::span<const std::byte> bytes_;
    CodeOffset end_;
    std::vector<Block> blocks_;
    std::vector<Entry> entries_; ///< by offset
    bool is_live_ = true;        ///< while they are read: the next one can be executed
};

} // namespace wdbg::wasm
