// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "machine_traits.h"

#include <llvm/BinaryFormat/ELF.h>

#include <array>

namespace wdbg::dwarf {
namespace {

constexpr std::uint64_t bits(std::uint32_t first, std::uint32_t last) {
    std::uint64_t result = 0;
    for (std::uint32_t each = first; each <= last; ++each) {
        result |= std::uint64_t{1} << each;
    }
    return result;
}

using llvm::Triple;
namespace elf = llvm::ELF;

// psABIs of the machines: x86-64 §3.2.1; AAPCS64 §6.1.1; AAPCS32 §6.1.1; RISC-V calling
// convention §1.
constexpr std::array machines{
    MachineTraits{.elf_machine = elf::EM_X86_64,
                  .is_64 = true,
                  .machine = Machine::X86_64,
                  .arch = Triple::x86_64,
                  .stack_pointer = 7,
                  .return_address = 16,
                  .general_count = 17,
                  .callee_saved = bits(3, 3) | bits(6, 6) | bits(12, 15),
                  .rules_end_prologue = true},
    MachineTraits{.elf_machine = elf::EM_AARCH64,
                  .is_64 = true,
                  .machine = Machine::AArch64,
                  .arch = Triple::aarch64,
                  .stack_pointer = 31,
                  .return_address = 30,
                  .general_count = 32,
                  .callee_saved = bits(19, 29)},
    MachineTraits{.elf_machine = elf::EM_ARM,
                  .is_64 = false,
                  .machine = Machine::Arm,
                  .arch = Triple::arm,
                  .stack_pointer = 13,
                  .return_address = 14,
                  .general_count = 16,
                  .callee_saved = bits(4, 11)},
    MachineTraits{.elf_machine = elf::EM_RISCV,
                  .is_64 = false,
                  .machine = Machine::RiscV32,
                  .arch = Triple::riscv32,
                  .stack_pointer = 2,
                  .return_address = 1,
                  .general_count = 32,
                  .callee_saved = bits(8, 9) | bits(18, 27)},
    MachineTraits{.elf_machine = elf::EM_RISCV,
                  .is_64 = true,
                  .machine = Machine::RiscV64,
                  .arch = Triple::riscv64,
                  .stack_pointer = 2,
                  .return_address = 1,
                  .general_count = 32,
                  .callee_saved = bits(8, 9) | bits(18, 27)},
};

} // namespace

std::optional<MachineTraits> machine_traits(std::uint16_t elf_machine, bool is_64) {
    for (const MachineTraits& each : machines) {
        if (each.elf_machine == elf_machine && each.is_64 == is_64) {
            return each;
        }
    }
    return std::nullopt;
}

} // namespace wdbg::dwarf
