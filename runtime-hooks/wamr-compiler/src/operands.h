// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/guest_dwarf.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

struct AOTCompContext;
struct AOTFuncContext;

namespace llvm {
class AllocaInst;
class BasicBlock;
class DILocalVariable;
class DILocation;
class Value;
} // namespace llvm

namespace wdbg::compile {

/// Tells LLVM's debug information which values are on wasm's operand stack, where the guest's DWARF
/// refers to them: a variable `operand<N>` of one type for the place N above the stack's bottom. It
/// is known from the first instruction on where the guest's DWARF needs it, as long as the value is
/// on the stack and control has come from there.
class Operands {
  public:
    /// `with_slots`: each such value is also stored in the native frame, for debuggers only.
    void note(std::span<const dwarf::GuestVariable> variables, bool with_slots);

    /// WAMR is about to compile the instruction at `location` of `function`, whose body begins at
    /// offset `body`, with the operands that it has on its stack now.
    void visit(const AOTCompContext& context, const AOTFuncContext& function, std::uint32_t body,
               llvm::DILocation& location);

  private:
    struct Range { ///< offsets from the start of the .wasm file
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
        std::uint32_t index = 0; ///< from the bottom of the stack
    };

    struct Variable {
        llvm::DILocalVariable* variable = nullptr;
        llvm::AllocaInst* slot = nullptr;
    };

    using Key = std::pair<std::uint32_t, std::uint8_t>; ///< index; WAMR's value type

    class Visit;

    void enter(const AOTFuncContext& function, std::uint32_t body);
    void move_to(std::uint32_t offset);

    std::unordered_map<std::uint32_t, std::vector<Range>> ranges_{}; ///< by body; sorted by begin
    bool with_slots_ = false;

    // Of the function that is compiled now.
    const AOTFuncContext* function_ = nullptr;
    const std::vector<Range>* wanted_ = nullptr;
    std::size_t next_ = 0;        ///< the first of `wanted_` that has not begun
    std::vector<Range> active_{}; ///< those that hold at the instruction
    llvm::BasicBlock* block_ = nullptr;
    std::map<Key, llvm::Value*> told_{};  ///< what is known in `block_`
    std::map<Key, Variable> variables_{}; ///< all that the function has
};

} // namespace wdbg::compile
