// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "parking.h"

#include <wdbg/native/gate.h>

namespace wdbg::native {

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
    if (thread != nullptr && state != nullptr) {
        wait_at_gate(*state, *thread);
    }
}

void leave_guest() {
    if (GuestThread* thread = current_thread()) {
        thread->whereabouts.store(Whereabouts::Outside, std::memory_order_release);
    }
}

void leave_guest(GuestExit& exit) {
    if (GuestThread* thread = current_thread()) {
        exit.outer = thread->exit;
        thread->exit = &exit;
        thread->whereabouts.store(Whereabouts::Outside, std::memory_order_release);
    }
}

void enter_guest(GuestExit& exit) {
    enter_guest();
    if (GuestThread* thread = current_thread()) {
        thread->exit = exit.outer;
    }
}

} // namespace wdbg::native
