// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A lost connection, and the way back to the target.
#include "target_impl.h"

#include <algorithm>
#include <utility>

namespace wdbg::remote {

namespace {

constexpr std::chrono::milliseconds pause_between{500};

/// Bytes; 0 for what was never planted. A kind of 3 is Arm's for a wide Thumb instruction.
std::size_t trap_size(const NativeSite& site) {
    return site.kind == 3 ? 4 : static_cast<std::size_t>(site.kind);
}

} // namespace

/// Told by the link from the event loop, however the loss was noticed.
void NativeTargetImpl::watch_link() {
    link_->set_lost_handler([this, alive = alive_, link = link_.get()] {
        const bool is_current = *alive && link == link_.get();
        if (is_current && state_ != NativeState::Ended && state_ != NativeState::Lost) {
            lose_link("the connection to the server is lost");
        }
    });
    link_->watch();
    link_->tick_now_and_then();
}

void NativeTargetImpl::lose_link(const std::string& reason) {
    if (options_.reconnect_limit.count() == 0) {
        end(NativeLost{reason});
        return;
    }
    drop_plans();
    runs_.clear();
    pending_.reset();
    interrupt_wanted_ = false;
    late_interrupt_ = false;
    leave_stop();
    link_->close();
    lost_ = reason;
    state_ = NativeState::Lost;
    warn(reason + "; trying to reach it again for " +
         std::to_string(
             std::chrono::duration_cast<std::chrono::seconds>(options_.reconnect_limit).count()) +
         " s");
    reconnect_end_ = std::chrono::steady_clock::now() + options_.reconnect_limit;
    wait_to_reconnect();
}

/// Nobody waits for it to come back.
void NativeTargetImpl::stay_lost() {
    state_ = NativeState::Ended;
    reconnect_timer_.cancel();
    warn_of_what_stays();
}

void NativeTargetImpl::wait_to_reconnect() {
    reconnect_timer_.expires_after(pause_between);
    reconnect_timer_.async_wait([this, alive = alive_](const boost::system::error_code& /*error*/) {
        if (*alive && state_ == NativeState::Lost) {
            try_to_reconnect();
        }
    });
}

/// As the first time, on the event loop: whoever asks for something waits.
Result<void> NativeTargetImpl::reconnect() {
    ConnectOptions options = connection_options(options_);
    options.connect_limit = pause_between;
    auto link = Link::open(loop_, options);
    if (!link) {
        return std::unexpected(link.error());
    }
    link_ = std::move(*link);
    state_ = NativeState::Stopped;
    has_run_ = false;
    steps_over_sites_.reset();
    takes_software_sites_ = false;
    has_files_ = true;
    cores_.clear();
    flash_.clear();
    if (const Result<void> begun = begin(); !begun) {
        link_->close();
        state_ = NativeState::Lost;
        return begun;
    }
    return {};
}

void NativeTargetImpl::try_to_reconnect() {
    if (const Result<void> back = reconnect(); back) {
        come_back();
    } else if (std::chrono::steady_clock::now() >= reconnect_end_) {
        end(NativeLost{lost_ + ", and it is not there again (" + back.error().message + ")"});
    } else {
        wait_to_reconnect();
    }
}

/// A server that has kept our breakpoints would count them twice. False if the link broke.
bool NativeTargetImpl::take_out_what_may_be_there() {
    for (auto& [address, site] : sites_) {
        if (site.inserted) {
            [[maybe_unused]] const auto gone =
                stop_point(false, site.packet_type, address, site.kind);
            site.inserted = link_->client().broken();
        }
    }
    for (const auto& [id, watched] : watched_) {
        [[maybe_unused]] const auto gone =
            stop_point(false, watched.packet_type, watched.address.value, watched.size);
    }
    return !link_->client().broken();
}

/// The target stands still; what it is, and what of ours is in it, is not known.
void NativeTargetImpl::come_back() {
    if (!take_out_what_may_be_there() || !forget_code_that_differs()) {
        lose_link(lost_);
        return;
    }
    if (look_at_code_) {
        look_at_code_(false);
    }
    const std::size_t missing = plant_again();
    if (link_->client().broken()) { // once more
        lose_link(lost_);
        return;
    }
    warn(missing == 0 ? "the native debug server is there again"
                      : "the native debug server is there again; " + std::to_string(missing) +
                            " breakpoints and watchpoints could not be set again");
    lost_.clear();
    watch_link();
    stop_with({});
}

/// How many could not be.
std::size_t NativeTargetImpl::plant_again() {
    std::size_t missing = 0;
    for (auto& [address, site] : sites_) {
        missing += site.wanted() && !insert(address, site) ? 1 : 0;
    }
    for (const auto& [id, watched] : watched_) {
        const auto set = stop_point(true, watched.packet_type, watched.address.value, watched.size);
        missing += set ? 0 : 1;
    }
    return missing;
}

/// Puts the code back where a server that is gone has left traps of ours in it. False where the
/// rest is not the same.
bool NativeTargetImpl::is_same_code(const NativeCode& code, std::span<const std::byte> now) {
    const NativeRange& range = code.code.range;
    std::vector<std::byte> without_traps(now.begin(), now.end());
    std::vector<std::pair<std::uint64_t, std::span<const std::byte>>> originals;
    for (auto site = sites_.lower_bound(range.begin.value);
         site != sites_.end() && site->first < range.end.value; ++site) {
        const std::size_t at = site->first - range.begin.value;
        const std::size_t size = std::min(trap_size(site->second), code.text.size() - at);
        const auto original = std::span(code.text).subspan(at, size);
        if (!std::ranges::equal(now.subspan(at, size), original)) {
            std::ranges::copy(original,
                              std::next(without_traps.begin(), static_cast<std::ptrdiff_t>(at)));
            originals.emplace_back(site->first, original);
        }
    }
    return without_traps == code.text && std::ranges::all_of(originals, [this](const auto& each) {
               return write_target(each.first, each.second).has_value();
           });
}

/// The target may have been started anew. False if the link broke: nothing is known then.
bool NativeTargetImpl::forget_code_that_differs() {
    std::vector<CodeRangeId> gone;
    for (const NativeCode& code : codes_) {
        std::vector<std::byte> now(code.text.size());
        const auto read = read_target(code.code.range.begin.value, now);
        if (!read || !is_same_code(code, now)) {
            gone.push_back(code.id);
        }
    }
    if (link_->client().broken()) {
        return false;
    }
    for (const CodeRangeId id : gone) {
        remove_code(id);
    }
    if (!gone.empty() && !look_at_code_) {
        warn("the target's code is not the one that was there before");
    }
    return true;
}

void NativeTargetImpl::warn(const std::string& text) const {
    if (options_.warn) {
        options_.warn(text);
    }
}

} // namespace wdbg::remote
