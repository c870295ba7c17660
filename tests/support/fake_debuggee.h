// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace wdbg::test {

struct FakeMemory {
    MemoryInfo info;
    std::vector<std::byte> bytes;
};

struct FakeInstance {
    InstanceInfo info;
    std::vector<std::byte> code;
    std::vector<FakeMemory> memories;
    std::vector<Value> globals;
};

struct FakeFrame {
    CodeAddress pc;
    std::vector<Value> locals;
    std::vector<Value> stack;
    std::string host_call;
    std::uint64_t native_stack = 0;
};

struct FakeThread {
    ThreadInfo info;
    std::vector<FakeFrame> frames; ///< innermost first
};

/// A scripted guest for the tests of both protocols. It does nothing by itself: a test sets the
/// scene in `instances_` and `threads_`, and says by stop(), exit() and killed() what happens.
///
///   Free (nobody controls it) ──attach──► Running ◄──resume / stop──► Stopped ──► Ended
///
/// It notes every request that changes something in calls(), and every breach of Debuggee's
/// contract in violations().
class FakeDebuggee final : public Debuggee,
                           private WatchpointSupport,
                           private ConditionSupport,
                           private NativeCodeSupport {
  public:
    enum class State : std::uint8_t { Free, Running, Stopped, Ended };

    /// One module of 0x300 bytes (instance 0), one memory of a page, a main thread with two frames.
    FakeDebuggee();

    // --- The scene; tests change it as they like ---
    std::vector<FakeInstance> instances_;
    std::vector<FakeThread> threads_;
    bool has_watchpoints = true;
    bool has_conditions = true;
    /// Of one native function; empty: the guest is interpreted.
    std::vector<NativeInstruction> native;
    NativeAddress native_frame; ///< where all frames stand
    /// attach() and interrupt() stop the guest at once. Otherwise the test calls stop().
    bool stops_by_itself = true;
    /// The next attach() or resume() fails with this.
    std::optional<Error> next_failure;

    // --- What happens ---
    void stop(std::vector<ThreadStop> threads);
    void stop(ThreadId thread, StopReason reason);
    void exit(int code);
    void killed();

    // --- What happened ---
    [[nodiscard]] State state() const { return state_; }

    /// As "plant 0:197", "resume 1:step others:continue", "write 0/0:400 01ff", "detach".
    [[nodiscard]] const std::vector<std::string>& calls() const { return calls_; }

    [[nodiscard]] std::vector<std::string> take_calls();

    [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }

    [[nodiscard]] std::size_t frame_requests() const { return frame_requests_; }

    // --- Debuggee ---
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
    [[nodiscard]] WatchpointSupport* watchpoints() override;

    [[nodiscard]] ConditionSupport* conditions() override {
        return has_conditions ? this : nullptr;
    }

    [[nodiscard]] NativeCodeSupport* native_code() override {
        return native.empty() ? nullptr : this;
    }

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
    /// Notes "conditions 0:197 22012702 …": a program's bytes in hex.
    Result<void> set_conditions(CodeAddress address,
                                std::vector<std::vector<std::uint8_t>> any_of) override;
    [[nodiscard]] Result<std::int64_t> condition_variable(std::uint16_t number) const override;
    Result<void> set_condition_variable(std::uint16_t number, std::int64_t value) override;

    // NativeCodeSupport
    [[nodiscard]] Result<std::vector<NativeInstruction>>
    native_code(CodeAddress address) const override;
    [[nodiscard]] Result<std::vector<NativeInstruction>>
    native_function(NativeAddress address) const override;
    [[nodiscard]] Result<NativeAddress> native_pc(ThreadId thread,
                                                  std::uint32_t frame) const override;
    Result<CodeAddress> plant_native(NativeAddress address) override;
    Result<void> unplant_native(NativeAddress address) override;

    void note(std::string call) { calls_.push_back(std::move(call)); }

    void violation(std::string what) const { violations_.push_back(std::move(what)); }

    void deliver(const Event& event);
    [[nodiscard]] Result<void> require_stopped() const;
    [[nodiscard]] Result<void> require_controlled(std::string_view call) const;
    [[nodiscard]] Result<const FakeInstance*> find_instance(InstanceId id) const;
    [[nodiscard]] Result<FakeMemory*> find_memory(MemoryAddress address) const;
    [[nodiscard]] Result<FakeThread*> find_thread(ThreadId id) const;
    [[nodiscard]] Result<FakeFrame*> find_frame(ThreadId id, std::uint32_t frame) const;

    EventHandler handler_;
    State state_ = State::Free;
    std::uint64_t generation_ = 0;
    std::map<CodeAddress, unsigned> planted_;
    std::map<std::uint16_t, std::int64_t> variables_;
    std::map<WatchpointId, WatchpointSpec> watched_;
    std::uint32_t next_watchpoint_ = 1;
    std::vector<std::string> calls_;
    mutable std::vector<std::string> violations_;
    mutable std::size_t frame_requests_ = 0;
};

/// CodeAddress of instance 0.
[[nodiscard]] inline CodeAddress at(std::uint32_t offset, std::uint32_t instance = 0) {
    return {.instance = InstanceId{instance}, .offset = CodeOffset{offset}};
}

} // namespace wdbg::test
