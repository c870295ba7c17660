// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What only servers of ours have (gdbstub/README.md): calls of functions.
#include "remote_impl.h"

#include <wdbg/rsp/text.h>

namespace wdbg::remote {

namespace {

std::string text_of(const Value& value) {
    char digits[16];
    std::string text(digits, rsp::format_hex(static_cast<std::uint64_t>(value.type), digits));
    const std::size_t at = text.size() + 1;
    text += ':' + std::string(2 * value.bytes().size(), '0');
    rsp::encode_hex(value.bytes(), text.data() + at);
    return text;
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

Result<std::string> RemoteImpl::answer(const std::string& packet) const {
    rsp::Client& client = link_->client();
    return link_->ask<std::string>([&](const auto& done) {
        client.request(packet, [done](Result<std::string_view> reply) {
            done(reply ? Result<std::string>(std::string(*reply))
                       : Result<std::string>(std::unexpected(reply.error())));
        });
    });
}

CallSupport* RemoteImpl::calls() {
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
    const auto reply = answer(packet);
    cache_.values.clear(); // whatever it has done to globals and memory
    cache_.memory.clear();
    cache_.memory_sizes.clear();
    return reply ? values_of(*reply) : std::unexpected(reply.error());
}

} // namespace wdbg::remote
