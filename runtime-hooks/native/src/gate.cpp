// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "page_rights.h"
#include "parking.h"

#include <wdbg/native/gate.h>

namespace wdbg::native {

namespace {

/// Whose record the gate keeps; nullptr while it runs a call for the debugger.
GuestThread* gate_thread() {
    GuestThread* thread = current_thread();
    return thread != nullptr && !thread->calling.load(std::memory_order_relaxed) ? thread : nullptr;
}

} // namespace

/// Stores what belongs to the caller, as it will be when this returns.
extern "C" [[gnu::naked, gnu::noinline]] void wdbg_native_capture(GateRegisters* /*registers*/) {
    __asm__("movq %rbx, 0(%rdi)\n\t"
            "movq %rbp, 8(%rdi)\n\t"
            "movq %r12, 16(%rdi)\n\t"
            "movq %r13, 24(%rdi)\n\t"
            "movq %r14, 32(%rdi)\n\t"
            "movq %r15, 40(%rdi)\n\t"
            "leaq 8(%rsp), %rax\n\t"
            "movq %rax, 48(%rdi)\n\t"
            "movq (%rsp), %rax\n\t"
            "movq %rax, 56(%rdi)\n\t"
            "ret");
}

void enter_guest() {
    GuestThread* thread = current_thread();
    ProcessState* state = process_state();
    if (thread == nullptr || state == nullptr) {
        return;
    }
    if (thread->calling.load()) {
        leave_call_if_told(*thread);
    } else {
        wait_at_gate(*state, *thread);
    }
}

void leave_guest() {
    if (GuestThread* thread = gate_thread()) {
        thread->whereabouts.store(Whereabouts::Outside, std::memory_order_release);
        open_pages();
    }
}

void leave_guest(GuestExit& exit) {
    if (GuestThread* thread = gate_thread()) {
        exit.outer = thread->exit;
        thread->exit = &exit;
        thread->whereabouts.store(Whereabouts::Outside, std::memory_order_release);
        open_pages(); // behind it: a handler would close them again
    }
}

void enter_guest(GuestExit& exit) {
    enter_guest();
    if (GuestThread* thread = gate_thread()) {
        thread->exit = exit.outer;
    }
}

} // namespace wdbg::native
