// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "injected_call.h"
#include "x86_context.h"

#include <wdbg/model/native_target.h>
#include <wdbg/native/gate.h>
#include <wdbg/native/step_plan.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <sys/types.h>

namespace wdbg::native {

struct Site;

/// Where a registered thread is.
///
///                 enter_guest, not held
///     Outside ─────────────────────────► Running ──site, stop signal──► Parked
///      │  ▲ ◄───────────leave_guest─────────┘ ▲ ◄────────released─────────┘
///      │  │                                   │
///      └──┼─enter_guest, held──► AtGate ──────┘ released
///
/// The thread alone changes it; each change to Running is followed by a look at `hold`, and whoever
/// sets `hold` looks at the state afterwards (both sequentially consistent), so that one of the two
/// notices the other.
enum class Whereabouts : std::uint8_t { Outside, Running, Parked, AtGate };

enum class ReasonKind : std::uint8_t { None, Breakpoint, StepDone, Watchpoint, Fault, Trap };

/// Why a thread stopped. Written by the thread, then published by GuestThread::reason_kind.
struct Reason {
    std::uint64_t address = 0; ///< of the site; for faults si_addr
    std::uint32_t watchpoint = 0;
    std::optional<NativeAccess> access{}; ///< of a watchpoint's
    int signal = 0;
    int code = 0;
};

/// GuestThread::hold.
enum Hold : std::uint32_t {
    Free = 0,
    Held = 1,  ///< park at the next chance
    Called = 2 ///< Held, and a parked thread runs GuestThread::call
};

struct GuestThread {
    ThreadId id;
    pid_t tid = 0;
    std::atomic<Whereabouts> whereabouts{Whereabouts::Outside};
    /// A futex: a parked thread waits while it is Held.
    std::atomic<std::uint32_t> hold{Free};
    std::atomic<ReasonKind> reason_kind{ReasonKind::None};
    Reason reason;
    NativeTrap trap; ///< of a Trap

    /// What the thread was interrupted in: set while it is parked, until it goes on (`whereabouts`
    /// changes for a moment when somebody holds it again). The owner's while nobody has let it go.
    std::atomic<ucontext_t*> context{nullptr};
    bool pc_changed = false;
    /// It waits at a fault or a trap: it will end, and runs nothing any more.
    std::atomic<bool> at_trap{false};
    /// A site that was not active when the thread came to it.
    std::atomic<const Site*> uncounted{nullptr};
    /// NativeThreadAction::passes_breakpoint, until it goes on.
    bool passes_breakpoint = false;
    /// The innermost host call in flight.
    GuestExit* exit = nullptr;
    /// What to do next; the owner changes it while the thread is held.
    const StepPlan* plan = nullptr;
    /// The thread's own: the trap flag is set on our behalf.
    bool tracing = false;
    bool tracing_call = false; ///< … over an indirect call that is to be stepped into
    /// The thread's own: what it is about to access, with the closed pages open to it.
    std::optional<NativeAccess> access{};

    /// The last one; the owner changes it while it is neither Called nor calling.
    std::shared_ptr<InjectedCall> call;
    /// `call` runs, or is about to: the thread counts as Parked, and neither hook nor signal
    /// changes that.
    std::atomic<bool> calling{false};
};

[[nodiscard]] inline bool is_parked(const GuestThread& thread) {
    return thread.context.load() != nullptr;
}

/// The record of the calling thread; nullptr if it is not registered. Async-signal-safe.
[[nodiscard]] GuestThread* current_thread();
void set_current_thread(GuestThread* thread);

} // namespace wdbg::native
