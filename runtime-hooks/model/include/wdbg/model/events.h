// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/ids.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace wdbg {

/// The guest waits before its first instruction (or where it was when a client attached).
struct StoppedAtEntry {};

/// A planted breakpoint was reached and its instruction has not been executed yet.
struct BreakpointHit {
    /// Every requested address that resolves to this instruction, never empty.
    std::vector<CodeAddress> requested;
};

/// A requested step has ended.
struct StepDone {};

/// Somebody asked the guest to stop.
struct Interrupted {};

/// Instances appeared or vanished; see Debuggee::instances().
struct InstancesChanged {};

enum class AccessKind : std::uint8_t { Read, Write };

/// A watched memory range was accessed; the instruction (or the host call) has been executed.
struct WatchpointHit {
    WatchpointId watchpoint{};
    /// First accessed byte and number of accessed bytes.
    MemoryAddress address{};
    std::uint64_t size = 0;
    AccessKind access = AccessKind::Write;
    /// The watched range before and after, cut to 16 bytes.
    std::vector<std::byte> before{};
    std::vector<std::byte> after{};
    /// The write was made by a host call (e.g. `fd_read`) and is reported at its return.
    bool by_host = false;
};

enum class TrapKind : std::uint8_t {
    Unreachable,
    OutOfBoundsMemory,
    OutOfBoundsTable,
    IntegerDivideByZero,
    IntegerOverflow,
    InvalidConversion,
    IndirectCallTypeMismatch,
    UninitializedElement,
    UndefinedElement,
    StackOverflow,
    UnalignedAtomic,
    Other,
};

/// The guest trapped at the reported instruction; resuming lets the runtime end the guest.
struct Trapped {
    TrapKind kind = TrapKind::Other;
    std::string message{}; ///< the runtime's words, e.g. "out of bounds memory access"
};

using StopReason = std::variant<StoppedAtEntry, BreakpointHit, StepDone, Interrupted,
                                InstancesChanged, WatchpointHit, Trapped>;

/// Of a stop that is told to another client than the one that asked for it: what it asked for was
/// nobody's wish any more.
inline void forget_request(StopReason& reason) {
    if (!std::holds_alternative<Trapped>(reason) &&
        !std::holds_alternative<StoppedAtEntry>(reason)) {
        reason = Interrupted{};
    }
}

/// All threads stand still. `reasons` has one entry for each thread that has a reason of its own,
/// the first is the one that made the others stop.
struct ThreadStop {
    ThreadId thread;
    StopReason reason;
};

struct Stopped {
    /// Counts stops; handles given out for one stop are stale at another.
    std::uint64_t generation = 0;
    std::vector<ThreadStop> threads;
};

/// The guest has ended.
struct Exited {
    int exit_code = 0;
};

/// The guest was ended by a request to kill it.
struct Killed {};

using Event = std::variant<Stopped, Exited, Killed>;

} // namespace wdbg
