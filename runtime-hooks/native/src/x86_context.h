// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/native_target.h>
#include <wdbg/native/gate.h>

#include <ucontext.h>

/// The interrupted state of a thread on x86-64 Linux, inside a signal handler. Async-signal-safe.
namespace wdbg::native {

[[nodiscard]] std::uint64_t pc_of(const ucontext_t& context);
void set_pc(ucontext_t& context, std::uint64_t pc);
[[nodiscard]] std::uint64_t sp_of(const ucontext_t& context);
void set_sp(ucontext_t& context, std::uint64_t sp);
/// The trap flag: one instruction runs, then SIGTRAP comes with TRAP_TRACE.
void set_single_step(ucontext_t& context, bool on);

void read_registers(const ucontext_t& context, NativeRegisters& into);
/// All but the trap flag.
void write_registers(const NativeRegisters& from, ucontext_t& context);

/// What a call preserves; everything else is marked as not known.
[[nodiscard]] NativeRegisters registers_at_gate(const GateRegisters& gate);

} // namespace wdbg::native
