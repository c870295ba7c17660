// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/agent/opcodes.h>

namespace wdbg::agent {

namespace {

struct Row {
    Opcode opcode;
    std::uint8_t operand_bytes;
    std::uint8_t needs;
    std::int8_t grows;
};

constexpr std::array rows{
    Row{Opcode::Add, 0, 2, -1},
    Row{Opcode::Subtract, 0, 2, -1},
    Row{Opcode::Multiply, 0, 2, -1},
    Row{Opcode::DivideSigned, 0, 2, -1},
    Row{Opcode::DivideUnsigned, 0, 2, -1},
    Row{Opcode::RemainderSigned, 0, 2, -1},
    Row{Opcode::RemainderUnsigned, 0, 2, -1},
    Row{Opcode::ShiftLeft, 0, 2, -1},
    Row{Opcode::ShiftRightSigned, 0, 2, -1},
    Row{Opcode::ShiftRightUnsigned, 0, 2, -1},
    Row{Opcode::LogicalNot, 0, 1, 0},
    Row{Opcode::BitAnd, 0, 2, -1},
    Row{Opcode::BitOr, 0, 2, -1},
    Row{Opcode::BitXor, 0, 2, -1},
    Row{Opcode::BitNot, 0, 1, 0},
    Row{Opcode::Equal, 0, 2, -1},
    Row{Opcode::LessSigned, 0, 2, -1},
    Row{Opcode::LessUnsigned, 0, 2, -1},
    Row{Opcode::SignExtend, 1, 1, 0},
    Row{Opcode::Ref8, 0, 1, 0},
    Row{Opcode::Ref16, 0, 1, 0},
    Row{Opcode::Ref32, 0, 1, 0},
    Row{Opcode::Ref64, 0, 1, 0},
    Row{Opcode::IfGoto, 2, 1, -1},
    Row{Opcode::Goto, 2, 0, 0},
    Row{Opcode::Const8, 1, 0, 1},
    Row{Opcode::Const16, 2, 0, 1},
    Row{Opcode::Const32, 4, 0, 1},
    Row{Opcode::Const64, 8, 0, 1},
    Row{Opcode::Register, 2, 0, 1},
    Row{Opcode::End, 0, 1, 0},
    Row{Opcode::Duplicate, 0, 1, 1},
    Row{Opcode::Pop, 0, 1, -1},
    Row{Opcode::ZeroExtend, 1, 1, 0},
    Row{Opcode::Swap, 0, 2, 0},
    Row{Opcode::GetVariable, 2, 0, 1},
    Row{Opcode::SetVariable, 2, 1, 0},
    Row{Opcode::Pick, 1, 1, 1},
    Row{Opcode::Rotate, 0, 3, 0},
    Row{Opcode::Count, 2, 0, 1},
};

constexpr std::array<Shape, 256> make_shapes() {
    std::array<Shape, 256> shapes{};
    for (const Row& row : rows) {
        shapes[static_cast<std::size_t>(row.opcode)] = {.known = true,
                                                        .operand_bytes = row.operand_bytes,
                                                        .needs = row.needs,
                                                        .grows = row.grows};
    }
    return shapes;
}

constexpr std::array<Shape, 256> shapes = make_shapes();

} // namespace

const Shape& shape_of(std::uint8_t opcode) noexcept {
    return shapes[opcode];
}

} // namespace wdbg::agent
