// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "breakpoint_book.h"
#include "dispatcher.h"
#include "listings.h"
#include "places.h"
#include "protocol/events.h"
#include "utf8_splitter.h"

#include <wdbg/dap/host.h>
#include <wdbg/source/source_level.h>

#include <array>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

namespace wdbg::dap {

///            initialize            launch, attach           first stop, or noDebug
///   Fresh ──────────────► Initialized ───────────► Starting ─────────────────────► Configuring
///                              ▲                                                        │
///                              │ (restart goes to Starting)           configurationDone │
///                              │                                                        ▼
///                            Ended ◄──────────────── guest ends, terminate ────────── Active
///
/// `initialized` is sent on the way to Configuring. Disconnect and a lost client end the session
/// from everywhere.
enum class Phase : std::uint8_t { Fresh, Initialized, Starting, Configuring, Active, Ended };

/// What `initialize` told of the client.
struct ClientTraits {
    bool lines_start_at_1 = true;
    bool columns_start_at_1 = true;
    bool run_in_terminal = false;
    bool progress = false;
    bool memory_events = false;
    bool invalidated = false;

    [[nodiscard]] std::int64_t to_client_line(std::uint32_t line) const {
        return std::int64_t{line} - (lines_start_at_1 || line == 0 ? 0 : 1);
    }

    [[nodiscard]] std::int64_t to_client_column(std::uint32_t column) const {
        return std::int64_t{column} - (columns_start_at_1 || column == 0 ? 0 : 1);
    }

    [[nodiscard]] std::uint32_t from_client_line(std::int64_t line) const;
    [[nodiscard]] std::uint32_t from_client_column(std::int64_t column) const;
};

/// What the guest was started with: for restart.
struct StartRequest {
    bool attached = false;
    bool stop_on_entry = false;
    LaunchSettings launch{};
    AttachSettings attach{};
    std::map<std::string, std::string> source_map{};
    std::string terminal{}; ///< "integrated", "external" or empty
};

/// One client and the guest it debugs: what requests share.
class Session {
  public:
    Session(Host& host, Dispatcher& dispatcher) : host_(host), dispatcher_(dispatcher) {}

    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    ~Session() { *alive_ = false; }

    // --- For handlers ---
    /// Whether a request with these needs makes sense now; NotStopped, NotRunning, Gone or
    /// InvalidArgument says why not.
    [[nodiscard]] Result<void> check(Needs needs, const std::string& command) const;

    [[nodiscard]] Dispatcher& dispatcher() { return dispatcher_; }

    /// Only where Needs::Guest or Stopped was asked for.
    [[nodiscard]] source::SourceLevel& level() { return *level_; }

    /// nullptr before the guest is there, behind its end, and with noDebug.
    [[nodiscard]] source::SourceLevel* level_or_null() { return level_.get(); }

    [[nodiscard]] Target* target() { return target_.get(); }

    [[nodiscard]] const ClientTraits& client() const { return client_; }

    [[nodiscard]] BreakpointBook& breakpoints() { return breakpoints_; }

    [[nodiscard]] Listings& listings() { return listings_; }

    [[nodiscard]] Places& places() { return places_; }

    [[nodiscard]] const StartRequest& start_request() const { return start_; }

    template <class Event>
    void send(const Event& event) {
        send_named(event_name<Event>(), event);
    }

    /// A line in the client's console.
    void say(std::string text, bool important = false);

    void initialize(const protocol::InitializeArguments& args);
    /// Launches or attaches; `reply` gets an empty body when the guest is there.
    void start(StartRequest request, Reply reply);
    void restart(StartRequest request, Reply reply);
    void configuration_done();
    void set_exception_filters(const std::vector<std::string>& filters);
    void terminate();
    void disconnect(bool terminate);

    /// What a client has asked for that is gone before it is done.
    void set_ends_guest(bool ends) { ends_guest_ = ends; }

    /// The end of a session whose guest has been detached from.
    void leave();
    void client_gone();

    /// Tells the client, where it wants to know, that what is done for the first time with a large
    /// module's debug information may take a while. `what` tells these works apart.
    template <class Work>
    auto with_progress(std::string_view what, Work work) {
        const std::string id = begin_progress(what);
        auto result = work();
        end_progress(id);
        return result;
    }

    [[nodiscard]] bool finished() const { return finished_; }

    [[nodiscard]] bool guest_lives_on() const { return process_runs_; }

    [[nodiscard]] protocol::Module describe(const source::ModuleView& module) const;

  private:
    template <class Event>
    static constexpr std::string_view event_name() {
        if constexpr (std::is_same_v<Event, protocol::ProcessEvent>) {
            return Event::event_name;
        } else {
            return Event::name;
        }
    }

    template <class Event>
    void send_named(std::string_view name, const Event& event) {
        dispatcher_.send_event(name, write(event));
    }

    // --- session.cpp ---
    void adopt(std::unique_ptr<Target> target);
    void start_in_terminal(Reply reply);
    [[nodiscard]] TargetHandlers target_handlers();
    void begin_configuration();
    void drop_guest();
    [[nodiscard]] std::string begin_progress(std::string_view what);
    void end_progress(const std::string& id);

    // --- session_events.cpp ---
    void on_event(const source::SourceEvent& event);
    void on_stopped(const source::StoppedView& stop);
    void on_breakpoint_changed(const source::BreakpointInfo& info);
    void on_output(OutputCategory category, std::string_view bytes);
    void on_guest_ended(std::optional<int> exit_code);
    void on_process_ended(int exit_code);
    void send_end();
    void tell_stop(const source::StoppedView& stop);
    void tell_threads();
    void tell_modules();
    /// True if the stop is of no interest to the user: a condition is false, a trap is not wanted.
    bool passes(const source::ThreadStopView& stop);
    bool data_point_passes(const WatchpointHit& hit);

    Host& host_;
    Dispatcher& dispatcher_;
    Phase phase_ = Phase::Fresh;
    ClientTraits client_;
    StartRequest start_;
    std::unique_ptr<Target> target_; ///< outlives level_
    std::unique_ptr<source::SourceLevel> level_;
    BreakpointBook breakpoints_;
    Listings listings_;
    Places places_;
    std::array<Utf8Splitter, 3> output_{};
    std::set<ThreadId> told_threads_;
    std::map<InstanceId, std::string> told_modules_{};
    bool stop_on_traps_ = true;
    bool configured_ = false; ///< configurationDone came
    bool restarting_ = false; ///< an end of the guest is ours
    bool process_runs_ = false;
    std::optional<int> exit_code_{};
    bool guest_ended_ = false;
    bool end_told_ = false;
    bool finished_ = false;
    bool ends_guest_ = false;
    int progress_count_ = 0;
    std::set<std::pair<std::string, InstanceId>, std::less<>> told_progress_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace wdbg::dap
