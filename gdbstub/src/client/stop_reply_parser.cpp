// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/rsp/client.h>
#include <wdbg/rsp/text.h>

#include <array>

namespace wdbg::rsp {

namespace {

std::string from_hex(std::string_view digits) {
    std::string text(digits.size() / 2, '\0');
    return decode_hex(digits, std::as_writable_bytes(std::span(text))) ? text : std::string();
}

std::vector<std::uint64_t> number_list(std::string_view text) {
    std::vector<std::uint64_t> numbers;
    TextReader reader(text);
    while (const auto number = reader.hex()) {
        numbers.push_back(*number);
        reader.take(',');
    }
    return numbers;
}

std::uint64_t thread_id(std::string_view text) {
    const auto dot = text.find('.'); // p<pid>.<tid>
    TextReader reader(dot == std::string_view::npos ? text : text.substr(dot + 1));
    return reader.hex().value_or(0);
}

struct KeyRow {
    std::string_view key;
    void (*take)(StopReply& reply, std::string_view value);
};

constexpr std::array keys{
    KeyRow{"thread", [](StopReply& r, std::string_view v) { r.thread = thread_id(v); }},
    KeyRow{"name", [](StopReply& r, std::string_view v) { r.name = v; }},
    KeyRow{"hexname", [](StopReply& r, std::string_view v) { r.name = from_hex(v); }},
    KeyRow{"threads", [](StopReply& r, std::string_view v) { r.threads = number_list(v); }},
    KeyRow{"thread-pcs", [](StopReply& r, std::string_view v) { r.thread_pcs = number_list(v); }},
    KeyRow{"reason", [](StopReply& r, std::string_view v) { r.reason = v; }},
    KeyRow{"description", [](StopReply& r, std::string_view v) { r.description = from_hex(v); }},
    KeyRow{"library", [](StopReply& r, std::string_view) { r.libraries_changed = true; }},
};

/// GDB's keys for what LLDB calls the reason.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> reasons{{
    {"swbreak", "breakpoint"},
    {"hwbreak", "breakpoint"},
    {"watch", "watchpoint"},
    {"rwatch", "watchpoint"},
    {"awatch", "watchpoint"},
}};

void take_field(StopReply& reply, std::string_view key, std::string_view value) {
    for (const KeyRow& row : keys) {
        if (row.key == key) {
            row.take(reply, value);
        }
    }
    for (const auto& [name, reason] : reasons) {
        if (name == key && reply.reason.empty()) {
            reply.reason = reason;
        }
    }
    reply.fields.emplace_back(key, value);
}

} // namespace

Result<StopReply> parse_stop_reply(std::string_view packet) {
    const Error malformed{ErrorCode::Malformed,
                          "not a stop reply: " + std::string(packet.substr(0, 40))};
    if (packet.size() < 3 || hex_value(packet[1]) < 0 || hex_value(packet[2]) < 0) {
        return std::unexpected(malformed);
    }
    const auto number = static_cast<unsigned>(hex_value(packet[1]) * 16 + hex_value(packet[2]));
    StopReply reply;
    switch (packet.front()) {
    case 'T':
    case 'S':
        reply.signal = number;
        break;
    case 'W':
        reply.kind = StopReply::Kind::Exited;
        reply.exit_code = number;
        break;
    case 'X':
        reply.kind = StopReply::Kind::Killed;
        reply.signal = number;
        break;
    default:
        return std::unexpected(malformed);
    }
    TextReader reader(packet.substr(3));
    while (!reader.at_end()) {
        TextReader field(reader.take_until(';'));
        const std::string_view key = field.take_until(':');
        take_field(reply, key, field.rest());
    }
    if (reply.thread_pcs.size() != reply.threads.size()) {
        reply.thread_pcs.clear();
    }
    return reply;
}

} // namespace wdbg::rsp
