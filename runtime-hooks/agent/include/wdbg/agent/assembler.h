// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/agent/opcodes.h>

#include <cstdint>
#include <vector>

namespace wdbg::agent {

/// Puts programs together. What it gives still has to be verified: it may be too long.
class Assembler {
  public:
    /// An instruction without operand.
    void add(Opcode opcode);
    /// SignExtend, ZeroExtend, Pick.
    void add(Opcode opcode, std::uint8_t operand);
    /// The shortest constant, with its sign.
    void constant(std::int64_t value);
    void read(RegisterNumber number);
    /// GetVariable, SetVariable, Count.
    void variable(Opcode opcode, std::uint16_t number);

    /// A forward jump (Goto, IfGoto), to where bind() is called with what it gives.
    [[nodiscard]] std::size_t jump(Opcode opcode);
    void bind(std::size_t jump);

    [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

  private:
    void number(std::uint64_t value, std::size_t size);

    std::vector<std::uint8_t> bytes_;
};

} // namespace wdbg::agent
