// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace wdbg::remote {

/// Offsets in a module and in its debug file have 32 bits.
inline constexpr std::uint64_t largest_local_file = std::uint64_t{1} << 32U;

/// A file of this machine that may be the one that a target names. NotFound where it is no regular
/// file or cannot be read, OutOfRange where it has more than `limit` bytes.
[[nodiscard]] Result<std::vector<std::byte>>
read_local_file(const std::filesystem::path& path, std::uint64_t limit = largest_local_file);

} // namespace wdbg::remote
