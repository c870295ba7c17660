// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "hit_condition.h"
#include "references.h"
#include "session.h"

#include <algorithm>

namespace wdbg::dap {

namespace {

struct KindRow {
    source::StopKind kind;
    std::string_view reason; ///< DAP's
    std::string_view description;
};

constexpr std::array kind_rows{
    KindRow{source::StopKind::Entry, "entry", "Paused on entry"},
    KindRow{source::StopKind::Breakpoint, "breakpoint", "Paused on breakpoint"},
    KindRow{source::StopKind::Step, "step", "Paused after step"},
    KindRow{source::StopKind::Pause, "pause", "Paused"},
    KindRow{source::StopKind::Watchpoint, "data breakpoint", "Paused on data breakpoint"},
    KindRow{source::StopKind::Trap, "exception", "Paused on trap"},
    KindRow{source::StopKind::ModulesChanged, "pause", "Paused: modules have changed"},
    KindRow{source::StopKind::Goto, "goto", "Paused"},
};

const KindRow& row_of(source::StopKind kind) {
    const auto* row = std::ranges::find(kind_rows, kind, &KindRow::kind);
    return row == kind_rows.end() ? kind_rows[3] : *row;
}

constexpr std::array<std::string_view, 3> categories{"stdout", "stderr", "console"};

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

} // namespace

void Session::on_event(const source::SourceEvent& event) {
    std::visit(Overloaded{
                   [this](const source::StoppedView& stop) { on_stopped(stop); },
                   [this](const source::BreakpointChanged& changed) {
                       on_breakpoint_changed(changed.breakpoint);
                   },
                   [this](const source::LogOutput& log) { say(log.text, log.is_error); },
                   [this](const source::ModulesUpdated&) { tell_modules(); },
                   [this](const Exited& exited) { on_guest_ended(exited.exit_code); },
                   [this](const Killed&) { on_guest_ended(std::nullopt); },
               },
               event);
}

void Session::on_stopped(const source::StoppedView& stop) {
    places_.clear();
    if (phase_ == Phase::Starting) {
        begin_configuration();
        return;
    }
    if (phase_ == Phase::Configuring) {
        return;
    }
    if (!stop.threads.empty() &&
        std::ranges::all_of(stop.threads, [this](const auto& thread) { return passes(thread); })) {
        host_.post([this, alive = alive_] {
            if (*alive && level_ && level_->stopped()) {
                [[maybe_unused]] const auto resumed = level_->resume();
            }
        });
        return;
    }
    tell_stop(stop);
}

bool Session::passes(const source::ThreadStopView& stop) {
    if (stop.kind == source::StopKind::Trap) {
        return !stop_on_traps_;
    }
    const auto* hit = std::get_if<WatchpointHit>(&stop.reason);
    return stop.kind == source::StopKind::Watchpoint && hit != nullptr && data_point_passes(*hit);
}

/// Conditions of data breakpoints are evaluated here: in the frame that made the access.
bool Session::data_point_passes(const WatchpointHit& hit) {
    BreakpointBook::DataPoint* point = breakpoints_.find_data(hit.watchpoint);
    if (point == nullptr) {
        return false;
    }
    const std::string condition = point->wanted.condition.value_or("");
    if (!condition.empty()) {
        const ThreadId thread = level_->last_stop().threads.front().thread;
        const auto stack = level_->stack(thread, 0, 1);
        const source::FrameHandle frame =
            stack && !stack->frames.empty() ? stack->frames.front().id : source::FrameHandle{};
        const auto value = level_->evaluate(frame, condition, {});
        if (!value) {
            say("wdbg: condition of a data breakpoint: " + value.error().message + "\n", true);
        } else if (value->value == "0" || value->value == "false") {
            return true;
        }
    }
    ++point->hits;
    return !hit_condition_holds(point->wanted.hitCondition.value_or(""), point->hits);
}

void Session::tell_stop(const source::StoppedView& stop) {
    tell_threads();
    if (stop.threads.empty()) {
        return;
    }
    const source::ThreadStopView& first = stop.threads.front();
    const KindRow& row = row_of(first.kind);
    protocol::StoppedEvent event{.reason = std::string(row.reason),
                                 .description = std::string(row.description),
                                 .threadId = first.thread.value,
                                 .allThreadsStopped = true};
    if (!first.text.empty()) {
        event.text = first.text;
        if (first.kind == source::StopKind::Trap) {
            event.description = "Paused on trap: " + first.text;
        }
    }
    std::vector<int> hit;
    for (const source::BreakpointId id : first.breakpoints) {
        if (const int known = breakpoints_.client_id(id); known != 0) {
            hit.push_back(known);
        }
    }
    if (const auto* watch = std::get_if<WatchpointHit>(&first.reason)) {
        if (const auto* point = breakpoints_.find_data(watch->watchpoint)) {
            hit.push_back(point->id);
        }
    }
    if (!hit.empty()) {
        event.hitBreakpointIds = hit;
    }
    send(event);
}

/// What has changed since the client was told of the threads.
void Session::tell_threads() {
    std::set<ThreadId> present;
    for (const ThreadInfo& thread : level_->debuggee().threads()) {
        present.insert(thread.id);
        if (!told_threads_.contains(thread.id)) {
            send(protocol::ThreadEvent{.reason = "started", .threadId = thread.id.value});
        }
    }
    for (const ThreadId id : told_threads_) {
        if (!present.contains(id)) {
            send(protocol::ThreadEvent{.reason = "exited", .threadId = id.value});
        }
    }
    told_threads_ = std::move(present);
}

protocol::Module Session::describe(const source::ModuleView& module) const {
    protocol::Module result{.id = module.instance.id.value, .name = module.instance.name};
    if (!module.instance.path.empty()) {
        result.path = module.instance.path;
    }
    if (!module.debug_file.empty()) {
        result.symbolFilePath = module.debug_file;
    }
    if (module.has_debug_info) {
        result.symbolStatus = "debug information loaded";
    } else if (module.loaded) {
        result.symbolStatus = module.message.empty() ? "no debug information" : module.message;
    }
    if (!module.instance.note.empty()) {
        result.symbolStatus = module.instance.note;
    }
    const CodeAddress begin{.instance = module.instance.id, .offset = {}};
    result.addressRange = reference_of(begin);
    return result;
}

void Session::tell_modules() {
    if (!level_) {
        return;
    }
    std::map<InstanceId, std::string> present;
    const auto modules = with_progress("open", [this] { return level_->modules(); });
    for (const source::ModuleView& module : modules) {
        present[module.instance.id] = module.instance.name;
        if (!told_modules_.contains(module.instance.id)) {
            send(protocol::ModuleEvent{.reason = "new", .module = describe(module)});
            if (!module.instance.note.empty()) {
                say("wdbg: " + module.instance.note + "\n", false);
            }
        }
    }
    for (const auto& [id, name] : told_modules_) {
        if (!present.contains(id)) {
            send(protocol::ModuleEvent{.reason = "removed",
                                       .module = {.id = id.value, .name = name}});
        }
    }
    told_modules_ = std::move(present);
}

void Session::on_breakpoint_changed(const source::BreakpointInfo& info) {
    const int id = breakpoints_.client_id(info.id);
    if (id != 0) {
        protocol::Breakpoint breakpoint = breakpoints_.describe(info, id);
        if (breakpoint.line) {
            breakpoint.line = client_.to_client_line(static_cast<std::uint32_t>(*breakpoint.line));
        }
        send(protocol::BreakpointEvent{.reason = "changed", .breakpoint = std::move(breakpoint)});
    }
}

void Session::on_output(OutputCategory category, std::string_view bytes) {
    const auto index = static_cast<std::size_t>(category);
    std::string text = output_.at(index).take(bytes);
    if (!text.empty() && !finished_) {
        send(protocol::OutputEvent{.category = std::string(categories.at(index)),
                                   .output = std::move(text)});
    }
}

/// The end as the debugger sees it. Where there is a process, its own end is waited for, since
/// output may still come and its exit status is the whole one.
void Session::on_guest_ended(std::optional<int> exit_code) {
    if (guest_ended_ || restarting_) {
        return;
    }
    guest_ended_ = true;
    phase_ = Phase::Ended;
    if (exit_code && !exit_code_) {
        exit_code_ = exit_code;
    }
    const std::string lost = target_ ? target_->lost() : std::string();
    if (!lost.empty() && !process_runs_) {
        say("wdbg: contact with the guest is lost: " + lost + "\n", true);
    }
    if (!process_runs_) {
        send_end();
    }
}

void Session::on_process_ended(int exit_code) {
    process_runs_ = false;
    guest_ended_ = true;
    phase_ = Phase::Ended;
    exit_code_ = exit_code;
    send_end();
}

void Session::send_end() {
    if (std::exchange(end_told_, true) || finished_) {
        return;
    }
    for (std::size_t i = 0; i < output_.size(); ++i) {
        const std::string rest = output_.at(i).rest();
        if (!rest.empty()) {
            send(protocol::OutputEvent{.category = std::string(categories.at(i)), .output = rest});
        }
    }
    if (exit_code_) {
        send(protocol::ExitedEvent{.exitCode = *exit_code_});
    }
    send(protocol::TerminatedEvent{});
}

} // namespace wdbg::dap
