// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Breakpoints and watchpoints of the server.
#include "target_impl.h"

#include <wdbg/model/hex.h>

#include <algorithm>
#include <array>
#include <utility>

namespace wdbg::remote {

namespace {

constexpr unsigned software = 0;
constexpr unsigned hardware = 1;

std::string in_hex(std::uint64_t value) {
    return "0x" + hex_of(value);
}

} // namespace

/// Stops a running target for a moment: true if it must be resumed, false if it stands still for a
/// reason that is yet to be told (or has not been running).
Result<bool> NativeTargetImpl::pause() {
    rsp::Client& client = link_->client();
    if (!client.running()) {
        return false;
    }
    send_interrupt();
    if (!link_->pump_until([&client] { return !client.running(); }, options_.timeout)) {
        return fail(ErrorCode::Busy, "the target does not stop");
    }
    const bool quiet = pending_ && *pending_ && !interrupt_wanted_ &&
                       (*pending_)->kind == rsp::StopReply::Kind::Stopped &&
                       (*pending_)->signal == 2;
    if (quiet) {
        pending_.reset();
    } else if (pending_ && *pending_ && (*pending_)->signal != 2) {
        late_interrupt_ = true;
    }
    return quiet;
}

Result<void> NativeTargetImpl::stop_point(bool set, unsigned type, std::uint64_t address,
                                          std::uint64_t kind) {
    rsp::Client& client = link_->client();
    return link_->ask<void>(
        [&](auto done) { client.stop_point(set, type, address, kind, std::move(done)); });
}

// --- Breakpoints ---------------------------------------------------------------------------------

/// What the protocol calls the kind: the size of the trap, on Arm also which instruction set.
std::uint64_t NativeTargetImpl::site_kind(std::uint64_t address) const {
    std::array<std::byte, 2> start{};
    const bool known = read_memory({address}, start).has_value();
    const auto low = std::to_integer<unsigned>(start[0]);
    const auto high = std::to_integer<unsigned>(start[1]);
    switch (machine()) {
    case Machine::X86_64:
        return 1;
    case Machine::AArch64:
        return 4;
    case Machine::Arm: {
        const NativeCode* code = code_at({address});
        const bool thumb = layout_.thumb_only() || (code != nullptr && code->thumb);
        const bool is_wide = known && high >= 0xE8U; // Thumb-2: 11101, 11110 or 11111
        return !thumb ? 4 : is_wide ? 3 : 2;
    }
    default:
        return known && (low & 3U) != 3 ? 2 : 4; // compressed
    }
}

Result<void> NativeTargetImpl::insert(std::uint64_t address, NativeSite& site) {
    if (site.inserted) {
        return {};
    }
    const bool flash = in_flash(address);
    site.kind = site_kind(address);
    site.packet_type = flash ? hardware : software;
    Result<void> done = stop_point(true, site.packet_type, address, site.kind);
    const bool is_refused = !done && !flash && state_ != NativeState::Ended;
    if (is_refused) { // unknown, or it is flash that no memory map tells of
        const Result<void> in_hardware = stop_point(true, hardware, address, site.kind);
        if (in_hardware || done.error().code == ErrorCode::Unsupported) {
            site.packet_type = hardware;
            done = in_hardware;
        }
    }
    if (!done && site.packet_type == hardware && done.error().code != ErrorCode::Unsupported) {
        return fail(ErrorCode::Busy, "the target has no hardware breakpoint left for " +
                                         in_hex(address) + " (" + done.error().message + ")");
    }
    if (!done) {
        return fail(done.error().code,
                    "no breakpoint at " + in_hex(address) + ": " + done.error().message);
    }
    site.inserted = true;
    takes_software_sites_ = takes_software_sites_ || site.packet_type == software;
    return {};
}

bool NativeTargetImpl::in_flash(std::uint64_t address) const {
    return std::ranges::any_of(
        flash_, [address](const NativeRange& range) { return range.contains({address}); });
}

/// One that the user may take back before the target runs costs nothing, where nothing says that
/// the server could refuse it.
bool NativeTargetImpl::may_wait(std::uint64_t address) const {
    return state_ == NativeState::Stopped && takes_software_sites_ && !in_flash(address);
}

Result<void> NativeTargetImpl::take_out(std::uint64_t address, NativeSite& site) {
    if (!site.inserted) {
        return {};
    }
    auto done = stop_point(false, site.packet_type, address, site.kind);
    site.inserted = !done;
    former_sites_.insert(address);
    return done;
}

/// What is planted becomes what is wanted. While somebody steps, some that are not wanted any more
/// may stay: the next step may want them. One that is hit is taken out.
Result<void> NativeTargetImpl::sync_sites() {
    constexpr std::size_t most_left = 8;
    const bool steps =
        std::ranges::any_of(runs_, [](const auto& run) { return run.second.plan != nullptr; });
    std::size_t left = 0;
    for (auto& [address, site] : sites_) {
        const bool may_stay = steps && site.inserted && site.packet_type == software;
        if (!site.wanted() && may_stay && ++left <= most_left) {
            continue;
        }
        if (auto done = site.wanted() ? insert(address, site) : take_out(address, site); !done) {
            return done;
        }
    }
    std::erase_if(sites_, [](const auto& entry) {
        const NativeSite& site = entry.second;
        return !site.wanted() && !site.inserted && site.counters.hits == 0;
    });
    return {};
}

Result<void> NativeTargetImpl::plant(NativeAddress address, HitFilter filter) {
    return plant_all(std::span(&address, 1), filter);
}

Result<void> NativeTargetImpl::plant_all(std::span<const NativeAddress> addresses,
                                         HitFilter filter) {
    if (auto there = require_target(); !there) {
        return there;
    }
    for (const NativeAddress address : addresses) {
        if (code_at(address) == nullptr) {
            return fail(ErrorCode::NotFound, "there is no code of a module at this address");
        }
        const auto known = sites_.find(address.value);
        if (known != sites_.end() && known->second.wanted_by_user) {
            return fail(ErrorCode::Busy, "there is a breakpoint already");
        }
    }
    const Result<bool> paused = pause();
    if (!paused) {
        return std::unexpected(paused.error());
    }
    Result<void> done;
    for (std::size_t i = 0; i < addresses.size() && done; ++i) {
        NativeSite& site = sites_[addresses[i].value];
        site.wanted_by_user = true;
        site.filter = filter;
        done = may_wait(addresses[i].value) ? done : insert(addresses[i].value, site);
    }
    for (std::size_t i = 0; i < addresses.size() && !done; ++i) {
        sites_[addresses[i].value].wanted_by_user = false;
        [[maybe_unused]] const auto undone =
            take_out(addresses[i].value, sites_[addresses[i].value]);
    }
    if (*paused) {
        const auto resumed = send_resume();
        return done ? resumed : done;
    }
    return done;
}

/// While the target stands still it stays planted until the target runs: it may be wanted again.
Result<void> NativeTargetImpl::unplant(NativeAddress address) {
    const auto known = sites_.find(address.value);
    if (known == sites_.end() || !known->second.wanted_by_user) {
        return fail(ErrorCode::NotFound, "there is no breakpoint at this address");
    }
    known->second.wanted_by_user = false;
    known->second.filter = {};
    if (state_ != NativeState::Running) {
        return {};
    }
    const Result<bool> paused = pause();
    if (!paused) {
        return std::unexpected(paused.error());
    }
    auto done = known->second.wanted() ? Result<void>() : take_out(address.value, known->second);
    if (*paused) {
        const auto resumed = send_resume();
        return done ? resumed : done;
    }
    return done;
}

Result<void> NativeTargetImpl::stop_at_traps(NativeAddress function, DescribeTrap describe) {
    if (auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    NativeSite& site = sites_[function.value];
    site.traps = true;
    describe_trap_ = std::move(describe);
    auto inserted = insert(function.value, site);
    site.traps = inserted.has_value();
    return inserted;
}

Result<void> NativeTargetImpl::stop_at_changes(NativeAddress function, LookAtCode look) {
    if (auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    NativeSite& site = sites_[function.value];
    site.changes = true;
    look_at_code_ = std::move(look);
    auto inserted = insert(function.value, site);
    site.changes = inserted.has_value();
    return inserted;
}

Result<SiteCounters> NativeTargetImpl::counters(NativeAddress address) const {
    const auto known = sites_.find(address.value);
    return known == sites_.end()
               ? fail(ErrorCode::NotFound, "there was never a breakpoint at this address")
               : Result<SiteCounters>(known->second.counters);
}

/// The code there goes. A plan that has exits there ends with the stop that follows.
void NativeTargetImpl::forget_sites(NativeRange range) {
    for (auto site = sites_.lower_bound(range.begin.value);
         site != sites_.end() && site->first < range.end.value;) {
        if (state_ == NativeState::Stopped || state_ == NativeState::Running) {
            [[maybe_unused]] const auto out =
                take_out(site->first, site->second); // or gone already
        }
        const unsigned exits = site->second.exits;
        site->second = NativeSite{.exits = exits};
        site = exits == 0 ? sites_.erase(site) : std::next(site);
    }
    std::erase_if(former_sites_, [range](std::uint64_t site) { return range.contains({site}); });
}

void NativeTargetImpl::add_exits(const native::StepPlan& plan) {
    for (const native::StepExit& exit : plan.exits) {
        ++sites_[exit.address].exits;
    }
}

void NativeTargetImpl::drop_exits(const native::StepPlan& plan) {
    for (const native::StepExit& exit : plan.exits) {
        --sites_[exit.address].exits;
    }
}

/// Breakpoints that could not be removed.
void NativeTargetImpl::warn_of_what_stays() const {
    std::string left;
    for (const auto& [address, site] : sites_) {
        if (site.inserted) {
            left += (left.empty() ? "" : ", ") + in_hex(address);
        }
    }
    if (!left.empty() && options_.warn) {
        options_.warn("breakpoints could not be removed from the target's code at " + left);
    }
}

void NativeTargetImpl::remove_everything() {
    for (auto& [address, site] : sites_) {
        site.wanted_by_user = false;
        site.exits = 0;
        site.traps = false;
        site.changes = false;
        [[maybe_unused]] const auto out = take_out(address, site); // told below
    }
    for (const auto& [id, watched] : watched_) {
        [[maybe_unused]] const auto removed =
            stop_point(false, watched.packet_type, watched.address.value, watched.size);
    }
    watched_.clear();
    warn_of_what_stays();
}

// --- Watchpoints ---------------------------------------------------------------------------------

std::uint32_t NativeTargetImpl::max_count() const {
    return machine() == Machine::X86_64 ? 4 : 0;
}

Result<WatchpointId> NativeTargetImpl::add(NativeAddress address, std::uint32_t size,
                                           NativeWatchKind kind) {
    constexpr std::array sizes{1U, 2U, 4U, 8U};
    if (std::ranges::find(sizes, size) == sizes.end() || address.value % size != 0) {
        return fail(ErrorCode::InvalidArgument, "a watchpoint covers 1, 2, 4 or 8 aligned bytes");
    }
    if (auto there = require_target(); !there) {
        return std::unexpected(there.error());
    }
    const Result<bool> paused = pause();
    if (!paused) {
        return std::unexpected(paused.error());
    }
    const unsigned type = kind == NativeWatchKind::Write ? 2 : 4;
    Watched watched{.address = address, .size = size, .packet_type = type};
    if (!stops_behind_access_) {
        watched.bytes = watched_bytes(watched);
    }
    Result<void> set = stop_point(true, type, address.value, size);
    if (*paused) {
        const auto resumed = send_resume();
        set = set ? resumed : set;
    }
    if (!set && set.error().code == ErrorCode::Unsupported) {
        return fail(ErrorCode::Unsupported, "the server has no such watchpoints");
    }
    if (!set) {
        return fail(ErrorCode::Busy,
                    "the target has no watchpoint left (" + set.error().message + ")");
    }
    watched_[++last_watch_] = std::move(watched);
    return WatchpointId{last_watch_};
}

Result<void> NativeTargetImpl::remove(WatchpointId id) {
    const auto known = watched_.find(id.value);
    if (known == watched_.end()) {
        return fail(ErrorCode::NotFound, "there is no such watchpoint");
    }
    const Watched watched = known->second;
    watched_.erase(known);
    if (state_ == NativeState::Ended || state_ == NativeState::Lost) {
        return {};
    }
    const Result<bool> paused = pause();
    if (!paused) {
        return std::unexpected(paused.error());
    }
    auto done = stop_point(false, watched.packet_type, watched.address.value, watched.size);
    if (*paused) {
        const auto resumed = send_resume();
        return done ? resumed : done;
    }
    return done;
}

} // namespace wdbg::remote
