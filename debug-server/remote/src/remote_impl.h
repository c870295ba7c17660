// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "cache.h"
#include "link.h"

#include <wdbg/remote/remote_debuggee.h>
#include <wdbg/rsp/wasm_address.h>
#include <wdbg/wasm/module.h>

#include <map>
#include <set>

namespace wdbg::remote {

/// Of Z0 and z0: bytes of the trap. WAMR's server plants none of 0 bytes; others do not look.
inline constexpr std::uint64_t breakpoint_kind = 1;

/// Of a stop reply: SIGTRAP.
inline constexpr unsigned trap_signal = 5;

/// An instance and its module's bytes.
struct RemoteInstance {
    InstanceInfo info;
    std::shared_ptr<const wasm::Module> module; ///< owns the bytes
};

/// A watchpoint as planted, with what its range held at the last stop.
struct RemoteWatchpoint {
    WatchpointSpec spec;
    std::vector<std::byte> before;
};

/// A step over a range, for servers that have only single steps.
///
///              step                          pc in a deeper frame
///   Stepping ────────► Stepping (pc in range) ─────────────────────► Returning (to `back`)
///      │ pc left the range in this or an outer frame  ▲                    │
///      ▼                                              └────────────────────┘
///     done
struct RangeStep {
    ThreadId thread;
    CodeAddressRange range;
    std::size_t depth = 0; ///< frames when the step began
    std::optional<CodeAddress> back;
};

/// One instruction of a thread that stands at breakpoints, with all others held, for servers that
/// stop there again (WAMR's).
struct StepOff {
    ThreadId thread;
    std::uint64_t pc = 0;             ///< packed
    std::vector<CodeAddress> sites{}; ///< taken out of the server; none: to see what it does
    ResumeRequest request;            ///< what is to be done
    bool stepped_again = false;
};

class RemoteImpl final : public RemoteDebuggee,
                         private WatchpointSupport,
                         private CallSupport,
                         private JumpSupport,
                         private NativeCodeSupport,
                         private ConditionSupport {
  public:
    RemoteImpl(boost::asio::io_context& loop, std::shared_ptr<Link> link, ConnectOptions options);
    ~RemoteImpl() override;
    RemoteImpl(const RemoteImpl&) = delete;
    RemoteImpl& operator=(const RemoteImpl&) = delete;

    /// The conversation's beginning (remote_debuggee.cpp).
    Result<void> begin();

    [[nodiscard]] std::string lost() const override { return lost_; }

    // --- Debuggee: structure (remote_debuggee.cpp) ---
    void set_event_handler(EventHandler handler) override { handler_ = std::move(handler); }

    [[nodiscard]] std::vector<InstanceInfo> instances() const override;
    [[nodiscard]] Result<std::span<const std::byte>> code(InstanceId instance) const override;
    [[nodiscard]] Result<std::vector<MemoryInfo>> memories(InstanceId instance) const override;

    [[nodiscard]] std::vector<ThreadInfo> threads() const override { return threads_; }

    // --- State of a stopped guest (inspection.cpp) ---
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

    // --- Breakpoints and run control (run_control.cpp) ---
    Result<void> plant(CodeAddress address) override;
    Result<void> unplant(CodeAddress address) override;

    [[nodiscard]] WatchpointSupport* watchpoints() override { return this; }

    [[nodiscard]] CallSupport* call_support() override;

    [[nodiscard]] JumpSupport* jump_support() override { return this; }

    [[nodiscard]] ConditionSupport* conditions() override;
    [[nodiscard]] NativeCodeSupport* native_code() override;

    Result<void> resume(const ResumeRequest& request) override;
    Result<void> interrupt() override;
    void detach() override;
    Result<void> detach_stopped() override;
    Result<void> attach() override;
    void kill() override;

  private:
    ///             attach           resume              W, X, connection lost
    ///   Idle ─────────────► Stopped ◄──────► Running ─────────────────────────► Ended
    ///    (connected)                  stop
    enum class State : std::uint8_t { Idle, Stopped, Running, Ended };

    // --- watchpoints.cpp ---
    [[nodiscard]] WatchpointPrecision precision() const override;
    Result<WatchpointId> add(const WatchpointSpec& spec) override;
    Result<void> remove(WatchpointId id) override;
    [[nodiscard]] std::optional<WatchpointHit> watchpoint_hit(const rsp::StopReply& reply);
    void note_watched();

    // --- own_packets.cpp ---
    Result<std::vector<Value>> call(const CallRequest& request) override;
    Result<void> jump(ThreadId thread, CodeAddress to) override;
    Result<void> set_conditions(CodeAddress address,
                                std::vector<std::vector<std::uint8_t>> any_of) override;
    [[nodiscard]] Result<std::int64_t> condition_variable(std::uint16_t number) const override;
    Result<void> set_condition_variable(std::uint16_t number, std::int64_t value) override;
    Result<void> paused_request(const std::vector<std::string>& packets);

    // --- native_code.cpp ---
    [[nodiscard]] Result<std::vector<NativeInstruction>>
    native_code(CodeAddress address) const override;
    [[nodiscard]] Result<std::vector<NativeInstruction>>
    native_function(NativeAddress address) const override;
    [[nodiscard]] Result<NativeAddress> native_pc(ThreadId thread,
                                                  std::uint32_t frame) const override;
    Result<CodeAddress> plant_native(NativeAddress address) override;
    Result<void> unplant_native(NativeAddress address) override;
    [[nodiscard]] Result<std::vector<NativeInstruction>> native_listing(std::string annex) const;
    Result<std::string> paused_ask(const std::string& packet);

    // --- remote_debuggee.cpp ---
    Result<void> read_libraries();
    Result<RemoteInstance> load_instance(const std::string& name, rsp::WasmAddress address);
    Result<std::shared_ptr<const wasm::Module>> load_module(const std::filesystem::path& path,
                                                            rsp::WasmAddress address);
    [[nodiscard]] Result<std::shared_ptr<const wasm::Module>>
    load_file(const std::filesystem::path& path, rsp::WasmAddress address) const;
    /// Of the server's numbers those of more than 32 bits (WAMR's) count from 1 here.
    [[nodiscard]] ThreadId id_of(std::uint64_t number);
    [[nodiscard]] std::uint64_t number_of(ThreadId id) const;
    [[nodiscard]] bool is_the_module(const wasm::Module& file, rsp::WasmAddress address) const;
    Result<std::vector<std::byte>> read_at(std::uint64_t address, std::size_t size) const;
    [[nodiscard]] const RemoteInstance* find(InstanceId id) const;
    [[nodiscard]] std::uint64_t memory_size(InstanceId instance, std::uint32_t index,
                                            const wasm::MemoryType& type) const;

    // --- inspection.cpp ---
    [[nodiscard]] Result<void> require_stopped() const;
    [[nodiscard]] Result<const std::vector<std::uint64_t>*> stack(ThreadId thread) const;
    [[nodiscard]] Frame describe(const std::vector<std::uint64_t>& stack, std::size_t index) const;

    struct FramePlace {
        CodeAddress pc;
        const RemoteInstance* instance = nullptr;
        const wasm::FunctionBody* body = nullptr; ///< may be nullptr
        bool is_return_address = false;
    };

    [[nodiscard]] Result<FramePlace> place(ThreadId thread, std::uint32_t frame) const;
    [[nodiscard]] Result<ValueType> type_of(const FramePlace& place, SlotKind kind,
                                            std::uint32_t index) const;
    [[nodiscard]] Result<Value> slot(ThreadId thread, std::uint32_t frame, SlotKind kind,
                                     std::uint32_t index) const;
    [[nodiscard]] Result<void> select(ThreadId thread) const;
    Result<void> set_slot(const char* packet, ThreadId thread, std::uint32_t frame,
                          std::uint32_t index, const Value& value);

    // --- run_control.cpp ---
    Result<void> stop_point(bool set, unsigned type, std::uint64_t address, std::uint64_t kind);
    Result<bool> pause();
    Result<void> send_resume(const ResumeRequest& request);
    Result<void> send_actions(const ResumeRequest& request);
    Result<void> resume_again();
    void on_reply(Result<rsp::StopReply> reply);
    void take_reply();
    void end(const Event& event);
    void stopped(const rsp::StopReply& reply);
    void deliver(const Event& event);
    Result<void> start_range_step(const ThreadAction& action);
    bool continue_range_step(const rsp::StopReply& reply);
    void drop_range_step();
    void forget_guest();
    void resume_silently(char letter, ThreadId thread);

    // --- step_off.cpp ---
    [[nodiscard]] std::optional<StepOff> step_off_for(const ResumeRequest& request) const;
    Result<void> begin_step_off(StepOff step);
    Result<void> step_instruction(ThreadId thread);
    bool end_step_off(rsp::StopReply& reply);
    Result<void> set_sites(const std::vector<CodeAddress>& sites, bool planted);

    // --- stop_reasons.cpp ---
    void note_threads(const rsp::StopReply& reply);
    [[nodiscard]] StopReason reason_of(const rsp::StopReply& reply, ThreadId thread);
    [[nodiscard]] std::vector<CodeAddress> planted_at(CodeAddress pc) const;
    [[nodiscard]] std::optional<CodeAddress> pc_of(const rsp::StopReply& reply,
                                                   ThreadId thread) const;
    [[nodiscard]] std::vector<ThreadStop> reasons_of(const rsp::StopReply& reply);

    boost::asio::io_context& loop_;
    std::shared_ptr<Link> link_;
    ConnectOptions options_;
    EventHandler handler_;
    State state_ = State::Idle;
    std::uint64_t generation_ = 0;
    std::string lost_;

    bool steps_ranges_ = false; ///< the server has vCont;r
    /// A thread that goes on from a breakpoint leaves it; nullopt: not seen yet.
    std::optional<bool> leaves_sites_{};
    std::map<InstanceId, RemoteInstance> instances_;
    std::vector<std::uint64_t> wide_threads_; ///< server's numbers, by ThreadId - 1
    std::vector<ThreadInfo> threads_;
    std::map<CodeAddress, unsigned> planted_; ///< owners

    struct NativeSite {
        CodeAddress told; ///< where the server tells hits
        unsigned owners = 0;
    };

    std::map<NativeAddress, NativeSite> native_sites_;
    std::set<CodeAddress> conditional_; ///< those of planted_ that have conditions
    std::map<WatchpointId, RemoteWatchpoint> watched_;
    std::uint32_t next_watchpoint_ = 1;

    std::optional<Result<rsp::StopReply>> pending_; ///< came, but has not been looked at
    ResumeRequest last_resume_;
    std::optional<RangeStep> range_step_;
    std::optional<StepOff> step_off_;
    std::vector<ThreadId> reported_{}; ///< with the last stop
    bool first_stop_ = true;
    bool interrupt_wanted_ = false;
    bool killing_ = false;
    mutable StopCache cache_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true); ///< for what is posted
};

/// A packed address as the model has it.
[[nodiscard]] inline CodeAddress to_code(std::uint64_t packed) {
    const rsp::WasmAddress address(packed);
    return {.instance = InstanceId{address.id()}, .offset = CodeOffset{address.offset()}};
}

/// OutOfRange if it cannot be expressed.
[[nodiscard]] Result<std::uint64_t> to_packed(CodeAddress address);
[[nodiscard]] Result<std::uint64_t> to_packed(MemoryAddress address);

} // namespace wdbg::remote
