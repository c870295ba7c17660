// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <array>
#include <string>

namespace wdbg::dap {

/// How a kind of failure is told (DAP's Message).
struct ErrorRow {
    ErrorCode code;
    int id;
    bool show_user; ///< in a box of its own; false where the client shows it in place
};

inline constexpr std::array error_rows{
    ErrorRow{ErrorCode::InvalidArgument, 1000, false},
    ErrorRow{ErrorCode::NotFound, 1001, false},
    ErrorRow{ErrorCode::OutOfRange, 1002, false},
    ErrorRow{ErrorCode::Unavailable, 1003, false},
    ErrorRow{ErrorCode::NotStopped, 1004, false},
    ErrorRow{ErrorCode::NotRunning, 1005, false},
    ErrorRow{ErrorCode::Unsupported, 1006, false},
    ErrorRow{ErrorCode::Malformed, 1007, true},
    ErrorRow{ErrorCode::Busy, 1008, false},
    ErrorRow{ErrorCode::Io, 1009, true},
    ErrorRow{ErrorCode::Gone, 1010, false},
    ErrorRow{ErrorCode::Internal, 1011, true},
};

[[nodiscard]] constexpr const ErrorRow& error_row(ErrorCode code) {
    for (const ErrorRow& row : error_rows) {
        if (row.code == code) {
            return row;
        }
    }
    return error_rows.back();
}

/// Braces in `format` stand for variables: ours has none, so that they are written apart.
[[nodiscard]] inline std::string escape_format(const std::string& text) {
    std::string out;
    for (const char c : text) {
        out += c;
        if (c == '{') {
            out += ' ';
        }
    }
    return out;
}

} // namespace wdbg::dap
