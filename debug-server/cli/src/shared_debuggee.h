// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>

#include <utility>

namespace wdbg::cli {

/// A Debuggee that belongs to somebody else, with an event handler of its own: so that two servers
/// can stand before one guest, or one before it is known what the guest is. It forwards everything;
/// its owner hands the events on.
class SharedDebuggee final : public Debuggee {
  public:
    SharedDebuggee() = default;

    explicit SharedDebuggee(Debuggee& guest) : guest_(&guest) {}

    /// Before anything but set_event_handler() is called.
    void set_guest(Debuggee& guest) { guest_ = &guest; }

    /// Every event of the guest.
    void on_event(const Event& event) {
        if (handler_) {
            handler_(event);
        }
    }

    void set_event_handler(EventHandler handler) override { handler_ = std::move(handler); }

    [[nodiscard]] std::vector<InstanceInfo> instances() const override;
    [[nodiscard]] Result<std::span<const std::byte>> code(InstanceId instance) const override;
    [[nodiscard]] Result<std::vector<MemoryInfo>> memories(InstanceId instance) const override;
    [[nodiscard]] std::vector<ThreadInfo> threads() const override;
    [[nodiscard]] Result<FrameRange> frames(ThreadId thread, std::uint32_t first,
                                            std::uint32_t count) const override;
    [[nodiscard]] Result<Value> local(ThreadId thread, std::uint32_t frame,
                                      std::uint32_t index) const override;
    Result<void> set_local(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                           const Value& value) override;
    [[nodiscard]] Result<Value> stack_value(ThreadId thread, std::uint32_t frame,
                                            std::uint32_t index) const override;
    [[nodiscard]] Result<Value> global(ThreadId thread, std::uint32_t frame,
                                       std::uint32_t index) const override;
    Result<void> set_global(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                            const Value& value) override;
    [[nodiscard]] Result<Value> instance_global(InstanceId instance,
                                                std::uint32_t index) const override;
    [[nodiscard]] Result<Value> table_element(InstanceId instance, std::uint32_t table,
                                              std::uint64_t index) const override;
    [[nodiscard]] Result<std::size_t> read_memory(MemoryAddress address,
                                                  std::span<std::byte> into) const override;
    Result<void> write_memory(MemoryAddress address, std::span<const std::byte> bytes) override;
    Result<void> plant(CodeAddress address) override;
    Result<void> unplant(CodeAddress address) override;
    [[nodiscard]] WatchpointSupport* watchpoints() override;

    [[nodiscard]] ConditionSupport* conditions() override { return guest_->conditions(); }

    [[nodiscard]] CallSupport* call_support() override { return guest_->call_support(); }

    [[nodiscard]] JumpSupport* jump_support() override { return guest_->jump_support(); }

    [[nodiscard]] NativeCodeSupport* native_code() override { return guest_->native_code(); }

    Result<void> resume(const ResumeRequest& request) override;
    Result<void> interrupt() override;
    void detach() override;

    Result<void> detach_stopped() override { return guest_->detach_stopped(); }

    Result<void> attach() override;
    void kill() override;

  private:
    Debuggee* guest_ = nullptr;
    EventHandler handler_;
};

} // namespace wdbg::cli
