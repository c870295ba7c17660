// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "engine.h"

#include <wdbg/model/debuggee.h>

namespace wdbg::wamr {

/// The machine model over the interpreter engine.
class InterpreterDebuggee final : public Debuggee,
                                  private WatchpointSupport,
                                  private CallSupport,
                                  private JumpSupport,
                                  private ConditionSupport {
  public:
    explicit InterpreterDebuggee(Engine& engine) : engine_(engine) {}

    void set_event_handler(EventHandler handler) override;

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

    [[nodiscard]] WatchpointSupport* watchpoints() override { return this; }

    [[nodiscard]] ConditionSupport* conditions() override { return this; }

    [[nodiscard]] CallSupport* call_support() override { return this; }

    [[nodiscard]] JumpSupport* jump_support() override { return this; }

    Result<void> resume(const ResumeRequest& request) override;
    Result<void> interrupt() override;
    void detach() override;
    Result<void> detach_stopped() override;
    Result<void> attach() override;
    void kill() override;

  private:
    [[nodiscard]] WatchpointPrecision precision() const override;
    Result<WatchpointId> add(const WatchpointSpec& spec) override;
    Result<void> remove(WatchpointId id) override;
    Result<std::vector<Value>> call(const CallRequest& request) override;

    Result<void> jump(ThreadId thread, CodeAddress to) override { return engine_.jump(thread, to); }

    Result<void> set_conditions(CodeAddress address,
                                std::vector<std::vector<std::uint8_t>> any_of) override;
    [[nodiscard]] Result<std::int64_t> condition_variable(std::uint16_t number) const override;
    Result<void> set_condition_variable(std::uint16_t number, std::int64_t value) override;

    Engine& engine_;
};

} // namespace wdbg::wamr
