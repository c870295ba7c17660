// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "instruction_pieces.h"
#include "native_flow.h"

#include <wdbg/dwarf/x86_decoder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace wdbg::dwarf {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// x86-64 code of one function at the start of the text, and how control goes through it.
class Code {
  public:
    explicit Code(std::vector<std::uint8_t> bytes, std::vector<std::uint64_t> jump_targets = {})
        : bytes_(std::move(bytes))
        , jump_targets_(std::move(jump_targets))
        , decoder_(std::move(*make_x86_decoder()))
        , flow_(NativeFlow::read({.begin = {}, .end = at(bytes_.size())}, text())) {}

    [[nodiscard]] static TextOffset at(std::size_t offset) {
        return {static_cast<std::uint32_t>(offset)};
    }

    [[nodiscard]] NativeText text() const {
        return {.read = [this](TextOffset from, std::span<std::byte> into) -> Result<void> {
                    std::memcpy(into.data(), bytes_.data() + from.value, into.size());
                    return {};
                },
                .decoder = decoder_.get(),
                .jump_targets = jump_targets_.empty() ? nullptr : &jump_targets_};
    }

    [[nodiscard]] bool is_known() const { return flow_.has_value(); }

    const NativeFlow* operator->() const { return &*flow_; }

    /// one_piece_each(), where all ways are of one execution or none is.
    [[nodiscard]] std::vector<std::uint32_t> chosen_of(std::initializer_list<std::size_t> pieces,
                                                       bool of_one_execution = true) const {
        std::vector<TextOffset> all;
        std::ranges::transform(pieces, std::back_inserter(all), at);
        return values(
            one_piece_each(all, *flow_, [=](const auto& /*way*/) { return of_one_execution; }));
    }

    [[nodiscard]] static std::vector<std::uint32_t> values(const std::vector<TextOffset>& offsets) {
        std::vector<std::uint32_t> result;
        std::ranges::transform(offsets, std::back_inserter(result), &TextOffset::value);
        return result;
    }

  private:
    std::vector<std::uint8_t> bytes_;
    std::vector<std::uint64_t> jump_targets_;
    std::unique_ptr<InstructionDecoder> decoder_;
    std::optional<NativeFlow> flow_;
};

constexpr std::uint8_t nop = 0x90;
constexpr std::uint8_t ret = 0xC3;
constexpr std::uint8_t je = 0x74;
constexpr std::uint8_t jmp = 0xEB;
constexpr std::uint8_t inc = 0xFF; // with 0xC0: inc eax

// 0 je 4; 2 inc; 4 inc; 6 ret
const std::vector<std::uint8_t> diamond{je, 2, inc, 0xC0, inc, 0xC0, ret};
// 0 inc; 2 nop; 3 inc; 5 je 3; 7 ret
const std::vector<std::uint8_t> loop{inc, 0xC0, nop, inc, 0xC0, je, 0xFC, ret};

TEST(NativeFlow, FindsWhereWaysMeet) {
    const Code code(diamond);
    ASSERT_TRUE(code.is_known());
    EXPECT_THAT(Code::values(code->entries_in({.begin = {1}, .end = {7}})), ElementsAre(4));
    EXPECT_THAT(code->entries_in({.begin = {4}, .end = {7}}), IsEmpty());
}

TEST(NativeFlow, KnowsWhatComesInAnyCase) {
    const Code code(diamond);
    EXPECT_TRUE(code->comes_first({4}, {}));
    EXPECT_TRUE(code->comes_first({4}, {{Code::at(2)}}));
    EXPECT_FALSE(code->comes_first({6}, {{Code::at(4)}}));
    EXPECT_FALSE(code->comes_again({4}, {}));
    EXPECT_TRUE(Code(loop)->comes_again({3}, {}));
    EXPECT_FALSE(Code(loop)->comes_again({3}, {{Code::at(5)}}));
    EXPECT_FALSE(Code(loop)->comes_again({0}, {}));
}

TEST(NativeFlow, ArrivesBehindAJoinButNotBehindAForkAndAJoin) {
    const Code code(diamond);
    const auto inner = code->arrivals({2}, {{Code::at(6)}});
    ASSERT_EQ(inner.size(), 1U);
    EXPECT_TRUE(inner[0].is_joined);
    EXPECT_FALSE(inner[0].is_forked);
    EXPECT_THAT(code->arrivals({0}, {{Code::at(6)}}), IsEmpty());
    const auto forked = code->arrivals({0}, {{Code::at(2)}});
    ASSERT_EQ(forked.size(), 1U);
    EXPECT_TRUE(forked[0].is_forked);
    EXPECT_FALSE(forked[0].is_joined);
}

TEST(NativeFlow, WaitsInFrontOfALoopWhereAnInstructionDoesNothing) {
    EXPECT_THAT(Code::values(Code(loop)->waiting_places({3})), ElementsAre(2));
    EXPECT_THAT(Code(loop)->waiting_places({0}), IsEmpty());
    // 0 inc; 2 inc; 4 je 2; 6 ret: only what has an effect leads there
    EXPECT_THAT(Code({inc, 0xC0, inc, 0xC0, je, 0xFC, ret})->waiting_places({2}), IsEmpty());
    // 0 je 6; 2 nop; 3 jmp 6; 5 ret; 6 inc; 8 je 6; 10 ret: a branch leads there
    EXPECT_THAT(Code({je, 4, nop, jmp, 1, ret, inc, 0xC0, je, 0xFC, ret})->waiting_places({6}),
                IsEmpty());
    // 0 jmp 3; 2 ret; 3 inc; 5 je 3; 7 ret
    EXPECT_THAT(Code::values(Code({jmp, 1, ret, inc, 0xC0, je, 0xFC, ret})->waiting_places({3})),
                ElementsAre(0));
}

TEST(NativeFlow, TakesALoopInALoopForOneOfItsOwn) {
    // 0 inc; 2 nop; 3 inc; 5 je 3; 7 je 0; 9 ret
    const Code code({inc, 0xC0, nop, inc, 0xC0, je, 0xFC, je, 0xF7, ret});
    EXPECT_THAT(Code::values(code->waiting_places({3})), ElementsAre(2));
}

TEST(NativeFlow, FollowsJumpTables) {
    const std::vector<std::uint8_t> bytes{0xFF, 0xE0, ret, inc, 0xC0, ret}; // jmp rax
    EXPECT_FALSE(Code(bytes).is_known());
    const Code code(bytes, {0, 3, 100});
    ASSERT_TRUE(code.is_known());
    EXPECT_TRUE(code->comes_first({3}, {}));
    EXPECT_FALSE(code->comes_first({2}, {}));
}

TEST(NativeFlow, IsNotKnownWhereCodeDoesNotDecodeOrCannotBeRead) {
    EXPECT_FALSE(Code({0x06, ret}).is_known());
    EXPECT_FALSE(Code({0xE8, 0}).is_known()); // cut
    EXPECT_FALSE(Code({}).is_known());
    EXPECT_FALSE(NativeFlow::read({.begin = {}, .end = {1}}, {}));
}

TEST(Pieces, OfOneWayAreOne) {
    const Code code({inc, 0xC0, inc, 0xC0, inc, 0xC0, ret});
    EXPECT_THAT(code.chosen_of({0, 4}), ElementsAre(0));
    EXPECT_THAT(code.chosen_of({0, 2, 4}), ElementsAre(0));
    EXPECT_THAT(code.chosen_of({0, 4}, false), ElementsAre(0, 4)); // of an unrolled loop
}

TEST(Pieces, ThatOthersComeToStandForThoseOnOneWay) {
    EXPECT_THAT(Code(diamond).chosen_of({2, 4}), ElementsAre(4));
    EXPECT_THAT(Code(diamond).chosen_of({2, 4, 6}), ElementsAre(4));
}

TEST(Pieces, BehindAForkContinueTheOneBefore) {
    EXPECT_THAT(Code(diamond).chosen_of({0, 2}), ElementsAre(0));
    EXPECT_THAT(Code(diamond).chosen_of({0, 6}), ElementsAre(0, 6));
}

TEST(Pieces, RoundAndRoundStayAsTheyAre) {
    // 0 inc; 2 inc; 4 jmp 0
    EXPECT_THAT(Code({inc, 0xC0, inc, 0xC0, jmp, 0xFA}).chosen_of({0, 2}), ElementsAre(0));
}

} // namespace
} // namespace wdbg::dwarf
