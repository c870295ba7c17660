// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Events of the target, and what they mean.
#include "debuggee_impl.h"

#include <algorithm>
#include <csignal>
#include <utility>

namespace wdbg::aot {

std::unique_ptr<AotDebuggee> AotDebuggee::create(NativeTarget& target, AotOptions options) {
    return std::make_unique<AotDebuggeeImpl>(target, std::move(options));
}

AotDebuggeeImpl::AotDebuggeeImpl(NativeTarget& target, AotOptions options)
    : target_(target)
    , options_(std::move(options))
    , awaits_entry_(options_.stops_at_entry) {
    request_.others = ResumeKind::Continue;
    for (const auto& [id, code] : target_.code_ranges()) {
        modules_.add(id, code);
    }
    instances_.refresh();
    target_.set_event_handler([this](const NativeEvent& event) { on_event(event); });
}

AotDebuggeeImpl::~AotDebuggeeImpl() {
    *alive_ = false;
    target_.set_event_handler({});
}

void AotDebuggeeImpl::post_event(Event event) {
    options_.post([this, alive = alive_, event = std::move(event)] {
        if (*alive && handler_) {
            handler_(event);
        }
    });
}

// --- Events --------------------------------------------------------------------------------------

void AotDebuggeeImpl::on_event(const NativeEvent& event) {
    if (const auto* stopped = std::get_if<NativeStopped>(&event)) {
        on_stopped(*stopped);
    } else if (const auto* appeared = std::get_if<CodeAppeared>(&event)) {
        on_code_appeared(*appeared);
    } else if (const auto* vanished = std::get_if<CodeVanished>(&event)) {
        on_code_vanished(vanished->id);
    } else if (std::holds_alternative<NativeInstancesChanged>(event)) {
        on_instances_changed();
    }
}

void AotDebuggeeImpl::on_instances_changed() {
    const std::vector<InstanceInfo> before = instances();
    const bool changed = instances_.refresh();
    if (options_.decides_hits) {
        breakpoints_.instances_changed(instances_);
    }
    if (!changed) {
        return;
    }
    stacks_.clear(); // they name instances
    for (const InstanceInfo& each : before) {
        if (instances_.find(each.id) == nullptr) {
            breakpoints_.forget_instance(each.id);
            forget_watchpoints(each.id);
        }
    }
    const auto is_new = [&](const auto& instance) {
        return std::ranges::find(before, instance->id, &InstanceInfo::id) == before.end();
    };
    has_new_instance_ =
        attached_ && (has_new_instance_ || std::ranges::any_of(instances_.all(), is_new));
}

void AotDebuggeeImpl::on_code_appeared(const CodeAppeared& event) {
    has_new_code_ = true;
    before_.clear();
    modules_.add(event.id, event.code);
    instances_.refresh();
    for (const auto& instance : instances_.all()) {
        const std::size_t lost = breakpoints_.plant_again(*instance).size();
        if (lost != 0 && options_.warn) {
            options_.warn(std::to_string(lost) + " breakpoints could not be set again in " +
                          instance->name);
        }
    }
}

void AotDebuggeeImpl::on_code_vanished(CodeRangeId id) {
    for (const auto& module : modules_.all()) {
        if (module->id == id && options_.modules_return) {
            breakpoints_.put_by(*module);
        } else if (module->id == id) {
            breakpoints_.forget_module(*module);
        }
    }
    stacks_.clear();
    before_.clear();
    modules_.remove(id);
    if (options_.modules_return) {
        shown_.clear();
        steps_.clear();
        instances_.keep_ids();
    } else {
        instances_.refresh();
    }
}

void AotDebuggeeImpl::on_stopped(const NativeStopped& stop) {
    stacks_.clear();
    instances_.begin_stop();
    stopped_ = true;
    for (const NativeThreadStop& entry : stop.threads) {
        shown_.erase(entry.thread);
    }
    std::vector<ThreadStop> reasons;
    for (const NativeThreadStop& entry : stop.threads) {
        if (auto reason = translate(entry.thread, entry.reason)) {
            steps_.erase(entry.thread);
            reasons.push_back({.thread = entry.thread, .reason = std::move(*reason)});
        }
    }
    if (reasons.empty() && !stop.threads.empty() && !interrupted_ && go_on(stop.threads)) {
        return;
    }
    if (reasons.empty()) {
        reasons.push_back({.thread = some_thread(), .reason = Interrupted{}});
    }
    interrupted_ = false;
    has_new_instance_ = false; // clients look for new ones at every stop
    steps_.clear();
    reasons_ = std::move(reasons);
    ++generation_;
    if (handler_) {
        handler_(Stopped{.generation = generation_, .threads = reasons_});
    }
}

/// One that has frames, for a stop that no thread is to blame for.
ThreadId AotDebuggeeImpl::some_thread() const {
    const auto all = target_.threads();
    for (const NativeThread& thread : all) {
        const auto stack = stack_of(thread.id);
        if (stack && !(*stack)->frames.empty()) {
            return thread.id;
        }
    }
    return all.empty() ? ThreadId{1} : all.front().id;
}

std::optional<StopReason> AotDebuggeeImpl::translate(ThreadId thread,
                                                     const NativeStopReason& reason) {
    if (const auto* hit = std::get_if<NativeBreakpointHit>(&reason)) {
        return breakpoint_reason(thread, hit->address);
    }
    if (std::holds_alternative<NativeStepDone>(reason)) {
        auto done = step_reason(thread);
        const bool is_news = !done && std::exchange(has_new_instance_, false);
        return is_news ? std::optional<StopReason>(InstancesChanged{}) : done;
    }
    if (const auto* hit = std::get_if<NativeWatchpointHit>(&reason)) {
        return watch_reason(thread, *hit);
    }
    if (const auto* fault = std::get_if<NativeFault>(&reason)) {
        return fault_reason(thread, *fault);
    }
    if (const auto* trap = std::get_if<NativeTrap>(&reason)) {
        return trap_reason(thread, trap->kind, trap->message);
    }
    if (std::holds_alternative<NativeCodeChanged>(reason)) {
        return std::exchange(has_new_code_, false) ? std::optional<StopReason>(InstancesChanged{})
                                                   : std::nullopt;
    }
    return Interrupted{};
}

/// nullopt for a site of another instance of the same code.
std::optional<StopReason> AotDebuggeeImpl::breakpoint_reason(ThreadId thread, NativeAddress site) {
    const auto stack = stack_of(thread);
    if (!stack || (*stack)->native.empty() || (*stack)->native.front().instance == nullptr) {
        return std::nullopt;
    }
    const InstanceId instance = (*stack)->native.front().instance->id;
    const auto* owner = breakpoints_.first_owner(site, instance);
    if (owner == nullptr) {
        return std::nullopt;
    }
    shown_[thread] = {.site = site, .instance = instance, .reported = *owner};
    stacks_.erase(thread); // it is shown at the place that was asked for
    return BreakpointHit{{owner->address}};
}

/// The breakpoint on the next wasm instruction that shares the native one where the thread was
/// stopped by a breakpoint.
std::optional<StopReason> AotDebuggeeImpl::next_breakpoint_at(ThreadId thread) {
    const auto at = shown_.find(thread);
    if (at == shown_.end()) {
        return std::nullopt;
    }
    ShownPlace& shown = at->second;
    if (shown.by_step && breakpoints_.decides_at(shown.site)) {
        return std::nullopt;
    }
    const auto* owner = shown.by_step
                            ? breakpoints_.owner_from(shown.site, shown.reported, shown.instance)
                            : breakpoints_.owner_behind(shown.site, shown.reported, shown.instance);
    if (owner == nullptr) {
        return std::nullopt;
    }
    shown.reported = *owner;
    shown.by_step = false;
    stacks_.erase(thread);
    return BreakpointHit{{owner->address}};
}

/// The wasm instruction that a step comes to first, of those that begin where it ended.
void AotDebuggeeImpl::show_first_instruction(ThreadId thread, const Step& step) {
    const auto stack = stack_of(thread);
    if (!stack || (*stack)->native.empty() || (*stack)->native.front().instance == nullptr) {
        return;
    }
    const NativeFrame& frame = (*stack)->native.front();
    const InstanceId instance = frame.instance->id;
    const auto offsets = frame.module->info->instructions_at(frame.pc);
    const auto first = std::ranges::find_if(offsets, [&](CodeOffset offset) {
        return step.kind != ResumeKind::StepRange || !step.range.contains({instance, offset});
    });
    if (offsets.size() < 2 || first == offsets.end()) {
        return;
    }
    auto positions = frame.module->info->positions(frame.pc, dwarf::AddressKind::Instruction);
    positions.front().offset = *first;
    shown_[thread] = {
        .site = frame.registers.pc,
        .instance = instance,
        .reported = {.address = {instance, *first}, .positions = std::move(positions)},
        .by_step = true};
    stacks_.erase(thread);
}

/// A step by one instruction from one of those that share a native one to the next of them, or from
/// one that became no code to the one that stands for it.
std::optional<StopReason> AotDebuggeeImpl::next_instruction_at(ThreadId thread) {
    const auto shown = shown_.find(thread);
    CodeModule* module = shown != shown_.end() ? modules_.at(shown->second.site) : nullptr;
    const auto offset =
        module != nullptr && module->info ? module->text_offset(shown->second.site) : std::nullopt;
    if (!offset || shown->second.reported.positions.empty()) {
        return std::nullopt;
    }
    const auto offsets = module->info->instructions_at(*offset);
    const CodeOffset from = shown->second.reported.address.offset;
    const std::uint32_t function = shown->second.reported.positions.front().function;
    const auto here = std::ranges::find(offsets, from);
    const auto behind = here != offsets.end()
                            ? std::next(here)
                            : std::ranges::find_if(offsets, [&](CodeOffset each) {
                                  return each > from && module->is_in_function(each, function);
                              });
    if (behind == offsets.end()) {
        return std::nullopt;
    }
    const CodeOffset next = *behind;
    AotBreakpoints::Owner& reported = shown->second.reported;
    const auto* owner =
        breakpoints_.owner_behind(shown->second.site, reported, shown->second.instance);
    const bool is_hit =
        owner != nullptr && owner->address == CodeAddress{reported.address.instance, next};
    // From a function's header to its first instruction is no way.
    const bool moved = reported.positions.front().offset != next;
    shown->second.by_step = !is_hit && (moved || shown->second.by_step);
    reported.address.offset = next;
    reported.positions.front().offset = next;
    if (std::next(behind) == offsets.end()) {
        reported.ahead.clear(); // the one that has the code
    }
    stacks_.erase(thread);
    if (is_hit) {
        return BreakpointHit{{owner->address}};
    }
    return StepDone{};
}

bool AotDebuggeeImpl::is_stepping_in(ThreadId id) const {
    if (steps_in_ == 0) {
        return false;
    }
    const auto all = target_.threads();
    const auto thread = std::ranges::find(all, id, &NativeThread::id);
    return thread != all.end() && thread->system_id == steps_in_;
}

std::optional<StopReason> AotDebuggeeImpl::step_reason(ThreadId thread) {
    if (std::exchange(awaits_entry_, false)) {
        steps_[thread] = {.kind = ResumeKind::StepInstruction, .to_entry = true};
    } else if (!steps_.contains(thread) && is_stepping_in(thread)) {
        steps_[thread] = {.kind = ResumeKind::StepInstruction};
    }
    const auto step = steps_.find(thread);
    if (step == steps_.end() || !step_is_done(thread, step->second)) {
        return std::nullopt;
    }
    show_first_instruction(thread, step->second);
    if (step->second.to_entry) {
        return StoppedAtEntry{};
    }
    return StepDone{};
}

// --- Traps ---------------------------------------------------------------------------------------

StopReason AotDebuggeeImpl::trap_reason(ThreadId thread, TrapKind kind,
                                        const std::string& message) {
    const auto stack = stack_of(thread);
    if (stack && !(*stack)->frames.empty()) {
        const WasmFrame& frame = (*stack)->frames.front();
        const AotInstance* instance = (*stack)->native[frame.native].instance;
        trap_pc_ = CodeAddress{instance != nullptr ? instance->id : InstanceId{}, frame.pc};
    }
    return Trapped{.kind = kind, .message = message};
}

/// Whether the address is in what the runtime reserves for a 32-bit memory of the thread.
bool AotDebuggeeImpl::is_memory_fault(ThreadId thread, NativeAddress address) const {
    constexpr std::uint64_t reserved = std::uint64_t{8} << 30U; // WAMR: 8 GiB with guards
    const auto stack = stack_of(thread);
    if (!stack || (*stack)->native.empty()) {
        return false;
    }
    const auto memory = instances_.memory((*stack)->native.front().instance_address, 0);
    return memory && address.value - memory->data.value < reserved;
}

/// Near the stack pointer: a frame that is being set up, or a call.
bool AotDebuggeeImpl::is_stack_fault(ThreadId thread, NativeAddress address) const {
    constexpr std::uint64_t largest_frame = std::uint64_t{1} << 20U;
    const auto registers = target_.registers(thread);
    if (!registers) {
        return false;
    }
    const std::uint64_t lowest = stack_pointer(*registers).value - largest_frame;
    return address.value - lowest < 2 * largest_frame;
}

StopReason AotDebuggeeImpl::fault_reason(ThreadId thread, const NativeFault& fault) {
    if (fault.signal == SIGFPE) {
        return trap_reason(thread, TrapKind::IntegerDivideByZero, "integer divide by zero");
    }
    if (fault.signal == SIGSEGV || fault.signal == SIGBUS) {
        if (is_memory_fault(thread, fault.address)) {
            return trap_reason(thread, TrapKind::OutOfBoundsMemory, "out of bounds memory access");
        }
        return is_stack_fault(thread, fault.address)
                   ? trap_reason(thread, TrapKind::StackOverflow, "native stack overflow")
                   : trap_reason(thread, TrapKind::Other, "invalid native memory access");
    }
    return trap_reason(thread, TrapKind::Other, "illegal instruction");
}

// --- The guest's end ----------------------------------------------------------------------------

void AotDebuggeeImpl::guest_exited(int exit_code) {
    post_event(Exited{exit_code});
}

void AotDebuggeeImpl::kill() {
    target_.kill();
    post_event(Killed{});
}

} // namespace wdbg::aot
