// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <atomic>
#include <cerrno>
#include <unistd.h>

namespace wdbg::native::test {
namespace {

constexpr std::size_t dwarf_rsi = 4;
constexpr std::size_t dwarf_rdi = 5;

std::uint64_t load(const std::uint64_t& shared) {
    return __atomic_load_n(&shared, __ATOMIC_RELAXED);
}

TEST(StopAll, ParksThreadsUnderLoadAgainAndAgain) {
    constexpr std::size_t count = 8;
    Session session;
    ASSERT_TRUE(session.target->plant(at(asm_spin_body), never()).has_value()); // most are in slots
    volatile std::uint64_t stop = 0;
    std::array<std::uint64_t, count> rounds{};
    std::vector<std::thread> threads;
    threads.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        threads.push_back(guest_thread(session, [&, i] { asm_spin(&stop, &rounds[i]); }));
    }
    for (int stops = 0; stops < 100; ++stops) {
        ASSERT_TRUE(session.target->interrupt().has_value());
        const NativeStopped stopped = session.must_stop();
        EXPECT_TRUE(stopped.threads.empty());
        std::array<std::uint64_t, count> seen{};
        for (std::size_t i = 0; i < count; ++i) {
            seen.at(i) = load(rounds.at(i));
        }
        for (const NativeThread& thread : session.target->threads()) {
            ASSERT_NE(thread.state, NativeThreadState::Running);
            if (thread.state == NativeThreadState::Stopped) {
                const auto registers = session.target->registers(thread.id);
                ASSERT_TRUE(registers.has_value());
                EXPECT_TRUE(asm_code().contains(registers->pc)) << "pc in a slot";
            }
        }
        std::this_thread::yield();
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_EQ(load(rounds.at(i)), seen.at(i)) << "a stopped thread runs";
        }
        session.resume();
    }
    stop = 1;
    for (std::thread& thread : threads) {
        thread.join();
    }
}

TEST(StopAll, LeavesAThreadInAHostCallAloneUntilItReturns) {
    Session session;
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);

    struct Call {
        int fd;
        ssize_t got = -2;
        std::atomic<bool> entered{false};
    } call{.fd = ends[0]};

    std::atomic<bool> done{false};
    std::thread guest = guest_thread(session, [&] {
        asm_call_out(
            1,
            [](void* argument) {
                auto& mine = *static_cast<Call*>(argument);
                GuestExit exit;
                capture(&exit.registers);
                leave_guest(exit);
                mine.entered = true;
                char byte = 0;
                mine.got = ::read(mine.fd, &byte, 1);
                enter_guest(exit);
            },
            &call);
        done = true;
    });
    while (!call.entered) {
        std::this_thread::yield();
    }
    ASSERT_TRUE(session.target->interrupt().has_value());
    session.must_stop();
    const auto threads = session.target->threads();
    ASSERT_EQ(threads.size(), 1U);
    EXPECT_EQ(threads[0].state, NativeThreadState::InHostCall);
    const auto registers = session.target->registers(threads[0].id);
    ASSERT_TRUE(registers.has_value());
    EXPECT_EQ(registers->known, 0x1F0C8U) << "pc, rsp and what calls preserve";
    EXPECT_FALSE(session.target->set_registers(threads[0].id, *registers).has_value());
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    std::this_thread::sleep_for(50ms);
    EXPECT_FALSE(done) << "it went on although everything stands still";
    session.resume();
    guest.join();
    EXPECT_EQ(call.got, 1) << "the read was disturbed";
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST(StopAll, ThreadsThatStartMeanwhileWait) {
    Session session;
    volatile std::uint64_t stop = 0;
    std::uint64_t rounds = 0;
    ASSERT_TRUE(session.target->interrupt().has_value());
    session.must_stop();
    std::thread guest = guest_thread(session, [&] { asm_spin(&stop, &rounds); });
    std::this_thread::sleep_for(30ms);
    EXPECT_EQ(load(rounds), 0U);
    session.resume();
    while (load(rounds) == 0) {
        std::this_thread::yield();
    }
    stop = 1;
    guest.join();
}

/// Nobody could name it: it has no frames.
TEST(StopAll, AThreadThatIsCalledMeanwhileGoesOnWithAnyOther) {
    Session session;
    volatile std::uint64_t stop = 0;
    std::uint64_t rounds = 0;
    std::thread spinning = guest_thread(session, [&] { asm_spin(&stop, &rounds); });
    std::atomic<bool> may_call{false};
    std::atomic<bool> done{false};
    std::thread called([&] {
        session.target->register_thread(); // it has run guest code before, and is in the host now
        may_call.wait(false);
        session.target->enter_guest(at(reinterpret_cast<const void*>(&asm_jumps)));
        asm_jumps(3, 4);
        leave_guest();
        done = true;
        session.target->unregister_thread();
    });
    while (load(rounds) == 0) {
        std::this_thread::yield();
    }
    ASSERT_TRUE(session.target->interrupt().has_value());
    session.must_stop();
    may_call = true;
    may_call.notify_all();
    const auto all = session.target->threads();
    const auto parked = std::ranges::find(all, NativeThreadState::Stopped, &NativeThread::state);
    ASSERT_NE(parked, all.end());
    ASSERT_TRUE(session.target
                    ->resume({.threads = {{.thread = parked->id, .action = ContinueNative{}}},
                              .resume_others = false})
                    .has_value());
    called.join();
    EXPECT_TRUE(done);
    stop = 1;
    spinning.join();
}

/// A step that leads into this code from elsewhere.
TEST(StopAll, AThreadThatStepsInStopsAtTheFirstInstruction) {
    Session session;
    std::atomic<bool> may_call{false};
    std::thread called([&] {
        session.target->register_thread();
        may_call.wait(false);
        session.target->enter_guest(at(reinterpret_cast<const void*>(&asm_jumps)));
        asm_jumps(3, 4);
        leave_guest();
        session.target->unregister_thread();
    });
    while (session.target->threads().empty()) {
        std::this_thread::yield();
    }
    const NativeThread thread = session.target->threads().front();
    ASSERT_TRUE(session.target->interrupt().has_value());
    session.must_stop();
    session.target->step_in(thread.system_id + 1); // another one
    session.target->step_in(thread.system_id);
    session.resume();
    may_call = true;
    may_call.notify_all();
    EXPECT_TRUE(session.stops_with<NativeStepDone>());
    EXPECT_EQ(session.target->registers(thread.id)->pc,
              at(reinterpret_cast<const void*>(&asm_jumps)));
    session.resume();
    called.join();
}

TEST(Breakpoint, ParksBeforeItsInstructionAndRegistersCanBeChanged) {
    Session session;
    ASSERT_TRUE(session.target->plant(at(asm_hot_body), {}).has_value());
    std::uint64_t result = 0;
    std::thread guest = guest_thread(session, [&] { result = asm_hot(4, 10); });
    for (std::uint64_t round = 0; round < 4; ++round) {
        const NativeStopped stopped = session.must_stop();
        ASSERT_EQ(stopped.threads.size(), 1U);
        const auto* hit = std::get_if<NativeBreakpointHit>(&stopped.threads[0].reason);
        ASSERT_NE(hit, nullptr);
        EXPECT_EQ(hit->address, at(asm_hot_body));
        auto registers = session.target->registers(stopped.threads[0].thread);
        ASSERT_TRUE(registers.has_value());
        EXPECT_EQ(registers->pc, at(asm_hot_body));
        EXPECT_EQ(registers->general[0], round == 0 ? 0 : 10 + (round - 1) * 100);
        EXPECT_EQ(registers->general[dwarf_rdi], 4 - round);
        registers->general[dwarf_rsi] = round == 0 ? 10 : 100;
        ASSERT_TRUE(
            session.target->set_registers(stopped.threads[0].thread, *registers).has_value());
        session.resume();
    }
    guest.join();
    EXPECT_EQ(result, 310U);
    EXPECT_EQ(session.hits(asm_hot_body), 4U);
}

TEST(Breakpoint, AChangedPcIsWhereTheThreadGoesOn) {
    Session session;
    ASSERT_TRUE(session.target->plant(at(asm_hot_body), {}).has_value());
    std::uint64_t result = 1;
    std::thread guest = guest_thread(session, [&] { result = asm_hot(1'000'000, 10); });
    const NativeStopped stopped = session.must_stop();
    ASSERT_EQ(stopped.threads.size(), 1U);
    auto registers = session.target->registers(stopped.threads[0].thread);
    ASSERT_TRUE(registers.has_value());
    registers->pc = at(asm_hot_return);
    ASSERT_TRUE(session.target->set_registers(stopped.threads[0].thread, *registers).has_value());
    session.resume();
    guest.join();
    EXPECT_EQ(result, 0U);
}

TEST(Breakpoint, AllThreadsThatHitAreReportedOnceEach) {
    constexpr std::size_t count = 6;
    Session session;
    ASSERT_TRUE(session.target->plant(at(asm_hot_body), {}).has_value());
    std::vector<std::thread> threads;
    threads.reserve(count);
    std::atomic<std::uint64_t> sum{0};
    for (std::size_t i = 0; i < count; ++i) {
        threads.push_back(guest_thread(session, [&sum] { sum += asm_hot(5, 1); }));
    }
    std::size_t reported = 0;
    while (reported < count * 5) {
        const NativeStopped stopped = session.must_stop();
        ASSERT_FALSE(stopped.threads.empty());
        reported += stopped.threads.size();
        session.resume();
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(reported, count * 5);
    EXPECT_EQ(session.hits(asm_hot_body), count * 5);
    EXPECT_EQ(sum.load(), count * 5);
}

TEST(Breakpoint, DetachLetsParkedThreadsRun) {
    Session session;
    ASSERT_TRUE(session.target->plant(at(asm_hot_body), {}).has_value());
    std::uint64_t result = 0;
    std::thread guest = guest_thread(session, [&] { result = asm_hot(1000, 2); });
    session.must_stop();
    session.target->detach();
    guest.join();
    EXPECT_EQ(result, 2000U);
}

/// The runtime calls trapped() in a host call: the thread is shown at that call, and goes on when
/// it is told to.
TEST(Trap, StopsInTheCallThatTheRuntimeReportsItFrom) {
    Session session;
    std::atomic<bool> went_on{false};
    std::thread guest = guest_thread(session, [&] {
        GuestExit exit;
        capture(&exit.registers);
        session.target->leave_guest(exit);
        session.target->trapped(TrapKind::Unreachable, "unreachable");
        went_on = true;
        session.target->enter_guest(exit);
    });
    const NativeStopped stopped = session.must_stop();
    ASSERT_EQ(stopped.threads.size(), 1U);
    const auto* trap = std::get_if<NativeTrap>(&stopped.threads[0].reason);
    ASSERT_NE(trap, nullptr);
    EXPECT_EQ(trap->kind, TrapKind::Unreachable);
    EXPECT_EQ(trap->message, "unreachable");
    EXPECT_TRUE(session.target->registers(stopped.threads[0].thread).has_value());
    EXPECT_FALSE(went_on);
    session.resume();
    guest.join();
    EXPECT_TRUE(went_on);
}

TEST(Gate, ForgetsAHostCallThatWasLeftByLongjmp) {
    Session session;
    std::thread guest = guest_thread(session, [&] {
        GuestExit outer;
        capture(&outer.registers);
        session.target->leave_guest(outer);
        GuestExit* before = session.target->host_call();
        EXPECT_EQ(before, &outer);
        {
            GuestExit inner; // its frame goes away without enter_guest()
            capture(&inner.registers);
            session.target->leave_guest(inner);
        }
        session.target->back_in_host(before);
        EXPECT_EQ(session.target->host_call(), &outer);
        session.target->enter_guest(outer);
        EXPECT_EQ(session.target->host_call(), nullptr);
    });
    guest.join();
}

} // namespace
} // namespace wdbg::native::test
