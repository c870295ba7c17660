// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/native_target.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

/// What is watched in this process, by whatever means: what handlers and gates look at. Ids are
/// those of WatchpointId; 0 is none.
namespace wdbg::native {

/// LLDB asks for one per 4 bytes of a larger range.
inline constexpr std::size_t most_watched_ranges = 4096;

/// False if there are as many as can be. For one thread at a time, as unwatch_range().
[[nodiscard]] bool watch_range(WatchpointId id, NativeAddress begin, std::uint64_t size,
                               NativeWatchKind kind);
void unwatch_range(WatchpointId id);

/// How many there are.
[[nodiscard]] const std::atomic<std::uint32_t>& watched_range_count();

// All of these are async-signal-safe.

/// By the kernel: a load of our own would be an access to watched bytes. All or false.
[[nodiscard]] bool read_watched(std::uint64_t address, std::span<std::byte> into);

/// What its bytes are now has been told. False if it is not watched any more.
bool note_told(std::uint32_t id);

/// The range that an access, which has been made, is in; else the nearest one that it begins close
/// in front of: how many bytes it has is not known.
[[nodiscard]] std::optional<std::uint32_t> watched_range_of(const NativeAccess& access);

/// At the end of a host call, while there are any: a range whose bytes are not what they were when
/// it was last asked or told. So writes of the kernel on behalf of the call are found.
[[nodiscard]] std::optional<std::uint32_t> watched_range_changed_by_host();

/// Of what the bytes are now nothing is to be told.
void forget_watched_values();

} // namespace wdbg::native
