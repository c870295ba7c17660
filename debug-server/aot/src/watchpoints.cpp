// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Watchpoints on linear memory: by the hardware's few and small ones where these do, else by
// ranges.
#include "debuggee_impl.h"

#include <wdbg/wasm/instruction.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace wdbg::aot {

namespace {

struct Piece {
    NativeAddress address;
    std::uint32_t size = 0;
};

/// Aligned pieces of 1, 2, 4 or 8 bytes.
std::vector<Piece> pieces_of(NativeAddress address, std::uint64_t size) {
    std::vector<Piece> pieces;
    while (size > 0) {
        const std::uint64_t alignment = address.value == 0 ? 8 : address.value & -address.value;
        const std::uint64_t piece = std::min({alignment, std::bit_floor(size), std::uint64_t{8}});
        pieces.push_back({address, static_cast<std::uint32_t>(piece)});
        address.value += piece;
        size -= piece;
    }
    return pieces;
}

constexpr std::size_t shown_bytes = 16;
constexpr std::size_t kept_bytes = 65536;

/// What is shown of the watched bytes: from `offset` on.
std::vector<std::byte> shown(const std::vector<std::byte>& bytes, std::uint64_t offset) {
    const auto from = std::span(bytes).subspan(std::min<std::size_t>(offset, bytes.size()));
    const auto part = from.first(std::min(from.size(), shown_bytes));
    return {part.begin(), part.end()};
}

} // namespace

WatchpointPrecision AotDebuggeeImpl::precision() const {
    return {.max_count = target_.watchpoints()->max_count(),
            .every_access = true,
            .exact_instruction = true,
            .sees_host_writes = true};
}

Result<NativeAddress> AotDebuggeeImpl::watched_address(const WatchpointSpec& spec) const {
    const auto instance = instance_at(spec.address.instance);
    const auto memory = instance ? instances_.memory((*instance)->address, spec.address.memory)
                                 : std::unexpected(instance.error());
    if (!memory) {
        return std::unexpected(memory.error());
    }
    if (spec.size == 0 || spec.address.offset > memory->size ||
        spec.size > memory->size - spec.address.offset) {
        return fail(ErrorCode::OutOfRange, "the range is not within the memory");
    }
    return NativeAddress{memory->data.value + spec.address.offset};
}

Result<std::vector<std::byte>> AotDebuggeeImpl::watched_bytes(const WatchpointSpec& spec) const {
    const auto address = watched_address(spec);
    if (!address) {
        return std::unexpected(address.error());
    }
    std::vector<std::byte> bytes(std::min<std::uint64_t>(spec.size, kept_bytes));
    auto read = target_.read_memory(*address, bytes);
    return read ? Result<std::vector<std::byte>>(std::move(bytes)) : std::unexpected(read.error());
}

Result<WatchpointId> AotDebuggeeImpl::add(const WatchpointSpec& spec) {
    const auto address = watched_address(spec);
    if (!address) {
        return std::unexpected(address.error());
    }
    auto before = watched_bytes(spec);
    if (!before) {
        return std::unexpected(before.error());
    }
    const NativeWatchKind kind =
        spec.kind == WatchKind::Write ? NativeWatchKind::Write : NativeWatchKind::Access;
    Watch watch{.spec = spec, .before = std::move(*before)};
    auto pieces = watch_pieces(*address, spec.size, kind);
    if (pieces) {
        watch.native = std::move(*pieces);
    } else if (const auto range = target_.watchpoints()->add_range(*address, spec.size, kind)) {
        watch.native = {*range};
        watch.is_range = true;
    } else {
        return fail(pieces.error().code, pieces.error().message + "; " + range.error().message);
    }
    const WatchpointId id{++last_watch_};
    watches_.emplace(id.value, std::move(watch));
    return id;
}

Result<std::vector<WatchpointId>>
AotDebuggeeImpl::watch_pieces(NativeAddress address, std::uint64_t size, NativeWatchKind kind) {
    NativeWatchpointSupport& hardware = *target_.watchpoints();
    const auto too_many = [&hardware](std::uint64_t pieces) {
        return hardware.max_count() != 0 && pieces > hardware.max_count();
    };
    constexpr std::uint64_t widest = 8;
    if (too_many(size / widest) || too_many(pieces_of(address, size).size())) {
        return fail(ErrorCode::Unsupported, "the hardware watches at most " +
                                                std::to_string(hardware.max_count()) +
                                                " aligned pieces of 8 bytes");
    }
    std::vector<WatchpointId> added;
    for (const Piece& piece : pieces_of(address, size)) {
        const auto id = hardware.add(piece.address, piece.size, kind);
        if (!id) {
            for (const WatchpointId undo : added) {
                [[maybe_unused]] const auto removed = hardware.remove(undo);
            }
            return std::unexpected(id.error());
        }
        added.push_back(*id);
    }
    return added;
}

Result<void> AotDebuggeeImpl::remove(WatchpointId id) {
    const auto found = watches_.find(id.value);
    if (found == watches_.end()) {
        return fail(ErrorCode::NotFound, "there is no such watchpoint");
    }
    for (const WatchpointId native : found->second.native) {
        [[maybe_unused]] const auto removed = target_.watchpoints()->remove(native);
    }
    watches_.erase(found);
    return {};
}

/// Of what has changed meanwhile nobody is told.
void AotDebuggeeImpl::refresh_watched_bytes() {
    for (auto& [id, watch] : watches_) {
        if (auto now = watched_bytes(watch.spec)) {
            watch.before = std::move(*now);
        }
    }
}

void AotDebuggeeImpl::clear_watchpoints() {
    while (!watches_.empty()) {
        [[maybe_unused]] const auto removed = remove({watches_.begin()->first});
    }
}

void AotDebuggeeImpl::forget_watchpoints(InstanceId id) {
    std::vector<WatchpointId> gone;
    for (const auto& [number, watch] : watches_) {
        if (watch.spec.address.instance == id) {
            gone.push_back({number});
        }
    }
    for (const WatchpointId each : gone) {
        [[maybe_unused]] const auto removed = remove(each);
    }
}

/// Of the wasm instruction that the native one behind the thread belongs to.
std::optional<wasm::MemoryAccess> AotDebuggeeImpl::last_access(ThreadId thread) const {
    const auto stack = stack_of(thread);
    if (!stack || (*stack)->native.empty()) {
        return std::nullopt;
    }
    const NativeFrame& frame = (*stack)->native.front();
    const auto positions =
        frame.module->info->positions(frame.pc, dwarf::AddressKind::ReturnAddress);
    if (positions.empty() || !frame.module->wasm) {
        return std::nullopt;
    }
    const auto instruction = wasm::decode(frame.module->wasm->bytes(), positions.front().offset);
    return instruction ? wasm::memory_access(*instruction) : std::nullopt;
}

/// What was accessed of `watch`; nullopt if that was beside it.
std::optional<AotDebuggeeImpl::Touched>
AotDebuggeeImpl::touched(ThreadId thread, const Watch& watch, bool changed,
                         const NativeWatchpointHit& native) const {
    const bool by_host = is_in_host_call(thread);
    const auto instruction = by_host ? std::nullopt : last_access(thread);
    if (!native.access) { // the hardware does not tell reads from writes
        if (std::ranges::find(watch.native, native.watchpoint) == watch.native.end()) {
            return std::nullopt;
        }
        const bool writes = instruction && instruction->writes() && !instruction->reads();
        return Touched{.offset = 0, .wrote = changed || writes || (watch.is_range && by_host)};
    }
    const auto begin = watched_address(watch.spec);
    if (!begin || native.access->address.value >= begin->value + watch.spec.size) {
        return std::nullopt;
    }
    const std::uint64_t address = native.access->address.value;
    if (address >= begin->value) {
        return Touched{.offset = address - begin->value, .wrote = native.access->is_write};
    }
    const std::uint64_t width = instruction ? instruction->width : 1;
    const bool reaches = address + width > begin->value || (changed && native.access->is_write);
    return reaches ? std::optional(Touched{.offset = 0, .wrote = native.access->is_write})
                   : std::nullopt;
}

/// The first watchpoint that wants to know of an access: it may be in several. nullopt for one that
/// is gone, for a write where only reads are asked for, and for an access that was beside all.
std::optional<StopReason> AotDebuggeeImpl::watch_reason(ThreadId thread,
                                                        const NativeWatchpointHit& native) {
    std::optional<StopReason> reason;
    for (auto& [id, watch] : watches_) {
        auto now = watched_bytes(watch.spec);
        if (!now) {
            continue;
        }
        const auto what = touched(thread, watch, *now != watch.before, native);
        if (!what) {
            continue;
        }
        const std::vector<std::byte> before = std::exchange(watch.before, std::move(*now));
        if (reason || (watch.spec.kind == WatchKind::Read && what->wrote) ||
            (watch.spec.kind == WatchKind::Write && native.access && !what->wrote)) {
            continue;
        }
        MemoryAddress address = watch.spec.address;
        address.offset += what->offset;
        reason = WatchpointHit{.watchpoint = {id},
                               .address = address,
                               .size = watch.spec.size - what->offset,
                               .access = watch.spec.kind == WatchKind::Write || what->wrote
                                             ? AccessKind::Write
                                             : AccessKind::Read,
                               .before = shown(before, what->offset),
                               .after = shown(watch.before, what->offset),
                               .by_host = is_in_host_call(thread)};
    }
    return reason;
}

} // namespace wdbg::aot
