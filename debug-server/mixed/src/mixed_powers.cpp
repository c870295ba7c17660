// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What both parts can, or the one that it is about.
#include "mixed_impl.h"

#include <algorithm>

namespace wdbg::mixed {

// --- Watchpoints ---------------------------------------------------------------------------------

WatchpointSupport* MixedDebuggee::watchpoints() {
    const bool both = std::ranges::all_of(
        parts_, [](const PartState& part) { return part.part.debuggee.watchpoints() != nullptr; });
    return both ? this : nullptr;
}

/// What holds for each of them.
WatchpointPrecision MixedDebuggee::precision() const {
    const WatchpointPrecision left = parts_[0].part.debuggee.watchpoints()->precision();
    const WatchpointPrecision right = parts_[1].part.debuggee.watchpoints()->precision();
    const auto [least, most] = std::minmax(left.max_count, right.max_count);
    return {.max_count = least == 0 ? most : least,
            .every_access = left.every_access && right.every_access,
            .exact_instruction = left.exact_instruction && right.exact_instruction,
            .sees_host_writes = left.sees_host_writes && right.sees_host_writes};
}

Result<WatchpointId> MixedDebuggee::add(const WatchpointSpec& spec) {
    const std::uint32_t part = part_of(spec.address.instance);
    WatchpointSpec own = spec;
    own.address.instance = own_id(spec.address.instance);
    auto added = parts_[part].part.debuggee.watchpoints()->add(own);
    return added ? Result<WatchpointId>(joint_id(part, *added)) : added;
}

Result<void> MixedDebuggee::remove(WatchpointId id) {
    return parts_[part_of(id)].part.debuggee.watchpoints()->remove(own_id(id));
}

// --- Conditions ----------------------------------------------------------------------------------

ConditionSupport* MixedDebuggee::conditions() {
    const bool both = std::ranges::all_of(
        parts_, [](const PartState& part) { return part.part.debuggee.conditions() != nullptr; });
    return both ? this : nullptr;
}

Result<void> MixedDebuggee::set_conditions(CodeAddress address,
                                           std::vector<std::vector<std::uint8_t>> any_of) {
    return of(address.instance)
        .conditions()
        ->set_conditions(own_address(address), std::move(any_of));
}

/// Each part counts for itself from where the variable was set.
Result<std::int64_t> MixedDebuggee::condition_variable(std::uint16_t number) const {
    const auto set = variables_.find(number);
    std::uint64_t sum = 0;
    for (const PartState& part : parts_) {
        const auto own = part.part.debuggee.conditions()->condition_variable(number);
        if (!own) {
            return own;
        }
        sum += static_cast<std::uint64_t>(*own);
    }
    return static_cast<std::int64_t>(
        sum - (set != variables_.end() ? static_cast<std::uint64_t>(set->second) : 0));
}

Result<void> MixedDebuggee::set_condition_variable(std::uint16_t number, std::int64_t value) {
    for (const PartState& part : parts_) {
        if (auto done = part.part.debuggee.conditions()->set_condition_variable(number, value);
            !done) {
            return done;
        }
    }
    variables_[number] = value;
    return {};
}

// --- Calls and jumps -----------------------------------------------------------------------------

CallSupport* MixedDebuggee::call_support() {
    const bool any = std::ranges::any_of(
        parts_, [](const PartState& part) { return part.part.debuggee.call_support() != nullptr; });
    return any ? this : nullptr;
}

Result<std::vector<Value>> MixedDebuggee::call(const CallRequest& request) {
    const auto at = frame_at(request.thread, 0);
    if (!at) {
        return std::unexpected(at.error());
    }
    Debuggee& part = of(request.instance);
    if (&at->part != &part) {
        return fail(ErrorCode::Unsupported,
                    "the thread stands in interpreted code and the function is compiled, or the "
                    "other way round");
    }
    if (part.call_support() == nullptr) {
        return fail(ErrorCode::Unsupported, "functions of this module cannot be called");
    }
    CallRequest own = request;
    own.thread = at->thread;
    own.instance = own_id(request.instance);
    auto results = part.call_support()->call(own);
    stacks_.clear();
    return results;
}

JumpSupport* MixedDebuggee::jump_support() {
    const bool any = std::ranges::any_of(
        parts_, [](const PartState& part) { return part.part.debuggee.jump_support() != nullptr; });
    return any ? this : nullptr;
}

Result<void> MixedDebuggee::jump(ThreadId thread, CodeAddress to) {
    const auto at = frame_at(thread, 0);
    if (!at) {
        return std::unexpected(at.error());
    }
    Debuggee& part = of(to.instance);
    if (&at->part != &part) {
        return fail(ErrorCode::Unsupported, "the thread is in another function");
    }
    if (part.jump_support() == nullptr) {
        return fail(ErrorCode::Unsupported,
                    "the next instruction of a thread in compiled code cannot be chosen");
    }
    auto done = part.jump_support()->jump(at->thread, own_address(to));
    stacks_.erase(thread);
    return done;
}

// --- Native code ---------------------------------------------------------------------------------

std::pair<std::uint32_t, NativeCodeSupport*> MixedDebuggee::native_part() const {
    for (std::uint32_t part = 0; part < part_count; ++part) {
        if (auto* support = parts_[part].part.debuggee.native_code()) {
            return {part, support};
        }
    }
    return {0, nullptr};
}

NativeCodeSupport* MixedDebuggee::native_code() {
    return native_part().second != nullptr ? this : nullptr;
}

std::vector<NativeInstruction>
MixedDebuggee::joint_instructions(std::uint32_t part, std::vector<NativeInstruction> instructions) {
    for (NativeInstruction& instruction : instructions) {
        if (instruction.wasm) {
            instruction.wasm = joint_address(part, *instruction.wasm);
        }
    }
    return instructions;
}

Result<std::vector<NativeInstruction>> MixedDebuggee::native_code(CodeAddress address) const {
    const auto [part, support] = native_part();
    if (part_of(address.instance) != part) {
        return fail(ErrorCode::Unavailable, "the module is interpreted: it has no native code");
    }
    auto found = support->native_code(own_address(address));
    return found ? joint_instructions(part, std::move(*found)) : found;
}

Result<std::vector<NativeInstruction>> MixedDebuggee::native_function(NativeAddress address) const {
    const auto [part, support] = native_part();
    auto found = support->native_function(address);
    return found ? joint_instructions(part, std::move(*found)) : found;
}

Result<NativeAddress> MixedDebuggee::native_pc(ThreadId thread, std::uint32_t frame) const {
    const auto [part, support] = native_part();
    const auto at = frame_at(thread, frame);
    if (!at) {
        return std::unexpected(at.error());
    }
    if (&at->part != &parts_[part].part.debuggee) {
        return fail(ErrorCode::Unavailable, "the frame is interpreted: it has no native code");
    }
    return support->native_pc(at->thread, at->frame);
}

Result<CodeAddress> MixedDebuggee::plant_native(NativeAddress address) {
    const auto [part, support] = native_part();
    auto planted = support->plant_native(address);
    return planted ? joint_address(part, *planted) : planted;
}

Result<void> MixedDebuggee::unplant_native(NativeAddress address) {
    return native_part().second->unplant_native(address);
}

} // namespace wdbg::mixed
