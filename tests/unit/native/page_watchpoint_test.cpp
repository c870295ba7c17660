// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "page_rights.h"
#include "session.h"

#include <atomic>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

namespace wdbg::native::test {
namespace {

/// Three pages of their own.
class Pages {
  public:
    static constexpr std::size_t page = 4096;

    Pages()
        : words_(static_cast<std::uint64_t*>(::mmap(nullptr, 3 * page, PROT_READ | PROT_WRITE,
                                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {}

    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;

    ~Pages() { ::munmap(words_, 3 * page); }

    [[nodiscard]] std::uint64_t* word(std::size_t offset) const { return words_ + offset / 8; }

  private:
    std::uint64_t* words_;
};

/// Processors without protection keys refuse: that is tested there, and nothing else.
class PageWatchpoint : public ::testing::Test {
  protected:
    void SetUp() override {
        has_keys = allocate_page_key();
        if (!has_keys) {
            const auto refused =
                watchpoints().add_range(at(pages.word(0)), 64, NativeWatchKind::Write);
            EXPECT_EQ(refused.error().code, ErrorCode::Unsupported);
        }
    }

    [[nodiscard]] NativeWatchpointSupport& watchpoints() const {
        return *session.target->watchpoints();
    }

    WatchpointId watch(std::size_t offset, std::size_t size, NativeWatchKind kind) {
        const auto id = watchpoints().add_range({at(pages.word(0)).value + offset}, size, kind);
        EXPECT_TRUE(id.has_value()) << id.error().message;
        return id.value_or(WatchpointId{});
    }

    /// The hits of a thread that runs `body`, which goes on at each.
    template <class Body>
    std::vector<NativeWatchpointHit> hits_of(Body body) {
        std::atomic<bool> ended{false};
        std::thread guest = guest_thread(session, [&] {
            body();
            ended.store(true);
        });
        std::vector<NativeWatchpointHit> hits;
        while (!ended.load()) {
            const auto stopped = session.wait_stop(50ms);
            if (!stopped) {
                continue;
            }
            for (const NativeThreadStop& stop : stopped->threads) {
                if (const auto* hit = std::get_if<NativeWatchpointHit>(&stop.reason)) {
                    hits.push_back(*hit);
                }
            }
            session.resume();
        }
        guest.join();
        return hits;
    }

    bool has_keys = false;
    Session session;
    Pages pages;
};

TEST_F(PageWatchpoint, StopsAtStoresIntoTheRangeAndPassesOthers) {
    if (!has_keys) {
        return;
    }
    const WatchpointId id = watch(1000, 5000, NativeWatchKind::Write);
    const auto hits = hits_of([this] {
        asm_store(pages.word(0), 1);    // on the same page
        asm_store(pages.word(1000), 2); // the first one
        asm_store(pages.word(4096), 3); // on the next page
        asm_store(pages.word(5992), 4); // the last one
        asm_store(pages.word(6000), 5); // behind it
        asm_store(pages.word(8192), 6); // on an open page
        asm_load(pages.word(2000));
    });
    ASSERT_EQ(hits.size(), 3U);
    for (const auto& [hit, offset] :
         {std::pair(hits[0], 1000U), {hits[1], 4096U}, {hits[2], 5992U}}) {
        EXPECT_EQ(hit.watchpoint, id);
        ASSERT_TRUE(hit.access.has_value());
        EXPECT_EQ(hit.access->address, at(pages.word(offset)));
        EXPECT_TRUE(hit.access->is_write);
    }
    EXPECT_EQ(*pages.word(0) + *pages.word(6000) + *pages.word(8192), 12U);
}

TEST_F(PageWatchpoint, TellsReadsFromWrites) {
    if (!has_keys) {
        return;
    }
    watch(128, 64, NativeWatchKind::Access);
    const auto hits = hits_of([this] {
        EXPECT_EQ(asm_load(pages.word(128)), 0U);
        asm_store(pages.word(128), 7);
        EXPECT_EQ(asm_load(pages.word(128)), 7U);
        EXPECT_EQ(asm_load(pages.word(1024)), 0U);
    });
    ASSERT_EQ(hits.size(), 3U);
    EXPECT_FALSE(hits[0].access->is_write);
    EXPECT_TRUE(hits[1].access->is_write);
    EXPECT_FALSE(hits[2].access->is_write);
}

TEST_F(PageWatchpoint, HardwareOnesOnAClosedPageAreNotLost) {
    if (!has_keys) {
        return;
    }
    watch(2048, 64, NativeWatchKind::Write);
    const auto id = watchpoints().add(at(pages.word(0)), 8, NativeWatchKind::Write);
    ASSERT_TRUE(id.has_value());
    const auto hits = hits_of([this] {
        asm_store(pages.word(0), 1);
        asm_store(pages.word(512), 1);
        asm_store(pages.word(0), 1);
    });
    ASSERT_EQ(hits.size(), 2U);
    EXPECT_EQ(hits[0].watchpoint, *id);
    EXPECT_EQ(hits[1].watchpoint, *id);
}

TEST_F(PageWatchpoint, StopsBehindTheInstruction) {
    if (!has_keys) {
        return;
    }
    watch(0, 64, NativeWatchKind::Write);
    std::thread guest = guest_thread(session, [this] { asm_store(pages.word(0), 9); });
    ASSERT_TRUE(session.stops_with<NativeWatchpointHit>());
    const ThreadId thread = session.target->threads().at(0).id;
    EXPECT_EQ(session.target->registers(thread)->pc, at(asm_store_next));
    EXPECT_EQ(*pages.word(0), 9U);
    session.resume();
    guest.join();
}

TEST_F(PageWatchpoint, StepsAndSitesOnTheSameInstructionWork) {
    if (!has_keys) {
        return;
    }
    watch(0, 64, NativeWatchKind::Write);
    ASSERT_TRUE(session.target->plant(at(asm_store_next), {}).has_value());
    ASSERT_TRUE(
        session.target->plant(at(reinterpret_cast<const void*>(&asm_store)), {}).has_value());
    std::thread guest = guest_thread(session, [this] { asm_store(pages.word(0), 9); });
    ASSERT_TRUE(session.stops_with<NativeBreakpointHit>());
    const ThreadId thread = session.target->threads().at(0).id;
    session.resume(thread, StepNativeInstruction{});
    ASSERT_TRUE(session.stops_with<NativeWatchpointHit>());
    EXPECT_EQ(session.target->registers(thread)->pc, at(asm_store_next));
    session.resume();
    ASSERT_TRUE(session.stops_with<NativeBreakpointHit>());
    session.resume();
    guest.join();
    EXPECT_EQ(*pages.word(0), 9U);
}

TEST_F(PageWatchpoint, SystemCallsOfTheHostAreNotHinderedAndTheirWritesAreFound) {
    if (!has_keys) {
        return;
    }
    watch(0, 3 * Pages::page, NativeWatchKind::Access);
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    std::atomic<ssize_t> count{0};

    struct Call {
        ProcessTarget& target;
        std::uint64_t* into;
        int fd;
        std::atomic<ssize_t>* count;
    } call{*session.target, pages.word(4096), pipe[0], &count};

    ASSERT_EQ(::write(pipe[1], "abcdefgh", 8), 8);
    const auto hits = hits_of([&] {
        asm_call_out(
            1,
            [](void* raw) {
                auto& in = *static_cast<Call*>(raw);
                GuestExit exit;
                capture(&exit.registers);
                in.target.leave_guest(exit);
                in.count->store(::read(in.fd, in.into, 8));
                in.target.enter_guest(exit);
            },
            &call);
    });
    EXPECT_EQ(count.load(), 8);
    ASSERT_EQ(hits.size(), 1U);
    EXPECT_FALSE(hits[0].access.has_value());
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST_F(PageWatchpoint, SetAndRemovedWhileThreadsRun) {
    if (!has_keys) {
        return;
    }
    std::atomic<std::uint64_t> stop{0};
    std::uint64_t rounds = 0;
    std::thread guest = guest_thread(session, [&] {
        while (stop.load() == 0) {
            asm_store(pages.word(64), 1);
            ++rounds;
        }
    });
    for (int i = 0; i < 20; ++i) {
        const WatchpointId id = watch(0, 4096, NativeWatchKind::Write);
        ASSERT_TRUE(session.stops_with<NativeWatchpointHit>()) << i;
        EXPECT_TRUE(watchpoints().remove(id).has_value());
        session.resume();
    }
    stop.store(1);
    guest.join();
    EXPECT_GT(rounds, 0U);
}

/// The guest's memory is gone, and something else is there.
TEST_F(PageWatchpoint, RemovalLeavesOtherMemoryAlone) {
    if (!has_keys) {
        return;
    }
    const WatchpointId id = watch(0, 64, NativeWatchKind::Write);
    ASSERT_EQ(::mmap(pages.word(0), Pages::page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                     -1, 0),
              static_cast<void*>(pages.word(0)));
    EXPECT_TRUE(watchpoints().remove(id).has_value());
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    ASSERT_EQ(::write(pipe[1], "abcdefgh", 8), 8);
    EXPECT_EQ(::read(pipe[0], pages.word(0), 8), -1);
    ::close(pipe[0]);
    ::close(pipe[1]);
}

/// A stop between the probe and its instruction, which faults there each time.
TEST_F(PageWatchpoint, ProbesOnAccessesCountOnceWhateverStopsThem) {
    if (!has_keys) {
        return;
    }
    constexpr std::uint64_t rounds = 3000;
    watch(0, 64, NativeWatchKind::Write);
    ASSERT_TRUE(session.target->plant(at(asm_fill_body), never()).has_value());
    ASSERT_TRUE(session.target->set_probe(at(asm_fill_body), false_probe).has_value());
    std::atomic<bool> ended{false};
    std::thread guest = guest_thread(session, [&] {
        asm_fill(pages.word(1024), rounds);
        ended.store(true);
    });
    while (!ended.load()) {
        ASSERT_TRUE(session.target->interrupt().has_value());
        session.must_stop();
        session.resume();
    }
    guest.join();
    EXPECT_EQ(session.hits(asm_fill_body), rounds);
}

/// What a host call does on the way out, in the call, and on the way in.
TEST_F(PageWatchpoint, SystemCallsNeverFailWhileWatchpointsComeAndGo) {
    if (!has_keys) {
        return;
    }

    struct Host {
        ProcessTarget& target;
        std::uint64_t* into;
        std::array<int, 2> pipe{};
        std::atomic<std::uint64_t> failed{0};
    } host{.target = *session.target, .into = pages.word(2048)};

    ASSERT_EQ(::pipe(host.pipe.data()), 0);
    std::atomic<bool> stop{false};
    std::thread guest = guest_thread(session, [&] {
        while (!stop.load()) {
            asm_call_out(
                100,
                [](void* raw) {
                    auto& in = *static_cast<Host*>(raw);
                    GuestExit exit;
                    capture(&exit.registers);
                    in.target.leave_guest(exit);
                    const bool done = ::write(in.pipe[1], "abcdefgh", 8) == 8 &&
                                      ::read(in.pipe[0], in.into, 8) == 8;
                    in.failed += done ? 0 : 1;
                    in.target.enter_guest(exit);
                },
                &host);
        }
    });
    for (int i = 0; i < 300; ++i) {
        const WatchpointId id = watch(0, 64, NativeWatchKind::Access);
        ASSERT_TRUE(session.target->interrupt().has_value());
        session.must_stop();
        session.resume();
        EXPECT_TRUE(watchpoints().remove(id).has_value());
    }
    stop.store(true);
    guest.join();
    EXPECT_EQ(host.failed.load(), 0U);
    ::close(host.pipe[0]);
    ::close(host.pipe[1]);
}

/// Whatever the order in which they were set; and what was told is not found again as the host's.
TEST_F(PageWatchpoint, AnAccessBelongsToTheRangeThatItIsIn) {
    if (!has_keys) {
        return;
    }
    std::map<std::size_t, WatchpointId> ids;
    for (std::size_t offset = 128; offset > 0; offset -= 4) {
        ids[offset - 4] = watch(offset - 4, 4, NativeWatchKind::Write);
    }
    const auto hits = hits_of([this] {
        asm_store(pages.word(64), 1); // in two
        asm_store(pages.word(16), 2);
        asm_call_out(
            1,
            [](void* target) {
                GuestExit exit;
                capture(&exit.registers);
                static_cast<ProcessTarget*>(target)->leave_guest(exit);
                static_cast<ProcessTarget*>(target)->enter_guest(exit);
            },
            session.target.get());
    });
    ASSERT_EQ(hits.size(), 2U);
    EXPECT_EQ(hits[0].watchpoint, ids[64]);
    EXPECT_EQ(hits[1].watchpoint, ids[16]);
}

/// Nothing is lost while others pass beside it on the same page.
TEST_F(PageWatchpoint, ThreadsDoNotSlipPastWhileAnotherOneHasThePagesOpen) {
    if (!has_keys) {
        return;
    }
    watch(0, 64, NativeWatchKind::Write);
    constexpr std::size_t thread_count = 6;
    constexpr std::uint64_t rounds = 300;
    constexpr std::uint64_t watched_every = 50;
    std::atomic<std::size_t> ended{0};
    std::vector<std::thread> threads;
    threads.reserve(thread_count);
    for (std::size_t i = 0; i < thread_count; ++i) {
        threads.push_back(guest_thread(session, [&, i] {
            for (std::uint64_t round = 0; round < rounds; ++round) {
                asm_store(pages.word(1024 + i * 64), round);
                if (round % watched_every == 0) {
                    asm_store(pages.word(i * 8), round);
                }
            }
            ended.fetch_add(1);
        }));
    }
    std::size_t hits = 0;
    while (ended.load() != thread_count) {
        if (const auto stopped = session.wait_stop(50ms)) {
            hits += stopped->threads.size();
            session.resume();
        }
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(hits, thread_count * (rounds / watched_every));
}

} // namespace
} // namespace wdbg::native::test
