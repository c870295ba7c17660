// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "parking.h"

#include "asymmetric_fence.h"
#include "page_rights.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace wdbg::native {

namespace {

[[gnu::tls_model("initial-exec")]] thread_local GuestThread* this_thread = nullptr;
std::atomic<ProcessState*> the_state{nullptr};

void wait_while_held(const std::atomic<std::uint32_t>& hold) {
    static_assert(sizeof hold == sizeof(std::uint32_t));
    while (hold.load() == Held) {
        ::syscall(SYS_futex, &hold, FUTEX_WAIT_PRIVATE, Held, nullptr, nullptr, 0);
    }
}

/// Once for each call; of a parked thread only. It is Called or calling until the call is done, so
/// that nobody puts another one in its place.
bool is_called(GuestThread& thread) {
    std::uint32_t expected = Called;
    if (thread.hold.load() != expected) {
        return false;
    }
    thread.calling.store(true);
    const bool called = thread.hold.compare_exchange_strong(expected, Held);
    thread.calling.store(called);
    return called;
}

/// Returns when the thread is Running and not held.
void wait_for_release(ProcessState& state, GuestThread& thread, Whereabouts meanwhile) {
    do {
        thread.whereabouts.store(meanwhile);
        state.notify();
        wait_while_held(thread.hold);
        while (is_called(thread)) {
            run_injected_call(thread);
            wait_while_held(thread.hold);
        }
        thread.whereabouts.store(Whereabouts::Running);
    } while (thread.hold.load() != Free);
}

/// A breakpoint that was set where a step had ended is hit as the thread goes on.
void meet_breakpoint(const ProcessState& state, const GuestThread& thread, ucontext_t& context) {
    const OriginalPlace place = original_place(state.tables, pc_of(context));
    if (place.site != nullptr && place.at_start && place.site->active.load() &&
        thread.uncounted.load() == place.site) {
        set_pc(context, place.site->address);
    }
}

/// Where a thread in a slot goes on: what the code's bytes are may have changed meanwhile.
void choose_slot(const ProcessState& state, ucontext_t& context) {
    leave_slot_if_done(state.tables, context);
    const std::uint64_t pc = pc_of(context);
    const Site* const site = state.tables.site_of_slot(pc);
    if (site != nullptr && (pc == site->slot || pc == site->window.load())) {
        set_pc(context, site->pass.load());
    }
}

/// The thread was told to go on from `context`.
void start_plan(ProcessState& state, GuestThread& thread, ucontext_t& context) {
    thread.tracing = false;
    thread.tracing_call = false;
    choose_slot(state, context);
    const bool passes = std::exchange(thread.passes_breakpoint, false);
    if (!passes) {
        meet_breakpoint(state, thread, context);
    }
    thread.uncounted.store(nullptr);
    // A trap that is there for steps only would stop this one before it has begun.
    Site* here = state.tables.site_at(pc_of(context));
    if (here != nullptr && here->planted &&
        (passes || (thread.plan != nullptr && !here->active.load()))) {
        set_pc(context, here->pass.load());
        thread.uncounted.store(passes ? nullptr : here);
    }
    if (thread.plan == nullptr) {
        return;
    }
    const StepPlan& plan = *thread.plan;
    const OriginalPlace place = original_place(state.tables, pc_of(context));
    const StepExit* exit = place.site != nullptr ? plan.exit_at(place.site->address) : nullptr;
    const bool passes_into = exit != nullptr && exit->kind == ExitKind::PassInto;
    const bool passes_over = passes_into || (exit != nullptr && exit->kind == ExitKind::PassOver);
    thread.tracing_call = passes_into;
    thread.tracing = plan.one_instruction || passes_over;
}

} // namespace

GuestThread* current_thread() {
    return this_thread;
}

void set_current_thread(GuestThread* thread) {
    this_thread = thread;
}

ProcessState* process_state() {
    return the_state.load(std::memory_order_acquire);
}

void set_process_state(ProcessState* state) {
    the_state.store(state, std::memory_order_release);
}

void ProcessState::notify() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_fd, &one, sizeof one);
}

OriginalPlace original_place(const CodeTables& tables, std::uint64_t pc) {
    const Site* site = tables.site_of_slot(pc);
    if (site == nullptr) {
        return {.pc = pc};
    }
    const bool in_window = is_in_window(*site, pc);
    const std::uint64_t offset = pc - (in_window ? site->window.load() : site->slot);
    for (const SlotPoint& point : points_of(in_window ? site->window_layout : site->layout)) {
        if (point.offset == offset) {
            return {.pc = point.original, .pushed = point.pushed, .site = site};
        }
    }
    return {.pc = site->address, .site = site, .at_start = true};
}

void leave_slot_if_done(const CodeTables& tables, ucontext_t& context) {
    const OriginalPlace place = original_place(tables, pc_of(context));
    if (place.site == nullptr || place.at_start || place.pushed != 0) {
        return;
    }
    const Site& site = *place.site;
    const bool is_wide_now = site.pass.load() != site.slot;
    const bool is_covered = is_wide_now && place.pc - site.address < site.window_layout.length;
    if (!is_covered) {
        set_pc(context, place.pc);
    }
}

void set_reason(GuestThread& thread, ReasonKind kind, const Reason& reason) {
    thread.reason = reason;
    thread.reason_kind.store(kind, std::memory_order_release);
}

void park(ProcessState& state, GuestThread& thread, ucontext_t& context) {
    leave_slot_if_done(state.tables, context);
    set_single_step(context, false);
    thread.access.reset(); // it has not been made: it faults again
    if (original_place(state.tables, pc_of(context)).site != thread.uncounted.load()) {
        thread.uncounted.store(nullptr); // it has gone on since
    }
    thread.pc_changed = false;
    thread.context.store(&context);
    thread.hold.store(Held);
    if (!state.attached.load()) { // detach() has let all go, maybe before this
        thread.hold.store(Free);
    }
    wait_for_release(state, thread, Whereabouts::Parked);
    thread.context.store(nullptr);
    start_plan(state, thread, context);
    set_single_step(context, thread.tracing);
}

void park_if_held(ProcessState& state, GuestThread& thread, ucontext_t& context) {
    if (thread.hold.load() != Free) {
        park(state, thread, context);
    }
}

void wait_outside(const GuestThread& thread) {
    wait_while_held(thread.hold);
}

void wait_at_gate(ProcessState& state, GuestThread& thread) {
    light_store(thread.whereabouts, Whereabouts::Running);
    if (thread.hold.load() != Free) {
        wait_for_release(state, thread, Whereabouts::AtGate);
    }
    thread.access.reset(); // of an instruction that ended in a trap
    thread.uncounted.store(nullptr);
    close_pages();
}

} // namespace wdbg::native
