// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mixed_impl.h"

namespace wdbg::mixed {

std::unique_ptr<Debuggee> make_mixed_debuggee(Part main, Part other) {
    return std::make_unique<MixedDebuggee>(std::move(main), std::move(other));
}

MixedDebuggee::MixedDebuggee(Part main, Part other)
    : parts_{PartState{.part = std::move(main)}, PartState{.part = std::move(other)}} {
    for (std::uint32_t part = 0; part < part_count; ++part) {
        parts_[part].part.debuggee.set_event_handler(
            [this, part](const Event& event) { on_event(part, event); });
    }
}

MixedDebuggee::~MixedDebuggee() {
    for (const PartState& part : parts_) {
        part.part.debuggee.set_event_handler({});
    }
}

// --- Structure ----------------------------------------------------------------------------------

std::vector<InstanceInfo> MixedDebuggee::instances() const {
    std::vector<InstanceInfo> found;
    for (std::uint32_t part = 0; part < part_count; ++part) {
        for (InstanceInfo& info : parts_[part].part.debuggee.instances()) {
            info.id = joint_id(part, info.id);
            info.module = joint_id(part, info.module);
            found.push_back(std::move(info));
        }
    }
    return found;
}

Result<std::span<const std::byte>> MixedDebuggee::code(InstanceId instance) const {
    return of(instance).code(own_id(instance));
}

Result<std::vector<MemoryInfo>> MixedDebuggee::memories(InstanceId instance) const {
    return of(instance).memories(own_id(instance));
}

std::vector<ThreadInfo> MixedDebuggee::threads() const {
    threads_.refresh(parts_);
    std::vector<ThreadInfo> found;
    for (const JoinedThread& thread : threads_.all()) {
        const std::uint32_t part =
            thread.is_in_both() && stopped_ ? innermost_part(thread) : thread.only_part();
        ThreadInfo info{.id = thread.id,
                        .state = thread.in[part]->state,
                        .name = thread.id.value == 1 ? "main"
                                                     : "thread " + std::to_string(thread.id.value),
                        .system_id = thread.system_id};
        if (!stopped_) {
            info.state = ThreadState::Running;
        }
        found.push_back(std::move(info));
    }
    return found;
}

// --- Breakpoints ---------------------------------------------------------------------------------

Result<void> MixedDebuggee::plant(CodeAddress address) {
    return of(address.instance).plant(own_address(address));
}

Result<void> MixedDebuggee::unplant(CodeAddress address) {
    return of(address.instance).unplant(own_address(address));
}

} // namespace wdbg::mixed
