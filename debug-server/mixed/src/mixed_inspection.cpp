// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The state of a stopped guest.
#include "mixed_impl.h"

namespace wdbg::mixed {

Result<void> MixedDebuggee::require_stopped() const {
    if (!stopped_) {
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    return {};
}

Result<JoinedStack*> MixedDebuggee::stack_of(ThreadId thread) const {
    if (auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    const auto known = stacks_.find(thread);
    if (known != stacks_.end()) {
        return &known->second;
    }
    const JoinedThread* joined = threads_.find(thread);
    if (joined == nullptr) {
        return fail(ErrorCode::NotFound, "there is no thread " + std::to_string(thread.value));
    }
    return &stacks_.emplace(thread, JoinedStack(*joined)).first->second;
}

Result<MixedDebuggee::OwnFrame> MixedDebuggee::frame_at(ThreadId thread,
                                                        std::uint32_t frame) const {
    const auto stack = stack_of(thread);
    if (!stack) {
        return std::unexpected(stack.error());
    }
    const auto place = (*stack)->place(parts_, frame);
    if (!place) {
        return std::unexpected(place.error());
    }
    return OwnFrame{.part = parts_[place->part].part.debuggee,
                    .thread = (*stack)->own_thread(place->part),
                    .frame = place->frame};
}

std::uint32_t MixedDebuggee::innermost_part(const JoinedThread& thread) const {
    if (thread.is_in_both()) {
        if (const auto stack = stack_of(thread.id)) {
            if (const auto place = (*stack)->place(parts_, 0)) {
                return place->part;
            }
        }
    }
    return thread.only_part();
}

Result<FrameRange> MixedDebuggee::frames(ThreadId thread, std::uint32_t first,
                                         std::uint32_t count) const {
    const auto stack = stack_of(thread);
    if (!stack) {
        return std::unexpected(stack.error());
    }
    return (*stack)->frames(parts_, first, count);
}

Result<Value> MixedDebuggee::local(ThreadId thread, std::uint32_t frame,
                                   std::uint32_t index) const {
    const auto at = frame_at(thread, frame);
    return at ? at->part.local(at->thread, at->frame, index) : std::unexpected(at.error());
}

Result<void> MixedDebuggee::set_local(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                                      const Value& value) {
    const auto at = frame_at(thread, frame);
    return at ? at->part.set_local(at->thread, at->frame, index, value)
              : std::unexpected(at.error());
}

Result<Value> MixedDebuggee::stack_value(ThreadId thread, std::uint32_t frame,
                                         std::uint32_t index) const {
    const auto at = frame_at(thread, frame);
    return at ? at->part.stack_value(at->thread, at->frame, index) : std::unexpected(at.error());
}

Result<Value> MixedDebuggee::global(ThreadId thread, std::uint32_t frame,
                                    std::uint32_t index) const {
    const auto at = frame_at(thread, frame);
    return at ? at->part.global(at->thread, at->frame, index) : std::unexpected(at.error());
}

Result<void> MixedDebuggee::set_global(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                                       const Value& value) {
    const auto at = frame_at(thread, frame);
    return at ? at->part.set_global(at->thread, at->frame, index, value)
              : std::unexpected(at.error());
}

Result<Value> MixedDebuggee::instance_global(InstanceId instance, std::uint32_t index) const {
    const auto stopped = require_stopped();
    return stopped ? of(instance).instance_global(own_id(instance), index)
                   : std::unexpected(stopped.error());
}

Result<Value> MixedDebuggee::table_element(InstanceId instance, std::uint32_t table,
                                           std::uint64_t index) const {
    const auto stopped = require_stopped();
    return stopped ? of(instance).table_element(own_id(instance), table, index)
                   : std::unexpected(stopped.error());
}

Result<std::size_t> MixedDebuggee::read_memory(MemoryAddress address,
                                               std::span<std::byte> into) const {
    if (auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    Debuggee& part = of(address.instance);
    address.instance = own_id(address.instance);
    return part.read_memory(address, into);
}

Result<void> MixedDebuggee::write_memory(MemoryAddress address, std::span<const std::byte> bytes) {
    if (auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    Debuggee& part = of(address.instance);
    address.instance = own_id(address.instance);
    return part.write_memory(address, bytes);
}

} // namespace wdbg::mixed
