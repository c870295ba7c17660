// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What a stop means.
#include "target_impl.h"

#include <wdbg/rsp/text.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

namespace wdbg::remote {

namespace {

using native::ExitKind;

/// The system's number of a fault; 0 for what is none.
int system_signal(unsigned number) {
    switch (number) {
    case Illegal:
        return SIGILL;
    case Float:
        return SIGFPE;
    case Bus:
        return SIGBUS;
    case Segment:
        return SIGSEGV;
    default:
        return 0;
    }
}

} // namespace

/// In host code nothing says that the code is still where it was.
void NativeTargetImpl::look_again() {
    const Result<NativeRegisters> at = quick_registers(event_thread_);
    if (look_at_code_ && at && code_at(at->pc) == nullptr) {
        look_at_code_(false);
    }
}

/// nullopt: nobody's business, the target goes on.
Arrival NativeTargetImpl::reason_of(const rsp::StopReply& reply, ServerThread thread) {
    if (system_signal(reply.signal) != 0) {
        return fault_of(reply, thread);
    }
    if (reply.signal == Interrupt && !interrupt_wanted_ && std::exchange(late_interrupt_, false)) {
        return std::nullopt; // of a pause that another stop had come before
    }
    if (reply.signal == Interrupt || reply.signal == 0) {
        return Interrupted{};
    }
    if (reply.signal != Trap) {
        runs_[thread].signal = reply.signal;
        runs_[thread].moves = true;
        return std::nullopt;
    }
    if (reply.reason == "watchpoint") {
        return watch_hit(reply, thread);
    }
    const Result<NativeRegisters> at = quick_registers(thread);
    return at ? arrived(thread, *at) : Arrival(Interrupted{});
}

/// A thread has come to a site, or to the end of a step.
Arrival NativeTargetImpl::arrived(ServerThread thread, const NativeRegisters& at) {
    const auto site = sites_.find(at.pc.value);
    if (const auto hit = user_hit(thread, at.pc.value)) {
        return hit;
    }
    const auto run = runs_.find(thread);
    if (run != runs_.end() && run->second.plan) {
        if (const auto done =
                arrived_by_exit(run->second, at, run->second.plan->stack_floor, nullptr)) {
            return done;
        }
        return std::nullopt;
    }
    const bool ours =
        (site != sites_.end() && site->second.inserted) || former_sites_.contains(at.pc.value);
    return ours ? std::nullopt : Arrival(Interrupted{});
}

/// `from` is the exit whose instruction has just been executed, with stack pointer `from_sp`.
Arrival NativeTargetImpl::arrived_by_exit(Run& run, const NativeRegisters& at,
                                          std::uint64_t from_sp, const native::StepExit* from) {
    const native::StepPlan& plan = *run.plan;
    const bool in_frame = stack_pointer(at) >= plan.stack_floor;
    if (from != nullptr && from_sp >= plan.stack_floor) {
        const bool entered = from->kind == ExitKind::PassInto && code_at(at.pc) != nullptr &&
                             !plan.in_ranges(at.pc.value);
        if (from->kind == ExitKind::PassOver || entered) {
            return NativeStepDone{};
        }
    }
    const native::StepExit* exit = plan.exit_at(at.pc.value);
    if (exit != nullptr) {
        const bool returned =
            exit->kind == ExitKind::Return && stack_pointer(at) >= plan.return_floor;
        const bool done = exit->kind == ExitKind::Enter || returned ||
                          (exit->kind == ExitKind::Arrive && in_frame);
        return done ? Arrival(NativeStepDone{}) : std::nullopt;
    }
    // The end of a straight step that no exit was planted for.
    const bool straight = plan.straight && !plan.ranges.empty() && from == nullptr;
    return straight && in_frame && !plan.in_ranges(at.pc.value) ? Arrival(NativeStepDone{})
                                                                : std::nullopt;
}

Arrival NativeTargetImpl::user_hit(ServerThread thread, std::uint64_t address) {
    const auto site = sites_.find(address);
    if (site != sites_.end() && site->second.traps) {
        const Result<NativeRegisters> registers = all_registers(thread);
        return registers ? Arrival(describe_trap_(*registers)) : std::nullopt;
    }
    if (site != sites_.end() && site->second.changes) {
        return look_at_code_(true) ? Arrival(NativeCodeChanged{}) : std::nullopt;
    }
    if (site == sites_.end() || !site->second.wanted_by_user) {
        return std::nullopt;
    }
    ++site->second.counters.hits;
    const HitFilter& filter = site->second.filter;
    if (filter.accept != nullptr) {
        const Result<NativeRegisters> registers = all_registers(thread);
        if (registers && !filter.accept(*registers, filter.data)) {
            return std::nullopt;
        }
    }
    ++site->second.counters.accepted;
    return NativeBreakpointHit{.address = {address}};
}

/// The signal waits for the next resume. Faults of the host are its own business: WAMR touches its
/// guard pages on purpose.
Arrival NativeTargetImpl::fault_of(const rsp::StopReply& reply, ServerThread thread) {
    runs_[thread].signal = reply.signal;
    runs_[thread].moves = true;
    const Result<NativeRegisters> at = quick_registers(thread);
    if (!at || code_at(at->pc) == nullptr) {
        return std::nullopt;
    }
    NativeFault fault{.signal = system_signal(reply.signal), .code = 0, .address = {}};
    // siginfo_t: si_signo, si_errno, si_code, then (aligned to a pointer) si_addr.
    if (const Result<std::string> info = object("siginfo", "")) {
        const std::size_t width = pointer_size(machine());
        const std::size_t place = width == 8 ? 16 : 12;
        if (info->size() >= place + width) {
            std::memcpy(&fault.code, info->data() + 8, sizeof fault.code);
            std::memcpy(&fault.address.value, info->data() + place, width);
        }
    }
    return fault;
}

std::vector<std::byte> NativeTargetImpl::watched_bytes(const Watched& watched) const {
    std::vector<std::byte> bytes(watched.size);
    return read_memory(watched.address, bytes) ? bytes : std::vector<std::byte>();
}

Result<void> NativeTargetImpl::set_watchpoints(bool on) {
    Result<void> done;
    for (const auto& [id, watched] : watched_) {
        const auto each = stop_point(on, watched.packet_type, watched.address.value, watched.size);
        done = done ? each : done;
    }
    return done;
}

/// One instruction, without watchpoints (it may be stopped at by several), and without a site where
/// the thread stands: that is put back when the target runs.
void NativeTargetImpl::finish_access(ServerThread thread) {
    const Result<NativeRegisters> at = quick_registers(thread);
    const auto site = at ? sites_.find(at->pc.value) : sites_.end();
    if (site != sites_.end() && !take_out(site->first, site->second)) {
        return;
    }
    const bool off = set_watchpoints(false).has_value();
    const Result<rsp::StopReply> reply =
        off ? single_step(thread) : Result<rsp::StopReply>(fail(ErrorCode::Io, "not tried"));
    cache_.clear();
    if (reply && is_end_of_step(*reply, thread)) {
        take_expedited(*reply);
    } else if (reply) {
        put_off_ = *reply;
    }
    const auto on = set_watchpoints(true);
    if ((!on || !reply) && options_.warn) {
        options_.warn(
            "an instruction that accesses watched memory could not be stepped over" +
            (on ? std::string() : ", and its watchpoints are gone: " + on.error().message));
    }
}

/// x86-64 stops behind the access; other servers mostly in front of it (QEMU, the hardware of Arm
/// and RISC-V). What a write does to the bytes tells.
Arrival NativeTargetImpl::watch_hit(const rsp::StopReply& reply, ServerThread thread) {
    std::optional<std::uint64_t> accessed;
    for (const auto& [key, value] : reply.fields) {
        if (key == "watch" || key == "rwatch" || key == "awatch") {
            accessed = rsp::TextReader(value).hex();
        }
    }
    const auto found = std::ranges::find_if(watched_, [accessed](const auto& entry) {
        return accessed && *accessed - entry.second.address.value < entry.second.size;
    });
    if (found == watched_.end()) {
        return Interrupted{};
    }
    Watched& watched = found->second;
    if (machine() == Machine::X86_64) {
        stops_behind_access_ = true;
    }
    if (stops_behind_access_.value_or(false)) {
        return NativeWatchpointHit{.watchpoint = WatchpointId{found->first}, .access = {}};
    }
    const std::vector<std::byte> before = std::move(watched.bytes);
    const std::vector<std::byte> at_stop = watched_bytes(watched);
    finish_access(thread);
    watched.bytes = watched_bytes(watched);
    if (watched.bytes != at_stop) {
        stops_behind_access_ = false;
    } else if (!stops_behind_access_ && at_stop != before) {
        stops_behind_access_ = true;
    }
    return NativeWatchpointHit{.watchpoint = WatchpointId{found->first}, .access = {}};
}

} // namespace wdbg::remote
