// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <wdbg/wasm/instruction.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>

namespace wdbg::test {
namespace {

using testing::ElementsAre;

class Watchpoint : public testing::Test {
  protected:
    Session& start(std::string_view function, std::vector<std::string> args = {},
                   std::string_view guest = "watch") {
        session.emplace(guest,
                        SessionOptions{.invoke = std::string(function), .args = std::move(args)});
        return *session;
    }

    WatchpointId watch(std::uint64_t address, std::uint64_t size, WatchKind kind) {
        auto id = (*session)->watchpoints()->add(
            {.address = {Session::main_instance, 0, address}, .size = size, .kind = kind});
        EXPECT_TRUE(id);
        return id.value_or(WatchpointId{});
    }

    /// Resumes until the next watchpoint hit.
    WatchpointHit next_hit() {
        const Stopped stopped = session->resume_and_wait();
        const auto* hit = reason_as<WatchpointHit>(stopped);
        EXPECT_NE(hit, nullptr) << describe(Event{stopped});
        return hit == nullptr ? WatchpointHit{} : *hit;
    }

    void expect_end() {
        session->resume();
        session->wait_for_exit();
    }

    std::optional<Session> session;
};

std::vector<std::byte> bytes(std::initializer_list<int> values) {
    std::vector<std::byte> result;
    for (const int value : values) {
        result.push_back(static_cast<std::byte>(value));
    }
    return result;
}

struct Expected {
    CodeOffset behind;
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    AccessKind kind = AccessKind::Read;
    std::string_view mnemonic;
};

/// "i64.atomic.rmw16.add_u" -> 2
std::uint64_t width_of(std::string_view mnemonic) {
    for (const std::string_view bits : {"load8", "store8", "rmw8"}) {
        if (mnemonic.contains(bits)) {
            return 1;
        }
    }
    for (const std::string_view bits : {"load16", "store16", "rmw16"}) {
        if (mnemonic.contains(bits)) {
            return 2;
        }
    }
    for (const std::string_view bits : {"load32", "store32", "rmw32", "wait32"}) {
        if (mnemonic.contains(bits)) {
            return 4;
        }
    }
    return mnemonic.substr(1, 2) == "64" || mnemonic.contains("wait64") ? 8 : 4;
}

/// What the straight-line function `name` accesses, instruction by instruction.
std::vector<Expected> accesses_of(const GuestCode& code, std::string_view name) {
    std::vector<Expected> expected;
    for (const CodeOffset offset : code.instructions(name)) {
        const std::string_view mnemonic = code.mnemonic(offset);
        const bool reads = mnemonic.contains("load") || mnemonic.contains("wait");
        const bool writes = mnemonic.contains("store") || mnemonic.contains("rmw");
        if (reads || writes) {
            const auto instruction = wasm::decode(code.module().bytes(), offset);
            expected.push_back({.behind = code.behind(offset),
                                .address = 16 + instruction->memory.offset,
                                .size = width_of(mnemonic),
                                .kind = writes ? AccessKind::Write : AccessKind::Read,
                                .mnemonic = mnemonic});
        }
    }
    return expected;
}

class EveryAccess : public Watchpoint, public testing::WithParamInterface<const char*> {};

TEST_P(EveryAccess, IsReportedRightBehindItsInstruction) {
    start(GetParam());
    watch(0, 4096, WatchKind::Access);
    const auto all = accesses_of(session->code(), GetParam());
    ASSERT_GT(all.size(), 20U);
    for (const Expected& expected : all) {
        const WatchpointHit hit = next_hit();
        EXPECT_EQ(session->pc(), expected.behind) << expected.mnemonic;
        EXPECT_EQ(hit.address.offset, expected.address) << expected.mnemonic;
        EXPECT_EQ(hit.size, expected.size) << expected.mnemonic;
        EXPECT_EQ(hit.access, expected.kind) << expected.mnemonic;
        EXPECT_FALSE(hit.by_host);
    }
    expect_end();
}

TEST_P(EveryAccess, IsSeenByAOneByteWatchpointOnItsLastByteOnly) {
    start(GetParam());
    const auto all = accesses_of(session->code(), GetParam());
    for (const Expected& expected : all) {
        const std::uint64_t last = expected.address + expected.size - 1;
        // Others of the function may touch the same byte.
        const auto touching = std::ranges::count_if(all, [&](const Expected& other) {
            return other.address <= last && last < other.address + other.size;
        });
        ASSERT_GE(touching, 1);
        watch(last, 1, WatchKind::Access);
    }
    for (const Expected& expected : all) {
        next_hit();
        EXPECT_EQ(session->pc(), expected.behind) << expected.mnemonic;
    }
    expect_end();
}

TEST_P(EveryAccess, ThatOnlyReadsDoesNotHitAWriteWatchpoint) {
    start(GetParam());
    watch(0, 4096, WatchKind::Write);
    for (const Expected& expected : accesses_of(session->code(), GetParam())) {
        if (expected.kind == AccessKind::Write) {
            EXPECT_EQ(next_hit().access, AccessKind::Write);
            EXPECT_EQ(session->pc(), expected.behind) << expected.mnemonic;
        }
    }
    expect_end();
}

TEST_P(EveryAccess, ThatOnlyWritesDoesNotHitAReadWatchpoint) {
    start(GetParam());
    watch(0, 4096, WatchKind::Read);
    for (const Expected& expected : accesses_of(session->code(), GetParam())) {
        if (expected.kind == AccessKind::Read || expected.mnemonic.contains("rmw")) {
            EXPECT_EQ(next_hit().access, AccessKind::Read);
            EXPECT_EQ(session->pc(), expected.behind) << expected.mnemonic;
        }
    }
    expect_end();
}

INSTANTIATE_TEST_SUITE_P(Of, EveryAccess, testing::Values("plain", "atomic"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_F(Watchpoint, SeesBulkOperations) {
    start("bulk");
    watch(110, 4, WatchKind::Access);
    watch(210, 1, WatchKind::Write);
    watch(312, 8, WatchKind::Write);
    const WatchpointHit fill = next_hit();
    EXPECT_EQ(session->pc(), session->code().behind(session->code().at("bulk", "memory.fill")));
    EXPECT_EQ(fill.address.offset, 100U);
    EXPECT_EQ(fill.size, 20U);
    EXPECT_EQ(fill.before, bytes({0, 0, 0, 0}));
    EXPECT_EQ(fill.after, bytes({0xAB, 0xAB, 0xAB, 0xAB}));
    const WatchpointHit copy = next_hit();
    EXPECT_EQ(session->pc(), session->code().behind(session->code().at("bulk", "memory.copy")));
    EXPECT_EQ(copy.address.offset, 200U);
    EXPECT_EQ(copy.access, AccessKind::Write);
    const WatchpointHit init = next_hit();
    EXPECT_EQ(session->pc(), session->code().behind(session->code().at("bulk", "memory.init")));
    EXPECT_EQ(init.after, bytes({'s', 0, 0, 0, 0, 0, 0, 0}));
    expect_end(); // a fill of nothing is no access
}

TEST_F(Watchpoint, SeesWhatACopyReads) {
    start("bulk");
    watch(119, 1, WatchKind::Read);
    const WatchpointHit hit = next_hit();
    EXPECT_EQ(hit.access, AccessKind::Read);
    EXPECT_EQ(hit.address.offset, 100U);
    EXPECT_EQ(session->pc(), session->code().behind(session->code().at("bulk", "memory.copy")));
    expect_end();
}

TEST_F(Watchpoint, SeesWhatOverlapsItAndNotItsNeighbours) {
    start("around");
    const WatchpointId id = watch(100, 4, WatchKind::Write);
    const WatchpointHit wide = next_hit();
    EXPECT_EQ(wide.watchpoint, id);
    EXPECT_EQ(wide.address.offset, 94U);
    EXPECT_EQ(wide.size, 8U);
    EXPECT_EQ(wide.before, bytes({0, 0, 0, 0}));
    EXPECT_EQ(wide.after, bytes({0x22, 0x11, 0, 0}));
    const WatchpointHit last_byte = next_hit();
    EXPECT_EQ(last_byte.address.offset, 103U);
    EXPECT_EQ(last_byte.after, bytes({0x22, 0x11, 0, 0x88}));
    EXPECT_EQ(next_hit().address.offset, 102U);
    expect_end();
}

TEST_F(Watchpoint, OfHostWritesReportsAtTheCallsReturn) {
    start("host");
    watch(100, 4, WatchKind::Write);
    const WatchpointHit hit = next_hit();
    EXPECT_TRUE(hit.by_host);
    EXPECT_EQ(session->pc(), session->code().at("host", "nop"));
    EXPECT_EQ(hit.address.offset, 101U);
    EXPECT_EQ(hit.size, 1U);
    EXPECT_EQ(hit.before, bytes({0, 0, 0, 0}));
    EXPECT_EQ(hit.after, bytes({0, 9, 0, 0}));
    EXPECT_FALSE(next_hit().by_host); // the guest's own store
    expect_end();
}

TEST_F(Watchpoint, OfTwoThatOneStoreTouchesIsReportedOnceAndNotForTheHost) {
    start("host");
    watch(100, 4, WatchKind::Write);
    watch(102, 4, WatchKind::Write);
    EXPECT_TRUE(next_hit().by_host);
    EXPECT_FALSE(next_hit().by_host);
    expect_end(); // the next host call has written neither
}

TEST_F(Watchpoint, GoesWithAMemoryThatGrows) {
    // One page, and so many that the memory cannot stay where it is.
    for (const char* pages : {"1", "8192"}) {
        start("run", {pages}, "grow");
        const CodeOffset grow = session->code().at("run", "memory.grow");
        watch(65534, 2, WatchKind::Write);
        EXPECT_FALSE((*session)->watchpoints()->add(
            {.address = {Session::main_instance, 0, 65535}, .size = 2, .kind = WatchKind::Write}));
        EXPECT_EQ(next_hit().after, bytes({0, 1}));
        EXPECT_LT(session->pc(), grow);
        session->run_to(session->code().at("run", "nop"));
        watch(65536, 1, WatchKind::Write); // there is such a byte now
        const WatchpointHit behind_growth = next_hit();
        EXPECT_EQ(behind_growth.before, bytes({0, 1}));
        EXPECT_EQ(behind_growth.after, bytes({0, 2}));
        EXPECT_EQ(next_hit().address.offset, 65536U);
        const WatchpointHit by_host = next_hit();
        EXPECT_TRUE(by_host.by_host);
        EXPECT_EQ(by_host.before, bytes({0, 2}));
        EXPECT_EQ(by_host.after, bytes({0, 4}));
        session->resume();
        EXPECT_THAT(session->wait_for_exit().results, ElementsAre("197632:i32")); // 0x30400
    }
}

TEST_F(Watchpoint, AcrossAGrowthIsNotHitByTheGrowthItself) {
    start("run", {"8192"}, "grow");
    session->run_to(session->code().at("run", "memory.grow"));
    watch(0, 65536, WatchKind::Access);
    next_hit();
    EXPECT_EQ(session->pc(), session->code().behind(session->code().at("run", "i32.store8", 1)));
}

TEST_F(Watchpoint, ForReadsIgnoresHostWrites) {
    start("host");
    watch(100, 4, WatchKind::Read);
    expect_end();
}

TEST_F(Watchpoint, SeesWhatWasiWrites) {
    start("clock", {}, "blocking");
    watch(2048, 8, WatchKind::Write);
    const WatchpointHit hit = next_hit();
    EXPECT_TRUE(hit.by_host);
    EXPECT_EQ(hit.before, bytes({0, 0, 0, 0, 0, 0, 0, 0}));
    EXPECT_NE(hit.after, hit.before);
    session->resume();
    EXPECT_THAT(session->wait_for_exit().results, ElementsAre("1:i32"));
}

TEST_F(Watchpoint, IgnoresWritesOfTheDebuggerItself) {
    start("host");
    watch(100, 4, WatchKind::Write);
    const auto value = bytes({0, 9, 0, 0});
    ASSERT_TRUE((*session)->write_memory({Session::main_instance, 0, 100}, value));
    EXPECT_FALSE(next_hit().by_host); // the host wrote what stood there already
    expect_end();
}

TEST_F(Watchpoint, AndABreakpointOnTheSameInstructionAreBothReported) {
    start("around");
    const CodeOffset store = session->code().at("around", "i64.store");
    watch(100, 4, WatchKind::Write);
    session->plant(store);
    session->plant(session->code().behind(store));
    EXPECT_NE(reason_as<BreakpointHit>(session->resume_and_wait()), nullptr);
    EXPECT_EQ(session->pc(), store);
    EXPECT_EQ(next_hit().address.offset, 94U);
    EXPECT_EQ(session->pc(), session->code().behind(store));
    EXPECT_NE(reason_as<BreakpointHit>(session->resume_and_wait()), nullptr);
    EXPECT_EQ(session->pc(), session->code().behind(store));
}

TEST_F(Watchpoint, IsReportedByASteppingThread) {
    start("counting", {"3"});
    watch(100, 4, WatchKind::Write);
    session->run_to(session->code().at("counting", "i32.store"));
    const Stopped stopped = session->step();
    EXPECT_NE(reason_as<WatchpointHit>(stopped), nullptr) << describe(Event{stopped});
}

TEST_F(Watchpoint, IsHitAtEachOfManyWrites) {
    start("counting", {"500"});
    watch(100, 4, WatchKind::Write);
    for (int i = 0; i < 500; ++i) {
        std::int32_t after = 0;
        const WatchpointHit hit = next_hit();
        ASSERT_EQ(hit.after.size(), sizeof(after));
        std::memcpy(&after, hit.after.data(), sizeof(after));
        ASSERT_EQ(after, i + 1);
    }
    expect_end();
}

TEST_F(Watchpoint, IsHitAtEachWriteOfEveryThread) {
    start("run", {"4", "0", "200"}, "threads");
    watch(4, 4, WatchKind::Write);
    int hits = 0;
    session->resume();
    for (Event event = session->next_event(); std::holds_alternative<Stopped>(event);
         event = session->next_event()) {
        for (const ThreadStop& thread : std::get<Stopped>(event).threads) {
            hits += std::holds_alternative<WatchpointHit>(thread.reason) ? 1 : 0;
        }
        session->resume();
    }
    EXPECT_EQ(hits, 800);
    EXPECT_THAT(session->wait_for_exit().results, ElementsAre("800:i32"));
}

TEST_F(Watchpoint, ComesAndGoesWhileTheGuestRuns) {
    start("endless");
    session->resume();
    for (int i = 0; i < 200; ++i) {
        const WatchpointId id = watch(100, 4, WatchKind::Write);
        const Stopped stopped = session->wait_for_stop();
        const auto* hit = reason_as<WatchpointHit>(stopped);
        ASSERT_NE(hit, nullptr) << describe(Event{stopped});
        EXPECT_EQ(hit->watchpoint, id);
        if (i % 2 == 0) { // while stopped, or running
            ASSERT_TRUE((*session)->watchpoints()->remove(id));
            session->resume();
            continue;
        }
        session->resume();
        ASSERT_TRUE((*session)->watchpoints()->remove(id));
        if (session->pending_event()) {
            session->resume();
        }
    }
}

TEST_F(Watchpoint, OutsideOfTheMemoryIsRefused) {
    start("around");
    const auto error = [&](std::uint64_t address, std::uint64_t size) {
        auto id = (*session)->watchpoints()->add(
            {.address = {Session::main_instance, 0, address}, .size = size});
        return id ? ErrorCode::Internal : id.error().code;
    };
    EXPECT_EQ(error(65536, 1), ErrorCode::OutOfRange);
    EXPECT_EQ(error(65535, 2), ErrorCode::OutOfRange);
    EXPECT_EQ(error(1, UINT64_MAX), ErrorCode::OutOfRange);
    EXPECT_EQ(error(1, 0), ErrorCode::OutOfRange);
    EXPECT_EQ((*session)->watchpoints()->remove(WatchpointId{9}).error().code, ErrorCode::NotFound);
}

} // namespace
} // namespace wdbg::test
