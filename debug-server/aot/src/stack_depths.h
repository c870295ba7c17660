// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/instruction_decoder.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>

namespace wdbg::aot {

/// How far the stack pointer is below its value at a function's entry, at each of its instructions:
/// what call frame information would say, found by following all ways from the entry. Nothing is
/// said behind an instruction whose effect is not known, nor of a function in which two ways lead
/// to one place with different depths.
///
/// Indirect jumps within a function (jump tables) lead to places that are not known. They are those
/// that no other way leads to, as long as all indirect jumps are made at the same depth.
class StackDepths {
  public:
    /// `code` is all of one function, `begin` where it is.
    StackDepths(std::span<const std::byte> code, NativeAddress begin,
                const InstructionDecoder& decoder);

    /// Before the instruction that begins at `offset` (bytes from the entry); nullopt if none does,
    /// or it is not known.
    [[nodiscard]] std::optional<std::int32_t> at(std::uint32_t offset) const;
    /// When the call that ends at `offset` returns; nullopt if none does, or it is not known.
    [[nodiscard]] std::optional<std::int32_t> behind_call(std::uint32_t offset) const;

    /// Whether an instruction is known to begin there.
    [[nodiscard]] bool is_instruction(std::uint32_t offset) const {
        return instructions_.contains(offset);
    }

  private:
    struct Place {
        std::int32_t depth = 0;
        std::uint8_t length = 0;
    };

    void follow(std::uint32_t offset, std::int32_t depth);
    void go_on(std::uint32_t offset, const DecodedInstruction& instruction, std::int32_t depth);
    void arrive(std::uint32_t offset, std::int32_t depth);
    void follow_jump_tables();

    std::span<const std::byte> code_;
    NativeAddress begin_;
    const InstructionDecoder& decoder_;
    std::map<std::uint32_t, Place> instructions_;
    std::map<std::uint32_t, std::uint32_t> calls_; ///< by where they end
    std::map<std::uint32_t, std::int32_t> pending_;
    std::optional<std::int32_t> at_indirect_jumps_;
    bool knows_jump_targets_ = true; ///< as far as the rule about indirect jumps holds
    bool ways_agree_ = true;
};

} // namespace wdbg::aot
