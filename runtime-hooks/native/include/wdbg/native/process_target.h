// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/guest_gate.h>
#include <wdbg/model/instruction_decoder.h>
#include <wdbg/model/native_target.h>

#include <memory>

namespace wdbg::native {

/// This process as a NativeTarget: guest code on some of its threads, the debugger on another.
///
/// Guest threads register themselves and pass the gate (gate.h); threads that do not register run
/// through planted code unharmed and counted, but never stop.
///
/// Signals used: SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL and one real-time signal for stops. What
/// is not the guest's goes on to the handlers that were there before. A host that installs a
/// handler later must call install_handlers() again; register_thread() does so by itself.
/// SIGTRAP and the stop signal must not be blocked where guest code runs.
///
/// Destroy it when no thread is registered and no guest code runs.
class ProcessTarget : public NativeTarget, public GuestGate {
  public:
    struct Options {
        /// Of the real-time signals; 0: SIGRTMIN + 5.
        int stop_signal = 0;
    };

    /// There is one at a time (Busy). Io if the system lacks what is needed (memfd, membarrier).
    /// `decoder` must outlive the target.
    [[nodiscard]] static Result<std::unique_ptr<ProcessTarget>>
    create(const InstructionDecoder& decoder, Options options);

    [[nodiscard]] static Result<std::unique_ptr<ProcessTarget>>
    create(const InstructionDecoder& decoder) {
        return create(decoder, Options{});
    }

    // --- For the event loop -----------------------------------------------------------------
    /// Readable when process() has work.
    [[nodiscard]] virtual int poll_fd() const = 0;
    /// Never waits; calls the event handler.
    virtual void process() = 0;

    /// Before any guest code runs: the first thread that enters it stops at the function's first
    /// instruction, with a NativeStepDone.
    virtual void stop_at_entry() = 0;
    /// The same for the thread with this number of the operating system, when it is called from
    /// the host next; 0: for none any more.
    virtual void step_in(std::uint64_t system_id) = 0;

    // --- For the runtime, on any thread (GuestGate, and) --------------------------------------
    /// Puts our signal handlers in front again, where others have replaced them since.
    virtual void install_handlers() = 0;
};

} // namespace wdbg::native
