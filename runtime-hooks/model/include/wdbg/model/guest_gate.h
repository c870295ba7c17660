// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/native_target.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

/// What a runtime tells the NativeTarget of its own process: which code there is, which threads run
/// it, and when they pass between guest code and the host.
namespace wdbg {

/// What a call preserves (System V x86-64 psABI 3.2.1), as the caller finds it when the call
/// returns. An unwinder starts from here.
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

/// One host call in flight; lives in the frame of the call.
struct GuestExit {
    GateRegisters registers{};
    GuestExit* outer = nullptr; ///< the gate's own: the host call around this one
};

/// A function of the guest that a stopped thread runs for the debugger.
class GuestCall {
  public:
    virtual ~GuestCall() = default;

    /// On the guest's thread, above its frames, as a host function that calls back. Returns when
    /// the function has, or has been left.
    virtual void run() = 0;
    /// On the guest's thread within run(), and either in guest code or at the gate: leaves the
    /// function by longjmp.
    [[noreturn]] virtual void leave() = 0;
    /// On another thread, within run(): the function is to end. May be called again, and wakes a
    /// thread that blocks in a host call.
    virtual void end() = 0;
    /// Behind run(): Unavailable if the function did not return, Unsupported or InvalidArgument if
    /// it could not be called. Unavailable as well if it was never run, being given up before.
    [[nodiscard]] virtual Result<std::vector<Value>> results() const = 0;
};

/// The runtime's side of NativeCallSupport.
class GuestCaller {
  public:
    virtual ~GuestCaller() = default;
    [[nodiscard]] virtual std::shared_ptr<GuestCall> make_call(const NativeCall& request) = 0;
};

/// The gate between guest code and the host.
///
///   the host calls guest code                guest code calls the host
///   -------------------------                -------------------------
///   GuestExit* const before = host_call();   GuestExit exit; (registers of the guest's frame)
///   enter_guest(function);                   leave_guest(exit);
///   run(guest function);                     result = host_function(...);
///   back_in_host(before);                    enter_guest(exit);
///
/// A thread that is to stop waits in enter_guest(). Host code is never interrupted: a thread there
/// counts as stopped. Guest code that is left by longjmp passes no gate: back_in_host() takes
/// whatever it left behind. While a GuestCall runs the gate changes and reports nothing. All
/// functions from enter_guest() on do nothing on threads that are not registered, and none is for
/// use in signal handlers.
class GuestGate {
  public:
    virtual ~GuestGate() = default;

    /// Makes code known. Its instructions must be within 1.9 GB of free address space.
    virtual Result<CodeRangeId> add_code(CodeRange code) = 0;
    /// No thread may be in this code, stopped or not, or come into it any more. Its sites vanish.
    virtual Result<void> remove_code(CodeRangeId id) = 0;

    virtual void add_instance(NativeInstance instance) = 0;
    virtual void remove_instance(NativeAddress instance) = 0;

    /// Before any guest code runs; it lives as long as the gate is used.
    virtual void set_caller(GuestCaller* caller) = 0;

    /// The calling thread will run guest code. It starts in the host.
    virtual ThreadId register_thread() = 0;
    /// Before a registered thread ends, in the host. Waits while everything stands still.
    virtual void unregister_thread() = 0;

    /// `function` is what is called; a first stop may have been ordered there.
    virtual void enter_guest(NativeAddress function) = 0;
    virtual void leave_guest(GuestExit& exit) = 0;
    virtual void enter_guest(GuestExit& exit) = 0;
    /// The host call that the thread is in; nullptr in none.
    [[nodiscard]] virtual GuestExit* host_call() const = 0;
    virtual void back_in_host(GuestExit* before) = 0;

    /// How many watchpoints are set; changes only while all threads are held. While it is 0, a call
    /// that only copies memory, and not for long, may be made without leave_guest().
    [[nodiscard]] virtual const std::atomic<std::uint32_t>& watch_count() const = 0;

    /// The runtime has found that the guest may not go on, in a call made by leave_guest(exit):
    /// reports it (NativeTrap), and returns when the thread may go on to end the guest. Does
    /// nothing while nobody listens, or for a thread that is in guest code (a fault, which is
    /// reported already).
    virtual void trapped(TrapKind kind, std::string_view message) = 0;
    /// The calling thread runs a GuestCall: exceptions are that call's end, and nobody else's.
    [[nodiscard]] virtual bool is_calling() const = 0;
};

} // namespace wdbg
