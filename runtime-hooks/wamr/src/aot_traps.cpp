// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "aot_traps.h"

#include <csignal>
#include <cstdint>
#include <ucontext.h>

std::uint64_t wdbg_aot_trap_pc = 0;

namespace {

struct sigaction next_action; // WAMR's, the same for all threads
thread_local bool noted = false;
/// The signal handed on last and the frame that did, to tell when it comes back. WAMR leaves by
/// longjmp, so it is never taken back: a later signal's frame is not below this one.
thread_local const siginfo_t* handed_on = nullptr;
thread_local const void* handed_on_from = nullptr;

/// WAMR hands what is not its own to the handler before it, which may be this one.
void on_fault(int signal, siginfo_t* info, void* context) {
    const void* frame = __builtin_frame_address(0);
    if (handed_on == info && frame < handed_on_from) {
        std::signal(signal, SIG_DFL); // NOLINT(cert-msc54-cpp): the fault comes again
        return;
    }
    const auto* registers = static_cast<const ucontext_t*>(context);
    const std::uint64_t before = wdbg_aot_trap_pc;
    wdbg_aot_trap_pc = static_cast<std::uint64_t>(registers->uc_mcontext.gregs[REG_RIP]);
    if (before != 0 && info->si_code > 0) {
        wdbg_aot_trap_pc = before; // WAMR touches its guard page to unwind a trap noted already
    }
    handed_on = info;
    handed_on_from = frame;
    next_action.sa_sigaction(signal, info, context);
}

} // namespace

extern "C" void wdbg_aot_note_faults() {
    if (noted) {
        return;
    }
    noted = true;
    struct sigaction now{};
    sigaction(SIGSEGV, nullptr, &now);
    if ((now.sa_flags & SA_SIGINFO) == 0 || now.sa_sigaction == &on_fault) {
        return;
    }
    next_action = now;
    now.sa_sigaction = &on_fault;
    sigaction(SIGSEGV, &now, nullptr);
}
