// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/guest_gate.h>

/// The gate between guest code and the host: what an engine calls around host calls.
///
///   engine calls guest code            guest code calls the host
///   -----------------------            -------------------------
///   enter_guest();                     GuestExit exit; // model/guest_gate.h
///   run(guest function);               capture(&exit.registers);
///   leave_guest();                     leave_guest(exit);
///                                      result = host_function(...);
///                                      enter_guest(exit);
///
/// A thread that is to stop waits in enter_guest(). Host code is never interrupted: a thread there
/// counts as stopped. A callback from the host into guest code is the first form, within the
/// second.
namespace wdbg::native {

extern "C" void wdbg_native_capture(GateRegisters* registers);

inline void capture(GateRegisters* registers) {
    wdbg_native_capture(registers);
}

/// All four do nothing on threads that are not registered. Not for use in signal handlers.
void enter_guest();
void leave_guest();
void leave_guest(GuestExit& exit);
void enter_guest(GuestExit& exit);

} // namespace wdbg::native
