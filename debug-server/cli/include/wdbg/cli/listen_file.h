// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <filesystem>
#include <string_view>

namespace wdbg::cli {

/// Writes `address` and a line break to `path` in one step: a reader sees the whole line or no
/// file. Io if it cannot be written.
[[nodiscard]] Result<void> write_listen_file(const std::filesystem::path& path,
                                             std::string_view address);

/// Writes `address` and a line break to an open file descriptor and closes it. A reader that has
/// gone is no failure.
void write_listen_descriptor(int descriptor, std::string_view address);

} // namespace wdbg::cli
