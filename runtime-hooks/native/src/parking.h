// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "process_state.h"

namespace wdbg::native {

/// Where a pc is in the original code.
struct OriginalPlace {
    std::uint64_t pc = 0;
    std::uint8_t pushed = 0;    ///< bytes to add to the stack pointer
    const Site* site = nullptr; ///< whose slot the pc is in; nullptr elsewhere
    bool at_start = false;      ///< of the slot
};

// All of these are async-signal-safe.

/// A pc outside of slots is its own original.
[[nodiscard]] OriginalPlace original_place(const CodeTables& tables, std::uint64_t pc);

/// Where only jumps are left in a slot, or a window's instructions may be executed at their own
/// places again, goes on there.
void leave_slot_if_done(const CodeTables& tables, ucontext_t& context);

[[nodiscard]] inline bool in_guest(const CodeTables& tables, std::uint64_t pc) {
    return tables.in_code(pc) || tables.site_of_slot(pc) != nullptr;
}

void set_reason(GuestThread& thread, ReasonKind kind, const Reason& reason);

/// Waits until the thread is released; then starts its plan. The thread is in a handler, its pc in
/// guest code or in a slot.
void park(ProcessState& state, GuestThread& thread, ucontext_t& context);

/// Parks where `hold` asks for it.
void park_if_held(ProcessState& state, GuestThread& thread, ucontext_t& context);

/// A thread that is held must not vanish: waits outside of guest code.
void wait_outside(const GuestThread& thread);

/// Waits in enter_guest(), where there is no interrupted context.
void wait_at_gate(ProcessState& state, GuestThread& thread);

} // namespace wdbg::native
