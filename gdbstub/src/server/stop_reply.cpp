// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "stop_reply.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace wdbg::rsp {

namespace {

enum Signal : unsigned { None = 0, Int = 2, Ill = 4, Trap = 5, Fpe = 8, Segv = 11 };

struct TrapRow {
    TrapKind kind;
    unsigned signal;
};

/// What a native program would have got for the same mistake; all others are SIGSEGV.
constexpr std::array trap_signals{
    TrapRow{TrapKind::Unreachable, Ill},
    TrapRow{TrapKind::IntegerDivideByZero, Fpe},
    TrapRow{TrapKind::IntegerOverflow, Fpe},
    TrapRow{TrapKind::InvalidConversion, Fpe},
};

unsigned trap_signal(TrapKind kind) {
    const auto* row = std::ranges::find(trap_signals, kind, &TrapRow::kind);
    return row == trap_signals.end() ? Segv : row->signal;
}

/// One overload per stop reason of the model.
struct Describe {
    const Session& session;
    const ThreadView& thread;

    StopText operator()(const StoppedAtEntry& /*unused*/) const {
        return {.signal = Trap, .reason = "signal", .description = "attached"};
    }

    StopText operator()(const BreakpointHit& /*unused*/) const {
        return {.signal = Trap, .reason = "breakpoint", .description = {}};
    }

    StopText operator()(const StepDone& /*unused*/) const {
        return {.signal = Trap, .reason = "trace", .description = {}};
    }

    StopText operator()(const Interrupted& /*unused*/) const {
        std::string text;
        if (!thread.host_call.empty()) {
            text = "signal SIGINT (in host call " + thread.host_call + ")";
        }
        return {.signal = Int, .reason = "signal", .description = std::move(text)};
    }

    StopText operator()(const InstancesChanged& /*unused*/) const { return {}; }

    /// LLDB finds its watchpoint by the first number, an address in the watched range.
    StopText operator()(const WatchpointHit& hit) const {
        const auto planted =
            std::ranges::find(session.watchpoints, hit.watchpoint, &PlantedWatchpoint::id);
        const auto accessed =
            WasmAddress::memory(hit.address.instance.value, hit.address.memory, hit.address.offset);
        const std::uint64_t hit_address = accessed ? accessed->packed() : 0;
        const bool known = planted != session.watchpoints.end();
        const std::uint64_t watched = known ? planted->address : hit_address;
        const auto index = known ? planted - session.watchpoints.begin() : 0;
        return {.signal = Trap,
                .reason = "watchpoint",
                .description = std::to_string(watched) + " " + std::to_string(index) + " " +
                               std::to_string(hit_address)};
    }

    StopText operator()(const Trapped& trap) const {
        return {.signal = trap_signal(trap.kind),
                .reason = "exception",
                .description = trap.message.empty() ? "trap" : trap.message};
    }
};

/// A name that may stand between `name:` and `;`.
bool is_plain(std::string_view name) {
    return std::ranges::all_of(name, [](char c) {
        return c > ' ' && c < '\x7f' && std::string_view(";:#$}*,").find(c) == std::string::npos;
    });
}

void write_name(const std::string& name, Reply& out) {
    if (name.empty()) {
        return;
    }
    if (is_plain(name)) {
        out.add("name:").add(name).add(';');
    } else {
        out.add("hexname:").hex_text(name).add(';');
    }
}

/// `threads:`, `thread-pcs:` and, where there are others, `jstopinfo:` for all of them. All, since
/// LLDB takes a thread that jstopinfo leaves out for one that has passed the breakpoint it is at.
void write_threads(const Session& session, Reply& out) {
    const char* separator = "threads:";
    for (const ThreadView& thread : session.threads) {
        out.add(separator).hex(thread.id.value);
        separator = ",";
    }
    separator = ";thread-pcs:";
    for (const ThreadView& thread : session.threads) {
        out.add(separator).hex(thread.pc.packed());
        separator = ",";
    }
    out.add(';');
    if (session.threads.size() > 1) {
        out.add("jstopinfo:").hex_text(threads_as_json(session, false)).add(';');
    }
}

} // namespace

StopText describe_stop(const Session& session, const ThreadView& thread) {
    if (!thread.reason) {
        return {};
    }
    return std::visit(Describe{.session = session, .thread = thread}, *thread.reason);
}

void write_stop_reply(const Session& session, const ThreadView& thread, Reply& out) {
    const StopText text = describe_stop(session, thread);
    out.add('T').hex_byte(text.signal);
    out.add("thread:").hex(thread.id.value).add(';');
    write_name(thread.name, out);
    if (session.agreed.threads_in_stop) {
        write_threads(session, out);
    }
    out.add("00:").le64(thread.pc.packed()).add(';');
    if (session.libraries_changed && thread.id == session.stop_thread) {
        out.add("library:1;");
    }
    if (session.agreed.software_break && text.reason == "breakpoint") {
        out.add("swbreak:;");
    }
    if (!text.reason.empty()) {
        out.add("reason:").add(text.reason).add(';');
    }
    if (!text.description.empty()) {
        out.add("description:").hex_text(text.description).add(';');
    }
}

std::string threads_as_json(const Session& session, bool with_registers) {
    nlohmann::json list = nlohmann::json::array();
    for (const ThreadView& thread : session.threads) {
        const StopText text = describe_stop(session, thread);
        nlohmann::json entry{{"tid", thread.id.value}};
        if (!thread.name.empty()) {
            entry["name"] = thread.name;
        }
        if (with_registers) {
            std::string pc(16, '0');
            format_le64(thread.pc.packed(), pc.data());
            entry["registers"] = {{"0", pc}};
        }
        if (text.signal != 0) {
            entry["signal"] = text.signal;
        }
        if (!text.reason.empty()) {
            entry["reason"] = text.reason;
        }
        if (!text.description.empty()) {
            entry["description"] = text.description;
        }
        list.push_back(std::move(entry));
    }
    return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace wdbg::rsp
