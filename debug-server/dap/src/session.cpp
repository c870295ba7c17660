// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace wdbg::dap {

namespace {

/// Debug information above this size is worth a progress bar.
constexpr std::uint64_t slow_module_size = std::uint64_t{16} << 20U;

std::uint32_t from_client(std::int64_t value, bool starts_at_1) {
    const std::int64_t number = value + (starts_at_1 ? 0 : 1);
    return number < 0 || std::cmp_greater(number, std::numeric_limits<std::uint32_t>::max())
               ? 0
               : static_cast<std::uint32_t>(number);
}

Error wrong_order(const std::string& command, const std::string& why) {
    return {ErrorCode::InvalidArgument, command + ": " + why};
}

} // namespace

std::uint32_t ClientTraits::from_client_line(std::int64_t line) const {
    return from_client(line, lines_start_at_1);
}

std::uint32_t ClientTraits::from_client_column(std::int64_t column) const {
    return from_client(column, columns_start_at_1);
}

Result<void> Session::check(Needs needs, const std::string& command) const {
    const bool has_guest = phase_ == Phase::Configuring || phase_ == Phase::Active;
    if (needs == Needs::Nothing) {
        return {};
    }
    if (phase_ == Phase::Fresh) {
        return std::unexpected(wrong_order(command, "initialize must come first"));
    }
    if (needs == Needs::Initialized) {
        return {};
    }
    if (needs == Needs::NoGuest) {
        return phase_ == Phase::Initialized
                   ? Result<void>()
                   : std::unexpected(wrong_order(command, "a guest was started already"));
    }
    if (phase_ == Phase::Ended) {
        return fail(ErrorCode::Gone, command + ": the guest has ended");
    }
    if (!has_guest) {
        return std::unexpected(wrong_order(command, "launch or attach must come first"));
    }
    if (!level_) {
        return fail(ErrorCode::Unsupported,
                    command + ": the guest runs without debugging (noDebug)");
    }
    if (needs == Needs::Stopped && !level_->stopped()) {
        return fail(ErrorCode::NotStopped, command + ": the guest is running; pause it first");
    }
    return {};
}

void Session::say(std::string text, bool important) {
    send(protocol::OutputEvent{.category = important ? "important" : "console",
                               .output = std::move(text)});
}

void Session::initialize(const protocol::InitializeArguments& args) {
    client_ = {.lines_start_at_1 = args.linesStartAt1.value_or(true),
               .columns_start_at_1 = args.columnsStartAt1.value_or(true),
               .run_in_terminal = args.supportsRunInTerminalRequest.value_or(false),
               .progress = args.supportsProgressReporting.value_or(false),
               .memory_events = args.supportsMemoryEvent.value_or(false),
               .invalidated = args.supportsInvalidatedEvent.value_or(false)};
    phase_ = phase_ == Phase::Fresh ? Phase::Initialized : phase_;
}

TargetHandlers Session::target_handlers() {
    return {.output =
                [this, alive = alive_](OutputCategory category, std::string_view bytes) {
                    if (*alive) {
                        on_output(category, bytes);
                    }
                },
            .ended =
                [this, alive = alive_](int exit_code) {
                    if (*alive) {
                        on_process_ended(exit_code);
                    }
                }};
}

void Session::start(StartRequest request, Reply reply) {
    start_ = std::move(request);
    guest_ended_ = end_told_ = false;
    exit_code_.reset();
    if (!start_.terminal.empty()) {
        start_in_terminal(std::move(reply));
        return;
    }
    Result<std::unique_ptr<Target>> target = start_.attached
                                                 ? host_.attach(start_.attach, target_handlers())
                                                 : host_.launch(start_.launch, target_handlers());
    if (!target) {
        reply.give(std::unexpected(target.error()));
        return;
    }
    reply.give(Json::object());
    adopt(std::move(*target));
}

/// The client starts the guest; what it says of it comes before the guest is looked for.
void Session::start_in_terminal(Reply reply) {
    Result<TerminalLaunch> launch = host_.launch_in_terminal(start_.launch, target_handlers());
    if (!launch) {
        reply.give(std::unexpected(launch.error()));
        return;
    }
    Json arguments{{"kind", start_.terminal},
                   {"title", "wdbg " + start_.launch.program},
                   {"cwd", start_.launch.cwd},
                   {"args", launch->command}};
    auto shared = std::make_shared<Reply>(std::move(reply));
    dispatcher_.send_request(
        "runInTerminal", std::move(arguments),
        [this, alive = alive_, shared, connect = launch->connect](const Result<Json>& started) {
            if (!*alive) {
                return;
            }
            if (!started) {
                shared->give(fail(ErrorCode::Io, "the client cannot run it in a terminal: " +
                                                     started.error().message));
                return;
            }
            connect([this, alive, shared](Result<std::unique_ptr<Target>> target) {
                if (!*alive) {
                    return;
                }
                if (!target) {
                    shared->give(std::unexpected(target.error()));
                    return;
                }
                shared->give(Json::object());
                adopt(std::move(*target));
            });
        });
}

void Session::adopt(std::unique_ptr<Target> target) {
    target_ = std::move(target);
    process_runs_ = target_->process_id().has_value();
    phase_ = Phase::Starting;
    send(protocol::ProcessEvent{.name =
                                    start_.attached ? start_.attach.connect : start_.launch.program,
                                .systemProcessId = target_->process_id(),
                                .isLocalProcess = !start_.attached,
                                .startMethod = start_.attached ? "attach" : "launch"});
    Debuggee* debuggee = target_->debuggee();
    if (debuggee == nullptr) {
        begin_configuration();
        return;
    }
    level_ =
        host_.make_source_level(*debuggee, {start_.source_map.begin(), start_.source_map.end()});
    level_->set_event_handler([this](const source::SourceEvent& event) { on_event(event); });
    if (const auto attached = level_->attach(); !attached) {
        say("wdbg: cannot take control of the guest: " + attached.error().message + "\n", true);
        on_guest_ended(std::nullopt);
    }
}

/// At the first stop: the client may now set its breakpoints. After a restart it has set them.
void Session::begin_configuration() {
    phase_ = Phase::Configuring;
    tell_modules();
    if (!restarting_) {
        send(protocol::InitializedEvent{});
        return;
    }
    restarting_ = false;
    if (level_) {
        for (const protocol::Breakpoint& breakpoint : breakpoints_.apply_all(*level_)) {
            send(protocol::BreakpointEvent{.reason = "changed", .breakpoint = breakpoint});
        }
    }
    host_.post([this, alive = alive_] {
        if (*alive) {
            configuration_done();
        }
    });
}

void Session::configuration_done() {
    configured_ = true;
    if (phase_ != Phase::Configuring) {
        return;
    }
    phase_ = Phase::Active;
    if (!level_) {
        return;
    }
    if (start_.stop_on_entry) {
        tell_stop(level_->last_stop());
        return;
    }
    if (const auto resumed = level_->resume(); !resumed) {
        say("wdbg: cannot start the guest: " + resumed.error().message + "\n", true);
    }
}

void Session::restart(StartRequest request, Reply reply) {
    restarting_ = true;
    drop_guest();
    start(std::move(request), std::move(reply));
    if (!target_) {
        restarting_ = false;
        phase_ = Phase::Ended;
        send(protocol::TerminatedEvent{});
    }
}

/// The guest is ended, and nothing of it is told any more.
void Session::drop_guest() {
    *alive_ = false;
    alive_ = std::make_shared<bool>(true);
    if (level_ && phase_ != Phase::Ended) {
        level_->kill();
    }
    level_.reset();
    if (target_) {
        target_->terminate();
    }
    target_.reset();
    listings_.reset();
    told_threads_.clear();
    told_modules_.clear();
    process_runs_ = false;
}

void Session::terminate() {
    if (level_ && !guest_ended_) {
        level_->kill();
    } else if (target_) {
        target_->terminate();
    }
}

void Session::disconnect(bool terminate) {
    finished_ = true;
    if (terminate) {
        drop_guest();
        return;
    }
    if (level_ && !guest_ended_) {
        level_->detach();
    }
    level_.reset();
}

void Session::leave() {
    finished_ = true;
    level_.reset();
}

void Session::client_gone() {
    if (!finished_) {
        disconnect(ends_guest_);
    }
}

void Session::set_exception_filters(const std::vector<std::string>& filters) {
    stop_on_traps_ = std::ranges::find(filters, "trap") != filters.end();
}

/// The modules' sizes come from the guest: asking the source level would load what is to be told
/// first.
std::string Session::begin_progress(std::string_view what) {
    if (!client_.progress || !level_) {
        return {};
    }
    const auto instances = level_->debuggee().instances();
    const auto slow = std::ranges::find_if(instances, [&](const InstanceInfo& instance) {
        return instance.code_size >= slow_module_size &&
               told_progress_.emplace(std::string(what), instance.id).second;
    });
    if (slow == instances.end()) {
        return {};
    }
    const std::string id = "load-" + std::to_string(++progress_count_);
    send(protocol::ProgressStartEvent{
        .progressId = id, .title = "Loading debug information", .message = slow->name});
    return id;
}

void Session::end_progress(const std::string& id) {
    if (!id.empty()) {
        send(protocol::ProgressEndEvent{.progressId = id});
    }
}

} // namespace wdbg::dap
