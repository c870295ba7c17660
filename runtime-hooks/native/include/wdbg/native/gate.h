// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>

/// The gate between guest code and the host: what an engine calls around host calls.
///
///   engine calls guest code            guest code calls the host
///   -----------------------            -------------------------
///   enter_guest();                     GuestExit exit;
///   run(guest function);               capture(&exit.registers);
///   leave_guest();                     leave_guest(exit);
///                                      result = host_function(...);
///                                      enter_guest(exit);
///
/// A thread that is to stop waits in enter_guest(). Host code is never interrupted: a thread there
/// counts as stopped. A callback from the host into guest code is the first form, within the
/// second.
namespace wdbg::native {

/// What a call preserves (System V x86-64 psABI 3.2.1), as the caller of capture() finds it when
/// that returns. An unwinder starts from here.
struct GateRegisters {
    std::uint64_t rbx = 0;
    std::uint64_t rbp = 0;
    std::uint64_t r12 = 0;
    std::uint64_t r13 = 0;
    std::uint64_t r14 = 0;
    std::uint64_t r15 = 0;
    std::uint64_t rsp = 0;
    std::uint64_t rip = 0;
};

extern "C" void wdbg_native_capture(GateRegisters* registers);

inline void capture(GateRegisters* registers) {
    wdbg_native_capture(registers);
}

/// One host call in flight; lives in the frame that called capture().
struct GuestExit {
    GateRegisters registers{};
    GuestExit* outer = nullptr; ///< the gate's own: the host call around this one
};

/// All four do nothing on threads that are not registered. Not for use in signal handlers.
void enter_guest();
void leave_guest();
void leave_guest(GuestExit& exit);
void enter_guest(GuestExit& exit);

} // namespace wdbg::native
