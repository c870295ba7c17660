// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wasm_text.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace wdbg::dap {

namespace {

using wasm::Immediates;
using wasm::Opcode;

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

template <class Float, class Bits>
std::string float_text(Bits bits) {
    const auto value = std::bit_cast<Float>(bits);
    if (std::isnan(value)) {
        return std::signbit(value) ? "-nan" : "nan";
    }
    char text[64];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value);
    return error == std::errc{} ? std::string(text, end) : "?";
}

std::string signed_text(std::uint64_t bits) {
    return std::to_string(std::bit_cast<std::int64_t>(bits));
}

std::string function_name(const wasm::Module& module, std::uint32_t function) {
    return "$" + module.function_name(function);
}

bool names_function(Opcode opcode) {
    return opcode == Opcode::Call || opcode == Opcode::ReturnCall || opcode == Opcode::RefFunc;
}

bool names_global(Opcode opcode) {
    return opcode == Opcode::GlobalGet || opcode == Opcode::GlobalSet;
}

std::string index_text(const wasm::Module& module, const wasm::Instruction& instruction) {
    if (names_function(instruction.opcode)) {
        return function_name(module, instruction.index);
    }
    if (names_global(instruction.opcode)) {
        const auto name = module.names().globals.find(instruction.index);
        if (name != module.names().globals.end()) {
            return "$" + std::string(name->second);
        }
    }
    return number(instruction.index);
}

std::string block_text(const wasm::BlockType& block) {
    switch (block.kind) {
    case wasm::BlockType::Kind::Empty:
        return "";
    case wasm::BlockType::Kind::Value:
        return "(result " + std::string(type_text(block.value)) + ")";
    case wasm::BlockType::Kind::TypeIndex:
        return "(type " + number(block.type_index) + ")";
    }
    return "";
}

std::string memory_text(const wasm::Instruction& instruction) {
    const wasm::MemArg& memory = instruction.memory;
    std::string text = memory.index == 0 ? "" : number(memory.index) + " ";
    if (memory.offset != 0) {
        text += "offset=" + number(memory.offset) + " ";
    }
    const std::uint64_t align = std::uint64_t{1} << (memory.align_log2 & 63U);
    if (align != instruction.info->width) {
        text += "align=" + number(align) + " ";
    }
    return text.empty() ? text : text.substr(0, text.size() - 1);
}

std::string labels_text(const wasm::Module& module, const wasm::Instruction& instruction) {
    constexpr std::uint32_t shown = 16;
    std::string text;
    for (std::uint32_t i = 0; i < instruction.list_count && i < shown; ++i) {
        const auto label = wasm::br_table_label(module.bytes(), instruction, i);
        text += label ? number(*label) + " " : "? ";
    }
    text += instruction.list_count > shown ? "… " : "";
    return text + number(instruction.index);
}

std::string bytes_text(const wasm::Module& module, const wasm::Instruction& instruction) {
    std::string text = "i8x16";
    for (std::uint32_t i = 0; i < instruction.list_count; ++i) {
        const std::size_t at = std::size_t{instruction.list_offset.value} + i;
        char digits[8];
        const int size = std::snprintf(
            digits, sizeof digits, " 0x%02x",
            at < module.bytes().size() ? std::to_integer<unsigned>(module.bytes()[at]) : 0U);
        text.append(digits, static_cast<std::size_t>(size));
    }
    return text;
}

/// What stands behind the mnemonic.
std::string operands(const wasm::Module& module, const wasm::Instruction& instruction) {
    switch (instruction.info->immediates) {
    case Immediates::Block:
    case Immediates::TryTable:
        return block_text(instruction.block);
    case Immediates::Index:
    case Immediates::BrOnCast:
        return index_text(module, instruction);
    case Immediates::IndexPair:
        return instruction.opcode == Opcode::CallIndirect ||
                       instruction.opcode == Opcode::ReturnCallIndirect
                   ? "(type " + number(instruction.index) + ")"
                   : number(instruction.index) + " " + number(instruction.second_index);
    case Immediates::Memory:
    case Immediates::DataMemory:
    case Immediates::MemoryCopy:
        return instruction.info->immediates == Immediates::DataMemory ? number(instruction.index)
                                                                      : "";
    case Immediates::MemArg:
        return memory_text(instruction);
    case Immediates::MemArgLane:
        return memory_text(instruction) + " " + number(instruction.lane);
    case Immediates::LabelTable:
        return labels_text(module, instruction);
    case Immediates::I32:
    case Immediates::I64:
        return signed_text(instruction.bits);
    case Immediates::F32:
        return float_text<float>(static_cast<std::uint32_t>(instruction.bits));
    case Immediates::F64:
        return float_text<double>(instruction.bits);
    case Immediates::Bytes16:
        return bytes_text(module, instruction);
    case Immediates::Lane:
        return number(instruction.lane);
    case Immediates::HeapType:
        return instruction.heap_type == -0x10   ? "func"
               : instruction.heap_type == -0x11 ? "extern"
                                                : std::to_string(instruction.heap_type);
    default:
        return "";
    }
}

} // namespace

std::string_view type_text(ValueType type) {
    switch (type) {
    case ValueType::I32:
        return "i32";
    case ValueType::I64:
        return "i64";
    case ValueType::F32:
        return "f32";
    case ValueType::F64:
        return "f64";
    case ValueType::V128:
        return "v128";
    case ValueType::FuncRef:
        return "funcref";
    case ValueType::ExternRef:
        return "externref";
    }
    return "?";
}

std::string instruction_text(const wasm::Module& module, const wasm::Instruction& instruction) {
    std::string text(instruction.info->mnemonic);
    const std::string rest = operands(module, instruction);
    return rest.empty() ? text : text + " " + rest;
}

std::string function_header(const wasm::Module& module, std::uint32_t function) {
    std::string text = "(func " + function_name(module, function);
    const wasm::FunctionType* type = module.function_type(function);
    if (type == nullptr) {
        return text;
    }
    const auto list = [&text](const char* word, const std::vector<ValueType>& types) {
        if (types.empty()) {
            return;
        }
        text += std::string(" (") + word;
        for (const ValueType each : types) {
            text += " " + std::string(type_text(each));
        }
        text += ")";
    };
    list("param", type->params);
    list("result", type->results);
    return text;
}

} // namespace wdbg::dap
