// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <atomic>
#include <cstring>
#include <initializer_list>

namespace wdbg::native::test {
namespace {

std::vector<std::byte> code(std::initializer_list<unsigned> values) {
    std::vector<std::byte> bytes;
    for (const unsigned value : values) {
        bytes.push_back(static_cast<std::byte>(value));
    }
    return bytes;
}

std::uint64_t wide(std::uint64_t rounds, std::uint64_t b) {
    return rounds * (0x10000 + 3 * b + 5) + rounds * (rounds + 1) / 2;
}

/// `rdi == value` at the site.
std::vector<std::byte> rdi_is(unsigned value) {
    return code({0x31, 0xC0, 0x48, 0x83, 0xFF, value, 0x0F, 0x94, 0xC0});
}

void plant_probe(Session& session, std::span<const std::byte> body, HitFilter filter) {
    ASSERT_TRUE(session.target->plant(at(asm_wide_body), filter).has_value());
    const auto set = session.target->set_probe(at(asm_wide_body), body);
    ASSERT_TRUE(set.has_value()) << set.error().message;
}

/// The bytes around the site as they are.
std::array<std::byte, 16> live_code() {
    std::array<std::byte, 16> bytes{};
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    const auto* code = reinterpret_cast<const volatile std::byte*>(at(asm_wide_body).value - 4);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes.at(i) = code[i];
    }
    return bytes;
}

bool traps() {
    return live_code()[4] == std::byte{0xCC};
}

TEST(Probe, CountsWithoutATrapAndKeepsRegistersFlagsAndRedZone) {
    Session session;
    plant_probe(session, false_probe, never());
    EXPECT_FALSE(traps());
    std::thread guest = guest_thread(session, [] { EXPECT_EQ(asm_wide(1000, 7), wide(1000, 7)); });
    guest.join();
    EXPECT_EQ(session.hits(asm_wide_body), 1000U);
    EXPECT_EQ(session.target->counters(at(asm_wide_body))->accepted, 0U);
}

TEST(Probe, HitThatCountsStopsAtTheSiteWithItsRegisters) {
    Session session;
    static std::atomic<int> told{0};
    told = 0;
    plant_probe(session, rdi_is(3),
                {.accept = [](const NativeRegisters&, void*) { return true; },
                 .data = nullptr,
                 .probed = [](void*) { ++told; }});
    std::thread guest = guest_thread(session, [] { EXPECT_EQ(asm_wide(10, 7), wide(10, 7)); });
    ASSERT_TRUE(session.stops_with<NativeBreakpointHit>());
    const auto registers = session.target->registers(session.target->threads().at(0).id);
    ASSERT_TRUE(registers.has_value());
    EXPECT_EQ(registers->pc, at(asm_wide_body));
    EXPECT_EQ(registers->general[5], 3U);  // rdi
    EXPECT_EQ(registers->general[2], 3U);  // rcx
    EXPECT_EQ(registers->general[1], 10U); // rdx
    EXPECT_EQ(registers->flags & 0x801U, 0x801U);
    EXPECT_EQ(told.load(), 1);
    session.resume();
    guest.join();
    const auto counters = session.target->counters(at(asm_wide_body));
    EXPECT_EQ(counters->hits, 10U);
    EXPECT_EQ(counters->accepted, 1U);
}

TEST(Probe, IsNotVisibleAndLeavesTheCodeAsItWas) {
    Session session;
    const auto before = live_code();
    plant_probe(session, false_probe, never());
    for (std::ptrdiff_t offset = -4; offset <= 4; ++offset) {
        std::array<std::byte, 8> seen{};
        ASSERT_TRUE(session.target->read_memory(at(asm_wide_body + offset), seen).has_value());
        EXPECT_EQ(std::memcmp(seen.data(), before.data() + 4 + offset, seen.size()), 0) << offset;
    }
    EXPECT_TRUE(session.target->set_probe(at(asm_wide_body), {}).has_value());
    EXPECT_TRUE(traps());
    EXPECT_TRUE(session.target->set_probe(at(asm_wide_body), false_probe).has_value());
    EXPECT_TRUE(session.target->unplant(at(asm_wide_body)).has_value());
    EXPECT_EQ(live_code(), before);
    plant_probe(session, false_probe, never());
    session.target->detach();
    EXPECT_EQ(live_code(), before);
}

TEST(Probe, RefusesInstructionsShorterThanAJump) {
    Session session;
    EXPECT_EQ(session.target->set_probe(at(asm_hot_body), false_probe).error().code,
              ErrorCode::NotFound);
    ASSERT_TRUE(session.target->plant(at(asm_hot_body), never()).has_value());
    EXPECT_EQ(session.target->set_probe(at(asm_hot_body), false_probe).error().code,
              ErrorCode::Unsupported);
}

TEST(Probe, StepsSeeTheCodeAsItIs) {
    const auto code_range = instructions(asm_code());
    Session session;
    plant_probe(session, rdi_is(3), {});
    std::thread guest = guest_thread(session, [] { EXPECT_EQ(asm_wide(5, 7), wide(5, 7)); });
    ASSERT_TRUE(session.stops_with<NativeBreakpointHit>());
    const ThreadId thread = session.target->threads().at(0).id;
    for (int i = 0; i < 30; ++i) { // twice around, past the site
        session.resume(thread, StepNativeInstruction{});
        const NativeStopped stopped = session.must_stop();
        ASSERT_EQ(stopped.threads.size(), 1U);
        const auto registers = session.target->registers(thread);
        ASSERT_TRUE(registers.has_value());
        if (asm_code().contains(registers->pc)) {
            EXPECT_TRUE(std::ranges::find(code_range, registers->pc) != code_range.end());
        }
    }
    session.resume();
    guest.join();
}

TEST(Probe, ManyThreadsEveryHitIsCounted) {
    constexpr std::size_t thread_count = 16;
    constexpr std::uint64_t rounds = 100'000;
    Session session;
    plant_probe(session, false_probe, never());
    std::atomic<std::uint64_t> wrong{0};
    std::vector<std::thread> threads;
    threads.reserve(thread_count);
    for (std::size_t i = 0; i < thread_count; ++i) {
        threads.push_back(guest_thread(session, [&wrong, i] {
            wrong += asm_wide(rounds, i + 1) == wide(rounds, i + 1) ? 0 : 1;
        }));
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong.load(), 0U);
    EXPECT_EQ(session.hits(asm_wide_body), thread_count * rounds);
}

TEST(Probe, ComesAndGoesWhileThreadsPassAndStop) {
    Session session;
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> wrong{0};
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (std::uint64_t i = 0; i < 4; ++i) {
        threads.push_back(guest_thread(session, [&, i] {
            while (!stop.load()) {
                wrong += asm_wide(100, i) == wide(100, i) ? 0 : 1;
            }
        }));
    }
    ASSERT_TRUE(session.target->plant(at(asm_wide_body), never()).has_value());
    for (int i = 0; i < 2000; ++i) {
        ASSERT_TRUE(session.target->set_probe(at(asm_wide_body), false_probe).has_value()) << i;
        if (i % 100 == 0) {
            ASSERT_TRUE(session.target->interrupt().has_value());
            session.must_stop();
            session.resume();
        }
        ASSERT_TRUE(session.target->set_probe(at(asm_wide_body), {}).has_value());
    }
    stop = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong.load(), 0U);
}

} // namespace
} // namespace wdbg::native::test
