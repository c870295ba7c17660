// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "hit_condition.h"

#include <array>
#include <charconv>

namespace wdbg::dap {

namespace {

struct OperatorRow {
    std::string_view text;
    bool (*holds)(std::uint64_t hits, std::uint64_t number);
};

/// Longer ones first.
constexpr std::array operators{
    OperatorRow{">=", [](std::uint64_t hits, std::uint64_t n) { return hits >= n; }},
    OperatorRow{"<=", [](std::uint64_t hits, std::uint64_t n) { return hits <= n; }},
    OperatorRow{"==", [](std::uint64_t hits, std::uint64_t n) { return hits == n; }},
    OperatorRow{"=", [](std::uint64_t hits, std::uint64_t n) { return hits == n; }},
    OperatorRow{">", [](std::uint64_t hits, std::uint64_t n) { return hits > n; }},
    OperatorRow{"<", [](std::uint64_t hits, std::uint64_t n) { return hits < n; }},
    OperatorRow{"%", [](std::uint64_t hits, std::uint64_t n) { return n == 0 || hits % n == 0; }},
    OperatorRow{"", [](std::uint64_t hits, std::uint64_t n) { return hits >= n; }},
};

std::string_view trim_left(std::string_view text) {
    while (text.starts_with(' ')) {
        text.remove_prefix(1);
    }
    return text;
}

} // namespace

bool hit_condition_holds(std::string_view condition, std::uint64_t hits) {
    std::string_view text = trim_left(condition);
    while (text.ends_with(' ')) {
        text.remove_suffix(1);
    }
    for (const OperatorRow& row : operators) {
        if (!text.starts_with(row.text)) {
            continue;
        }
        text = trim_left(text.substr(row.text.size()));
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool is_number = error == std::errc{} && end == text.data() + text.size();
        return !is_number || row.holds(hits, number);
    }
    return true;
}

} // namespace wdbg::dap
