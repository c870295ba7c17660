// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "stack_typer.h"

#include <algorithm>

namespace wdbg::wasm {

namespace {

/// Bounds of what bad input can make us do; engines have the same or lower ones.
constexpr std::size_t max_arity = 1000;
constexpr std::size_t max_stack = 1'000'000;

bool is_reference(ValueType type) {
    return type == ValueType::FuncRef || type == ValueType::ExternRef;
}

bool compatible(ValueType a, ValueType b) {
    return a == b || (is_reference(a) && is_reference(b));
}

} // namespace

StackTyper::StackTyper(const Module& module, const FunctionBody& body)
    : module_(module)
    , locals_(module.local_types(body)) {
    const FunctionType* type = module.function_type(body.index);
    if (type == nullptr) {
        fail_typing("the function's type does not exist");
        return;
    }
    if (with_bounded_arity(type) == nullptr) {
        return;
    }
    results_ = type->results;
    controls_.push_back({.opcode = Opcode::Block, .results = results_});
}

namespace {

/// It takes values and gives the same ones back.
bool leaves_values(Opcode opcode) {
    return opcode == Opcode::LocalTee || opcode == Opcode::BrIf;
}

} // namespace

void StackTyper::step(const Instruction& instruction) {
    if (!ok() || controls_.empty()) {
        return;
    }
    at_ = instruction.offset;
    std::vector<CodeOffset> before;
    if (leaves_values(instruction.opcode)) {
        before = stack_.makers;
    }
    const std::string_view signature = instruction.info->signature;
    if (signature == "-") {
        fail_typing("operand types of this instruction are not supported", ErrorCode::Unsupported);
    } else if (signature == "*") {
        if (const Handler handler = find_handler(instruction.opcode); handler != nullptr) {
            (this->*handler)(instruction);
        } else {
            fail_typing("no typing rule", ErrorCode::Internal);
        }
    } else {
        apply_signature(instruction);
    }
    if (leaves_values(instruction.opcode) && stack_.makers.size() <= before.size()) {
        std::copy_n(before.begin(), stack_.makers.size(), stack_.makers.begin());
    }
    update_reachable();
}

void StackTyper::update_reachable() {
    stack_.reachable = controls_.empty() ||
                       (!controls_.back().unreachable && !controls_.back().entered_unreachable);
}

void StackTyper::fail_typing(std::string_view problem, ErrorCode code) {
    if (ok()) {
        problem_ = problem;
        code_ = code;
    }
}

// --- The stack -----------------------------------------------------------------------------------

void StackTyper::push(StackType type) {
    if (stack_.types.size() >= max_stack) {
        fail_typing("too many values on the operand stack", ErrorCode::Unsupported);
        return;
    }
    stack_.types.push_back(type);
    stack_.makers.push_back(at_);
}

void StackTyper::push_all(const Types& types) {
    for (const ValueType type : types) {
        push(type);
    }
}

StackType StackTyper::pop() {
    const Control& control = controls_.back();
    if (stack_.types.size() == control.height) {
        if (!control.unreachable) {
            fail_typing("an operand is missing");
        }
        return std::nullopt;
    }
    const StackType type = stack_.types.back();
    stack_.types.pop_back();
    stack_.makers.pop_back();
    return type;
}

void StackTyper::pop(ValueType expected) {
    const StackType actual = pop();
    if (actual && !compatible(*actual, expected)) {
        fail_typing("an operand has another type");
    }
}

void StackTyper::pop_all(const Types& types) {
    for (auto type = types.rbegin(); type != types.rend() && ok(); ++type) {
        pop(*type);
    }
}

void StackTyper::set_unreachable() {
    Control& control = controls_.back();
    stack_.types.resize(control.height);
    stack_.makers.resize(control.height);
    control.unreachable = true;
}

// --- Types of things -----------------------------------------------------------------------------

const StackTyper::Control* StackTyper::label(std::uint32_t depth) {
    if (depth >= controls_.size()) {
        fail_typing("no such label");
        return nullptr;
    }
    return &controls_[controls_.size() - 1 - depth];
}

const StackTyper::Types& StackTyper::label_types(const Control& control) {
    return control.opcode == Opcode::Loop ? control.params : control.results;
}

const FunctionType* StackTyper::function_type_of(std::uint32_t type_index) {
    if (type_index >= module_.types().size()) {
        fail_typing("no such type");
        return nullptr;
    }
    return with_bounded_arity(&module_.types()[type_index]);
}

const FunctionType* StackTyper::with_bounded_arity(const FunctionType* type) {
    if (type->params.size() > max_arity || type->results.size() > max_arity) {
        fail_typing("more than 1000 parameters or results", ErrorCode::Unsupported);
        return nullptr;
    }
    return type;
}

const FunctionType* StackTyper::callee_type(const Instruction& instruction) {
    const bool by_function =
        instruction.opcode == Opcode::Call || instruction.opcode == Opcode::ReturnCall;
    if (!by_function) {
        return function_type_of(instruction.index);
    }
    const FunctionType* type = module_.function_type(instruction.index);
    if (type == nullptr) {
        fail_typing("no such function");
        return nullptr;
    }
    return with_bounded_arity(type);
}

const FunctionType* StackTyper::tag_type(std::uint32_t tag) {
    if (tag >= module_.tag_types().size()) {
        fail_typing("no such tag");
        return nullptr;
    }
    return function_type_of(module_.tag_types()[tag]);
}

bool StackTyper::memory_is_64(std::uint32_t memory) const {
    return memory < module_.memories().size() && module_.memories()[memory].limits.is_64;
}

bool StackTyper::table_is_64(std::uint32_t index) const {
    return index < module_.tables().size() && module_.tables()[index].limits.is_64;
}

const TableType* StackTyper::table(std::uint32_t index) {
    if (index >= module_.tables().size()) {
        fail_typing("no such table");
        return nullptr;
    }
    return &module_.tables()[index];
}

ValueType StackTyper::letter_type(char letter, const Instruction& instruction) const {
    switch (letter) {
    case 'l':
        return ValueType::I64;
    case 'f':
        return ValueType::F32;
    case 'd':
        return ValueType::F64;
    case 'v':
        return ValueType::V128;
    case 'a':
        return memory_is_64(instruction.memory.index) ? ValueType::I64 : ValueType::I32;
    default:
        return ValueType::I32;
    }
}

void StackTyper::apply_signature(const Instruction& instruction) {
    const std::string_view signature = instruction.info->signature;
    const std::size_t colon = signature.find(':');
    for (std::size_t i = colon; i > 0; --i) {
        pop(letter_type(signature[i - 1], instruction));
    }
    for (const char letter : signature.substr(colon + 1)) {
        push(letter_type(letter, instruction));
    }
}

// --- Blocks --------------------------------------------------------------------------------------

void StackTyper::enter(const Instruction& instruction) {
    Control control{.opcode = instruction.opcode};
    if (instruction.block.kind == BlockType::Kind::Value) {
        control.results = {instruction.block.value};
    } else if (instruction.block.kind == BlockType::Kind::TypeIndex) {
        const FunctionType* type = function_type_of(instruction.block.type_index);
        if (type == nullptr) {
            return;
        }
        control.params = type->params;
        control.results = type->results;
    }
    pop_all(control.params);
    control.height = stack_.types.size();
    control.entered_unreachable = !stack_.reachable;
    controls_.push_back(std::move(control));
    push_all(controls_.back().params);
}

void StackTyper::leave_block() {
    pop_all(controls_.back().results);
    if (stack_.types.size() != controls_.back().height) {
        fail_typing("values left over at the end of a block");
    }
}

void StackTyper::do_unreachable(const Instruction& /*instruction*/) {
    set_unreachable();
}

void StackTyper::do_block(const Instruction& instruction) {
    enter(instruction);
}

void StackTyper::do_if(const Instruction& instruction) {
    pop(ValueType::I32);
    enter(instruction);
}

void StackTyper::do_else(const Instruction& /*instruction*/) {
    leave_block();
    Control& control = controls_.back();
    if (control.opcode != Opcode::If) {
        fail_typing("else without if");
    }
    control.opcode = Opcode::Else;
    control.unreachable = false;
    push_all(control.params);
}

void StackTyper::do_catch(const Instruction& instruction) {
    leave_block();
    Control& control = controls_.back();
    if (control.opcode != Opcode::Try) {
        fail_typing("catch without try");
    }
    control.unreachable = false;
    if (instruction.opcode == Opcode::CatchAll) {
        return;
    }
    if (const FunctionType* type = tag_type(instruction.index); type != nullptr) {
        push_all(type->params);
    }
}

void StackTyper::do_throw(const Instruction& instruction) {
    if (const FunctionType* type = tag_type(instruction.index); type != nullptr) {
        pop_all(type->params);
    }
    set_unreachable();
}

void StackTyper::do_throw_ref(const Instruction& /*instruction*/) {
    pop(ValueType::ExternRef);
    set_unreachable();
}

void StackTyper::do_end(const Instruction& /*instruction*/) {
    leave_block();
    const Control control = std::move(controls_.back());
    controls_.pop_back();
    if (controls_.empty()) {
        return;
    }
    if (control.opcode == Opcode::If && control.params.size() != control.results.size()) {
        fail_typing("if without else has results");
    }
    push_all(control.results);
}

// --- Branches and calls --------------------------------------------------------------------------

void StackTyper::do_br(const Instruction& instruction) {
    if (const Control* target = label(instruction.index); target != nullptr) {
        pop_all(label_types(*target));
    }
    set_unreachable();
}

void StackTyper::do_br_if(const Instruction& instruction) {
    pop(ValueType::I32);
    if (const Control* target = label(instruction.index); target != nullptr) {
        pop_all(label_types(*target));
        push_all(label_types(*target));
    }
}

void StackTyper::do_br_table(const Instruction& instruction) {
    pop(ValueType::I32);
    do_br(instruction); // by its default label
}

void StackTyper::do_return(const Instruction& /*instruction*/) {
    pop_all(results_);
    set_unreachable();
}

void StackTyper::pop_call_operands(const Instruction& instruction) {
    const Opcode opcode = instruction.opcode;
    if (opcode == Opcode::CallIndirect || opcode == Opcode::ReturnCallIndirect) {
        pop_address(table_is_64(instruction.second_index));
    } else if (opcode == Opcode::CallRef || opcode == Opcode::ReturnCallRef) {
        pop(ValueType::FuncRef);
    }
    if (const FunctionType* type = callee_type(instruction); type != nullptr) {
        pop_all(type->params);
    }
}

void StackTyper::do_call(const Instruction& instruction) {
    pop_call_operands(instruction);
    if (const FunctionType* type = callee_type(instruction); type != nullptr) {
        push_all(type->results);
    }
}

void StackTyper::do_return_call(const Instruction& instruction) {
    pop_call_operands(instruction);
    set_unreachable();
}

// --- Variables -----------------------------------------------------------------------------------

void StackTyper::do_drop(const Instruction& /*instruction*/) {
    pop();
}

void StackTyper::do_select(const Instruction& /*instruction*/) {
    pop(ValueType::I32);
    const StackType second = pop();
    const StackType first = pop();
    if (first && second && !compatible(*first, *second)) {
        fail_typing("operands of select differ");
    }
    push(first ? first : second);
}

void StackTyper::do_local(const Instruction& instruction) {
    if (instruction.index >= locals_.size()) {
        fail_typing("no such local");
        return;
    }
    const ValueType type = locals_[instruction.index];
    if (instruction.opcode != Opcode::LocalGet) {
        pop(type);
    }
    if (instruction.opcode != Opcode::LocalSet) {
        push(type);
    }
}

void StackTyper::do_global(const Instruction& instruction) {
    if (instruction.index >= module_.globals().size()) {
        fail_typing("no such global");
        return;
    }
    const ValueType type = module_.globals()[instruction.index].type;
    instruction.opcode == Opcode::GlobalGet ? push(type) : pop(type);
}

} // namespace wdbg::wasm
