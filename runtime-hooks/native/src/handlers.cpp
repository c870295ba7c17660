// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "handlers.h"

#include "hardware_watchpoints.h"
#include "page_watchpoints.h"
#include "parking.h"
#include "watched_ranges.h"

#include <cerrno>
#include <utility>

/// Everything here runs inside signal handlers: async-signal-safe calls, preallocated memory and
/// atomics only.
namespace wdbg::native {

namespace {

/// errno belongs to the interrupted code.
class KeepErrno {
  public:
    KeepErrno() = default;

    ~KeepErrno() { errno = value_; }

    KeepErrno(const KeepErrno&) = delete;
    KeepErrno& operator=(const KeepErrno&) = delete;

  private:
    int value_ = errno;
};

/// Closed pages are open to handlers, and as they should be to the code that goes on.
class OpenPages {
  public:
    OpenPages(ucontext_t& context, const GuestThread* thread) : context_(context), thread_(thread) {
        open_pages();
    }

    ~OpenPages() {
        if (thread_ != nullptr && !thread_->calling.load() &&
            thread_->whereabouts.load() == Whereabouts::Running) {
            set_pages_open(context_, thread_->access.has_value());
        }
    }

    OpenPages(const OpenPages&) = delete;
    OpenPages& operator=(const OpenPages&) = delete;

  private:
    ucontext_t& context_;
    const GuestThread* thread_;
};

struct Hit {
    ProcessState& state;
    ucontext_t& context;
    GuestThread* thread; ///< nullptr: not registered, never stops
};

enum class HitResult : std::uint8_t { Inactive, Rejected, Accepted };

/// Counts and filters. `readers` keeps unplant() from returning meanwhile.
HitResult count_hit(Site& site, const ucontext_t& context) {
    HitResult result = HitResult::Inactive;
    site.readers.fetch_add(1);
    if (site.active.load()) {
        site.hits.fetch_add(1, std::memory_order_relaxed);
        bool accepted = true;
        if (const HitFunction accept = site.accept.load(std::memory_order_relaxed)) {
            NativeRegisters registers;
            read_registers(context, registers);
            accepted = accept(registers, site.accept_data.load(std::memory_order_relaxed));
        }
        if (accepted) {
            site.accepted.fetch_add(1, std::memory_order_relaxed);
        }
        result = accepted ? HitResult::Accepted : HitResult::Rejected;
    }
    site.readers.fetch_sub(1);
    return result;
}

void trace_next(GuestThread& thread, ucontext_t& context) {
    thread.tracing = true;
    set_single_step(context, true);
}

/// The thread has reached an exit of its step, or a site that does not matter to it.
void go_on_with_step(const Hit& hit, const Site& site) {
    GuestThread& thread = *hit.thread;
    const StepExit* exit = thread.plan != nullptr ? thread.plan->exit_at(site.address) : nullptr;
    // A step into calls has ended before a recursive frame can come to its exits.
    const bool any_depth =
        exit != nullptr && (exit->kind == ExitKind::Enter || exit->kind == ExitKind::PassInto);
    if (exit == nullptr || (!any_depth && sp_of(hit.context) < thread.plan->stack_floor)) {
        return;
    }
    if (exit->kind == ExitKind::PassOver || exit->kind == ExitKind::PassInto) {
        thread.tracing_call = exit->kind == ExitKind::PassInto;
        trace_next(thread, hit.context);
        return;
    }
    set_reason(thread, ReasonKind::StepDone, {.address = site.address});
    thread.hold.store(Held);
}

/// A probe has decided that its hit counts, and has counted it. False for any other trap.
bool behind_probe(const Hit& hit, std::uint64_t address) {
    Site* const site = hit.state.tables.site_of_slot(address);
    if (site == nullptr || address != site->slot + stop_offset) {
        return false;
    }
    set_pc(hit.context, site->pass.load());
    if (hit.thread == nullptr || hit.thread->calling.load()) {
        return true;
    }
    site->readers.fetch_add(1);
    const bool active = site->active.load();
    const ProbedFunction probed = site->probed.load(std::memory_order_relaxed);
    if (active && probed != nullptr) {
        probed(site->accept_data.load(std::memory_order_relaxed));
    }
    site->readers.fetch_sub(1);
    hit.thread->uncounted.store(active ? nullptr : site);
    if (active) {
        site->accepted.fetch_add(1, std::memory_order_relaxed);
        set_reason(*hit.thread, ReasonKind::Breakpoint, {.address = site->address});
        park(hit.state, *hit.thread, hit.context);
    } else {
        park_if_held(hit.state, *hit.thread, hit.context);
    }
    return true;
}

/// A trap in a window stands for one that was planted at its instruction meanwhile, whose own bytes
/// are back. nullopt for any other.
std::optional<std::uint64_t> planted_behind_window(const Hit& hit, std::uint64_t address) {
    const Site* const site = hit.state.tables.site_of_slot(address);
    return site != nullptr && is_in_window(*site, address)
               ? std::optional(original_place(hit.state.tables, address).pc)
               : std::nullopt;
}

/// int3: pc is behind it. False if it is not ours.
bool on_site(const Hit& hit) {
    std::uint64_t address = pc_of(hit.context) - 1;
    if (const auto planted = planted_behind_window(hit, address)) {
        address = *planted;
        set_pc(hit.context, address + 1);
    }
    if (!hit.state.tables.in_code(address)) {
        return behind_probe(hit, address);
    }
    Site* site = hit.state.tables.site_at(address);
    if (site == nullptr) {
        // Either the code's own trap, or one of ours that went while this thread was on its way.
        // NOLINTNEXTLINE(performance-no-int-to-ptr): a program counter is a number
        const auto* code = reinterpret_cast<const volatile std::byte*>(address);
        const bool own = *code == trap_byte;
        set_pc(hit.context, own ? address + 1 : address);
        return !own;
    }
    if (hit.thread != nullptr && hit.thread->calling.load()) {
        set_pc(hit.context, site->pass.load());
        return true;
    }
    set_pc(hit.context, address);
    const HitResult result = count_hit(*site, hit.context);
    set_pc(hit.context, site->pass.load());
    if (hit.thread == nullptr) {
        return true;
    }
    hit.thread->uncounted.store(result == HitResult::Inactive ? site : nullptr);
    if (result == HitResult::Accepted) {
        set_reason(*hit.thread, ReasonKind::Breakpoint, {.address = address});
        park(hit.state, *hit.thread, hit.context);
        return true;
    }
    go_on_with_step(hit, *site);
    park_if_held(hit.state, *hit.thread, hit.context);
    return true;
}

/// One instruction was executed because of the trap flag.
bool on_trace(const Hit& hit) {
    if (hit.thread == nullptr || !hit.thread->tracing) {
        return false;
    }
    GuestThread& thread = *hit.thread;
    leave_slot_if_done(hit.state.tables, hit.context);
    const OriginalPlace place = original_place(hit.state.tables, pc_of(hit.context));
    if (place.pushed != 0) {
        return true; // in the middle of a call's slot: one more
    }
    thread.tracing = false;
    set_single_step(hit.context, false);
    const StepPlan* plan = thread.plan;
    // Behind a jump or return that was passed over, the plan may not know the way on.
    const bool passed = !thread.tracing_call;
    if (thread.tracing_call && !in_guest(hit.state.tables, pc_of(hit.context))) {
        return true; // the call leads to the host: its return comes back into the range
    }
    if (plan != nullptr && (passed || !plan->in_ranges(place.pc))) {
        set_reason(thread, ReasonKind::StepDone, {.address = place.pc});
        thread.hold.store(Held);
        if (!in_guest(hit.state.tables, pc_of(hit.context))) {
            hit.state.notify(); // e.g. returned into the host: it parks at the gate
            return true;
        }
    }
    park_if_held(hit.state, thread, hit.context);
    return true;
}

/// What a condition reads is no access of the guest's. (A load is never a probe's last
/// instruction.)
bool is_probes(const Hit& hit) {
    return hit.state.tables.in_probe(pc_of(hit.context));
}

/// The thread has made an access that is watched.
void stop_at_watchpoint(const Hit& hit, std::uint32_t id, std::optional<NativeAccess> access) {
    set_reason(*hit.thread, ReasonKind::Watchpoint, {.watchpoint = id, .access = access});
    hit.thread->hold.store(Held);
    if (in_guest(hit.state.tables, pc_of(hit.context))) {
        park(hit.state, *hit.thread, hit.context);
    } else {
        hit.state.notify(); // written by the host: parks at the gate
    }
}

/// A closed page was accessed. What is no guest code's business simply goes on; else the pages are
/// open for one instruction.
void on_page_fault(const Hit& hit, const siginfo_t& info) {
    GuestThread* const thread = hit.thread;
    if (thread == nullptr || thread->calling.load() ||
        thread->whereabouts.load() != Whereabouts::Running) {
        set_pages_open(hit.context, true);
        return;
    }
    thread->access = access_of(info, hit.context);
    set_single_step(hit.context, true);
}

/// The instruction has been executed. True if that is all there is to say of this trap.
bool after_access(const Hit& hit) {
    if (hit.thread == nullptr || !hit.thread->access || hit.thread->calling.load()) {
        return false;
    }
    GuestThread& thread = *hit.thread;
    const NativeAccess access = *std::exchange(thread.access, std::nullopt);
    const auto watchpoint = watched_range_of(access);
    if (watchpoint && hit.state.attached.load() && !is_probes(hit)) {
        thread.tracing = false;
        set_single_step(hit.context, false);
        stop_at_watchpoint(hit, *watchpoint, access);
        return true;
    }
    if (thread.tracing) {
        return false;
    }
    set_single_step(hit.context, false);
    if (in_guest(hit.state.tables, pc_of(hit.context))) { // else in a helper of the runtime
        park_if_held(hit.state, thread, hit.context);
    }
    return true;
}

bool on_watchpoint(const Hit& hit, const siginfo_t& info) {
    const auto id = watchpoint_of(info);
    if (!id) {
        return false;
    }
    if (after_access(hit)) {
        return true;
    }
    const bool matters = hit.thread != nullptr && *id != 0 && hit.state.attached.load() &&
                         !hit.thread->calling.load() && !is_probes(hit);
    if (matters) { // else a removed one, or nobody listens
        stop_at_watchpoint(hit, *id, std::nullopt);
    }
    return true;
}

/// Hands the signal on with the context as the original code would have it.
void pass_on(const Hit& hit, int signal, siginfo_t* info) {
    const std::uint64_t pc = pc_of(hit.context);
    const OriginalPlace place = original_place(hit.state.tables, pc);
    set_pc(hit.context, place.pc);
    set_sp(hit.context, sp_of(hit.context) + place.pushed);
    hit.state.chain.pass_on(signal, info, &hit.context, hit.thread != nullptr);
    if (place.site != nullptr && pc_of(hit.context) == place.pc) {
        set_pc(hit.context, pc);
        set_sp(hit.context, sp_of(hit.context) - place.pushed);
    }
}

void on_fault(const Hit& hit, int signal, siginfo_t* info) {
    const bool reported = hit.thread != nullptr && !hit.thread->calling.load() &&
                          info->si_code > 0 && hit.state.attached.load() &&
                          in_guest(hit.state.tables, pc_of(hit.context));
    if (reported) {
        set_reason(*hit.thread, ReasonKind::Fault,
                   {.address = reinterpret_cast<std::uint64_t>(info->si_addr),
                    .signal = signal,
                    .code = info->si_code});
        hit.thread->at_trap = true;
        park(hit.state, *hit.thread, hit.context);
        hit.thread->at_trap = false;
        if (hit.thread->pc_changed) {
            return; // somebody has sent it elsewhere
        }
    }
    pass_on(hit, signal, info);
}

bool on_trap(const Hit& hit, const siginfo_t& info) {
    constexpr int from_int3 = 0x80; // SI_KERNEL
    constexpr int perf_event = 6;   // TRAP_PERF
    switch (info.si_code) {
    case from_int3:
    case TRAP_BRKPT:
        return on_site(hit);
    case TRAP_TRACE:
        return after_access(hit) || on_trace(hit);
    case perf_event:
        return on_watchpoint(hit, info);
    default:
        return false;
    }
}

} // namespace

void on_signal(int signal, siginfo_t* info, void* raw) {
    const KeepErrno keep;
    ProcessState* state = process_state();
    if (state == nullptr) {
        return; // the target is being destroyed; no guest code runs
    }
    if (SignalChain::came_back(info, __builtin_frame_address(0))) {
        state->chain.pass_on(signal, info, static_cast<ucontext_t*>(raw), false);
        return;
    }
    const Hit hit{
        .state = *state, .context = *static_cast<ucontext_t*>(raw), .thread = current_thread()};
    const OpenPages open(hit.context, hit.thread);
    if (signal == SIGSEGV && is_page_fault(*info)) {
        on_page_fault(hit, *info);
    } else if (signal != SIGTRAP) {
        on_fault(hit, signal, info);
    } else if (!on_trap(hit, *info)) {
        pass_on(hit, signal, info);
    }
}

void on_stop_signal(int /*signal*/, siginfo_t* /*info*/, void* raw) {
    const KeepErrno keep;
    ProcessState* state = process_state();
    GuestThread* thread = current_thread();
    auto& context = *static_cast<ucontext_t*>(raw);
    const OpenPages open(context, thread);
    if (state == nullptr || thread == nullptr || !in_guest(state->tables, pc_of(context))) {
        return;
    }
    if (thread->calling.load()) {
        leave_call_if_told(*thread, context);
    } else if (thread->hold.load() != Free && thread->whereabouts.load() == Whereabouts::Running) {
        park(*state, *thread, context);
    }
}

} // namespace wdbg::native
