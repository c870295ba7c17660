// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Steps of wasm code as steps of native code.
#include "debuggee_impl.h"

#include <algorithm>
#include <utility>

namespace wdbg::aot {

namespace {

constexpr NativeAddress any_stack_pointer{1};

NativeRange native_range(const CodeModule& module, dwarf::TextRange range) {
    return {.begin = module.native(range.begin), .end = module.native(range.end)};
}

bool is_outside(const ThreadStack& stack) {
    return stack.native.empty() || stack.native.front().kind == dwarf::AddressKind::ReturnAddress;
}

bool has_position(const ThreadStack& stack) {
    return !stack.frames.empty() && stack.frames.front().native == 0 &&
           !is_stack_check(stack.native.front());
}

/// Of the innermost native frame; one that checks the stack is no caller.
std::optional<NativeCaller> caller_of(const ThreadStack& stack) {
    const auto caller = std::ranges::find_if(
        stack.frames, [](const WasmFrame& frame) { return frame.native != 0; });
    if (caller == stack.frames.end()) {
        return std::nullopt;
    }
    const NativeRegisters& registers = stack.native[caller->native].registers;
    return NativeCaller{.pc = registers.pc, .stack_pointer = stack_pointer(registers)};
}

bool resumes(const NativeResume& native, ThreadId thread) {
    return native.resume_others ||
           std::ranges::find(native.threads, thread, &NativeThreadAction::thread) !=
               native.threads.end();
}

} // namespace

Step AotDebuggeeImpl::begin_step(const ThreadAction& action) const {
    Step step{.kind = action.kind, .range = action.range};
    const auto stack = stack_of(action.thread);
    if (stack && !(*stack)->native.empty()) {
        const NativeFrame& frame = (*stack)->native.front();
        const auto reader = reader_of(target_);
        const auto address = frame.module->info->frame_address(activation_of(frame, reader));
        // The body that a stack check leads to has a frame of its own.
        step.frame = is_stack_check(frame) ? NativeAddress{} : address.value_or(NativeAddress{});
    }
    return step;
}

/// Asked when a native step of the thread has ended.
bool AotDebuggeeImpl::step_is_done(ThreadId thread, const Step& step) const {
    const auto found = stack_of(thread);
    if (is_in_unknown_code(thread)) {
        return true; // one native instruction, for want of wasm ones
    }
    if (!found || is_outside(**found) || !has_position(**found)) {
        return false;
    }
    if (step.kind != ResumeKind::StepRange) {
        return true;
    }
    const NativeFrame& native = (*found)->native.front();
    const auto reader = reader_of(target_);
    const auto frame = native.module->info->frame_address(activation_of(native, reader));
    if (frame && *frame < step.frame) {
        return false; // within a call
    }
    const CodeAddress here{native.instance != nullptr ? native.instance->id : InstanceId{},
                           (*found)->frames.front().position.offset};
    return !(frame && *frame == step.frame && step.range.contains(here));
}

/// Back into the frame that steps, from a call that the step came into by recursion.
std::optional<NativeAction> AotDebuggeeImpl::action_out_of_call(const ThreadStack& stack,
                                                                const Step& step) const {
    const auto reader = reader_of(target_);
    for (std::size_t i = 1; i < stack.native.size(); ++i) {
        const NativeFrame& frame = stack.native[i];
        const auto address = frame.module->info->frame_address(activation_of(frame, reader));
        if (address && *address >= step.frame) {
            return RunToAddresses{.addresses = {frame.registers.pc},
                                  .stack_floor = stack_pointer(frame.registers)};
        }
    }
    return std::nullopt;
}

NativeAction AotDebuggeeImpl::action_within(const ThreadStack& stack, const Step& step) const {
    const NativeFrame& frame = stack.native.front();
    const bool has_position = aot::has_position(stack);
    const CodeModule& module = *frame.module;
    std::vector<dwarf::TextRange> ranges;
    const bool by_range = has_position && step.kind == ResumeKind::StepRange;
    if (!has_position) {
        if (const auto function = module.function_around(frame.pc)) {
            ranges = {*function};
        }
    } else if (by_range) {
        ranges = module.info->step_ranges(frame.pc, step.range.begin, step.range.end);
    } else {
        ranges = module.info->instruction_ranges(frame.pc);
    }
    StepNativeRange action{.ranges = {}, .into_calls = !by_range};
    for (const dwarf::TextRange range : ranges) {
        action.ranges.push_back(native_range(module, range));
    }
    if (std::ranges::none_of(ranges,
                             [&](dwarf::TextRange range) { return range.contains(frame.pc); })) {
        return StepNativeInstruction{};
    }
    action.caller = caller_of(stack);
    // Where the frame is not set up yet, its body has a lower stack pointer than now.
    const auto reader = reader_of(target_);
    const auto address = module.info->frame_address(activation_of(frame, reader));
    constexpr std::uint64_t return_address = 8;
    if (!address || address->value <= stack_pointer(frame.registers).value + return_address) {
        action.stack_floor = any_stack_pointer;
    }
    return action;
}

NativeAction AotDebuggeeImpl::next_action(ThreadId thread, const Step& step) const {
    const auto found = stack_of(thread);
    if (is_in_unknown_code(thread)) {
        return StepNativeInstruction{};
    }
    if (!found || (*found)->native.empty()) {
        return ContinueNative{}; // out of guest code; maybe it is called again
    }
    const ThreadStack& stack = **found;
    const NativeFrame& frame = stack.native.front();
    if (is_outside(stack)) {
        return RunToAddresses{.addresses = {frame.registers.pc},
                              .stack_floor = stack_pointer(frame.registers)};
    }
    if (step.kind == ResumeKind::StepRange) {
        const auto reader = reader_of(target_);
        const auto address = frame.module->info->frame_address(activation_of(frame, reader));
        if (address && *address < step.frame) {
            if (auto action = action_out_of_call(stack, step)) {
                return *action;
            }
        }
    }
    return action_within(stack, step);
}

NativeResume AotDebuggeeImpl::native_request() const {
    NativeResume native{.threads = {}, .resume_others = request_.others.has_value()};
    for (const ThreadAction& action : request_.threads) {
        if (!steps_.contains(action.thread)) {
            native.threads.push_back({.thread = action.thread, .action = ContinueNative{}});
        }
    }
    for (const auto& [thread, step] : steps_) {
        native.threads.push_back({.thread = thread, .action = next_action(thread, step)});
    }
    return native;
}

/// True if there was one: then nothing runs, and a Stopped event follows.
bool AotDebuggeeImpl::report_shared_instructions(const NativeResume& native) {
    std::vector<ThreadStop> reasons;
    for (const auto& [thread, shown] : shown_) {
        const auto step = steps_.find(thread);
        const bool steps = step != steps_.end() && step->second.kind == ResumeKind::StepInstruction;
        auto reason = !resumes(native, thread) ? std::nullopt
                      : steps                  ? next_instruction_at(thread)
                                               : next_breakpoint_at(thread);
        if (reason) {
            reasons.push_back({.thread = thread, .reason = std::move(*reason)});
        }
    }
    if (reasons.empty()) {
        return false;
    }
    steps_.clear();
    reasons_ = std::move(reasons);
    post_event(Stopped{.generation = ++generation_, .threads = reasons_});
    return true;
}

/// A step of native code ends before it leaves a frame a second time: of threads that only step,
/// the callers' frames stay known. A trap may unwind them.
void AotDebuggeeImpl::leave_stacks(const NativeResume& native) {
    before_.clear();
    for (const NativeThreadAction& action : native.threads) {
        const auto stack = stacks_.find(action.thread);
        const bool steps = std::holds_alternative<StepNativeRange>(action.action) ||
                           std::holds_alternative<StepNativeInstruction>(action.action);
        const bool trapped = std::ranges::any_of(reasons_, [](const ThreadStop& stop) {
            return std::holds_alternative<Trapped>(stop.reason);
        });
        if (options_.reads_are_slow && steps && !trapped && stack != stacks_.end()) {
            before_[action.thread] = std::move(stack->second);
        }
    }
    stacks_.clear();
}

/// All breakpoints where these threads stand have been told, or are behind them.
void AotDebuggeeImpl::pass_shown(NativeResume& native) const {
    for (const auto& [thread, shown] : shown_) {
        const bool may_be_hit =
            shown.by_step && (steps_.contains(thread) || breakpoints_.decides_at(shown.site));
        if (may_be_hit || !resumes(native, thread)) {
            continue;
        }
        auto action = std::ranges::find(native.threads, thread, &NativeThreadAction::thread);
        if (action == native.threads.end()) {
            action = native.threads.insert(action, {.thread = thread, .action = ContinueNative{}});
        }
        action->passes_breakpoint = true;
    }
}

/// As the client has asked for, with the steps where they are now.
/// `stopped`: for nothing that the client wants to know; they run as they did, whoever began them.
Result<void> AotDebuggeeImpl::go_on(std::span<const NativeThreadStop> stopped) {
    NativeResume native = native_request();
    for (const NativeThreadStop& each : stopped) {
        if (!resumes(native, each.thread)) {
            native.threads.push_back({.thread = each.thread, .action = ContinueNative{}});
        }
    }
    pass_shown(native);
    std::erase_if(shown_, [&native](const auto& shown) { return resumes(native, shown.first); });
    leave_stacks(native);
    stopped_ = false;
    auto resumed = target_.resume(native);
    if (!resumed) {
        stopped_ = true;
    }
    return resumed;
}

Result<void> AotDebuggeeImpl::resume(const ResumeRequest& request) {
    if (auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    if (request.threads.empty() && !request.others && !request.others_elsewhere) {
        return fail(ErrorCode::InvalidArgument, "no thread would run");
    }
    const auto exists = [this](ThreadId id) { // a list may cost a round trip
        if (std::ranges::find(reasons_, id, &ThreadStop::thread) != reasons_.end()) {
            return true;
        }
        const auto all = target_.threads();
        return std::ranges::find(all, id, &NativeThread::id) != all.end();
    };
    std::map<ThreadId, Step> steps;
    for (const ThreadAction& action : request.threads) {
        if (!exists(action.thread)) {
            return fail(ErrorCode::NotFound,
                        "there is no thread " + std::to_string(action.thread.value));
        }
        if (action.kind != ResumeKind::Continue) {
            steps[action.thread] = begin_step(action);
        }
    }
    if (request.others && *request.others != ResumeKind::Continue) {
        for (const NativeThread& thread : target_.threads()) {
            if (std::ranges::find(request.threads, thread.id, &ThreadAction::thread) ==
                request.threads.end()) {
                steps[thread.id] = begin_step({.thread = thread.id, .kind = *request.others});
            }
        }
    }
    request_ = request;
    steps_ = std::move(steps);
    if (report_shared_instructions(native_request())) {
        return {};
    }
    auto resumed = go_on();
    if (resumed) {
        reasons_.clear();
    }
    return resumed;
}

Result<void> AotDebuggeeImpl::interrupt() {
    if (!stopped_) {
        interrupted_ = true;
        return target_.interrupt();
    }
    return {};
}

Result<void> AotDebuggeeImpl::attach() {
    attached_ = true;
    has_new_instance_ = false;
    if (stopped_) {
        post_event(Stopped{.generation = generation_, .threads = reasons_});
        return {};
    }
    request_ = {.threads = {}, .others = ResumeKind::Continue};
    interrupted_ = !awaits_entry_;
    return awaits_entry_ ? Result<void>{} : target_.interrupt();
}

Result<void> AotDebuggeeImpl::detach_stopped() {
    if (auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    if (!options_.decides_hits) {
        return fail(ErrorCode::Unsupported, "nothing would hold the target");
    }
    clear_watchpoints();
    breakpoints_.unplant_all();
    for (ThreadStop& stop : reasons_) {
        forget_request(stop.reason);
    }
    return {};
}

void AotDebuggeeImpl::detach() {
    clear_watchpoints();
    breakpoints_.forget_all();
    stacks_.clear();
    before_.clear();
    steps_.clear();
    shown_.clear();
    reasons_.clear();
    stopped_ = false;
    interrupted_ = false;
    attached_ = false;
    awaits_entry_ = false;
    target_.detach();
}

} // namespace wdbg::aot
