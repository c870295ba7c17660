// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "../cache.h"
#include "../link.h"
#include "register_layout.h"

#include <wdbg/native/step_plan.h>
#include <wdbg/remote/native_target.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace wdbg::remote {

/// A thread by the server's number.
using ServerThread = std::uint64_t;

/// GDB's numbers of signals.
enum GdbSignal : std::uint8_t {
    Interrupt = 2,
    Illegal = 4,
    Trap = 5,
    Float = 8,
    Bus = 10,
    Segment = 11
};

struct NativeSite {
    bool wanted_by_user = false;
    unsigned exits = 0;   ///< plans that have an exit here
    bool traps = false;   ///< the runtime's function for traps
    bool changes = false; ///< the function that tells of code that comes and goes
    bool inserted = false;
    unsigned packet_type = 0; ///< as inserted: 0 software, 1 hardware
    std::uint64_t kind = 0;   ///< as inserted
    HitFilter filter{};
    SiteCounters counters{};

    [[nodiscard]] bool wanted() const { return wanted_by_user || exits != 0 || traps || changes; }
};

struct NativeCode {
    CodeRangeId id;
    CodeRange code;
    std::vector<std::byte> text; ///< as loaded, without sites
    bool thumb = false;
};

/// What is known of the target until it runs again.
struct NativeStopCache {
    std::map<ServerThread, NativeRegisters> registers;
    /// Of stop replies: pc, stack pointer and what else came along.
    std::map<ServerThread, NativeRegisters> expedited;
    std::map<ServerThread, Result<NativeRegisters>> guest_registers;
    std::optional<std::vector<ServerThread>> threads;
    MemoryCache memory{};
    std::optional<ServerThread> selected; ///< by Hg

    void clear() {
        MemoryCache empty(memory.line_size(), memory.most_ahead());
        *this = {};
        memory = std::move(empty);
    }
};

/// How a thread goes on.
struct Run {
    bool moves = false;                       ///< false: it stays stopped
    unsigned signal = 0;                      ///< delivered when it goes on; GDB's number
    std::unique_ptr<native::StepPlan> plan{}; ///< nullptr: it just runs
};

/// What a thread's arrival somewhere means.
using Arrival = std::optional<NativeStopReason>;

///            resume()             a stop that is nobody's business
///   Stopped ──────────► Running ───────────────┐
///      ▲                 │  ▲                  │ (stepped off its site, signal passed on)
///      └──── event ──────┘  └──────────────────┘
///   any ──exit, lost connection, release()──► Ended
///   any ──lost connection, if it may come back──► Lost ──it is there again──► Stopped, event
enum class NativeState : std::uint8_t { Stopped, Running, Lost, Ended };

/// Of the connection itself.
[[nodiscard]] ConnectOptions connection_options(const NativeConnectOptions& options);

class NativeTargetImpl final : public RemoteNativeTarget, private NativeWatchpointSupport {
  public:
    NativeTargetImpl(boost::asio::io_context& loop, std::shared_ptr<Link> link,
                     NativeConnectOptions options);
    NativeTargetImpl(const NativeTargetImpl&) = delete;
    NativeTargetImpl& operator=(const NativeTargetImpl&) = delete;
    ~NativeTargetImpl() override;

    Result<void> begin(); ///< the first packets (connect.cpp)

    // RemoteNativeTarget
    void set_decoder(std::unique_ptr<InstructionDecoder> decoder) override {
        decoder_ = std::move(decoder);
    }

    void set_host_unwinder(UnwindHostFrame unwind) override { unwind_host_ = std::move(unwind); }

    void set_end_handler(std::function<void(const NativeEnd&)> handler) override {
        end_handler_ = std::move(handler);
    }

    Result<bool> run_until(std::span<const NativeAddress> addresses,
                           std::chrono::milliseconds limit) override;
    [[nodiscard]] std::optional<NativeAddress> first_argument() const override;
    void start() override;
    [[nodiscard]] Result<std::vector<NativeRegion>> memory_map() const override;
    [[nodiscard]] Result<std::vector<std::byte>> read_file(const std::string& path,
                                                           std::size_t limit) const override;
    CodeRangeId add_code(CodeRange code, std::vector<std::byte> text, bool thumb) override;
    void remove_code(CodeRangeId id) override;
    void add_instance(NativeInstance instance) override;
    Result<void> stop_at_traps(NativeAddress function, DescribeTrap describe) override;
    Result<void> stop_at_changes(NativeAddress function, LookAtCode look) override;
    void release() override;

    [[nodiscard]] LinkFigures figures() const override { return link_->figures(); }

    [[nodiscard]] std::string lost() const override { return lost_; }

    // NativeTarget
    void set_event_handler(EventHandler handler) override { handler_ = std::move(handler); }

    [[nodiscard]] Machine machine() const override { return layout_.machine(); }

    [[nodiscard]] std::vector<std::pair<CodeRangeId, CodeRange>> code_ranges() const override;

    [[nodiscard]] std::vector<NativeInstance> instances() const override { return instances_; }

    [[nodiscard]] std::vector<NativeThread> threads() const override;
    [[nodiscard]] std::optional<NativeThreadState> thread_state(ThreadId thread) const override;
    [[nodiscard]] NativeThreadState state_of(ServerThread thread) const;
    [[nodiscard]] Result<NativeRegisters> registers(ThreadId thread) const override;
    [[nodiscard]] Result<NativeRegisters>
    outer_guest_registers(ThreadId thread, const NativeRegisters& host) const override;
    Result<void> set_registers(ThreadId thread, const NativeRegisters& registers) override;
    Result<void> read_memory(NativeAddress address, std::span<std::byte> into) const override;
    Result<void> write_memory(NativeAddress address, std::span<const std::byte> bytes) override;
    Result<void> plant(NativeAddress address, HitFilter filter) override;
    Result<void> plant_all(std::span<const NativeAddress> addresses, HitFilter filter) override;
    Result<void> unplant(NativeAddress address) override;
    [[nodiscard]] Result<SiteCounters> counters(NativeAddress address) const override;

    [[nodiscard]] NativeWatchpointSupport* watchpoints() override { return this; }

    Result<void> resume(const NativeResume& request) override;
    Result<void> interrupt() override;
    void detach() override;
    void kill() override;

  private:
    struct Watched {
        NativeAddress address;
        std::uint32_t size = 0;
        unsigned packet_type = 0;
        std::vector<std::byte> bytes{}; ///< until it is known when the server stops
    };

    // NativeWatchpointSupport (sites.cpp)
    [[nodiscard]] std::uint32_t max_count() const override;
    Result<WatchpointId> add(NativeAddress address, std::uint32_t size,
                             NativeWatchKind kind) override;
    Result<void> remove(WatchpointId id) override;

    // --- The conversation (connect.cpp) --------------------------------------------------------
    [[nodiscard]] Result<std::string> object(std::string_view name, std::string_view annex) const;
    Result<void> learn_machine();
    [[nodiscard]] Result<std::string> description(const std::string& annex, int depth) const;
    void learn_flash();
    void pass_signals();
    [[nodiscard]] Result<void> require_target() const;
    [[nodiscard]] Result<void> require_stopped() const;

    // --- What a stopped target has (inspection.cpp) --------------------------------------------
    [[nodiscard]] const NativeCode* code_at(NativeAddress address) const;
    [[nodiscard]] Result<std::vector<ServerThread>> server_threads() const;
    [[nodiscard]] ThreadId id_of(ServerThread thread) const;
    [[nodiscard]] Result<ServerThread> server_thread(ThreadId id) const;
    Result<void> select(ServerThread thread) const;
    [[nodiscard]] Result<NativeRegisters> all_registers(ServerThread thread) const;
    /// At least pc and stack pointer.
    [[nodiscard]] Result<NativeRegisters> quick_registers(ServerThread thread) const;
    [[nodiscard]] Result<NativeRegisters> unwind_to_guest(NativeRegisters from,
                                                          bool is_caller) const;
    void take_expedited(const rsp::StopReply& reply) const;
    [[nodiscard]] Result<void> read_target(std::uint64_t address, std::span<std::byte> into) const;
    Result<void> write_target(std::uint64_t address, std::span<const std::byte> bytes);

    // --- Sites (sites.cpp) ---------------------------------------------------------------------
    Result<bool> pause();
    Result<void> stop_point(bool set, unsigned type, std::uint64_t address, std::uint64_t kind);
    [[nodiscard]] std::uint64_t site_kind(std::uint64_t address) const;
    Result<void> insert(std::uint64_t address, NativeSite& site);
    [[nodiscard]] bool in_flash(std::uint64_t address) const;
    [[nodiscard]] bool may_wait(std::uint64_t address) const;
    Result<void> take_out(std::uint64_t address, NativeSite& site);
    Result<void> sync_sites();
    void add_exits(const native::StepPlan& plan);
    void drop_exits(const native::StepPlan& plan);
    void remove_everything();
    void warn_of_what_stays() const;
    void forget_sites(NativeRange range);

    // --- Running (run_control.cpp) -------------------------------------------------------------
    Result<std::unique_ptr<native::StepPlan>> make_plan(ServerThread thread,
                                                        const NativeAction& action);
    [[nodiscard]] bool follows_code(NativeAddress pc) const;
    Result<void> go_on();
    Result<bool> must_step_off(ServerThread thread);
    Result<bool> leave_sites(ServerThread thread);
    Result<bool> step_off_sites();
    Result<bool> run_straight();

    enum class SteppedTo : std::uint8_t {
        SomePlace, ///< nobody's business, but it may be a site
        PlainCode, ///< no site
        Stop,      ///< which has been posted, or is told by a reply that is kept
    };

    /// One instruction of one thread, all others held.
    Result<SteppedTo> step_one(ServerThread thread);
    SteppedTo look_after_step(ServerThread thread, Run& run, const NativeRegisters& after,
                              std::uint64_t from_sp, const native::StepExit* exit);
    [[nodiscard]] bool leads_to_plain_code(const Run& run, NativeAddress pc) const;
    Result<rsp::StopReply> single_step(ServerThread thread);
    Result<void> send_resume();
    void on_reply(Result<rsp::StopReply> reply);
    void take_reply();
    void take_stop(const rsp::StopReply& reply);
    void look_again();
    Arrival reason_of(const rsp::StopReply& reply, ServerThread thread);
    Arrival arrived(ServerThread thread, const NativeRegisters& at);
    Arrival arrived_by_exit(Run& run, const NativeRegisters& at, std::uint64_t from_sp,
                            const native::StepExit* from);
    Arrival user_hit(ServerThread thread, std::uint64_t address);
    Arrival fault_of(const rsp::StopReply& reply, ServerThread thread);
    Arrival watch_hit(const rsp::StopReply& reply, ServerThread thread);
    std::vector<std::byte> watched_bytes(const Watched& watched) const;
    Result<void> set_watchpoints(bool on);
    void finish_access(ServerThread thread);
    [[nodiscard]] static bool is_end_of_step(const rsp::StopReply& reply, ServerThread thread);
    void stop_with(std::vector<NativeThreadStop> reasons);
    void post_stop(std::vector<NativeThreadStop> reasons);
    void drop_plans();
    void end(const NativeEnd& how);
    void leave_stop();
    Result<bool> run_for(std::chrono::milliseconds limit);
    Result<void> leave_one_of(std::span<const NativeAddress> addresses);
    void bring_to_rest();
    bool restore();
    void send_interrupt(); ///< (interrupt.cpp)

    // --- A lost connection (reconnect.cpp) ------------------------------------------------------
    void watch_link();
    void lose_link(const std::string& reason);
    void stay_lost();
    void wait_to_reconnect();
    void try_to_reconnect();
    Result<void> reconnect();
    void come_back();
    std::size_t plant_again();
    bool take_out_what_may_be_there();
    bool is_same_code(const NativeCode& code, std::span<const std::byte> now);
    bool forget_code_that_differs();
    void warn(const std::string& text) const;

    [[nodiscard]] std::uint64_t stack_pointer(const NativeRegisters& registers) const;

    boost::asio::io_context& loop_;
    std::shared_ptr<Link> link_;
    NativeConnectOptions options_;
    RegisterLayout layout_ = RegisterLayout::default_of(Machine::X86_64);
    std::unique_ptr<InstructionDecoder> decoder_;
    UnwindHostFrame unwind_host_;
    DescribeTrap describe_trap_;
    LookAtCode look_at_code_;
    EventHandler handler_;
    std::function<void(const NativeEnd&)> end_handler_;
    /// Tells tasks on their way that this object is gone.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

    NativeState state_ = NativeState::Stopped;
    bool steps_ranges_ = false;
    bool takes_software_sites_ = false; ///< the server has taken one
    /// A single step leaves a breakpoint that is planted where it begins; nullopt: not known yet.
    std::optional<bool> steps_over_sites_;
    mutable bool has_files_ = true; ///< until the server says otherwise
    bool interrupt_wanted_ = false;
    /// An interrupt was sent, but another stop came first: it is still to come.
    bool late_interrupt_ = false;
    std::uint64_t generation_ = 0;
    std::optional<Result<rsp::StopReply>> pending_;
    std::string lost_;
    boost::asio::steady_timer reconnect_timer_{loop_};
    std::chrono::steady_clock::time_point reconnect_end_{};

    std::vector<NativeCode> codes_;
    std::uint32_t last_range_ = 0;
    std::vector<NativeInstance> instances_;
    std::vector<NativeRange> flash_;
    std::map<std::uint64_t, NativeSite> sites_; ///< by address
    /// That were taken out: a thread that came to one before may be reported later.
    std::set<std::uint64_t> former_sites_;
    std::map<std::uint32_t, Watched> watched_;
    std::uint32_t last_watch_ = 0;
    std::optional<bool> stops_behind_access_; ///< the server, at watchpoints; not known at first
    std::optional<rsp::StopReply> put_off_;   ///< what a step behind an access has met

    ServerThread event_thread_ = 0; ///< of the last stop
    bool has_run_ = false;          ///< there was a stop since the connection was made
    /// Of a server that has no operating system under it: they do not come and go.
    mutable std::vector<ServerThread> cores_;
    std::map<ServerThread, Run> runs_;
    bool others_run_ = true;
    mutable std::map<ServerThread, ThreadId> ids_;
    mutable std::uint32_t last_id_ = 0;
    mutable NativeStopCache cache_;
};

} // namespace wdbg::remote
