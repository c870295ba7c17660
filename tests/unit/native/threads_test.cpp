// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <atomic>
#include <cstdlib>
#include <random>

namespace wdbg::native::test {
namespace {

constexpr std::size_t thread_count = 16;

/// An expression that is false for every hit but one.
bool is_wanted(const NativeRegisters& registers, void* /*data*/) {
    return registers.general[5] == 0x1234'5678'9ABC;
}

TEST(ManyThreads, EveryHitOfAHundredThousandEachIsCounted) {
    constexpr std::uint64_t rounds = 100'000;
    Session session;
    ASSERT_TRUE(session.target->plant(at(asm_hot_body), {.accept = is_wanted, .data = nullptr})
                    .has_value());
    std::vector<std::thread> threads;
    threads.reserve(thread_count);
    std::atomic<std::uint64_t> wrong{0};
    for (std::size_t i = 0; i < thread_count; ++i) {
        threads.push_back(guest_thread(
            session, [&wrong, i] { wrong += asm_hot(rounds, i + 1) == rounds * (i + 1) ? 0 : 1; }));
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong.load(), 0U);
    EXPECT_EQ(session.hits(asm_hot_body), thread_count * rounds);
}

/// What each thread of the next test does until it is told to stop.
struct Work {
    std::vector<std::vector<std::uint64_t>> expected;
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> wrong{0};
    std::atomic<std::uint64_t> fixed_hits{0};
    static constexpr std::uint64_t arguments = 16;

    Work() {
        for (const NamedFunction& function : functions) {
            auto& values = expected.emplace_back();
            for (std::uint64_t a = 0; a < arguments; ++a) {
                values.push_back(function.call(a, a * 77));
            }
        }
    }

    void run(std::size_t seed) {
        for (std::size_t i = seed; !stop.load(); ++i) {
            const std::size_t function = i % functions.size();
            const std::uint64_t a = (i / functions.size()) % arguments;
            const std::uint64_t result = functions.at(function).call(a, a * 77);
            wrong += result == expected[function][a] ? 0 : 1;
            if (asm_hot(3, 5) != 15) {
                ++wrong;
            }
            fixed_hits += 3;
            if (functions.at(function).call == functions.at(7).call) {
                fixed_hits += a % 8;
            }
        }
    }
};

/// WDBG_STRESS_SECONDS, else a few.
std::chrono::seconds stress_time() {
    const char* const asked = std::getenv("WDBG_STRESS_SECONDS");
    return std::chrono::seconds(asked != nullptr ? std::strtol(asked, nullptr, 10) : 3);
}

TEST(ManyThreads, SitesComeAndGoAtRandomWithoutAWrongResultOrALostHit) {
    Work work;
    Session session;
    std::vector<NativeAddress> addresses = instructions(asm_code());
    std::ranges::copy(instructions(c_code()), std::back_inserter(addresses));
    ASSERT_TRUE(session.target->plant(at(asm_hot_body), never()).has_value());
    std::erase(addresses, at(asm_hot_body));
    std::vector<std::thread> threads;
    threads.reserve(thread_count);
    for (std::size_t i = 0; i < thread_count; ++i) {
        threads.push_back(guest_thread(session, [&work, i] { work.run(i); }));
    }
    std::mt19937 random(7); // NOLINT: the same every time
    std::vector<bool> planted(addresses.size());
    std::uint64_t changes = 0;
    std::uint64_t probes = 0;
    constexpr std::uint64_t stop_every = 500;
    const auto end = std::chrono::steady_clock::now() + stress_time();
    while (std::chrono::steady_clock::now() < end) {
        const std::size_t which = random() % addresses.size();
        const auto done = planted[which] ? session.target->unplant(addresses[which])
                                         : session.target->plant(addresses[which], never());
        ASSERT_TRUE(done.has_value()) << done.error().message;
        planted[which] = !planted[which];
        if (planted[which] && changes % 2 == 0) {
            const auto probed = session.target->set_probe(addresses[which], false_probe,
                                                          surroundings(addresses[which]));
            probes += probed ? 1 : 0;
            ASSERT_TRUE(probed || probed.error().code == ErrorCode::Unsupported);
        }
        if (++changes % stop_every == 0) { // wherever they are: in slots, guest or host code
            session.stop_and_resume();
        }
    }
    work.stop = true;
    EXPECT_GT(probes, 0U);
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(work.wrong.load(), 0U);
    EXPECT_EQ(session.hits(asm_hot_body), work.fixed_hits.load());
    EXPECT_GT(changes, 100U);
    std::printf("%llu changes, %llu hits at the fixed site\n",
                static_cast<unsigned long long>(changes),
                static_cast<unsigned long long>(work.fixed_hits.load()));
}

} // namespace
} // namespace wdbg::native::test
