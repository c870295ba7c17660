// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of typing rules that a signature cannot say, and those for tables and references.
#include "byte_reader.h"
#include "stack_typer.h"
#include "value_types.h"

#include <array>

namespace wdbg::wasm {

struct StackTyper::HandlerRow {
    Opcode opcode;
    Handler handler;
};

StackTyper::Handler StackTyper::find_handler(Opcode opcode) {
    static constexpr std::array rows{
        HandlerRow{Opcode::LocalGet, &StackTyper::do_local},
        HandlerRow{Opcode::LocalSet, &StackTyper::do_local},
        HandlerRow{Opcode::LocalTee, &StackTyper::do_local},
        HandlerRow{Opcode::GlobalGet, &StackTyper::do_global},
        HandlerRow{Opcode::GlobalSet, &StackTyper::do_global},
        HandlerRow{Opcode::End, &StackTyper::do_end},
        HandlerRow{Opcode::Block, &StackTyper::do_block},
        HandlerRow{Opcode::Loop, &StackTyper::do_block},
        HandlerRow{Opcode::If, &StackTyper::do_if},
        HandlerRow{Opcode::Else, &StackTyper::do_else},
        HandlerRow{Opcode::Br, &StackTyper::do_br},
        HandlerRow{Opcode::BrIf, &StackTyper::do_br_if},
        HandlerRow{Opcode::BrTable, &StackTyper::do_br_table},
        HandlerRow{Opcode::Return, &StackTyper::do_return},
        HandlerRow{Opcode::Unreachable, &StackTyper::do_unreachable},
        HandlerRow{Opcode::Call, &StackTyper::do_call},
        HandlerRow{Opcode::CallIndirect, &StackTyper::do_call},
        HandlerRow{Opcode::CallRef, &StackTyper::do_call},
        HandlerRow{Opcode::ReturnCall, &StackTyper::do_return_call},
        HandlerRow{Opcode::ReturnCallIndirect, &StackTyper::do_return_call},
        HandlerRow{Opcode::ReturnCallRef, &StackTyper::do_return_call},
        HandlerRow{Opcode::Drop, &StackTyper::do_drop},
        HandlerRow{Opcode::Select, &StackTyper::do_select},
        HandlerRow{Opcode::SelectTyped, &StackTyper::do_select_typed},
        HandlerRow{Opcode::Try, &StackTyper::do_block},
        HandlerRow{Opcode::TryTable, &StackTyper::do_block},
        HandlerRow{Opcode::Catch, &StackTyper::do_catch},
        HandlerRow{Opcode::CatchAll, &StackTyper::do_catch},
        HandlerRow{Opcode::Delegate, &StackTyper::do_end},
        HandlerRow{Opcode::Throw, &StackTyper::do_throw},
        HandlerRow{Opcode::Rethrow, &StackTyper::do_unreachable},
        HandlerRow{Opcode::ThrowRef, &StackTyper::do_throw_ref},
        HandlerRow{Opcode::TableGet, &StackTyper::do_table_get},
        HandlerRow{Opcode::TableSet, &StackTyper::do_table_set},
        HandlerRow{Opcode::TableInit, &StackTyper::do_table_init},
        HandlerRow{Opcode::TableCopy, &StackTyper::do_table_copy},
        HandlerRow{Opcode::TableGrow, &StackTyper::do_table_grow},
        HandlerRow{Opcode::TableSize, &StackTyper::do_table_size},
        HandlerRow{Opcode::TableFill, &StackTyper::do_table_fill},
        HandlerRow{Opcode::MemoryCopy, &StackTyper::do_memory_copy},
        HandlerRow{Opcode::RefNull, &StackTyper::do_ref_null},
        HandlerRow{Opcode::RefIsNull, &StackTyper::do_ref_is_null},
        HandlerRow{Opcode::RefFunc, &StackTyper::do_ref_func},
        HandlerRow{Opcode::RefAsNonNull, &StackTyper::do_ref_as_non_null},
        HandlerRow{Opcode::BrOnNull, &StackTyper::do_br_on_null},
        HandlerRow{Opcode::BrOnNonNull, &StackTyper::do_br_on_non_null},
    };
    for (const HandlerRow& row : rows) {
        if (row.opcode == opcode) {
            return row.handler;
        }
    }
    return nullptr;
}

void StackTyper::do_select_typed(const Instruction& instruction) {
    if (instruction.list_count != 1) {
        fail_typing("select with other than one type");
        return;
    }
    const auto bytes = module_.bytes();
    ByteReader reader(bytes, instruction.list_offset.value, bytes.size(), "Code section");
    const ValueType type = read_value_type(reader);
    pop(ValueType::I32);
    pop(type);
    pop(type);
    push(type);
}

// --- Tables --------------------------------------------------------------------------------------

void StackTyper::do_table_get(const Instruction& instruction) {
    if (const TableType* type = table(instruction.index); type != nullptr) {
        pop_address(type->limits.is_64);
        push(type->element);
    }
}

void StackTyper::do_table_set(const Instruction& instruction) {
    if (const TableType* type = table(instruction.index); type != nullptr) {
        pop(type->element);
        pop_address(type->limits.is_64);
    }
}

void StackTyper::do_table_init(const Instruction& instruction) {
    pop(ValueType::I32);
    pop(ValueType::I32);
    pop_address(table_is_64(instruction.second_index));
}

void StackTyper::do_table_copy(const Instruction& instruction) {
    const bool to_64 = table_is_64(instruction.index);
    const bool from_64 = table_is_64(instruction.second_index);
    pop_address(to_64 && from_64);
    pop_address(from_64);
    pop_address(to_64);
}

void StackTyper::do_table_grow(const Instruction& instruction) {
    if (const TableType* type = table(instruction.index); type != nullptr) {
        pop_address(type->limits.is_64);
        pop(type->element);
        do_table_size(instruction);
    }
}

void StackTyper::do_table_size(const Instruction& instruction) {
    push(table_is_64(instruction.index) ? ValueType::I64 : ValueType::I32);
}

void StackTyper::do_table_fill(const Instruction& instruction) {
    if (const TableType* type = table(instruction.index); type != nullptr) {
        pop_address(type->limits.is_64);
        pop(type->element);
        pop_address(type->limits.is_64);
    }
}

void StackTyper::do_memory_copy(const Instruction& instruction) {
    const bool to_64 = memory_is_64(instruction.memory.index);
    const bool from_64 = memory_is_64(instruction.second_index);
    pop_address(to_64 && from_64);
    pop_address(from_64);
    pop_address(to_64);
}

// --- References ----------------------------------------------------------------------------------

void StackTyper::do_ref_null(const Instruction& instruction) {
    push(reference_to(instruction.heap_type));
}

void StackTyper::do_ref_is_null(const Instruction& /*instruction*/) {
    pop(ValueType::FuncRef);
    push(ValueType::I32);
}

void StackTyper::do_ref_func(const Instruction& /*instruction*/) {
    push(ValueType::FuncRef);
}

void StackTyper::do_ref_as_non_null(const Instruction& /*instruction*/) {
    push(pop());
}

void StackTyper::do_br_on_null(const Instruction& instruction) {
    const StackType reference = pop();
    if (const Control* target = label(instruction.index); target != nullptr) {
        pop_all(label_types(*target));
        push_all(label_types(*target));
    }
    push(reference);
}

void StackTyper::do_br_on_non_null(const Instruction& instruction) {
    pop();
    static_cast<void>(label(instruction.index));
}

} // namespace wdbg::wasm
