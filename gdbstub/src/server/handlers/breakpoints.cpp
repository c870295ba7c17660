// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "handlers.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace wdbg::rsp::handlers {

namespace {

const Error malformed{ErrorCode::InvalidArgument, "expected <type>,<address>,<kind> in hex"};

/// By the type of Z2, Z3, Z4.
constexpr std::array watch_kinds{WatchKind::Write, WatchKind::Read, WatchKind::Access};

bool is_breakpoint(const StopPointRequest& request) {
    return request.type < 2;
}

auto find_planted(Session& session, const StopPointRequest& request) {
    return std::ranges::find_if(session.watchpoints, [&](const PlantedWatchpoint& planted) {
        return planted.type == request.type && planted.address == request.address.packed() &&
               planted.length == request.kind;
    });
}

Result<void> set_watchpoint(Session& session, const StopPointRequest& request) {
    WatchpointSupport* support = session.debuggee.watchpoints();
    if (support == nullptr) {
        return fail(ErrorCode::Unsupported, "this engine has no watchpoints");
    }
    const auto address = session.memory_address(request.address);
    if (!address) {
        return std::unexpected(address.error());
    }
    if (request.kind == 0) {
        return fail(ErrorCode::InvalidArgument, "a watchpoint of no bytes");
    }
    const auto id = support->add(WatchpointSpec{
        .address = *address, .size = request.kind, .kind = watch_kinds.at(request.type - 2)});
    if (!id) {
        return std::unexpected(id.error());
    }
    session.watchpoints.push_back({.type = request.type,
                                   .address = request.address.packed(),
                                   .length = request.kind,
                                   .id = *id});
    return {};
}

Result<void> clear_watchpoint(Session& session, const StopPointRequest& request) {
    WatchpointSupport* support = session.debuggee.watchpoints();
    const auto planted = find_planted(session, request);
    if (support == nullptr || planted == session.watchpoints.end()) {
        return fail(ErrorCode::NotFound, "no such watchpoint");
    }
    const WatchpointId id = planted->id;
    session.watchpoints.erase(planted);
    return support->remove(id);
}

Result<std::vector<std::vector<std::uint8_t>>> conditions_of(std::string_view text) {
    std::vector<std::vector<std::uint8_t>> conditions;
    while (!text.empty()) {
        const auto digits = take_condition(text);
        std::vector<std::uint8_t> bytes(digits ? digits->size() / 2 : 0);
        if (!digits || !decode_hex(*digits, std::as_writable_bytes(std::span(bytes)))) {
            return fail(ErrorCode::InvalidArgument, "expected X<length>,<expression in hex>");
        }
        conditions.push_back(std::move(bytes));
    }
    return conditions;
}

/// GDB sets a breakpoint again to change its conditions: that is no second one.
Result<void> plant(Session& session, CodeAddress address, const StopPointRequest& request) {
    auto conditions = conditions_of(request.conditions);
    if (!conditions) {
        return std::unexpected(conditions.error());
    }
    const bool again = session.conditional.contains(address);
    if (conditions->empty() && !again) {
        const auto planted = session.debuggee.plant(address);
        if (planted) {
            session.fast_step.breakpoint_set(address);
        }
        return planted;
    }
    ConditionSupport* support = session.debuggee.conditions();
    if (support == nullptr) {
        return fail(ErrorCode::Unsupported, "this engine decides no conditions");
    }
    if (!again) {
        if (auto planted = session.debuggee.plant(address); !planted) {
            return planted;
        }
    }
    auto set = support->set_conditions(address, std::move(*conditions));
    if (!set && !again) {
        [[maybe_unused]] const auto undone = session.debuggee.unplant(address);
        return set;
    }
    session.conditional.insert(address);
    return set;
}

/// `args` without the letter; `set` for Z.
Result<void> change_stop_point(Session& session, std::string_view args, bool set) {
    const std::optional<StopPointRequest> request = parse_stop_point(args);
    if (!request) {
        return std::unexpected(malformed);
    }
    if (!is_breakpoint(*request)) {
        return set ? set_watchpoint(session, *request) : clear_watchpoint(session, *request);
    }
    const auto address = to_code_address(request->address);
    if (!address) {
        return std::unexpected(address.error());
    }
    if (!set) {
        session.conditional.erase(*address);
        session.fast_step.breakpoint_removed(*address);
    }
    return set ? plant(session, *address, *request) : session.debuggee.unplant(*address);
}

Status ok_or_error(const Result<void>& result, Reply& out) {
    if (!result) {
        return std::unexpected(result.error());
    }
    out.add("OK");
    return Outcome::Reply;
}

/// One entry of jMultiBreakpoint: OK or Exx.
std::string change_one(Session& session, const nlohmann::json& request) {
    Result<void> done = std::unexpected(malformed);
    if (request.is_string()) {
        std::string_view text = request.get_ref<const std::string&>();
        const bool set = text.starts_with('Z');
        if (set || text.starts_with('z')) {
            text.remove_prefix(1);
            done = change_stop_point(session, text, set);
        }
    }
    Reply result;
    result.add("OK");
    if (!done) {
        write_error(session, done.error(), result);
    }
    return std::string(result.text());
}

} // namespace

/// `Z<type>,<address>,<kind>[;X<length>,<expression>…]`: with GDB's agent expressions as
/// conditions.
Status set_stop_point(Session& session, std::string_view args, Reply& out) {
    return ok_or_error(change_stop_point(session, args, true), out);
}

/// `z<type>,<address>,<kind>`
Status clear_stop_point(Session& session, std::string_view args, Reply& out) {
    return ok_or_error(change_stop_point(session, args, false), out);
}

/// `jMultiBreakpoint:{"breakpoint_requests":["Z0,…","z0,…"]}` → `{"results":["OK","E02"]}`, in
/// order; one that fails does not keep the others from being done.
Status change_stop_points(Session& session, std::string_view args, Reply& out) {
    const nlohmann::json packet = nlohmann::json::parse(args, nullptr, false);
    const auto requests = packet.is_object() ? packet.find("breakpoint_requests") : packet.end();
    if (requests == packet.end() || !requests->is_array()) {
        return fail(ErrorCode::InvalidArgument, "expected an object with breakpoint_requests");
    }
    nlohmann::json results = nlohmann::json::array();
    for (const nlohmann::json& request : *requests) {
        results.push_back(change_one(session, request));
    }
    out.add(nlohmann::json{{"results", std::move(results)}}.dump());
    return Outcome::Reply;
}

/// `qWatchpointSupportInfo:` → how many; an engine without a limit says a number nobody needs.
Status watchpoint_support(Session& session, std::string_view /*args*/, Reply& out) {
    constexpr std::uint32_t plenty = 1024;
    WatchpointSupport* support = session.debuggee.watchpoints();
    const std::uint32_t limit = support == nullptr ? 0 : support->precision().max_count;
    out.add("num:").decimal(support != nullptr && limit == 0 ? plenty : limit).add(';');
    return Outcome::Reply;
}

namespace {

Result<ConditionSupport*> support_of(Session& session) {
    ConditionSupport* support = session.debuggee.conditions();
    if (support == nullptr) {
        return fail(ErrorCode::Unsupported, "this engine decides no conditions");
    }
    return support;
}

} // namespace

/// `qTV:<number>` → `V<value>`: a variable of the conditions (GDB's trace state variables).
Status condition_variable(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    const auto number = reader.hex_as<std::uint16_t>();
    const auto support = support_of(session);
    if (!number || !reader.at_end() || !support) {
        return support ? fail(ErrorCode::InvalidArgument, "expected a number, in hex")
                       : Status(std::unexpected(support.error()));
    }
    const auto value = (*support)->condition_variable(*number);
    if (!value) {
        return std::unexpected(value.error());
    }
    out.add('V').hex(static_cast<std::uint64_t>(*value));
    return Outcome::Reply;
}

/// `QTDV:<number>:<value>[:…]`: gives one a value. What GDB tells behind it is its name.
Status set_condition_variable(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    const auto number = reader.hex_as<std::uint16_t>();
    const bool separated = reader.take(':');
    const auto value = reader.hex();
    const auto support = support_of(session);
    if (!number || !separated || !value || !support) {
        return support ? fail(ErrorCode::InvalidArgument, "expected <number>:<value>, in hex")
                       : Status(std::unexpected(support.error()));
    }
    return ok_or_error(
        (*support)->set_condition_variable(*number, static_cast<std::int64_t>(*value)), out);
}

} // namespace wdbg::rsp::handlers
