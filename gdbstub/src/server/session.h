// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "fast_step.h"
#include "reply.h"

#include <wdbg/model/debuggee.h>
#include <wdbg/rsp/server.h>
#include <wdbg/rsp/wasm_packets.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wdbg::rsp {

///                    Stopped event              c, s, vCont
///   Attaching ─────────────────────► Stopped ◄──────────────► Running
///       │                               │     Stopped event      │
///       │ Exited, Killed                │ k                      │ k
///       ▼                               ▼                        ▼
///     Ended ◄──────────────────────── Killing ◄──────────────────┘
///
/// Ended is reached from every state by an Exited or Killed event. D and a lost client leave the
/// diagram: SessionEnd says how.
enum class RunState : std::uint8_t { Attaching, Stopped, Running, Killing, Ended };

/// One thread at the present stop.
struct ThreadView {
    ThreadId id;
    std::string name;
    /// What clients are told: for a breakpoint the address that was asked for (wire §7.7).
    WasmAddress pc{0};
    std::string host_call;
    std::optional<StopReason> reason; ///< nothing for those that stopped because others did
};

/// A watchpoint as the client named it.
struct PlantedWatchpoint {
    unsigned type = 0; ///< 2, 3, 4 as in Z2, Z3, Z4
    std::uint64_t address = 0;
    std::uint64_t length = 0;
    WatchpointId id;
};

/// What the client and we have agreed on.
struct Negotiated {
    bool no_ack = false;
    bool error_strings = false;     ///< QEnableErrorStrings
    bool threads_in_stop = false;   ///< QListThreadsInStopReply
    bool bare_binary_reads = false; ///< `x` replies without `b`: LLDB up to 20, which probes x0,0
    bool software_break = false;    ///< `swbreak+`
    bool is_lldb = false;           ///< it has sent qHostInfo
};

/// State of one client's session, shared by the packet handlers.
class Session {
  public:
    Session(Debuggee& target, ServerOptions settings)
        : debuggee(target)
        , options(std::move(settings)) {}

    Debuggee& debuggee;
    const ServerOptions options;
    Negotiated agreed;
    RunState state = RunState::Attaching;
    SessionEnd end = SessionEnd::None;

    // --- The present stop (RunState::Stopped) ---
    std::vector<ThreadView> threads;
    ThreadId stop_thread;           ///< the one that made the others stop
    bool libraries_changed = false; ///< to be told with this stop
    /// Why attaching failed; every packet that needs the guest then fails with it.
    std::optional<Error> attach_error;
    /// `Wxx` or `X09` once the guest has ended.
    std::string end_packet;

    // --- What packets without a thread of their own refer to ---
    ThreadId current_thread; ///< last named by Hg, `;thread:`, qWasmCallStack or the stop
                             ///< (jThreadsInfo: shown_thread)
    /// What LLDB shows its user, who is asked of without a thread: the one before if it has a
    /// reason to stop, else the first that has (Process::HandleProcessStateChangedEvent).
    ThreadId shown_thread;
    ThreadSpec continue_thread{.kind = ThreadSpec::Kind::All, .thread = 0}; ///< Hc

    FastStep fast_step;
    std::vector<PlantedWatchpoint> watchpoints;
    std::set<CodeAddress> conditional;          ///< breakpoints that were set with conditions
    std::string library_list;                   ///< the document that qXfer is paging through
    std::optional<std::set<InstanceId>> listed; ///< instances that are in it
    std::string native_listing;                 ///< … and that of qXfer:wdbg-native
    std::set<InstanceId> noted;                 ///< instances whose note the client has been told

    void take_stop(const Stopped& stop);
    void choose_shown_thread();
    /// A thread's pc was written: what it had stopped for is where it was.
    void moved(ThreadId thread, WasmAddress pc);

    [[nodiscard]] const ThreadView* find_thread(ThreadId id) const;
    /// The thread `spec` means (All and Any: the current one) and makes it the current one.
    Result<const ThreadView*> select(const ThreadSpec& spec);
    /// Takes `;thread:<id>;` off the front of `text`, where present, and selects that thread; else
    /// the current one.
    Result<const ThreadView*> select_by_suffix(std::string_view text);

    /// Whose linear memory an address without an instance is in: LLDB's pointers and the addresses
    /// of static variables have none. For LLDB the instance that the user is shown at this stop,
    /// else the main one (0).
    [[nodiscard]] InstanceId plain_memory_instance() const;
    /// InvalidArgument for an address of another space.
    [[nodiscard]] Result<MemoryAddress> memory_address(WasmAddress address) const;
    /// With the instance in it, also where that is the main one.
    [[nodiscard]] static std::optional<WasmAddress> full_address(InstanceId instance,
                                                                 std::uint32_t offset);

  private:
    void add_thread(const ThreadInfo& info, const Stopped& stop);
};

[[nodiscard]] std::set<InstanceId> instance_ids(const Debuggee& debuggee);

/// Where code and memory are, in LLDB's addresses. Fails with InvalidArgument for another space.
[[nodiscard]] Result<CodeAddress> to_code_address(WasmAddress address);
/// An address that LLDB can be told; that of the module's first byte where it cannot be expressed.
[[nodiscard]] WasmAddress from_code_address(CodeAddress address);

} // namespace wdbg::rsp
