// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace wdbg {

/// What kind of thing went wrong. One table maps these to RSP `Exx`, one to DAP errors.
enum class ErrorCode : std::uint8_t {
    InvalidArgument, ///< the request itself makes no sense
    NotFound,        ///< no such module, thread, frame, local, file …
    OutOfRange,      ///< an address or index outside of what exists
    Unavailable,     ///< it exists, but its value is not known (optimized out, not in this frame)
    NotStopped,      ///< needs a stopped guest
    NotRunning,      ///< needs a running guest
    Unsupported,     ///< this engine, or this kind of module, cannot do it
    Malformed,       ///< bytes from outside that do not follow their format
    Busy,            ///< another client controls, or a limit is reached
    Io,              ///< the operating system or the transport failed
    Gone,            ///< the guest or the connection has ended
    Internal,        ///< a failure of wdbg's own
};

/// A failure with a message written for the person who debugs.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::NotFound, "no thread 7");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
    return std::unexpected<Error>(Error{code, std::move(message)});
}

} // namespace wdbg
