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
    const auto address = to_memory_address(request.address);
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
    return set ? session.debuggee.plant(*address) : session.debuggee.unplant(*address);
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

/// `Z<type>,<address>,<kind>`
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

} // namespace wdbg::rsp::handlers
