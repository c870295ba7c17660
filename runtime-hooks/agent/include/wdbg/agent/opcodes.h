// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

/// The bytecode of GDB's agent expressions ("The GDB Agent Expression Mechanism", Bytecode
/// Descriptions). A stack machine on 64-bit integers; operands follow the opcode, most significant
/// byte first. Not taken: floats, tracing, printf, and jumps backwards.
///
/// - 0x26 nn nn (reg): the wasm value that `nn nn` names (RegisterNumber), zero-extended; of a
///   float its bits.
/// - 0x17 to 0x1a (ref8 to ref64): an address is the byte offset in memory 0 of the instance that
///   was hit.
/// - 0x2c, 0x2d (getv, setv): variables that all expressions of the target share (qTV, QTDV).
/// - 0x80 nn nn, of our own ("count"): adds 1 to a variable and pushes it, as one atomic step.
namespace wdbg::agent {

enum class Opcode : std::uint8_t {
    Add = 0x02,
    Subtract = 0x03,
    Multiply = 0x04,
    DivideSigned = 0x05,
    DivideUnsigned = 0x06,
    RemainderSigned = 0x07,
    RemainderUnsigned = 0x08,
    ShiftLeft = 0x09,
    ShiftRightSigned = 0x0A,
    ShiftRightUnsigned = 0x0B,
    LogicalNot = 0x0E,
    BitAnd = 0x0F,
    BitOr = 0x10,
    BitXor = 0x11,
    BitNot = 0x12,
    Equal = 0x13,
    LessSigned = 0x14,
    LessUnsigned = 0x15,
    SignExtend = 0x16, ///< from that many bits
    Ref8 = 0x17,
    Ref16 = 0x18,
    Ref32 = 0x19,
    Ref64 = 0x1A,
    IfGoto = 0x20, ///< to an offset from the program's start, if what is popped is not 0
    Goto = 0x21,
    Const8 = 0x22,
    Const16 = 0x23,
    Const32 = 0x24,
    Const64 = 0x25,
    Register = 0x26,
    End = 0x27,
    Duplicate = 0x28,
    Pop = 0x29,
    ZeroExtend = 0x2A, ///< from that many bits
    Swap = 0x2B,
    GetVariable = 0x2C,
    SetVariable = 0x2D, ///< leaves the value on the stack
    Pick = 0x32,        ///< copies the n-th from the top, 0 the top itself
    Rotate = 0x33,      ///< a b c -> c a b, the top at the right
    Count = 0x80,
};

/// A wasm value as the operand of Register: the kind in the upper two bits, the index below.
enum class RegisterKind : std::uint8_t { Local = 0, Global = 1, Stack = 2 };

struct RegisterNumber {
    RegisterKind kind = RegisterKind::Local;
    std::uint16_t index =
        0; ///< < register_limit; of Stack: 0 is the bottom of the frame's operands
};

inline constexpr std::uint16_t register_limit = 0x4000;

[[nodiscard]] constexpr std::uint16_t encode(RegisterNumber number) {
    return static_cast<std::uint16_t>(static_cast<unsigned>(number.kind) << 14 | number.index);
}

/// Kind 3 does not exist: verify() refuses it.
[[nodiscard]] constexpr RegisterNumber decode_register(std::uint16_t encoded) {
    return {.kind = static_cast<RegisterKind>(encoded >> 14),
            .index = static_cast<std::uint16_t>(encoded & (register_limit - 1))};
}

/// Variables are numbered below this.
inline constexpr std::uint16_t variable_limit = 256;
/// Values on the stack at most.
inline constexpr std::size_t stack_limit = 32;
/// Bytes of a program at most: what one hit may cost.
inline constexpr std::size_t program_limit = 1024;

/// What verify() must know of an instruction.
struct Shape {
    bool known = false;
    std::uint8_t operand_bytes = 0;
    std::uint8_t needs = 0; ///< values on the stack before
    std::int8_t grows = 0;  ///< the change of the stack's depth
};

[[nodiscard]] const Shape& shape_of(std::uint8_t opcode) noexcept;

} // namespace wdbg::agent
