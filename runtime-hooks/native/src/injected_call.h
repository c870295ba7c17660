// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/guest_gate.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sys/types.h>
#include <ucontext.h>
#include <utility>
#include <vector>

/// Functions of the guest that a parked thread runs for the debugger.
///
///     alternate stack          guest's stack                       another alternate stack
///     handler: park()          frames of the guest
///        │ the thread is to call   (red zone)
///        └────────────────────► GuestCall::run() ─► the function
///                                                       │ faults, planted traps
///                                                       └──────────► handler
///     handler: park() ◄──────── returns, or has left by longjmp
///
/// What the first handler has interrupted stays on its stack as it was: registers, vectors too, are
/// restored when that handler returns. Signals that come meanwhile need a stack of their own.
namespace wdbg::native {

struct GuestThread;

/// A GuestCall and how far it is. Shared by the thread that runs it and the one that waits.
struct InjectedCall {
    explicit InjectedCall(std::shared_ptr<GuestCall> runs) : guest(std::move(runs)) {}

    /// False if it is not done in time.
    [[nodiscard]] bool wait(std::chrono::milliseconds limit) const;

    std::shared_ptr<GuestCall> guest;
    std::atomic<bool> leaving{false};   ///< the function is to be left where that can be
    std::atomic<std::uint32_t> done{0}; ///< a futex
    std::vector<std::byte> signal_stack = std::vector<std::byte>(std::size_t{64} * 1024);
};

/// Waits for it; false if even then it does not return. It stays behind, and the thread is as it
/// was when it does.
[[nodiscard]] bool end_injected_call(InjectedCall& call, pid_t thread, int stop_signal);

// --- On the thread itself, which is parked in a handler -----------------------------------------

/// Runs thread.call on the stack of the guest code that thread.context has interrupted; not if it
/// was told to leave before it began. GuestThread::calling is set before.
void run_injected_call(GuestThread& thread);

/// The thread is at the gate, on its way into guest code.
void leave_call_if_told(const GuestThread& thread);
/// In a handler that has interrupted guest code: leaves when the handler returns.
/// Async-signal-safe.
void leave_call_if_told(const GuestThread& thread, ucontext_t& context);

} // namespace wdbg::native
