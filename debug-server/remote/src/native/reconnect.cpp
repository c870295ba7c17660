// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A lost connection, and the way back to the target.
#include "target_impl.h"

#include <algorithm>
#include <utility>

namespace wdbg::remote {

namespace {

constexpr std::chrono::milliseconds pause_between{500};

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

/// As the first time; nobody waits for the event loop meanwhile.
Result<void> NativeTargetImpl::reconnect() {
    auto link = Link::open(loop_, connection_options(options_));
    if (!link) {
        return std::unexpected(link.error());
    }
    link_ = std::move(*link);
    state_ = NativeState::Stopped;
    has_run_ = false;
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

/// The target stands still; what it is, and what of ours is in it, is not known. A server that has
/// kept our breakpoints would count them twice: each is taken out first.
void NativeTargetImpl::come_back() {
    for (auto& [address, site] : sites_) {
        if (site.inserted) {
            [[maybe_unused]] const auto gone =
                stop_point(false, site.packet_type, address, site.kind);
            site.inserted = false;
        }
    }
    for (const auto& [id, watched] : watched_) {
        [[maybe_unused]] const auto gone =
            stop_point(false, watched.packet_type, watched.address.value, watched.size);
    }
    forget_code_that_differs();
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

/// The target may have been started anew.
void NativeTargetImpl::forget_code_that_differs() {
    std::vector<CodeRangeId> gone;
    for (const NativeCode& code : codes_) {
        std::vector<std::byte> now(code.text.size());
        const auto read = read_target(code.code.range.begin.value, now);
        if (!read || now != code.text) {
            gone.push_back(code.id);
        }
    }
    for (const CodeRangeId id : gone) {
        remove_code(id);
    }
    if (!gone.empty() && !look_at_code_) {
        warn("the target's code is not the one that was there before");
    }
}

void NativeTargetImpl::warn(const std::string& text) const {
    if (options_.warn) {
        options_.warn(text);
    }
}

} // namespace wdbg::remote
