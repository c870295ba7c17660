// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "shared_debuggee.h"

namespace wdbg::cli {

std::vector<InstanceInfo> SharedDebuggee::instances() const {
    return guest_->instances();
}

Result<std::span<const std::byte>> SharedDebuggee::code(InstanceId instance) const {
    return guest_->code(instance);
}

Result<std::vector<MemoryInfo>> SharedDebuggee::memories(InstanceId instance) const {
    return guest_->memories(instance);
}

std::vector<ThreadInfo> SharedDebuggee::threads() const {
    return guest_->threads();
}

Result<FrameRange> SharedDebuggee::frames(ThreadId thread, std::uint32_t first,
                                          std::uint32_t count) const {
    return guest_->frames(thread, first, count);
}

Result<Value> SharedDebuggee::local(ThreadId thread, std::uint32_t frame,
                                    std::uint32_t index) const {
    return guest_->local(thread, frame, index);
}

Result<void> SharedDebuggee::set_local(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                                       const Value& value) {
    return guest_->set_local(thread, frame, index, value);
}

Result<Value> SharedDebuggee::stack_value(ThreadId thread, std::uint32_t frame,
                                          std::uint32_t index) const {
    return guest_->stack_value(thread, frame, index);
}

Result<Value> SharedDebuggee::global(ThreadId thread, std::uint32_t frame,
                                     std::uint32_t index) const {
    return guest_->global(thread, frame, index);
}

Result<void> SharedDebuggee::set_global(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                                        const Value& value) {
    return guest_->set_global(thread, frame, index, value);
}

Result<Value> SharedDebuggee::instance_global(InstanceId instance, std::uint32_t index) const {
    return guest_->instance_global(instance, index);
}

Result<Value> SharedDebuggee::table_element(InstanceId instance, std::uint32_t table,
                                            std::uint64_t index) const {
    return guest_->table_element(instance, table, index);
}

Result<std::size_t> SharedDebuggee::read_memory(MemoryAddress address,
                                                std::span<std::byte> into) const {
    return guest_->read_memory(address, into);
}

Result<void> SharedDebuggee::write_memory(MemoryAddress address, std::span<const std::byte> bytes) {
    return guest_->write_memory(address, bytes);
}

Result<void> SharedDebuggee::plant(CodeAddress address) {
    return guest_->plant(address);
}

Result<void> SharedDebuggee::unplant(CodeAddress address) {
    return guest_->unplant(address);
}

WatchpointSupport* SharedDebuggee::watchpoints() {
    return guest_->watchpoints();
}

Result<void> SharedDebuggee::resume(const ResumeRequest& request) {
    return guest_->resume(request);
}

Result<void> SharedDebuggee::interrupt() {
    return guest_->interrupt();
}

void SharedDebuggee::detach() {
    guest_->detach();
}

Result<void> SharedDebuggee::attach() {
    return guest_->attach();
}

void SharedDebuggee::kill() {
    guest_->kill();
}

} // namespace wdbg::cli
