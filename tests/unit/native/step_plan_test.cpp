// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/dwarf/machine_decoder.h>
#include <wdbg/native/step_plan.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace wdbg::native {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

constexpr std::uint64_t base = 0x1000;
constexpr NativeCaller caller{.pc = {0x3000}, .stack_pointer = {0x7000}};

/// The exits of all of `code`, which lies at `base`.
class StepExits : public testing::Test {
  protected:
    using Exits = std::vector<std::pair<std::uint64_t, ExitKind>>;

    void use(std::vector<std::uint8_t> bytes, Machine machine, bool thumb) {
        code = std::move(bytes);
        auto made = dwarf::make_machine_decoder(machine, thumb);
        ASSERT_TRUE(made);
        decoder = std::move(*made);
    }

    Exits exits(std::optional<std::uint64_t> from, std::optional<NativeCaller> to = std::nullopt) {
        const auto read = [this](std::uint64_t address, std::span<std::byte> into) {
            const auto all = std::as_bytes(std::span(code));
            const std::size_t skipped = std::min<std::size_t>(address - base, all.size());
            reads.push_back(address);
            const auto part = all.subspan(skipped, std::min(into.size(), all.size() - skipped));
            std::ranges::copy(part, into.begin()); // zeros behind it
            return Result<void>();
        };
        const auto in_code = [](std::uint64_t address) {
            return address >= base && address < 0x4000;
        };
        const std::vector<NativeRange> whole{{.begin = {base}, .end = {base + code.size()}}};
        const auto plan = plan_range_step({.ranges = ranges.empty() ? whole : ranges, .caller = to},
                                          *decoder, read, in_code, from);
        EXPECT_TRUE(plan);
        Exits found;
        for (const StepExit& exit : plan->exits) {
            found.emplace_back(exit.address, exit.kind);
        }
        return found;
    }

    std::vector<std::uint8_t> code;
    std::vector<NativeRange> ranges;  ///< empty: all of it
    std::vector<std::uint64_t> reads; ///< where they began
    std::unique_ptr<InstructionDecoder> decoder;
};

class StepExitsOfX86 : public StepExits {
  protected:
    void SetUp() override {
        use({0x83, 0xff, 0x01,             // 1000 cmp edi, 1
             0x7e, 0x0b,                   // 1003 jle 1010
             0xe8, 0xf6, 0x0f, 0x00, 0x00, // 1005 call 2000
             0xc3,                         // 100a ret
             0xe9, 0xf0, 0x00, 0x00, 0x00, // 100b jmp 1100
             0xc3},                        // 1010 ret
            Machine::X86_64, false);
    }
};

TEST_F(StepExitsOfX86, AreAllWhereTheThreadMayBeAnywhere) {
    EXPECT_THAT(exits(std::nullopt, caller),
                UnorderedElementsAre(Pair(0x100a, ExitKind::PassOver),
                                     Pair(0x1100, ExitKind::Arrive),
                                     Pair(0x1010, ExitKind::PassOver)));
}

TEST_F(StepExitsOfX86, AreThoseThatTheThreadCanReach) {
    EXPECT_THAT(exits(0x1000), UnorderedElementsAre(Pair(0x100a, ExitKind::PassOver),
                                                    Pair(0x1010, ExitKind::PassOver)));
    EXPECT_THAT(exits(0x100b), UnorderedElementsAre(Pair(0x1100, ExitKind::Arrive)));
}

TEST_F(StepExitsOfX86, AreNotLookedForInRangesThatTheThreadCannotReach) {
    ranges = {{.begin = {base}, .end = {base + 0xb}},
              {.begin = {base + 0xb}, .end = {base + 0x10}}};
    EXPECT_THAT(exits(base), UnorderedElementsAre(Pair(0x100a, ExitKind::PassOver),
                                                  Pair(0x1010, ExitKind::Arrive)));
    EXPECT_THAT(reads, testing::Not(testing::Contains(base + 0xb)));
}

TEST_F(StepExitsOfX86, AreOneForAllReturnsToAKnownCaller) {
    EXPECT_THAT(exits(0x1000, caller), UnorderedElementsAre(Pair(0x3000, ExitKind::Return)));
    const NativeCaller host{.pc = {0x9000}, .stack_pointer = {0x7000}};
    EXPECT_THAT(exits(0x1010, host), UnorderedElementsAre(Pair(0x1010, ExitKind::PassOver)));
}

/// What raises traps: jumps behind calls at the end of the range.
TEST_F(StepExits, AreOneForAllJumpsBehindCalls) {
    use({0x74, 0x07,                    // 1000 je 1009
         0xe8, 0xf9, 0x6f, 0x00, 0x00,  // 1002 call 8000
         0xeb, 0xf7,                    // 1007 jmp 1000: outside of the range
         0xe8, 0xf2, 0x6f, 0x00, 0x00,  // 1009 call 8000
         0xe9, 0xed, 0x00, 0x00, 0x00}, // 100e jmp 1100
        Machine::X86_64, false);
    ranges = {{.begin = {0x1000}, .end = {0x1007}}, {.begin = {0x1009}, .end = {0x100e}}};
    EXPECT_THAT(exits(0x1000), UnorderedElementsAre(Pair(0x1100, ExitKind::Arrive)));
}

/// A return that may not be executed is not the end of the way.
TEST_F(StepExits, GoOnBehindConditionalInstructionsOfThumb) {
    use({0x18, 0xbf,  // 1000 it ne
         0x70, 0x47,  // 1002 bxne lr
         0x7c, 0xe0}, // 1004 b 1100
        Machine::Arm, true);
    EXPECT_THAT(exits(0x1000, caller), UnorderedElementsAre(Pair(0x3000, ExitKind::Return),
                                                            Pair(0x1100, ExitKind::Arrive)));
    EXPECT_THAT(exits(0x1002, caller), UnorderedElementsAre(Pair(0x3000, ExitKind::Return),
                                                            Pair(0x1100, ExitKind::Arrive)));
}

/// The IT lies before the range, with up to three instructions of its block.
TEST_F(StepExits, GoOnBehindConditionalInstructionsOfABlockThatBeganBefore) {
    use({0x18, 0xbf,  // 1000 it ne
         0x70, 0x47,  // 1002 bxne lr
         0x7c, 0xe0}, // 1004 b 1100
        Machine::Arm, true);
    ranges = {{.begin = {0x1002}, .end = {0x1006}}};
    EXPECT_THAT(exits(0x1002, caller), UnorderedElementsAre(Pair(0x3000, ExitKind::Return),
                                                            Pair(0x1100, ExitKind::Arrive)));
    use({0x01, 0xbf,             // 1000 itttt eq
         0x01, 0xf5, 0x80, 0x71, // 1002 addeq.w r1, r1, #256
         0x01, 0xf5, 0x80, 0x71, // 1006
         0x01, 0xf5, 0x80, 0x71, // 100a
         0x70, 0x47,             // 100e bxeq lr
         0x76, 0xe0},            // 1010 b 1100
        Machine::Arm, true);
    ranges = {{.begin = {0x100e}, .end = {0x1012}}};
    EXPECT_THAT(exits(0x100e, caller), UnorderedElementsAre(Pair(0x3000, ExitKind::Return),
                                                            Pair(0x1100, ExitKind::Arrive)));
}

TEST_F(StepExits, GoOnBehindConditionalInstructionsBehindDataAmongTheCode) {
    use({0x02, 0xe0,             // 1000 b 1008
         0xff, 0xff, 0xff, 0xff, // 1002 data
         0xff, 0xff,             // 1006
         0x18, 0xbf,             // 1008 it ne
         0x70, 0x47,             // 100a bxne lr
         0x78, 0xe0},            // 100c b 1100
        Machine::Arm, true);
    EXPECT_THAT(exits(0x1000, caller), UnorderedElementsAre(Pair(0x3000, ExitKind::Return),
                                                            Pair(0x1100, ExitKind::Arrive)));
}

} // namespace
} // namespace wdbg::native
