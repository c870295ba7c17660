// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/native_target.h>

#include <llvm/TargetParser/Triple.h>

#include <cstdint>
#include <optional>

namespace wdbg::dwarf {

/// What unwinding must know of a machine. Registers by DWARF number.
struct MachineTraits {
    std::uint16_t elf_machine = 0;
    bool is_64 = true;
    Machine machine = Machine::X86_64;
    llvm::Triple::ArchType arch = llvm::Triple::x86_64;
    std::uint32_t stack_pointer = 0;
    std::uint32_t return_address = 0;
    std::uint32_t general_count = 0; ///< registers in NativeRegisters::general
    std::uint64_t callee_saved = 0;  ///< bit n: a callee that does not mention n keeps it
    /// The rules for callee-saved registers appear where the frame is complete (LLVM's X86
    /// backend).
    bool rules_end_prologue = false;
};

/// nullopt for a machine that this build does not know.
[[nodiscard]] std::optional<MachineTraits> machine_traits(std::uint16_t elf_machine, bool is_64);

} // namespace wdbg::dwarf
