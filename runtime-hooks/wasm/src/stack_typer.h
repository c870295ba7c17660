// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/wasm/instruction.h>
#include <wdbg/wasm/module.h>
#include <wdbg/wasm/stack_types.h>

#include <string_view>
#include <vector>

namespace wdbg::wasm {

/// Follows the types of the operand stack through one function: the validation algorithm of wasm
/// core's appendix, with references of all types taken as compatible. The first failure sticks.
class StackTyper {
  public:
    StackTyper(const Module& module, const FunctionBody& body);

    /// The stack before the next instruction.
    [[nodiscard]] const OperandStack& stack() const { return stack_; }

    [[nodiscard]] bool ok() const { return problem_.empty(); }

    [[nodiscard]] std::string_view problem() const { return problem_; }

    [[nodiscard]] ErrorCode problem_code() const { return code_; }

    /// The function's final `end` was executed.
    [[nodiscard]] bool finished() const { return controls_.empty(); }

    /// Executes the instruction on the types.
    void step(const Instruction& instruction);
    /// Takes away what a call instruction takes from the stack, without its results.
    void pop_call_operands(const Instruction& instruction);

  private:
    using Types = std::vector<ValueType>;
    using Handler = void (StackTyper::*)(const Instruction&);
    struct HandlerRow;
    [[nodiscard]] static Handler find_handler(Opcode opcode);

    /// An open block (wasm core appendix: control frame).
    struct Control {
        Opcode opcode{};
        Types params{};
        Types results{};
        std::size_t height = 0;
        bool unreachable = false;
        bool entered_unreachable = false;
    };

    void fail_typing(std::string_view problem, ErrorCode code = ErrorCode::Malformed);
    void push(StackType type);
    void push_all(const Types& types);
    StackType pop();
    void pop(ValueType expected);
    void pop_all(const Types& types);

    void pop_address(bool is_64) { pop(is_64 ? ValueType::I64 : ValueType::I32); }

    void set_unreachable();
    void update_reachable();

    [[nodiscard]] const Control* label(std::uint32_t depth);
    [[nodiscard]] static const Types& label_types(const Control& control);
    [[nodiscard]] const FunctionType* function_type_of(std::uint32_t type_index);
    [[nodiscard]] const FunctionType* with_bounded_arity(const FunctionType* type);
    [[nodiscard]] const FunctionType* callee_type(const Instruction& instruction);
    [[nodiscard]] const FunctionType* tag_type(std::uint32_t tag);
    [[nodiscard]] bool memory_is_64(std::uint32_t memory) const;
    [[nodiscard]] bool table_is_64(std::uint32_t table) const;
    [[nodiscard]] const TableType* table(std::uint32_t index);

    void apply_signature(const Instruction& instruction);
    [[nodiscard]] ValueType letter_type(char letter, const Instruction& instruction) const;
    void enter(const Instruction& instruction);
    /// Checks and takes the results of the innermost block; its values are gone then.
    void leave_block();

    // One handler for each opcode whose signature is "*".
    void do_unreachable(const Instruction& instruction);
    void do_block(const Instruction& instruction);
    void do_if(const Instruction& instruction);
    void do_else(const Instruction& instruction);
    void do_catch(const Instruction& instruction);
    void do_throw(const Instruction& instruction);
    void do_throw_ref(const Instruction& instruction);
    void do_end(const Instruction& instruction);
    void do_br(const Instruction& instruction);
    void do_br_if(const Instruction& instruction);
    void do_br_table(const Instruction& instruction);
    void do_return(const Instruction& instruction);
    void do_call(const Instruction& instruction);
    void do_return_call(const Instruction& instruction);
    void do_drop(const Instruction& instruction);
    void do_select(const Instruction& instruction);
    void do_select_typed(const Instruction& instruction);
    void do_local(const Instruction& instruction);
    void do_global(const Instruction& instruction);
    void do_table_get(const Instruction& instruction);
    void do_table_set(const Instruction& instruction);
    void do_table_init(const Instruction& instruction);
    void do_table_copy(const Instruction& instruction);
    void do_table_grow(const Instruction& instruction);
    void do_table_size(const Instruction& instruction);
    void do_table_fill(const Instruction& instruction);
    void do_memory_copy(const Instruction& instruction);
    void do_ref_null(const Instruction& instruction);
    void do_ref_is_null(const Instruction& instruction);
    void do_ref_func(const Instruction& instruction);
    void do_ref_as_non_null(const Instruction& instruction);
    void do_br_on_null(const Instruction& instruction);
    void do_br_on_non_null(const Instruction& instruction);

    const Module& module_;
    Types locals_;
    Types results_;
    std::vector<Control> controls_;
    OperandStack stack_;
    CodeOffset at_{}; ///< of the instruction that is executed
    std::string_view problem_;
    ErrorCode code_ = ErrorCode::Malformed;
};

} // namespace wdbg::wasm
