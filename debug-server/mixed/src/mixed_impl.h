// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "joined_stack.h"

#include <map>

namespace wdbg::mixed {

///     Running ──a part stops──► (the other one is asked to) ──both have──► Stopped
///        ▲                                                                   │
///        └──────────────────────── resume() or detach() ─────────────────────┘
class MixedDebuggee final : public Debuggee,
                            private WatchpointSupport,
                            private ConditionSupport,
                            private CallSupport,
                            private JumpSupport,
                            private NativeCodeSupport {
  public:
    MixedDebuggee(Part main, Part other);
    MixedDebuggee(const MixedDebuggee&) = delete;
    MixedDebuggee& operator=(const MixedDebuggee&) = delete;
    ~MixedDebuggee() override;

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
    [[nodiscard]] ConditionSupport* conditions() override;
    [[nodiscard]] CallSupport* call_support() override;
    [[nodiscard]] JumpSupport* jump_support() override;
    [[nodiscard]] NativeCodeSupport* native_code() override;

    Result<void> resume(const ResumeRequest& request) override;
    Result<void> interrupt() override;
    void detach() override;
    Result<void> detach_stopped() override;
    Result<void> attach() override;
    void kill() override;

  private:
    // --- Inspection (mixed_inspection.cpp)
    /// A frame, as the part that it belongs to calls it.
    struct OwnFrame {
        Debuggee& part;
        ThreadId thread{};
        std::uint32_t frame = 0;
    };

    [[nodiscard]] Debuggee& of(InstanceId instance) const {
        return parts_[part_of(instance)].part.debuggee;
    }

    [[nodiscard]] Result<void> require_stopped() const;
    [[nodiscard]] Result<JoinedStack*> stack_of(ThreadId thread) const;
    [[nodiscard]] Result<OwnFrame> frame_at(ThreadId thread, std::uint32_t frame) const;
    /// The part that a stopped thread's innermost frame belongs to.
    [[nodiscard]] std::uint32_t innermost_part(const JoinedThread& thread) const;

    // --- Run control (mixed_run_control.cpp)
    void on_event(std::uint32_t part, const Event& event);
    void on_stopped(std::uint32_t part, const Stopped& stop);
    void join_stop();
    [[nodiscard]] std::vector<ThreadStop> joined_reasons() const;
    [[nodiscard]] std::array<ResumeRequest, part_count>
    requests_for(const ResumeRequest& request) const;
    [[nodiscard]] ThreadAction action_for(const ThreadAction& action, const JoinedThread& thread,
                                          std::uint32_t part, std::uint32_t innermost) const;
    void arm_steps_into(const ResumeRequest& request) const;
    void forget_stop();

    // --- Optional powers (mixed_powers.cpp)
    [[nodiscard]] WatchpointPrecision precision() const override;
    Result<WatchpointId> add(const WatchpointSpec& spec) override;
    Result<void> remove(WatchpointId id) override;
    Result<void> set_conditions(CodeAddress address,
                                std::vector<std::vector<std::uint8_t>> any_of) override;
    [[nodiscard]] Result<std::int64_t> condition_variable(std::uint16_t number) const override;
    Result<void> set_condition_variable(std::uint16_t number, std::int64_t value) override;
    Result<std::vector<Value>> call(const CallRequest& request) override;
    Result<void> jump(ThreadId thread, CodeAddress to) override;
    [[nodiscard]] Result<std::vector<NativeInstruction>>
    native_code(CodeAddress address) const override;
    [[nodiscard]] Result<std::vector<NativeInstruction>>
    native_function(NativeAddress address) const override;
    [[nodiscard]] Result<NativeAddress> native_pc(ThreadId thread,
                                                  std::uint32_t frame) const override;
    Result<CodeAddress> plant_native(NativeAddress address) override;
    Result<void> unplant_native(NativeAddress address) override;
    /// The part with native code and its support; nullptr where no part has any.
    [[nodiscard]] std::pair<std::uint32_t, NativeCodeSupport*> native_part() const;
    [[nodiscard]] static std::vector<NativeInstruction>
    joint_instructions(std::uint32_t part, std::vector<NativeInstruction> instructions);

    Parts parts_;
    EventHandler handler_;
    mutable JoinedThreads threads_;
    mutable std::map<ThreadId, JoinedStack> stacks_; ///< of this stop
    bool stopped_ = false;
    bool ended_ = false;  ///< and the client knows
    bool killed_ = false; ///< whatever a part tells of its end now, comes of that
    std::uint64_t generation_ = 0;
    std::uint32_t first_to_stop_ = 0;                 ///< the part
    std::map<std::uint16_t, std::int64_t> variables_; ///< as they were set, in both parts
};

} // namespace wdbg::mixed
