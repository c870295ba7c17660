// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace wdbg::rsp {

/// `Exx` for our errors, both ways. The numbers are errno's where there is a fitting one; 08 is
/// what LLDB's own servers say of memory that cannot be read (wire §1).
struct ErrorNumber {
    ErrorCode code;
    std::uint8_t number;
};

inline constexpr std::array error_numbers{
    ErrorNumber{ErrorCode::InvalidArgument, 0x16},
    ErrorNumber{ErrorCode::NotFound, 0x02},
    ErrorNumber{ErrorCode::OutOfRange, 0x08},
    ErrorNumber{ErrorCode::Unavailable, 0x3D},
    ErrorNumber{ErrorCode::NotStopped, 0x10},
    ErrorNumber{ErrorCode::NotRunning, 0x11},
    ErrorNumber{ErrorCode::Unsupported, 0x5F},
    ErrorNumber{ErrorCode::Malformed, 0x4A},
    ErrorNumber{ErrorCode::Busy, 0x0B},
    ErrorNumber{ErrorCode::Io, 0x05},
    ErrorNumber{ErrorCode::Gone, 0x03},
    ErrorNumber{ErrorCode::Internal, 0x7F},
};

[[nodiscard]] inline std::uint8_t to_error_number(ErrorCode code) {
    const auto* row = std::ranges::find(error_numbers, code, &ErrorNumber::code);
    return row == error_numbers.end() ? std::uint8_t{0x7F} : row->number;
}

/// Servers of other makers number as they like: what is not in the table is Unavailable.
[[nodiscard]] inline ErrorCode to_error_code(unsigned number) {
    const auto* row = std::ranges::find(error_numbers, number, &ErrorNumber::number);
    return row == error_numbers.end() ? ErrorCode::Unavailable : row->code;
}

} // namespace wdbg::rsp
