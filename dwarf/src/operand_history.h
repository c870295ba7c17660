// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/wasm/module.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace wdbg::dwarf {

/// Which instruction has made each value on wasm's operand stack, of the function that was asked
/// of last.
class OperandHistory {
  public:
    /// Whether the value at `index` (0 is the bottom) before the instruction around `at` is the
    /// one that is there at `begin`. nullopt where that is not known: in code that does not type,
    /// or if no execution gets to `begin`.
    [[nodiscard]] std::optional<bool> is_same(const wasm::Module& module, CodeOffset begin,
                                              CodeOffset at, std::uint32_t index);

  private:
    /// A value, and the one below it.
    struct Value {
        CodeOffset maker;
        std::uint32_t below = 0; ///< index in values_ + 1; 0: it is the bottom
    };

    /// The stack before an instruction.
    struct Stack {
        CodeOffset at;
        std::uint32_t top = 0; ///< as Value::below
        std::uint32_t depth = 0;
        bool reachable = true;
    };

    void read(const wasm::Module& module, std::uint32_t function);
    [[nodiscard]] const Stack* stack_at(CodeOffset at) const;
    [[nodiscard]] std::optional<CodeOffset> maker(const Stack& stack, std::uint32_t index) const;

    const wasm::Module* module_ = nullptr;
    std::optional<std::uint32_t> function_;
    std::vector<Value> values_;
    std::vector<Stack> stacks_; ///< by offset
};

} // namespace wdbg::dwarf
