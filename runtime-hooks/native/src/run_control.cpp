// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "run_control.h"

#include "asymmetric_fence.h"
#include "parking.h"

#include <algorithm>
#include <limits>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <type_traits>
#include <unistd.h>

namespace wdbg::native {

namespace {

constexpr std::size_t dwarf_sp = 7; // x86-64 psABI figure 3.36
constexpr std::size_t dwarf_pc = 16;

NativeStopReason model_reason(ReasonKind kind, const GuestThread& thread) {
    const Reason& reason = thread.reason;
    switch (kind) {
    case ReasonKind::Breakpoint:
        return NativeBreakpointHit{.address = {reason.address}};
    case ReasonKind::StepDone:
        return NativeStepDone{};
    case ReasonKind::Watchpoint:
        return NativeWatchpointHit{.watchpoint = {reason.watchpoint}, .access = reason.access};
    case ReasonKind::Fault:
        return NativeFault{
            .signal = reason.signal, .code = reason.code, .address = {reason.address}};
    case ReasonKind::Trap:
        return thread.trap;
    case ReasonKind::None:
        break;
    }
    return Interrupted{};
}

/// One without begins, or is called from the host next: nobody who resumes could name it.
bool has_guest_frames(const GuestThread& thread) {
    return is_parked(thread) || thread.exit != nullptr;
}

NativeThreadState model_state(const GuestThread& thread) {
    switch (thread.whereabouts.load()) {
    case Whereabouts::Running:
        return NativeThreadState::Running;
    case Whereabouts::Parked:
        return NativeThreadState::Stopped;
    default:
        return NativeThreadState::InHostCall;
    }
}

} // namespace

RunControl::RunControl(ProcessState& state, SiteTable& sites, const InstructionDecoder& decoder)
    : state_(state)
    , sites_(sites)
    , decoder_(decoder) {
}

RunControl::~RunControl() = default;

ThreadId RunControl::add_current_thread() {
    const std::lock_guard lock(mutex_);
    auto thread = std::make_unique<GuestThread>();
    thread->id = ThreadId{++last_thread_};
    thread->tid = ::gettid();
    thread->hold.store(mode_ == Mode::Running ? Free : Held);
    set_current_thread(thread.get());
    threads_.push_back(std::move(thread));
    return ThreadId{last_thread_};
}

ThreadId RunControl::remove_current_thread() {
    GuestThread* thread = current_thread();
    if (thread == nullptr) {
        return {};
    }
    wait_outside(*thread);
    set_current_thread(nullptr);
    const ThreadId id = thread->id;
    const std::lock_guard lock(mutex_);
    std::erase_if(threads_, [thread](const auto& entry) { return entry.get() == thread; });
    return id;
}

void RunControl::stop_current_thread_at(NativeAddress address) {
    GuestThread* thread = current_thread();
    auto plan =
        std::make_unique<StepPlan>(plan_run_to({.addresses = {address}, .stack_floor = {}}));
    const std::lock_guard lock(mutex_);
    if (thread != nullptr && sites_.plant_exits(*plan)) {
        thread->plan = plan.get();
        plans_.push_back(std::move(plan));
    }
}

GuestThread* RunControl::find(ThreadId id) const {
    const auto found = std::ranges::find(threads_, id, [](const auto& entry) { return entry->id; });
    return found == threads_.end() ? nullptr : found->get();
}

std::vector<NativeThread> RunControl::threads() const {
    const std::lock_guard lock(mutex_);
    std::vector<NativeThread> result;
    result.reserve(threads_.size());
    for (const auto& thread : threads_) {
        result.push_back({.id = thread->id,
                          .state = model_state(*thread),
                          .system_id = static_cast<std::uint64_t>(thread->tid)});
    }
    return result;
}

std::vector<pid_t> RunControl::thread_numbers() const {
    const std::lock_guard lock(mutex_);
    std::vector<pid_t> result;
    result.reserve(threads_.size());
    for (const auto& thread : threads_) {
        result.push_back(thread->tid);
    }
    return result;
}

// --- Registers ---------------------------------------------------------------------------------

Result<NativeRegisters> RunControl::registers(ThreadId id) const {
    const std::lock_guard lock(mutex_);
    const GuestThread* thread = find(id);
    if (thread == nullptr) {
        return fail(ErrorCode::NotFound, "no such thread");
    }
    if (mode_ != Mode::Stopped) {
        return fail(ErrorCode::NotStopped, "the thread runs");
    }
    if (!is_parked(*thread)) {
        if (thread->exit == nullptr) {
            return fail(ErrorCode::Unavailable, "the thread is not in guest code");
        }
        return registers_at_gate(thread->exit->registers);
    }
    NativeRegisters result;
    read_registers(*thread->context.load(), result);
    const OriginalPlace place = original_place(state_.tables, result.pc.value);
    result.pc.value = place.pc;
    result.general[dwarf_pc] = place.pc;
    result.general[dwarf_sp] += place.pushed;
    return result;
}

Result<NativeRegisters> RunControl::outer_registers(ThreadId id, std::uint64_t sp) const {
    const std::lock_guard lock(mutex_);
    const GuestThread* thread = find(id);
    if (thread == nullptr) {
        return fail(ErrorCode::NotFound, "no such thread");
    }
    if (mode_ != Mode::Stopped) {
        return fail(ErrorCode::NotStopped, "the thread runs");
    }
    for (const GuestExit* exit = thread->exit; exit != nullptr; exit = exit->outer) {
        if (exit->registers.rsp > sp) {
            return registers_at_gate(exit->registers);
        }
    }
    return fail(ErrorCode::NotFound, "no guest code called this");
}

/// A thread in a slot stays there unless its pc changes; with a return address on the stack already
/// it starts again at the slot's beginning, should its stack pointer change.
Result<void> RunControl::set_registers(ThreadId id, const NativeRegisters& registers) {
    const std::lock_guard lock(mutex_);
    GuestThread* thread = find(id);
    if (thread == nullptr) {
        return fail(ErrorCode::NotFound, "no such thread");
    }
    if (mode_ != Mode::Stopped) {
        return fail(ErrorCode::NotStopped, "the thread runs");
    }
    if (!is_parked(*thread)) {
        return fail(ErrorCode::Unsupported, "registers of a thread in a host call are read only");
    }
    const std::uint64_t old_pc = pc_of(*thread->context.load());
    const std::uint64_t old_sp = sp_of(*thread->context.load());
    const OriginalPlace place = original_place(state_.tables, old_pc);
    write_registers(registers, *thread->context.load());
    if (registers.pc.value != place.pc) {
        thread->pc_changed = true;
    } else if (place.site != nullptr) {
        const bool stays =
            place.pushed == 0 || registers.general[dwarf_sp] == old_sp + place.pushed;
        set_pc(*thread->context.load(), stays ? old_pc : place.site->slot);
        set_sp(*thread->context.load(), registers.general[dwarf_sp] - (stays ? place.pushed : 0U));
    }
    return {};
}

// --- Calls ---------------------------------------------------------------------------------------

Result<GuestThread*> RunControl::thread_to_call(ThreadId id) const {
    GuestThread* thread = find(id);
    if (thread == nullptr) {
        return fail(ErrorCode::NotFound, "no such thread");
    }
    if (mode_ != Mode::Stopped) {
        return fail(ErrorCode::NotStopped, "the thread runs");
    }
    if (thread->at_trap.load()) {
        return fail(ErrorCode::Unsupported, "the guest has trapped: it can run nothing any more");
    }
    if (!is_parked(*thread)) {
        return fail(ErrorCode::Unsupported,
                    "the thread is in a host call: it cannot run a function now");
    }
    if (thread->hold.load() == Called || thread->calling.load()) { // in this order: is_called()
        return fail(ErrorCode::Busy, "the thread still runs an earlier call");
    }
    return thread;
}

Result<std::vector<Value>> RunControl::call(const NativeCall& request, GuestCaller& caller) {
    std::shared_ptr<InjectedCall> call;
    pid_t tid = 0;
    {
        const std::lock_guard lock(mutex_);
        const auto thread = thread_to_call(request.thread);
        if (!thread) {
            return std::unexpected(thread.error());
        }
        call = std::make_shared<InjectedCall>(caller.make_call(request));
        (*thread)->call = call;
        tid = (*thread)->tid;
        wake(**thread, Called);
    }
    if (!call->wait(request.limit) && !end_injected_call(*call, tid, state_.stop_signal)) {
        return fail(ErrorCode::Busy,
                    "the function does not return, and cannot be ended: it waits in the host");
    }
    return call->guest->results();
}

// --- Stopping ----------------------------------------------------------------------------------

bool RunControl::is_settled(const GuestThread& thread) {
    return thread.whereabouts.load() != Whereabouts::Running;
}

void RunControl::stop_all() {
    mode_ = Mode::Stopping;
    for (const auto& thread : threads_) {
        thread->hold.store(Held);
    }
    heavy_fence(); // a thread that is seen outside now sees its hold when it comes in
}

/// Whether there are any.
bool RunControl::signal_unsettled() {
    bool any = false;
    for (const auto& thread : threads_) {
        if (!is_settled(*thread)) {
            any = true;
            if (::syscall(SYS_tgkill, ::getpid(), thread->tid, state_.stop_signal) != 0) {
                thread->whereabouts.store(Whereabouts::Outside); // ended without a word
            }
        }
    }
    return any;
}

/// A call that could not be ended is still under way.
bool RunControl::is_any_calling() const {
    return std::ranges::any_of(threads_, [](const auto& thread) {
        return thread->hold.load() == Called || thread->calling.load();
    });
}

void RunControl::signal_running() {
    const std::lock_guard lock(mutex_);
    heavy_fence(); // a thread that is seen outside sees what is new when it comes in
    for (const auto& thread : threads_) {
        if (!is_settled(*thread)) {
            ::syscall(SYS_tgkill, ::getpid(), thread->tid, state_.stop_signal);
        }
    }
}

void RunControl::clear_plans() {
    for (const auto& thread : threads_) {
        thread->plan = nullptr;
    }
    for (const auto& plan : plans_) {
        sites_.unplant_exits(*plan);
    }
    plans_.clear();
}

NativeStopped RunControl::collect() {
    NativeStopped event{.generation = ++generation_, .threads = {}};
    for (const auto& thread : threads_) {
        const ReasonKind kind = thread->reason_kind.exchange(ReasonKind::None);
        if (kind != ReasonKind::None) {
            event.threads.push_back({.thread = thread->id, .reason = model_reason(kind, *thread)});
        }
    }
    return event;
}

std::optional<NativeStopped> RunControl::advance() {
    const std::lock_guard lock(mutex_);
    if (mode_ == Mode::Running) {
        const bool reason = std::ranges::any_of(threads_, [](const auto& thread) {
            return thread->reason_kind.load(std::memory_order_acquire) != ReasonKind::None;
        });
        if (reason && !state_.attached.load()) { // came too late
            collect();
            std::ranges::for_each(threads_, [this](const auto& thread) { release(*thread); });
        } else if (reason) {
            stop_all();
        }
    }
    if (mode_ != Mode::Stopping || signal_unsettled()) {
        return std::nullopt;
    }
    mode_ = Mode::Stopped;
    clear_plans();
    if (!is_any_calling()) {
        sites_.release_old_probes();
    }
    return collect();
}

void RunControl::interrupt() {
    const std::lock_guard lock(mutex_);
    state_.attached.store(true);
    if (mode_ == Mode::Running) {
        stop_all();
        state_.notify();
    }
}

// --- Resuming ----------------------------------------------------------------------------------

void RunControl::release(GuestThread& thread) {
    wake(thread, Free);
}

void RunControl::wake(GuestThread& thread, Hold hold) {
    thread.hold.store(hold);
    ::syscall(SYS_futex, &thread.hold, FUTEX_WAKE_PRIVATE, std::numeric_limits<int>::max(), nullptr,
              nullptr, 0);
}

std::uint64_t RunControl::current_sp(const GuestThread& thread) const {
    if (is_parked(thread)) {
        const OriginalPlace place = original_place(state_.tables, pc_of(*thread.context.load()));
        return sp_of(*thread.context.load()) + place.pushed;
    }
    return thread.exit != nullptr ? thread.exit->registers.rsp : 0;
}

std::optional<std::uint64_t> RunControl::pc_in_guest(const GuestThread& thread) const {
    return is_parked(thread)
               ? std::optional(original_place(state_.tables, pc_of(*thread.context.load())).pc)
               : std::nullopt;
}

Result<std::unique_ptr<StepPlan>> RunControl::make_plan(const GuestThread& thread,
                                                        const NativeAction& action) const {
    auto plan = std::make_unique<StepPlan>();
    if (std::holds_alternative<StepNativeInstruction>(action)) {
        if (!is_parked(thread)) {
            return fail(ErrorCode::Unsupported, "a thread in a host call has no next instruction");
        }
        plan->one_instruction = true;
    } else if (const auto* range = std::get_if<StepNativeRange>(&action)) {
        const CodeReader reader = [this](std::uint64_t address, std::span<std::byte> into) {
            return sites_.read(address, into);
        };
        const CodeTest in_code = [this](std::uint64_t address) {
            return state_.tables.in_code(address);
        };
        auto made = plan_range_step(*range, decoder_, reader, in_code, pc_in_guest(thread));
        if (!made) {
            return std::unexpected(made.error());
        }
        *plan = std::move(*made);
        if (plan->stack_floor == 0) {
            plan->stack_floor = current_sp(thread);
        }
    } else if (const auto* run = std::get_if<RunToAddresses>(&action)) {
        *plan = plan_run_to(*run);
    } else {
        return nullptr;
    }
    return plan;
}

Result<void> RunControl::start_plans(const NativeResume& request) {
    for (const NativeThreadAction& action : request.threads) {
        GuestThread* thread = find(action.thread);
        if (thread == nullptr) {
            return fail(ErrorCode::NotFound, "no such thread");
        }
        thread->passes_breakpoint = action.passes_breakpoint;
        auto plan = make_plan(*thread, action.action);
        if (!plan) {
            return std::unexpected(plan.error());
        }
        if (*plan == nullptr) {
            continue;
        }
        if (const auto done = sites_.plant_exits(**plan); !done) {
            return done;
        }
        thread->plan = plan->get();
        plans_.push_back(std::move(*plan));
    }
    return {};
}

void RunControl::forget_uncounted() {
    const std::lock_guard lock(mutex_);
    if (mode_ == Mode::Running) {
        std::ranges::for_each(threads_, [](const auto& each) { each->uncounted.store(nullptr); });
    }
}

std::vector<ParkedPlace> RunControl::parked_places() const {
    std::vector<ParkedPlace> places;
    for (const auto& thread : threads_) {
        if (is_parked(*thread)) {
            const std::uint64_t pc = pc_of(*thread->context.load());
            places.push_back({.pc = pc, .original = original_place(state_.tables, pc).pc});
        }
    }
    return places;
}

Result<void> RunControl::resume(const NativeResume& request) {
    const std::lock_guard lock(mutex_);
    if (mode_ != Mode::Stopped) {
        return fail(ErrorCode::NotStopped, "the threads run already");
    }
    if (const auto done = start_plans(request); !done) {
        clear_plans();
        return done;
    }
    if (plans_.empty() && !is_any_calling()) {
        sites_.start_probes(parked_places());
    } else {
        sites_.stop_probes();
    }
    mode_ = Mode::Running;
    for (const auto& thread : threads_) {
        const bool named = std::ranges::any_of(
            request.threads, [&](const auto& action) { return action.thread == thread->id; });
        if (named || request.resume_others || !has_guest_frames(*thread)) {
            release(*thread);
        }
    }
    return {};
}

void RunControl::detach() {
    const std::lock_guard lock(mutex_);
    state_.attached.store(false);
    mode_ = Mode::Running;
    // A thread that is looking at its plan just now is on its way to park; it finds nobody there.
    if (std::ranges::all_of(threads_, [](const auto& thread) { return is_settled(*thread); })) {
        clear_plans();
    }
    collect();
    for (const auto& thread : threads_) {
        release(*thread);
    }
}

} // namespace wdbg::native
