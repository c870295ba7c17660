// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "x86_context.h"

#include <array>
#include <cstring>
#include <utility>

namespace wdbg::native {

namespace {

constexpr std::uint64_t trap_flag = 0x100;
constexpr std::size_t dwarf_sp = 7;
constexpr std::size_t dwarf_pc = 16;

/// gregs index by DWARF register number (x86-64 psABI figure 3.36).
constexpr std::array<int, 17> greg_of_dwarf{REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                            REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                            REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};

greg_t& greg(ucontext_t& context, int index) {
    return context.uc_mcontext.gregs[index];
}

std::uint64_t greg(const ucontext_t& context, int index) {
    return static_cast<std::uint64_t>(context.uc_mcontext.gregs[index]);
}

} // namespace

std::uint64_t pc_of(const ucontext_t& context) {
    return greg(context, REG_RIP);
}

void set_pc(ucontext_t& context, std::uint64_t pc) {
    greg(context, REG_RIP) = static_cast<greg_t>(pc);
}

std::uint64_t sp_of(const ucontext_t& context) {
    return greg(context, REG_RSP);
}

void set_sp(ucontext_t& context, std::uint64_t sp) {
    greg(context, REG_RSP) = static_cast<greg_t>(sp);
}

void set_single_step(ucontext_t& context, bool on) {
    const std::uint64_t flags = greg(std::as_const(context), REG_EFL) & ~trap_flag;
    greg(context, REG_EFL) = static_cast<greg_t>(on ? flags | trap_flag : flags);
}

void read_registers(const ucontext_t& context, NativeRegisters& into) {
    into.machine = Machine::X86_64;
    for (std::size_t i = 0; i < greg_of_dwarf.size(); ++i) {
        into.general[i] = greg(context, greg_of_dwarf[i]);
    }
    into.pc.value = into.general[dwarf_pc];
    into.flags = greg(context, REG_EFL) & ~trap_flag;
    into.known = (std::uint64_t{1} << greg_of_dwarf.size()) - 1;
    into.vectors_known = context.uc_mcontext.fpregs != nullptr;
    if (into.vectors_known) {
        for (std::size_t i = 0; i < 16; ++i) {
            std::memcpy(into.vectors[i].data(), &context.uc_mcontext.fpregs->_xmm[i], 16);
        }
    }
}

void write_registers(const NativeRegisters& from, ucontext_t& context) {
    for (std::size_t i = 0; i < dwarf_pc; ++i) {
        greg(context, greg_of_dwarf[i]) = static_cast<greg_t>(from.general[i]);
    }
    set_pc(context, from.pc.value);
    const std::uint64_t stepping = greg(std::as_const(context), REG_EFL) & trap_flag;
    greg(context, REG_EFL) = static_cast<greg_t>((from.flags & ~trap_flag) | stepping);
    if (context.uc_mcontext.fpregs != nullptr && from.vectors_known) {
        for (std::size_t i = 0; i < 16; ++i) {
            std::memcpy(&context.uc_mcontext.fpregs->_xmm[i], from.vectors[i].data(), 16);
        }
    }
}

NativeRegisters registers_at_gate(const GateRegisters& gate) {
    struct Entry {
        std::size_t dwarf;
        std::uint64_t value;
    };

    const std::array<Entry, 8> entries{{{3, gate.rbx},
                                        {6, gate.rbp},
                                        {dwarf_sp, gate.rsp},
                                        {12, gate.r12},
                                        {13, gate.r13},
                                        {14, gate.r14},
                                        {15, gate.r15},
                                        {dwarf_pc, gate.rip}}};
    NativeRegisters result;
    result.known = 0;
    result.vectors_known = false;
    for (const Entry& entry : entries) {
        result.general.at(entry.dwarf) = entry.value;
        result.known |= std::uint64_t{1} << entry.dwarf;
    }
    result.pc.value = gate.rip;
    return result;
}

} // namespace wdbg::native
