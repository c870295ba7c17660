// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "process_state.h"
#include "site_table.h"

#include <wdbg/model/guest_gate.h>
#include <wdbg/model/native_target.h>

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace wdbg::native {

/// Which threads there are, and whether they run.
///
///     Running ──a thread has a reason, or interrupt()──► Stopping ──all settled──► Stopped
///        ▲                                                                            │
///        └──────────────────────────── resume() or detach() ──────────────────────────┘
///
/// A thread has settled when it is parked, waits at the gate, or is outside of guest code. Others
/// get the stop signal again and again: they may be in a helper of the runtime just now.
class RunControl {
  public:
    RunControl(ProcessState& state, SiteTable& sites, const InstructionDecoder& decoder);
    ~RunControl();
    RunControl(const RunControl&) = delete;
    RunControl& operator=(const RunControl&) = delete;

    // --- On guest threads -----------------------------------------------------------------------
    ThreadId add_current_thread();
    ThreadId remove_current_thread();
    /// It ends a step of its own at `address`. The site table's lock is held.
    void stop_current_thread_at(NativeAddress address);

    // --- On the owner's thread ------------------------------------------------------------------
    [[nodiscard]] std::vector<NativeThread> threads() const;
    [[nodiscard]] std::vector<pid_t> thread_numbers() const;
    /// See NativeCallSupport. Waits for the call, without a lock.
    Result<std::vector<Value>> call(const NativeCall& request, GuestCaller& caller);
    [[nodiscard]] Result<NativeRegisters> registers(ThreadId id) const;
    /// NativeTarget::outer_guest_registers().
    [[nodiscard]] Result<NativeRegisters> outer_registers(ThreadId id, std::uint64_t sp) const;
    Result<void> set_registers(ThreadId id, const NativeRegisters& registers);
    Result<void> resume(const NativeResume& request);
    void interrupt();
    void detach();
    /// Each thread in guest code passes its handler once.
    void signal_running();

    /// Drives a stop; the event when it is complete.
    std::optional<NativeStopped> advance();

    /// advance() must be called again soon although nothing has happened.
    [[nodiscard]] bool wants_retry() const { return mode_ == Mode::Stopping; }

    /// A hit that was not counted is long past, as far as a probe could tell.
    void forget_uncounted();

  private:
    enum class Mode : std::uint8_t { Running, Stopping, Stopped };

    [[nodiscard]] GuestThread* find(ThreadId id) const;
    [[nodiscard]] static bool is_settled(const GuestThread& thread);
    void stop_all();
    bool signal_unsettled();
    [[nodiscard]] bool is_any_calling() const;
    void clear_plans();
    [[nodiscard]] std::vector<ParkedPlace> parked_places() const;
    void release(GuestThread& thread);
    void wake(GuestThread& thread, Hold hold);
    Result<GuestThread*> thread_to_call(ThreadId id) const;
    NativeStopped collect();
    Result<std::unique_ptr<StepPlan>> make_plan(const GuestThread& thread,
                                                const NativeAction& action) const;
    Result<void> start_plans(const NativeResume& request);
    [[nodiscard]] std::uint64_t current_sp(const GuestThread& thread) const;
    [[nodiscard]] std::optional<std::uint64_t> pc_in_guest(const GuestThread& thread) const;

    ProcessState& state_;
    SiteTable& sites_;
    const InstructionDecoder& decoder_;
    /// Of threads_ and mode_: threads come and go by themselves. Never taken in handlers, and never
    /// held by a thread that could park.
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<GuestThread>> threads_;
    std::vector<std::unique_ptr<StepPlan>> plans_;
    Mode mode_ = Mode::Running;
    std::uint32_t last_thread_ = 0;
    std::uint64_t generation_ = 0;
};

} // namespace wdbg::native
