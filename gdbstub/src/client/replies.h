// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "client_impl.h"

#include <wdbg/model/hex.h>
#include <wdbg/rsp/text.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Texts of requests, and handlers of the answers that several of them have.
namespace wdbg::rsp {

using Bytes = std::vector<std::byte>;

inline std::string hex_byte(unsigned value) {
    return {hex_digit(value >> 4U), hex_digit(value)};
}

/// Ours and LLDB's servers write `xx` for bytes that are not known: such a value has none.
inline Result<Bytes> bytes_of(std::string_view digits) {
    Bytes bytes(digits.size() / 2);
    if (!decode_hex(digits, bytes)) {
        return fail(ErrorCode::Malformed, "the answer is no hex");
    }
    return bytes;
}

inline Client::ReplyHandler expect_ok(Client::Handler<void> done) {
    return [done = std::move(done)](Result<std::string_view> reply) {
        if (!reply) {
            done(std::unexpected(reply.error()));
        } else if (*reply != "OK") {
            done(fail(ErrorCode::Malformed, "expected OK"));
        } else {
            done({});
        }
    };
}

inline Client::ReplyHandler expect_bytes(Client::Handler<Bytes> done) {
    return [done = std::move(done)](Result<std::string_view> reply) {
        done(reply ? bytes_of(*reply) : Result<Bytes>(std::unexpected(reply.error())));
    };
}

inline Client::ReplyHandler expect_stop(Client::StopHandler done) {
    return [done = std::move(done)](Result<std::string_view> reply) {
        done(reply ? parse_stop_reply(*reply) : Result<StopReply>(std::unexpected(reply.error())));
    };
}

} // namespace wdbg::rsp
