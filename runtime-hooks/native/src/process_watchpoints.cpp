// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "process_watchpoints.h"

#include "watched_ranges.h"

#include <array>

namespace wdbg::native {

namespace {

std::unexpected<Error> no_memory() {
    return fail(ErrorCode::InvalidArgument, "there is no memory at this address");
}

bool is_memory(NativeAddress address, std::uint64_t size) {
    std::array<std::byte, 1> byte{};
    return size != 0 && read_watched(address.value, byte) &&
           read_watched(address.value + size - 1, byte);
}

} // namespace

Result<WatchpointId> ProcessWatchpoints::add(NativeAddress address, std::uint32_t size,
                                             NativeWatchKind kind) {
    const WatchpointId id{++last_id_};
    if (size != 0 && address.value % size == 0 && !is_memory(address, size)) {
        return no_memory();
    }
    const auto added = hardware_.add(id, address, size, kind);
    return added ? Result<WatchpointId>(id) : std::unexpected(added.error());
}

Result<WatchpointId> ProcessWatchpoints::add_range(NativeAddress address, std::uint64_t size,
                                                   NativeWatchKind kind) {
    if (!is_memory(address, size)) {
        return no_memory();
    }
    const WatchpointId id{++last_id_};
    const auto added = pages_.add(id, address, size, kind);
    return added ? Result<WatchpointId>(id) : std::unexpected(added.error());
}

Result<void> ProcessWatchpoints::remove(WatchpointId id) {
    return hardware_.remove(id) || pages_.remove(id)
               ? Result<void>()
               : fail(ErrorCode::NotFound, "there is no such watchpoint");
}

void ProcessWatchpoints::remove_all() {
    hardware_.remove_all();
    pages_.remove_all();
}

} // namespace wdbg::native
