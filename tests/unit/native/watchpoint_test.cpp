// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "hardware_watchpoints.h"
#include "session.h"
#include "watched_ranges.h"

#include <atomic>

namespace wdbg::native::test {
namespace {

TEST(Watchpoint, StopsBehindTheStoringInstruction) {
    Session session;
    alignas(8) static std::uint64_t watched = 0;
    watched = 0;
    ASSERT_NE(session.target->watchpoints(), nullptr);
    const auto id = session.target->watchpoints()->add(at(&watched), 8, NativeWatchKind::Write);
    ASSERT_TRUE(id.has_value()) << id.error().message;
    EXPECT_TRUE(session.target->interrupt().has_value());
    session.must_stop();
    std::thread guest = guest_thread(session, [] { asm_store(&watched, 7); });
    while (session.target->threads().empty()) {
        std::this_thread::yield();
    }
    const auto threads = session.target->threads();
    std::this_thread::sleep_for(20ms); // until its watchpoints are set
    session.resume();
    const auto stopped = session.wait_stop(3s);
    if (!stopped) {
        guest.join();
        GTEST_SKIP() << "no hardware watchpoints here";
    }
    ASSERT_EQ(stopped->threads.size(), 1U);
    const auto* hit = std::get_if<NativeWatchpointHit>(&stopped->threads[0].reason);
    ASSERT_NE(hit, nullptr);
    EXPECT_EQ(hit->watchpoint, *id);
    EXPECT_EQ(session.target->registers(threads[0].id)->pc, at(asm_store_next));
    EXPECT_EQ(watched, 7U);
    EXPECT_TRUE(session.target->watchpoints()->remove(*id).has_value());
    session.resume();
    guest.join();
}

TEST(Watchpoint, RefusesWhatTheHardwareCannotDo) {
    Session session;
    NativeWatchpointSupport& watchpoints = *session.target->watchpoints();
    EXPECT_EQ(watchpoints.add({0x1001}, 8, NativeWatchKind::Write).error().code,
              ErrorCode::InvalidArgument);
    EXPECT_EQ(watchpoints.add({0x1000}, 3, NativeWatchKind::Write).error().code,
              ErrorCode::InvalidArgument);
    EXPECT_EQ(watchpoints.add({0x1000}, 8, NativeWatchKind::Write).error().code,
              ErrorCode::InvalidArgument); // no memory there
    EXPECT_EQ(watchpoints.remove(WatchpointId{99}).error().code, ErrorCode::NotFound);
    alignas(8) static std::uint64_t watched = 0;
    for (std::uint32_t i = 0; i < watchpoints.max_count(); ++i) {
        EXPECT_TRUE(watchpoints.add(at(&watched), 8, NativeWatchKind::Write).has_value());
    }
    EXPECT_EQ(watchpoints.add(at(&watched), 8, NativeWatchKind::Write).error().code,
              ErrorCode::Busy);
}

TEST(Watchpoint, ValuesThatTheHostKeepsChangingAreForgottenOnce) {
    alignas(8) static std::atomic<std::uint64_t> watched{0};
    HardwareWatchpoints watchpoints([] { return std::vector<pid_t>(); });
    ASSERT_TRUE(watchpoints.add({1}, at(&watched), 8, NativeWatchKind::Write).has_value());
    std::atomic<bool> ends{false};
    std::thread host([&] {
        while (!ends.load()) {
            watched.fetch_add(1);
        }
    });
    forget_watched_values();
    ends.store(true);
    host.join();
    forget_watched_values();
    EXPECT_FALSE(watched_range_changed_by_host());
    watched.fetch_add(1);
    EXPECT_TRUE(watched_range_changed_by_host());
}

} // namespace
} // namespace wdbg::native::test
