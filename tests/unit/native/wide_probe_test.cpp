// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Probes whose jump covers several instructions.
#include "session.h"

#include <atomic>
#include <csetjmp>
#include <csignal>
#include <random>

namespace wdbg::native::test {
namespace {

std::uint64_t narrow(std::uint64_t rounds, std::uint64_t b) {
    return rounds * (2 * b + 2) + rounds * (rounds + 1) / 2; // setc and adc see the carry
}

void plant_probe(Session& session, const void* site, std::span<const std::byte> body,
                 HitFilter filter = never()) {
    ASSERT_TRUE(session.target->plant(at(site), filter).has_value());
    const auto set = session.target->set_probe(at(site), body, surroundings(at(site)));
    ASSERT_TRUE(set.has_value()) << set.error().message;
}

std::array<std::byte, 16> live_code(const void* code) {
    std::array<std::byte, 16> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes.at(i) = static_cast<const volatile std::byte*>(const_cast<void*>(code))[i];
    }
    return bytes;
}

bool jumps(const void* code) {
    return live_code(code)[0] == std::byte{0xE9};
}

/// `rdi == 3` at the site.
constexpr std::array rdi_is_3{std::byte{0x31}, std::byte{0xC0}, std::byte{0x48},
                              std::byte{0x83}, std::byte{0xFF}, std::byte{3},
                              std::byte{0x0F}, std::byte{0x94}, std::byte{0xC0}};

TEST(WideProbe, ComesWhenAllStandStillAndKeepsRegistersFlagsAndRedZone) {
    Session session;
    const auto before = live_code(asm_narrow_body);
    plant_probe(session, asm_narrow_body, false_probe);
    EXPECT_FALSE(jumps(asm_narrow_body));
    EXPECT_EQ(asm_narrow(10, 7), narrow(10, 7));
    session.stop_and_resume();
    EXPECT_TRUE(jumps(asm_narrow_body));
    std::thread guest =
        guest_thread(session, [] { EXPECT_EQ(asm_narrow(1000, 7), narrow(1000, 7)); });
    guest.join();
    EXPECT_EQ(session.hits(asm_narrow_body), 1010U);
    std::array<std::byte, 16> seen{};
    ASSERT_TRUE(session.target->read_memory(at(asm_narrow_body), seen).has_value());
    EXPECT_EQ(seen, before);
    EXPECT_TRUE(session.target->unplant(at(asm_narrow_body)).has_value());
    EXPECT_EQ(live_code(asm_narrow_body), before);
    EXPECT_EQ(asm_narrow(10, 7), narrow(10, 7));
}

TEST(WideProbe, IsTakenOutByDetach) {
    Session session;
    const auto before = live_code(asm_narrow_body);
    plant_probe(session, asm_narrow_body, false_probe);
    session.stop_and_resume();
    ASSERT_TRUE(jumps(asm_narrow_body));
    session.target->detach();
    EXPECT_EQ(live_code(asm_narrow_body), before);
}

TEST(WideProbe, NeedsToKnowThatNobodyComesBetween) {
    Session session;
    const auto refused = [&session](const void* site, const ProbeSurroundings& around) {
        const auto set = session.target->set_probe(at(site), false_probe, around);
        return !set && set.error().code == ErrorCode::Unsupported;
    };
    ASSERT_TRUE(session.target->plant(at(asm_narrow_body), never()).has_value());
    ProbeSurroundings around = surroundings(at(asm_narrow_body));
    EXPECT_TRUE(refused(asm_narrow_body, {}));
    EXPECT_TRUE(refused(asm_narrow_body, surroundings(at(asm_called_out + 1000000))));
    const std::array inside{at(asm_narrow_second)};
    around.jump_targets = inside;
    EXPECT_TRUE(refused(asm_narrow_body, around)); // a jump table leads there
    const std::array outside{at(asm_narrow_body), at(asm_narrow_body + 5)};
    around.jump_targets = outside;
    EXPECT_FALSE(refused(asm_narrow_body, around));
    ASSERT_TRUE(session.target->plant(at(asm_hot_body + 1), never()).has_value());
    EXPECT_TRUE(refused(asm_hot_body + 1, surroundings(at(asm_hot_body)))); // within an instruction
    // The `add $1, %rax` in front of the label 1 of asm_jumps, and a call.
    const auto code = instructions(range_of(reinterpret_cast<const char*>(asm_jumps),
                                            reinterpret_cast<const char*>(asm_counters)));
    for (const NativeAddress site : {code.at(3), at(asm_called_out - 5)}) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr)
        const auto* const address = reinterpret_cast<const char*>(site.value);
        ASSERT_TRUE(session.target->plant(site, never()).has_value());
        EXPECT_TRUE(refused(address, surroundings(site)));
    }
}

/// A thread that has come to the site for the third of five times.
struct Stopped {
    Session session;
    std::thread guest;
    ThreadId thread{};

    Stopped() {
        plant_probe(session, asm_narrow_body, rdi_is_3, {});
        session.stop_and_resume();
        guest = guest_thread(session, [] { EXPECT_EQ(asm_narrow(5, 7), narrow(5, 7)); });
        EXPECT_TRUE(session.stops_with<NativeBreakpointHit>());
        thread = session.target->threads().at(0).id;
    }

    [[nodiscard]] NativeAddress pc() const { return session.target->registers(thread)->pc; }

    void step() {
        session.resume(thread, StepNativeInstruction{});
        EXPECT_EQ(session.must_stop().threads.size(), 1U);
    }
};

TEST(WideProbe, HitThatCountsStopsAndStepsSeeTheCodeAsItIs) {
    const auto code = instructions(asm_code());
    Stopped stopped;
    EXPECT_EQ(stopped.pc(), at(asm_narrow_body));
    EXPECT_EQ(stopped.session.target->registers(stopped.thread)->general[5], 3U);
    stopped.step();
    EXPECT_EQ(stopped.pc(), at(asm_narrow_second));
    EXPECT_FALSE(jumps(asm_narrow_body));
    stopped.step();
    EXPECT_EQ(stopped.pc(), at(asm_narrow_third));
    for (int i = 0; i < 30; ++i) {
        stopped.step();
        const NativeAddress pc = stopped.pc();
        EXPECT_TRUE(!asm_code().contains(pc) || std::ranges::find(code, pc) != code.end());
    }
    stopped.session.resume();
    stopped.guest.join();
}

TEST(WideProbe, WaitsForAThreadThatStandsInItsMiddle) {
    Stopped stopped;
    Session& session = stopped.session;
    stopped.step();
    ASSERT_EQ(stopped.pc(), at(asm_narrow_second));
    EXPECT_FALSE(jumps(asm_narrow_body));
    ASSERT_TRUE(session.target->plant(at(asm_narrow_third), {}).has_value());
    session.resume();
    ASSERT_TRUE(session.stops_with<NativeBreakpointHit>());
    EXPECT_EQ(stopped.pc(), at(asm_narrow_third));
    ASSERT_TRUE(session.target->unplant(at(asm_narrow_third)).has_value());
    session.resume();
    stopped.guest.join();
    EXPECT_TRUE(jumps(asm_narrow_body));
    EXPECT_EQ(session.hits(asm_narrow_body), 5U);
}

/// Somebody sends a thread there.
TEST(WideProbe, GoesWhenAThreadIsSentIntoItsMiddle) {
    Session session;
    plant_probe(session, asm_narrow_body, false_probe);
    ASSERT_TRUE(session.target->plant(at(asm_narrow), {}).has_value());
    session.stop_and_resume();
    std::thread guest = guest_thread(session, [] { asm_narrow(1, 7); });
    ASSERT_TRUE(session.stops_with<NativeBreakpointHit>());
    const ThreadId thread = session.target->threads().at(0).id;
    auto registers = session.target->registers(thread);
    registers->pc = at(asm_narrow_second);
    registers->general[5] = 1;
    ASSERT_TRUE(jumps(asm_narrow_body));
    ASSERT_TRUE(session.target->set_registers(thread, *registers).has_value());
    session.resume();
    EXPECT_FALSE(jumps(asm_narrow_body));
    guest.join();
}

TEST(WideProbe, ABreakpointInItsMiddleIsHitAsWell) {
    Session session;
    plant_probe(session, asm_narrow_body, false_probe);
    session.stop_and_resume();
    ASSERT_TRUE(jumps(asm_narrow_body));
    ASSERT_TRUE(session.target->plant(at(asm_narrow_second), never()).has_value());
    EXPECT_FALSE(jumps(asm_narrow_body));
    session.stop_and_resume();
    EXPECT_FALSE(jumps(asm_narrow_body));
    EXPECT_EQ(asm_narrow(10, 7), narrow(10, 7));
    EXPECT_EQ(session.hits(asm_narrow_body), 10U);
    EXPECT_EQ(session.hits(asm_narrow_second), 10U);
    ASSERT_TRUE(session.target->unplant(at(asm_narrow_second)).has_value());
    session.stop_and_resume();
    EXPECT_TRUE(jumps(asm_narrow_body));
    EXPECT_EQ(asm_narrow(10, 7), narrow(10, 7));
    EXPECT_EQ(session.hits(asm_narrow_body), 20U);
}

/// A thread is in the probe while a breakpoint is set behind it.
TEST(WideProbe, WhoIsUnderWayMeetsABreakpointInItsMiddle) {
    static std::atomic<std::uint32_t> go{0};
    go = 0;
    std::array body{std::byte{0x48}, std::byte{0xB8}, std::byte{}, std::byte{}, std::byte{},
                    std::byte{},     std::byte{},     std::byte{}, std::byte{}, std::byte{},
                    std::byte{0x83}, std::byte{0x38}, std::byte{}, // cmp dword [rax], 0
                    std::byte{0x74}, std::byte{0xFB},              // je to there
                    std::byte{0x31}, std::byte{0xC0}};
    const auto address = reinterpret_cast<std::uint64_t>(&go);
    std::memcpy(body.data() + 2, &address, sizeof address); // mov rax, &go
    Session session;
    plant_probe(session, asm_narrow_body, body);
    session.stop_and_resume();
    ASSERT_TRUE(jumps(asm_narrow_body));
    std::thread guest = guest_thread(session, [] { EXPECT_EQ(asm_narrow(1, 7), narrow(1, 7)); });
    while (session.hits(asm_narrow_body) == 0) { // counted at the probe's beginning
        std::this_thread::yield();
    }
    ASSERT_TRUE(session.target->plant(at(asm_narrow_second), never()).has_value());
    go = 1;
    guest.join();
    EXPECT_EQ(session.hits(asm_narrow_second), 1U);
    ASSERT_TRUE(session.target->unplant(at(asm_narrow_second)).has_value());
    session.stop_and_resume();
    EXPECT_TRUE(jumps(asm_narrow_body));
    EXPECT_EQ(asm_narrow(10, 7), narrow(10, 7));
    EXPECT_EQ(session.hits(asm_narrow_second), 1U);
}

sigjmp_buf escape;
std::atomic<std::uint64_t> fault_pc{0};

void escaping_handler(int /*signal*/, siginfo_t* /*info*/, void* context) {
    fault_pc = static_cast<std::uint64_t>(
        static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
    siglongjmp(escape, 1);
}

/// asm_load: xor, and the load that faults.
TEST(WideProbe, FaultsOfCoveredInstructionsAreTheirs) {
    struct sigaction action{};
    struct sigaction before{};
    action.sa_sigaction = escaping_handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(SIGSEGV, &action, &before);
    {
        Session session;
        const auto* const site = reinterpret_cast<const void*>(asm_load);
        plant_probe(session, site, false_probe);
        session.stop_and_resume();
        ASSERT_TRUE(jumps(site));
        std::thread guest = guest_thread(session, [] {
            if (sigsetjmp(escape, 1) == 0) {
                asm_load(reinterpret_cast<const void*>(0x10)); // NOLINT
            }
        });
        const NativeStopped stopped = session.must_stop();
        ASSERT_EQ(stopped.threads.size(), 1U);
        ASSERT_NE(std::get_if<NativeFault>(&stopped.threads[0].reason), nullptr);
        const auto registers = session.target->registers(stopped.threads[0].thread);
        EXPECT_EQ(registers->pc, at(asm_load_instruction));
        EXPECT_EQ(registers->general[0], 0U); // rax: xor is done
        session.resume();
        guest.join();
        EXPECT_EQ(fault_pc.load(), at(asm_load_instruction).value);
        EXPECT_EQ(session.hits(site), 1U);
        constexpr std::uint64_t value = 42;
        EXPECT_EQ(asm_load(&value), 42U);
    }
    ::sigaction(SIGSEGV, &before, nullptr);
}

/// Wherever the threads are stopped, also between covered instructions; each makes a step or two.
TEST(WideProbe, ManyThreadsAreStoppedAnywhereAndEveryHitIsCounted) {
    constexpr std::size_t thread_count = 4;
    constexpr std::uint64_t rounds = 200'000;
    const auto code = instructions(asm_code());
    Session session;
    plant_probe(session, asm_narrow_body, false_probe);
    session.stop_and_resume();
    std::atomic<std::uint64_t> wrong{0};
    std::atomic<std::size_t> done{0};
    std::vector<std::thread> threads;
    threads.reserve(thread_count);
    for (std::size_t i = 0; i < thread_count; ++i) {
        threads.push_back(guest_thread(session, [&, i] {
            wrong += asm_narrow(rounds, i) == narrow(rounds, i) ? 0 : 1;
            ++done;
        }));
    }
    std::mt19937 random(7); // NOLINT: the same every time
    std::size_t covered = 0;
    while (done.load() < thread_count) {
        ASSERT_TRUE(session.target->interrupt().has_value());
        session.must_stop();
        for (const auto& thread : session.target->threads()) {
            const auto registers = session.target->registers(thread.id);
            if (!registers || !asm_code().contains(registers->pc)) {
                continue;
            }
            covered += registers->pc == at(asm_narrow_second) ? 1 : 0;
            EXPECT_NE(std::ranges::find(code, registers->pc), code.end());
            if (random() % 4 == 0) {
                session.resume(thread.id, StepNativeInstruction{});
                session.must_stop();
            }
        }
        session.resume();
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong.load(), 0U);
    EXPECT_EQ(session.hits(asm_narrow_body), thread_count * rounds);
    RecordProperty("stops_between", static_cast<int>(covered));
}

} // namespace
} // namespace wdbg::native::test
