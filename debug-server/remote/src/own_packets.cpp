// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What few servers have beside ours: conditions in GDB's form, and calls of functions
// (gdbstub/README.md).
#include "remote_impl.h"

#include <wdbg/model/hex.h>
#include <wdbg/rsp/text.h>

#include <array>
#include <bit>

namespace wdbg::remote {

namespace {

std::string text_of(const Value& value) {
    return hex_of(static_cast<std::uint64_t>(value.type)) + ':' + hex_of(value.bytes());
}

Result<std::vector<Value>> values_of(std::string_view reply) {
    const auto malformed = [&] {
        return fail(ErrorCode::Malformed,
                    "the debug server answers a call with '" + std::string(reply) + "'");
    };
    rsp::TextReader reader(reply);
    if (!reader.take('V')) {
        return malformed();
    }
    std::vector<Value> values;
    while (!reader.at_end()) {
        rsp::TextReader item(reader.take_until(';'));
        const auto type = item.hex_as<std::uint8_t>();
        Value value{.type = static_cast<ValueType>(type.value_or(0))};
        if (!type || !item.take(':') ||
            !rsp::decode_hex(item.rest(), std::span(value.storage).first(size_of(value.type)))) {
            return malformed();
        }
        values.push_back(value);
    }
    return values;
}

} // namespace

CallSupport* RemoteImpl::call_support() {
    return link_->client().supports("QWdbgCall") ? this : nullptr;
}

Result<std::vector<Value>> RemoteImpl::call(const CallRequest& request) {
    if (const auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    if (const auto selected = select(request.thread); !selected) {
        return std::unexpected(selected.error());
    }
    std::string packet = "QWdbgCall:" + std::to_string(request.instance.value) + ";" +
                         std::to_string(request.function) + ";" +
                         std::to_string(request.limit.count());
    for (const Value& argument : request.arguments) {
        packet += ";" + text_of(argument);
    }
    const auto reply = link_->ask_packet(packet);
    cache_.values.clear(); // whatever it has done to globals and memory
    cache_.memory.clear();
    cache_.memory_sizes.clear();
    return reply ? values_of(*reply) : std::unexpected(reply.error());
}

/// By writing the pc, which servers refuse that cannot.
Result<void> RemoteImpl::jump(ThreadId thread, CodeAddress to) {
    const auto stopped = require_stopped();
    const Result<std::uint64_t> packed = to_packed(to);
    if (!stopped || !packed) {
        return std::unexpected(stopped ? packed.error() : stopped.error());
    }
    const auto bytes = std::bit_cast<std::array<std::byte, sizeof(std::uint64_t)>>(*packed);
    const auto written = link_->ask<void>([&](auto handler) {
        link_->client().write_register(0, number_of(thread), {bytes.begin(), bytes.end()},
                                       std::move(handler));
    });
    if (written) {
        cache_.stacks.erase(thread);
        cache_.values.clear();
    }
    return written;
}

// --- Conditions

/// Only of servers that have the variables for hit counts as well.
ConditionSupport* RemoteImpl::conditions() {
    rsp::Client& client = link_->client();
    return client.supports("ConditionalBreakpoints") && client.supports("QTDV") ? this : nullptr;
}

/// Requests that are answered with OK, of a guest that may run; the first error ends them.
Result<void> RemoteImpl::paused_request(const std::vector<std::string>& packets) {
    const Result<bool> paused = pause();
    if (!paused) {
        return std::unexpected(paused.error());
    }
    Result<void> done;
    for (const std::string& packet : packets) {
        const auto reply = link_->ask_packet(packet);
        if (!reply && done) {
            done = std::unexpected(reply.error());
        }
    }
    if (*paused) {
        if (const auto resumed = resume_again(); !resumed) {
            return resumed;
        }
    }
    return done;
}

/// A breakpoint that is set again is, to some servers, a second one: it is removed first.
Result<void> RemoteImpl::set_conditions(CodeAddress address,
                                        std::vector<std::vector<std::uint8_t>> any_of) {
    const Result<std::uint64_t> packed = to_packed(address);
    if (!packed || !planted_.contains(address)) {
        return packed ? fail(ErrorCode::NotFound, "no breakpoint is planted there")
                      : std::unexpected(packed.error());
    }
    if (any_of.empty() && !conditional_.contains(address)) {
        return {};
    }
    const std::string place = "0," + hex_of(*packed) + "," + hex_of(breakpoint_kind);
    std::string set = "Z" + place + (any_of.empty() ? "" : ";");
    for (const auto& condition : any_of) {
        set += "X" + hex_of(condition.size()) + "," + hex_of(std::as_bytes(std::span(condition)));
    }
    const auto done = paused_request({"z" + place, set});
    if (done && !any_of.empty()) {
        conditional_.insert(address);
    } else {
        conditional_.erase(address);
    }
    if (!done && !any_of.empty()) { // stops always rather than never
        [[maybe_unused]] const auto plain = paused_request({"Z" + place});
    }
    return done;
}

Result<std::int64_t> RemoteImpl::condition_variable(std::uint16_t number) const {
    const auto reply = link_->ask_packet("qTV:" + hex_of(number));
    if (!reply) {
        return std::unexpected(reply.error());
    }
    rsp::TextReader reader(*reply);
    const bool known = reader.take('V');
    const auto value = reader.hex();
    return known && value ? Result<std::int64_t>(static_cast<std::int64_t>(*value))
                          : fail(ErrorCode::Unavailable, "the server does not know the variable");
}

Result<void> RemoteImpl::set_condition_variable(std::uint16_t number, std::int64_t value) {
    return paused_request(
        {"QTDV:" + hex_of(number) + ":" + hex_of(static_cast<std::uint64_t>(value)) + ":0:"});
}

} // namespace wdbg::remote
