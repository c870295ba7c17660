// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "trap_function.h"

#include <array>
#include <string_view>

namespace wdbg::bridge {

namespace {

struct ExceptionRow {
    TrapKind kind;
    std::string_view words;
};

/// WAMR 2.4's exceptions in the order of their numbers, from 0 (wasm_runtime_common.c).
constexpr std::array exceptions{
    ExceptionRow{TrapKind::Unreachable, "unreachable"},
    ExceptionRow{TrapKind::Other, "allocate memory failed"},
    ExceptionRow{TrapKind::OutOfBoundsMemory, "out of bounds memory access"},
    ExceptionRow{TrapKind::IntegerOverflow, "integer overflow"},
    ExceptionRow{TrapKind::IntegerDivideByZero, "integer divide by zero"},
    ExceptionRow{TrapKind::InvalidConversion, "invalid conversion to integer"},
    ExceptionRow{TrapKind::IndirectCallTypeMismatch, "indirect call type mismatch"},
    ExceptionRow{TrapKind::Other, "invalid function index"},
    ExceptionRow{TrapKind::UndefinedElement, "undefined element"},
    ExceptionRow{TrapKind::UninitializedElement, "uninitialized element"},
    ExceptionRow{TrapKind::Other, "failed to call unlinked import function"},
    ExceptionRow{TrapKind::StackOverflow, "native stack overflow"},
    ExceptionRow{TrapKind::UnalignedAtomic, "unaligned atomic"},
    ExceptionRow{TrapKind::StackOverflow, "wasm auxiliary stack overflow"},
    ExceptionRow{TrapKind::StackOverflow, "wasm auxiliary stack underflow"},
    ExceptionRow{TrapKind::OutOfBoundsTable, "out of bounds table access"},
    ExceptionRow{TrapKind::StackOverflow, "wasm operand stack overflow"},
};

/// DWARF number of the register that holds a function's second argument (psABIs).
std::size_t second_argument(Machine machine) {
    switch (machine) {
    case Machine::X86_64:
        return 4; // rsi
    case Machine::AArch64:
    case Machine::Arm:
        return 1;
    default:
        return 11; // a1
    }
}

} // namespace

NativeTrap describe_trap(const NativeRegisters& registers) {
    const std::uint64_t argument = registers.general.at(second_argument(registers.machine));
    const auto number = static_cast<std::uint32_t>(argument);
    if (number >= exceptions.size()) {
        return {.kind = TrapKind::Other, .message = "an exception of the runtime"};
    }
    const ExceptionRow& row = exceptions.at(number);
    return {.kind = row.kind, .message = std::string(row.words)};
}

} // namespace wdbg::bridge
