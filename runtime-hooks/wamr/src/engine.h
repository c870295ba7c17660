// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "breakpoint_table.h"
#include "guest_thread.h"
#include "stack_walker.h"
#include "watchpoint_table.h"

#include <wdbg/wamr/runtime.h>

#include <memory>
#include <mutex>
#include <vector>

namespace wdbg::wamr {

/// Run control of all guest threads of this process.
///
/// Guest threads call the hooks (on_…), the event loop's thread everything else. One mutex protects
/// it all; a guest thread takes it only when its attention word tells it to.
///
///     Running ──a thread has a reason, or interrupt()──► Stopping ──all threads settled──► Stopped
///        ▲                                                                                   │
///        └────────────────────────────── resume() or detach() ───────────────────────────────┘
///
/// A thread has settled when it is parked, in a host call, or out of guest code.
enum class RunState : std::uint8_t { Running, Stopping, Stopped };

class Engine {
  public:
    static Engine& instance();

    // --- Hooks, on the guest's thread (see hooks.h)
    // -----------------------------------------------
    void on_enter(WASMExecEnv* env, const void* native_frame);
    void on_leave(WASMExecEnv* env);
    void on_attention(WASMExecEnv* env);
    std::uint8_t on_break(WASMExecEnv* env);
    /// Of the instruction at `ip`, planted or not.
    [[nodiscard]] std::uint8_t original_opcode(const std::uint8_t* ip);
    void on_exception(WASMExecEnv* env);
    void on_host_call_enter();
    void on_host_call_leave();
    void on_import_call(WASMInterpFrame* frame, std::uint8_t* return_ip);
    bool defer_exception(WASMExecEnv* env, const char* exception);
    bool on_cancel(WASMExecEnv* env);
    void on_exit_thread(WASMExecEnv* env);
    void on_env_destroyed(WASMExecEnv* env);
    void on_instance_destroyed(WASMModuleInstance* instance);
    /// The copy of the code without planted bytes, and its offset from the running one; nullptr
    /// while nothing was ever planted there.
    ModuleRecord* module_with_plants(const std::uint8_t* ip);

    // --- Modules
    // ----------------------------------------------------------------------------------
    Result<void> add_module(WASMModule* handle, std::string path, std::vector<std::byte> original,
                            std::span<std::uint8_t> loaded, bool is_main);
    void remove_module(WASMModule* handle);
    void add_instance(WASMModuleInstance* instance);
    void stop_at_entry();
    /// See Runtime::share().
    void share(bool has_main);
    /// See Runtime::step_in().
    void step_in(std::uint64_t system_id);
    void guest_exited(int exit_code);
    /// Where the last exception was raised; kept until asked for.
    std::optional<CodeAddress> take_exception_pc();
    /// The calling thread runs a function for the debugger.
    [[nodiscard]] bool is_calling();
    /// How many traps of the calling thread in interpreted code have come by on_exception().
    [[nodiscard]] std::uint64_t traps();
    /// The exception that the calling thread is about to raise has been reported where it came
    /// from: by code that it has called.
    void exception_is_known();
    /// The .wasm that it was loaded from; empty if there is no such instance.
    [[nodiscard]] std::string file_of(InstanceId instance) const;
    void note_exception_pc(const std::uint8_t* ip, bool exact);

    // --- The event loop's side
    // ---------------------------------------------------------------------
    /// Forgets what an earlier runtime of this process left behind.
    void reset();
    void set_post(Post post);
    void set_event_handler(Debuggee::EventHandler handler);
    Result<void> attach();
    void detach();
    Result<void> detach_stopped();
    Result<void> resume(const ResumeRequest& request);
    Result<void> interrupt();
    void kill();
    [[nodiscard]] std::vector<InstanceInfo> instances() const;
    [[nodiscard]] std::vector<ThreadInfo> threads() const;

    /// Runs a function on a parked thread; see CallSupport. Waits for it, with the request's limit.
    Result<std::vector<Value>> call(const CallRequest& request);

    /// See JumpSupport.
    Result<void> jump(ThreadId thread, CodeAddress to);

    Result<void> plant(CodeAddress address);
    Result<void> unplant(CodeAddress address);
    Result<void> set_conditions(CodeAddress address, std::vector<agent::Program> any_of);

    agent::Variables& condition_variables() { return condition_variables_; }

    Result<WatchpointId> add_watchpoint(const WatchpointSpec& spec);
    Result<void> remove_watchpoint(WatchpointId id);
    void memory_written();

    /// Runs `body(modules)` under the lock.
    template <class Body>
    auto with_modules(Body body) const {
        const std::lock_guard lock(mutex_);
        return body(modules_);
    }

    /// Runs `body(frames of the thread)` under the lock; NotStopped or NotFound otherwise.
    template <class Body>
    auto with_stack(ThreadId thread, Body body) const
        -> decltype(body(std::declval<const std::vector<FrameRef>&>())) {
        const std::lock_guard lock(mutex_);
        const auto stack = stack_of(thread);
        if (!stack) {
            return std::unexpected(stack.error());
        }
        return body(**stack);
    }

    /// NotStopped unless the guest is stopped.
    [[nodiscard]] Result<void> require_stopped() const;

  private:
    Engine() = default;
    using Lock = std::unique_lock<std::mutex>;

    GuestThread& current();
    void forget(GuestThread& thread);
    friend struct ThreadSlot;

    void set_attention(GuestThread& thread, std::uint32_t bits);
    void clear_attention(GuestThread& thread, std::uint32_t bits);
    void arm(GuestThread& thread);
    void drop_dead_activations(GuestThread& thread, const void* native_frame);
    void start_activity(Lock& lock, GuestThread& thread);
    void pass_gate(Lock& lock, GuestThread& thread);
    void end_activity(GuestThread& thread);

    void report(GuestThread& thread, StopReason reason);
    void request_stop();
    void settle();
    void park(Lock& lock, GuestThread& thread);
    [[nodiscard]] Result<std::shared_ptr<InjectedCall>> prepare_call(const CallRequest& request);
    void run_call(Lock& lock, GuestThread& thread);
    bool end_call(Lock& lock, const GuestThread& thread, const InjectedCall& call);
    void leave(GuestThread& thread, const WASMExecEnv* env);
    void stop_watching_if_done();
    [[nodiscard]] bool may_pass(const GuestThread& thread) const;
    [[nodiscard]] bool settled(const GuestThread& thread) const;
    void post_event(Event event);
    [[nodiscard]] bool is_stopped(std::uint64_t generation) const;
    void release(GuestThread& thread);
    bool wake_blocked();
    bool keep_waking();

    [[nodiscard]] bool quiet_step(GuestThread& thread, WASMExecEnv* env) const;
    [[nodiscard]] bool step_is_done(const GuestThread& thread, const FrameRef& frame) const;
    std::optional<StopReason> arrive(GuestThread& thread, const FrameRef& frame);
    void depart(GuestThread& thread, const FrameRef& frame);
    [[nodiscard]] std::optional<FrameRef> top_frame(WASMExecEnv* env) const;
    [[nodiscard]] GuestThread* find(ThreadId id) const;
    [[nodiscard]] Result<const std::vector<FrameRef>*> stack_of(ThreadId thread) const;
    void apply(GuestThread& thread, const ThreadAction& action);

    mutable std::mutex mutex_;
    std::mutex ending_; ///< held while instances are told to end; taken before mutex_
    ModuleRegistry modules_;
    BreakpointTable breakpoints_;
    agent::Variables condition_variables_;
    WatchpointTable watchpoints_;
    std::vector<GuestThread*> threads_; ///< live ones that have run guest code; ordered by id
    std::condition_variable running_;   ///< threads that start wait for it while stopped

    std::condition_variable call_done_; ///< the event loop waits for it in call()

    RunState state_ = RunState::Running;
    bool attached_ = false;
    bool stop_at_entry_ = false;
    bool is_secondary_ = false;  ///< another engine runs the guest's main thread
    std::uint64_t steps_in_ = 0; ///< number of the thread that steps into this engine's code
    bool killed_ = false;
    bool waking_ = false; ///< a thread of its own wakes those that are to end
    std::uint64_t generation_ = 0;
    std::uint32_t next_thread_ = 1;
    std::vector<ThreadStop> reasons_;
    std::atomic<bool> watching_{false};
    std::optional<CodeAddress> exception_pc_;
    bool trapped_elsewhere_ = false; ///< in code of another engine

    Post post_;
    std::shared_ptr<Debuggee::EventHandler> handler_;
};

/// What an exception text means; nullopt for the guest's orderly end.
[[nodiscard]] std::optional<TrapKind> trap_kind(std::string_view exception);

} // namespace wdbg::wamr
