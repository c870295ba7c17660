// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Watchpoints on linear memory by the hardware's few and small ones.
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

} // namespace

WatchpointPrecision AotDebuggeeImpl::precision() const {
    return {.max_count = target_.watchpoints()->max_count(),
            .every_access = true,
            .exact_instruction = true,
            .sees_host_writes = true};
}

Result<std::vector<std::byte>> AotDebuggeeImpl::watched_bytes(const WatchpointSpec& spec) const {
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
    std::vector<std::byte> bytes(std::min<std::uint64_t>(spec.size, shown_bytes));
    auto read = target_.read_memory({memory->data.value + spec.address.offset}, bytes);
    return read ? Result<std::vector<std::byte>>(std::move(bytes)) : std::unexpected(read.error());
}

Result<WatchpointId> AotDebuggeeImpl::add(const WatchpointSpec& spec) {
    auto before = watched_bytes(spec);
    if (!before) {
        return std::unexpected(before.error());
    }
    const auto memory =
        instances_.memory((*instance_at(spec.address.instance))->address, spec.address.memory);
    Watch watch{.spec = spec, .native = {}, .before = std::move(*before)};
    NativeWatchpointSupport& hardware = *target_.watchpoints();
    const auto pieces = pieces_of({memory->data.value + spec.address.offset}, spec.size);
    if (hardware.max_count() != 0 && pieces.size() > hardware.max_count()) {
        return fail(ErrorCode::Unsupported, "the hardware watches at most " +
                                                std::to_string(hardware.max_count()) +
                                                " aligned pieces of 8 bytes");
    }
    const NativeWatchKind kind =
        spec.kind == WatchKind::Write ? NativeWatchKind::Write : NativeWatchKind::Access;
    for (const Piece& piece : pieces) {
        const auto id = hardware.add(piece.address, piece.size, kind);
        if (!id) {
            for (const WatchpointId undo : watch.native) {
                [[maybe_unused]] const auto removed = hardware.remove(undo);
            }
            return std::unexpected(id.error());
        }
        watch.native.push_back(*id);
    }
    const WatchpointId id{++last_watch_};
    watches_.emplace(id.value, std::move(watch));
    return id;
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

/// By the opcode of the wasm instruction that the native one behind the thread belongs to.
bool AotDebuggeeImpl::last_instruction_writes(ThreadId thread) const {
    const auto stack = stack_of(thread);
    if (!stack || (*stack)->native.empty()) {
        return false;
    }
    const NativeFrame& frame = (*stack)->native.front();
    const auto positions =
        frame.module->info->positions(frame.pc, dwarf::AddressKind::ReturnAddress);
    if (positions.empty() || !frame.module->wasm) {
        return false;
    }
    const auto instruction = wasm::decode(frame.module->wasm->bytes(), positions.front().offset);
    const auto access = instruction ? wasm::memory_access(*instruction) : std::nullopt;
    return access && access->writes() && !access->reads();
}

/// nullopt for one that is gone, and for a write where only reads are asked for.
std::optional<StopReason> AotDebuggeeImpl::watch_reason(ThreadId thread, WatchpointId native) {
    for (auto& [id, watch] : watches_) {
        if (std::ranges::find(watch.native, native) == watch.native.end()) {
            continue;
        }
        auto now = watched_bytes(watch.spec);
        if (!now) {
            return std::nullopt;
        }
        // The hardware does not tell reads from writes.
        const bool wrote = *now != watch.before || last_instruction_writes(thread);
        if (watch.spec.kind == WatchKind::Read && wrote) {
            watch.before = std::move(*now);
            return std::nullopt;
        }
        WatchpointHit hit{.watchpoint = {id},
                          .address = watch.spec.address,
                          .size = watch.spec.size,
                          .access = watch.spec.kind == WatchKind::Write || wrote ? AccessKind::Write
                                                                                 : AccessKind::Read,
                          .before = watch.before,
                          .after = *now,
                          .by_host = is_in_host_call(thread)};
        watch.before = std::move(*now);
        return hit;
    }
    return std::nullopt;
}

} // namespace wdbg::aot
