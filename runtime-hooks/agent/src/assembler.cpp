// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/agent/assembler.h>

namespace wdbg::agent {

void Assembler::number(std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i-- > 0;) {
        bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

void Assembler::add(Opcode opcode) {
    bytes_.push_back(static_cast<std::uint8_t>(opcode));
}

void Assembler::add(Opcode opcode, std::uint8_t operand) {
    add(opcode);
    bytes_.push_back(operand);
}

void Assembler::constant(std::int64_t value) {
    struct Row {
        Opcode opcode;
        std::uint8_t bits;
    };

    static constexpr std::array rows{Row{Opcode::Const8, 8}, Row{Opcode::Const16, 16},
                                     Row{Opcode::Const32, 32}};
    for (const Row& row : rows) {
        const std::int64_t limit = std::int64_t{1} << (row.bits - 1);
        if (value >= -limit && value < limit) {
            add(row.opcode);
            number(static_cast<std::uint64_t>(value), row.bits / 8U);
            if (value < 0) { // constants are unsigned
                add(Opcode::SignExtend, row.bits);
            }
            return;
        }
    }
    add(Opcode::Const64);
    number(static_cast<std::uint64_t>(value), 8);
}

void Assembler::read(RegisterNumber which) {
    add(Opcode::Register);
    number(encode(which), 2);
}

void Assembler::variable(Opcode opcode, std::uint16_t which) {
    add(opcode);
    number(which, 2);
}

std::size_t Assembler::jump(Opcode opcode) {
    add(opcode);
    number(0, 2);
    return bytes_.size() - 2;
}

void Assembler::bind(std::size_t jump) {
    bytes_[jump] = static_cast<std::uint8_t>(bytes_.size() >> 8);
    bytes_[jump + 1] = static_cast<std::uint8_t>(bytes_.size());
}

} // namespace wdbg::agent
