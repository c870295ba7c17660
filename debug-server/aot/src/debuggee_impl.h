// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "breakpoints.h"
#include "instances.h"
#include "modules.h"
#include "stack.h"

#include <wdbg/wasm/instruction.h>

#include <map>
#include <memory>
#include <optional>

namespace wdbg::aot {

/// What a stepping thread is about; it may take several native steps.
struct Step {
    ResumeKind kind = ResumeKind::StepInstruction;
    CodeAddressRange range{};
    /// Canonical frame address of the frame that steps; deeper ones are calls.
    NativeAddress frame{};
    bool to_entry = false; ///< the one to the guest's first instruction
};

/// Where a thread is shown that has stopped at a certain instruction and has not gone on. Several
/// wasm instructions may share a native one: breakpoints and steps come to one after the other, as
/// if each were executed.
struct ShownPlace {
    NativeAddress site;
    InstanceId instance; ///< that the thread runs
    AotBreakpoints::Owner reported;
    bool by_step = false; ///< a breakpoint there has not been told yet
};

struct Watch {
    WatchpointSpec spec;
    std::vector<WatchpointId> native{}; ///< the pieces that the hardware watches, or one range
    bool is_range = false;
    /// The watched bytes when they were last looked at, the first 64 KiB.
    std::vector<std::byte> before{};
};

/// Run control in two states; everything happens on the event loop's thread.
///
///     Running ──NativeStopped with a reason──► Stopped ──resume(), detach()──► Running
///        ▲            │ a step that goes on, another instance's breakpoint
///        └────────────┘
class AotDebuggeeImpl final : public AotDebuggee,
                              private WatchpointSupport,
                              private ConditionSupport,
                              private CallSupport,
                              private NativeCodeSupport {
  public:
    AotDebuggeeImpl(NativeTarget& target, AotOptions options);
    AotDebuggeeImpl(const AotDebuggeeImpl&) = delete;
    AotDebuggeeImpl& operator=(const AotDebuggeeImpl&) = delete;
    ~AotDebuggeeImpl() override;

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

    [[nodiscard]] WatchpointSupport* watchpoints() override {
        return target_.watchpoints() != nullptr ? this : nullptr;
    }

    [[nodiscard]] ConditionSupport* conditions() override {
        return options_.decides_hits ? this : nullptr;
    }

    [[nodiscard]] CallSupport* call_support() override {
        return target_.calls() != nullptr ? this : nullptr;
    }

    [[nodiscard]] NativeCodeSupport* native_code() override {
        return options_.load_printer ? this : nullptr;
    }

    Result<void> resume(const ResumeRequest& request) override;
    Result<void> interrupt() override;
    void detach() override;
    Result<void> detach_stopped() override;
    Result<void> attach() override;
    void kill() override;

    void guest_exited(int exit_code) override;

    void step_in(std::uint64_t system_id) override { steps_in_ = system_id; }

    [[nodiscard]] std::optional<CodeAddress> trap_pc() const override { return trap_pc_; }

  private:
    // WatchpointSupport
    [[nodiscard]] WatchpointPrecision precision() const override;
    Result<WatchpointId> add(const WatchpointSpec& spec) override;
    Result<void> remove(WatchpointId id) override;

    // ConditionSupport
    Result<void> set_conditions(CodeAddress address,
                                std::vector<std::vector<std::uint8_t>> any_of) override;
    [[nodiscard]] Result<std::int64_t> condition_variable(std::uint16_t number) const override;
    Result<void> set_condition_variable(std::uint16_t number, std::int64_t value) override;

    // --- CallSupport (calls.cpp) -----------------------------------------------------------------
    Result<std::vector<Value>> call(const CallRequest& request) override;
    [[nodiscard]] bool can_be_c_stack(const NativeFrame& frame, std::uint32_t global) const;
    [[nodiscard]] Result<std::uint32_t> kept_below(const ThreadStack& stack,
                                                   std::uint32_t stack_pointer) const;

    // --- NativeCodeSupport (native_code.cpp) -----------------------------------------------------
    [[nodiscard]] Result<std::vector<NativeInstruction>>
    native_code(CodeAddress address) const override;
    [[nodiscard]] Result<std::vector<NativeInstruction>>
    native_function(NativeAddress address) const override;
    [[nodiscard]] Result<NativeAddress> native_pc(ThreadId thread,
                                                  std::uint32_t frame) const override;
    Result<CodeAddress> plant_native(NativeAddress address) override;
    Result<void> unplant_native(NativeAddress address) override;
    [[nodiscard]] Result<const InstructionPrinter*> printer() const;
    [[nodiscard]] Result<const AotInstance*> instance_of(const CodeModule& module) const;

    // --- Events (aot_debuggee.cpp) --------------------------------------------------------------
    void on_event(const NativeEvent& event);
    void on_code_appeared(const CodeAppeared& event);
    void on_code_vanished(CodeRangeId id);
    void on_instances_changed();
    void on_stopped(const NativeStopped& stop);
    std::optional<StopReason> translate(ThreadId thread, const NativeStopReason& reason);
    std::optional<StopReason> breakpoint_reason(ThreadId thread, NativeAddress site);
    std::optional<StopReason> next_breakpoint_at(ThreadId thread);
    std::optional<StopReason> next_instruction_at(ThreadId thread);
    void show_first_instruction(ThreadId thread, const Step& step);
    bool report_shared_instructions(const NativeResume& native);
    void pass_shown(NativeResume& native) const;
    std::optional<StopReason> step_reason(ThreadId thread);
    StopReason trap_reason(ThreadId thread, TrapKind kind, const std::string& message);
    StopReason fault_reason(ThreadId thread, const NativeFault& fault);
    [[nodiscard]] bool is_memory_fault(ThreadId thread, NativeAddress address) const;
    [[nodiscard]] bool is_stack_fault(ThreadId thread, NativeAddress address) const;
    [[nodiscard]] ThreadId some_thread() const;
    void post_event(Event event);

    // --- Steps (run_control.cpp) ----------------------------------------------------------------
    [[nodiscard]] Step begin_step(const ThreadAction& action) const;
    [[nodiscard]] bool is_stepping_in(ThreadId thread) const;
    [[nodiscard]] bool step_is_done(ThreadId thread, const Step& step) const;
    [[nodiscard]] NativeAction next_action(ThreadId thread, const Step& step) const;
    [[nodiscard]] NativeAction action_within(const ThreadStack& stack, const Step& step) const;
    [[nodiscard]] std::optional<NativeAction> action_out_of_call(const ThreadStack& stack,
                                                                 const Step& step) const;
    [[nodiscard]] NativeResume native_request() const;
    void leave_stacks(const NativeResume& native);
    Result<void> go_on(std::span<const NativeThreadStop> stopped = {});

    // --- Inspection (inspection.cpp) ------------------------------------------------------------
    struct At {
        const NativeFrame& native;
        const WasmFrame& wasm;
    };

    [[nodiscard]] Result<const ThreadStack*> stack_of(ThreadId thread) const;
    void show_reported_place(ThreadId thread, ThreadStack& stack) const;
    [[nodiscard]] Result<At> frame_at(ThreadId thread, std::uint32_t frame) const;
    [[nodiscard]] Result<dwarf::LocalPlace> place_of(const At& at, std::uint32_t index) const;
    [[nodiscard]] Result<Value> read_place(const At& at, const dwarf::LocalPlace& place) const;
    [[nodiscard]] Result<void> require_stopped() const;
    [[nodiscard]] Result<const AotInstance*> instance_at(InstanceId id) const;
    [[nodiscard]] Result<Value> read_global(const CodeModule& module, NativeAddress instance,
                                            std::uint32_t index) const;
    [[nodiscard]] bool is_in_host_call(ThreadId thread) const;
    /// Parked in code that has no debug file: neither frames nor wasm positions.
    [[nodiscard]] bool is_in_unknown_code(ThreadId thread) const;
    [[nodiscard]] std::vector<AotBreakpoints::ReturnSite> return_sites(CodeAddress address) const;
    [[nodiscard]] dwarf::BreakpointSeeker seeker_of(CodeAddress address) const;
    /// Those that run the same code, where hits can be told from theirs.
    [[nodiscard]] std::vector<InstanceMark> others_of(const AotInstance& instance) const;

    // --- Watchpoints (watchpoints.cpp) ----------------------------------------------------------
    /// What an access has touched of a watched range.
    struct Touched {
        std::uint64_t offset = 0; ///< from the range's begin
        bool wrote = false;
    };

    Result<std::vector<WatchpointId>> watch_pieces(NativeAddress address, std::uint64_t size,
                                                   NativeWatchKind kind);
    std::optional<StopReason> watch_reason(ThreadId thread, const NativeWatchpointHit& native);
    [[nodiscard]] std::optional<wasm::MemoryAccess> last_access(ThreadId thread) const;
    [[nodiscard]] std::optional<Touched> touched(ThreadId thread, const Watch& watch, bool changed,
                                                 const NativeWatchpointHit& native) const;
    [[nodiscard]] Result<NativeAddress> watched_address(const WatchpointSpec& spec) const;
    [[nodiscard]] Result<std::vector<std::byte>> watched_bytes(const WatchpointSpec& spec) const;
    void refresh_watched_bytes();
    void clear_watchpoints();
    void forget_watchpoints(InstanceId id);

    NativeTarget& target_;
    AotOptions options_;
    CodeModules modules_{target_, options_};
    AotInstances instances_{target_, modules_, options_.decides_hits};
    mutable AotBreakpoints breakpoints_{target_};
    mutable std::unique_ptr<InstructionPrinter> printer_; ///< once somebody has asked
    std::map<std::uint32_t, Watch> watches_;
    std::uint32_t last_watch_ = 0;

    EventHandler handler_;
    /// Tells tasks on their way that this object is gone.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    bool stopped_ = false;
    bool awaits_entry_ = false;
    bool has_new_code_ = false;     ///< that no client has been told of
    bool has_new_instance_ = false; ///< likewise, of this process: its first call stops
    bool attached_ = false;
    std::uint64_t steps_in_ = 0; ///< number of the thread whose step comes from other code
    bool interrupted_ = false;   ///< somebody asked for a stop that has not come yet
    std::uint64_t generation_ = 0;
    std::vector<ThreadStop> reasons_;
    mutable std::map<ThreadId, ThreadStack> stacks_; ///< of this stop, once somebody asked
    /// Stacks of threads that have only stepped since.
    std::map<ThreadId, ThreadStack> before_;
    ResumeRequest request_;
    std::map<ThreadId, Step> steps_;
    std::map<ThreadId, ShownPlace> shown_;
    std::optional<CodeAddress> trap_pc_;
};

} // namespace wdbg::aot
