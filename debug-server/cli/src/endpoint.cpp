// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/endpoint.h>

#include <charconv>
#include <optional>

namespace wdbg::cli {
namespace {

constexpr std::string_view endpoint_forms = "expected HOST:PORT, [IPV6]:PORT or PORT";

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* end = text.data() + text.size();
    auto [rest, error] = std::from_chars(text.data(), end, port);
    if (text.empty() || error != std::errc{} || rest != end) {
        return std::nullopt;
    }
    return port;
}

struct Parts {
    std::string_view host;
    std::string_view port;
};

/// Cuts at the colon before the port; nothing if the form is wrong.
std::optional<Parts> split(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t close = text.find("]:");
        if (close == std::string_view::npos) {
            return std::nullopt;
        }
        return Parts{text.substr(1, close - 1), text.substr(close + 2)};
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return Parts{{}, text};
    }
    if (text.find(':', colon + 1) != std::string_view::npos) {
        return std::nullopt; // an IPv6 address without brackets
    }
    return Parts{text.substr(0, colon), text.substr(colon + 1)};
}

} // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
    const std::optional<Parts> parts = split(text);
    if (!parts) {
        return fail(ErrorCode::InvalidArgument, std::string(endpoint_forms));
    }
    const std::optional<std::uint16_t> port = parse_port(parts->port);
    if (!port) {
        return fail(ErrorCode::InvalidArgument,
                    std::string(endpoint_forms) + ", with PORT from 0 to 65535");
    }
    Endpoint endpoint{.port = *port};
    if (!parts->host.empty()) {
        endpoint.host = parts->host;
    }
    return endpoint;
}

std::string to_string(const Endpoint& endpoint) {
    const bool ipv6 = endpoint.host.find(':') != std::string::npos;
    const std::string host = ipv6 ? "[" + endpoint.host + "]" : endpoint.host;
    return host + ":" + std::to_string(endpoint.port);
}

} // namespace wdbg::cli
