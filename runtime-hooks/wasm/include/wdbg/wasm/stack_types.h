// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>
#include <wdbg/model/ids.h>
#include <wdbg/model/value.h>
#include <wdbg/wasm/instruction.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace wdbg::wasm {

class Module;

/// nullopt: not known, which only happens in unreachable code.
using StackType = std::optional<ValueType>;

/// Types of one frame's operand stack at one instruction, bottom first, over all its blocks.
struct OperandStack {
    std::vector<StackType> types;
    /// The instruction that made each value: two values of one place are told apart by it.
    std::vector<CodeOffset> makers{};
    /// False behind an unconditional branch or `unreachable`: no execution gets here.
    bool reachable = true;
};

/// The operand stack before the instruction at `at` executes (wasm core, appendix "Validation
/// Algorithm", as far as types need it). Linear in the size of the function's code before `at`.
/// NotFound if `function` has no body or no instruction begins at `at`; Malformed if the code does
/// not type; Unsupported for GC instructions.
[[nodiscard]] Result<OperandStack> operand_stack_types(const Module& module, std::uint32_t function,
                                                       CodeOffset at);

/// The operand stack of a calling frame: what is left below the operands of the call that ends at
/// `return_address`. Fails as operand_stack_types(), and with NotFound if no call ends there.
[[nodiscard]] Result<OperandStack> operand_stack_types_in_call(const Module& module,
                                                               std::uint32_t function,
                                                               CodeOffset return_address);

/// The type of one value on a frame's operand stack; `index` 0 is its bottom. `pc` is the
/// instruction that executes next, for a calling frame (`in_call`) the one behind its call.
/// OutOfRange behind the top, else fails as the above.
[[nodiscard]] Result<ValueType> operand_type(const Module& module, std::uint32_t function,
                                             CodeOffset pc, bool in_call, std::uint32_t index);

/// Calls `visit` for each instruction of the function with the stack before it; stops early when
/// it returns false. Fails as operand_stack_types().
using StackVisitor = std::function<bool(const Instruction&, const OperandStack&)>;
[[nodiscard]] Result<void> walk_operand_stacks(const Module& module, std::uint32_t function,
                                               const StackVisitor& visit);

} // namespace wdbg::wasm
