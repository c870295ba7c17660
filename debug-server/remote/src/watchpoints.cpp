// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "remote_impl.h"

#include <wdbg/rsp/text.h>

#include <algorithm>
#include <array>

namespace wdbg::remote {

namespace {

constexpr std::size_t shown_bytes = 16;

/// Types of Z packets.
unsigned packet_type(WatchKind kind) {
    constexpr std::array types{3U, 2U, 4U};
    return types.at(static_cast<std::size_t>(kind));
}

/// LLDB's `description:<watched> <index> <accessed>` (decimal), or GDB's `watch:<accessed, hex>`.
std::optional<std::uint64_t> accessed_address(const rsp::StopReply& reply) {
    for (const auto& [key, value] : reply.fields) {
        if (key == "watch" || key == "rwatch" || key == "awatch") {
            return rsp::TextReader(value).hex();
        }
    }
    rsp::TextReader reader(reply.description);
    const auto watched = reader.decimal();
    if (!watched || !reader.take(' ') || !reader.decimal()) {
        return std::nullopt;
    }
    return reader.take(' ') ? reader.decimal() : watched;
}

} // namespace

/// As much as our own engine gives; what another server's are worth is not told by the protocol.
WatchpointPrecision RemoteImpl::precision() const {
    return {.max_count = 0,
            .every_access = steps_ranges_,
            .exact_instruction = true,
            .sees_host_writes = steps_ranges_};
}

Result<WatchpointId> RemoteImpl::add(const WatchpointSpec& spec) {
    if (state_ == State::Ended) {
        return fail(ErrorCode::Gone, "the guest has ended");
    }
    const Result<std::uint64_t> packed = to_packed(spec.address);
    if (!packed) {
        return std::unexpected(packed.error());
    }
    if (const auto set = stop_point(true, packet_type(spec.kind), *packed, spec.size); !set) {
        return std::unexpected(set.error());
    }
    const WatchpointId id{next_watchpoint_++};
    watched_[id] = {.spec = spec, .before = {}};
    return id;
}

Result<void> RemoteImpl::remove(WatchpointId id) {
    const auto known = watched_.find(id);
    if (known == watched_.end()) {
        return fail(ErrorCode::NotFound, "no such watchpoint");
    }
    const WatchpointSpec spec = known->second.spec;
    watched_.erase(known);
    const Result<std::uint64_t> packed = to_packed(spec.address);
    return state_ == State::Ended || !packed
               ? Result<void>()
               : stop_point(false, packet_type(spec.kind), *packed, spec.size);
}

/// Before the guest runs: what the watched ranges hold.
void RemoteImpl::note_watched() {
    for (auto& [id, watched] : watched_) {
        watched.before.resize(std::min<std::size_t>(watched.spec.size, shown_bytes));
        const auto size = read_memory(watched.spec.address, watched.before);
        watched.before.resize(size.value_or(0));
    }
}

std::optional<WatchpointHit> RemoteImpl::watchpoint_hit(const rsp::StopReply& reply) {
    const std::optional<std::uint64_t> accessed =
        reply.reason == "watchpoint" ? accessed_address(reply) : std::nullopt;
    if (!accessed) {
        return std::nullopt;
    }
    const rsp::WasmAddress packed(*accessed);
    const MemoryAddress address{.instance = InstanceId{packed.memory_instance()},
                                .memory = packed.memory_index(),
                                .offset = packed.offset()};
    for (auto& [id, watched] : watched_) {
        const WatchpointSpec& spec = watched.spec;
        const bool same = spec.address.instance == address.instance &&
                          spec.address.memory == address.memory &&
                          address.offset < spec.address.offset + spec.size &&
                          address.offset + 16 > spec.address.offset;
        if (!same) {
            continue;
        }
        WatchpointHit hit{.watchpoint = id, .address = address, .size = spec.size};
        hit.before = watched.before;
        hit.after.resize(watched.before.size());
        hit.after.resize(read_memory(spec.address, hit.after).value_or(0));
        const bool written = spec.kind == WatchKind::Write || hit.before != hit.after;
        hit.access = written ? AccessKind::Write : AccessKind::Read;
        return hit;
    }
    return std::nullopt;
}

} // namespace wdbg::remote
