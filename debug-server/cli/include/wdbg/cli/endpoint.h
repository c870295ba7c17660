// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace wdbg::cli {

/// Where a server listens.
struct Endpoint {
    std::string host = "127.0.0.1"; ///< a name or an address, IPv6 without brackets
    std::uint16_t port = 0;         ///< 0: the system picks one

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Reads `PORT`, `:PORT`, `HOST:PORT` or `[IPV6]:PORT`; without a host it is 127.0.0.1.
/// InvalidArgument says what would be right.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);

/// `HOST:PORT`, an IPv6 address in brackets.
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

} // namespace wdbg::cli
