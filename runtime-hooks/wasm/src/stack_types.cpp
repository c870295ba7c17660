// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "byte_reader.h"
#include "stack_typer.h"

#include <wdbg/wasm/stack_types.h>

#include <string>

namespace wdbg::wasm {

namespace {

Error typing_error(const StackTyper& typer, CodeOffset at) {
    return Error{typer.problem_code(), "Code section: " + std::string(typer.problem()) +
                                           " at file offset " + hex(at.value)};
}

/// Called with the typer before each instruction; false stops.
using Visitor = std::function<bool(const Instruction&, StackTyper&)>;

Result<void> walk(const Module& module, std::uint32_t function, const Visitor& visit) {
    const FunctionBody* body = module.body(function);
    if (body == nullptr) {
        return fail(ErrorCode::NotFound,
                    "function " + std::to_string(function) + " has no code in this module");
    }
    const auto code = module.bytes().first(body->end.value);
    StackTyper typer(module, *body);
    CodeOffset at = body->first_instruction;
    while (typer.ok() && !typer.finished()) {
        const auto instruction = decode(code, at);
        if (!instruction) {
            return std::unexpected(instruction.error());
        }
        if (!visit(*instruction, typer)) {
            return {};
        }
        typer.step(*instruction);
        if (!typer.ok()) {
            break;
        }
        at = instruction->end();
    }
    return typer.ok() ? Result<void>() : std::unexpected(typing_error(typer, at));
}

Error no_instruction(CodeOffset at) {
    return Error{ErrorCode::NotFound, "no instruction begins at file offset " + hex(at.value)};
}

bool is_call(Opcode opcode) {
    return opcode == Opcode::Call || opcode == Opcode::CallIndirect || opcode == Opcode::CallRef;
}

} // namespace

Result<void> walk_operand_stacks(const Module& module, std::uint32_t function,
                                 const StackVisitor& visit) {
    return walk(module, function, [&visit](const Instruction& instruction, StackTyper& typer) {
        return visit(instruction, typer.stack());
    });
}

Result<OperandStack> operand_stack_types(const Module& module, std::uint32_t function,
                                         CodeOffset at) {
    std::optional<OperandStack> found;
    const auto walked =
        walk(module, function, [&](const Instruction& instruction, StackTyper& typer) {
            if (instruction.offset == at) {
                found = typer.stack();
            }
            return instruction.offset < at;
        });
    if (!walked) {
        return std::unexpected(walked.error());
    }
    return found ? Result<OperandStack>(std::move(*found)) : std::unexpected(no_instruction(at));
}

Result<OperandStack> operand_stack_types_in_call(const Module& module, std::uint32_t function,
                                                 CodeOffset return_address) {
    std::optional<OperandStack> found;
    std::optional<Error> error;
    const auto visit = [&](const Instruction& instruction, StackTyper& typer) {
        if (instruction.end() == return_address && is_call(instruction.opcode)) {
            typer.pop_call_operands(instruction);
            if (typer.ok()) {
                found = typer.stack();
            } else {
                error = typing_error(typer, instruction.offset);
            }
        }
        return instruction.end() < return_address;
    };
    if (const auto walked = walk(module, function, visit); !walked) {
        return std::unexpected(walked.error());
    }
    if (error) {
        return std::unexpected(*error);
    }
    if (!found) {
        return fail(ErrorCode::NotFound,
                    "no call ends at file offset " + hex(return_address.value));
    }
    return std::move(*found);
}

Result<ValueType> operand_type(const Module& module, std::uint32_t function, CodeOffset pc,
                               bool in_call, std::uint32_t index) {
    const auto stack = in_call ? operand_stack_types_in_call(module, function, pc)
                               : operand_stack_types(module, function, pc);
    if (!stack) {
        return std::unexpected(stack.error());
    }
    if (index >= stack->types.size() || !stack->types[index]) {
        return fail(ErrorCode::OutOfRange, "no operand " + std::to_string(index));
    }
    return *stack->types[index];
}

} // namespace wdbg::wasm
