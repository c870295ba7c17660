// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/wasm/control_flow.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace wdbg::wasm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// One function of the given code, and its flow. Offsets in the tests are from the first
/// instruction.
class Flow {
  public:
    explicit Flow(std::vector<std::uint8_t> code) : bytes_(code.size()), body_{} {
        std::ranges::transform(code, bytes_.begin(), [](std::uint8_t b) { return std::byte{b}; });
        body_.first_instruction = CodeOffset{0};
        body_.end = CodeOffset{static_cast<std::uint32_t>(bytes_.size())};
        flow_.emplace(bytes_, body_);
    }

    [[nodiscard]] std::vector<std::uint32_t> after(std::uint32_t offset) const {
        std::vector<std::uint32_t> result;
        for (const CodeOffset next : flow_->successors(CodeOffset{offset})) {
            result.push_back(next.value);
        }
        return result;
    }

    const ControlFlow* operator->() const { return &*flow_; }

  private:
    std::vector<std::byte> bytes_;
    FunctionBody body_;
    std::optional<ControlFlow> flow_;
};

// 0 block, 2 local.get 0, 4 br_if 0, 6 nop, 7 end, 8 nop, 9 end
const std::vector<std::uint8_t> branch{0x02, 0x40, 0x20, 0x00, 0x0D, 0x00, 0x01, 0x0B, 0x01, 0x0B};
// 0 loop, 2 local.get 0, 4 br_if 0, 6 end, 7 end
const std::vector<std::uint8_t> loop{0x03, 0x40, 0x20, 0x00, 0x0D, 0x00, 0x0B, 0x0B};
// 0 local.get 0, 2 if, 4 nop, 5 else, 6 return, 7 end, 8 end
const std::vector<std::uint8_t> choice{0x20, 0x00, 0x04, 0x40, 0x01, 0x05, 0x0F, 0x0B, 0x0B};

TEST(ControlFlow, FollowsABranchOutOfABlock) {
    const Flow flow(branch);
    EXPECT_THAT(flow.after(0), ElementsAre(2));
    EXPECT_THAT(flow.after(4), ElementsAre(6, 8));
    EXPECT_THAT(flow.after(7), ElementsAre(8));
    EXPECT_THAT(flow.after(9), IsEmpty());
    EXPECT_TRUE(flow->returns(CodeOffset{9}));
    EXPECT_FALSE(flow->returns(CodeOffset{8}));
}

TEST(ControlFlow, KnowsWhatRepeats) {
    EXPECT_FALSE(Flow(branch)->can_repeat(CodeOffset{2}));
    const Flow flow(loop);
    EXPECT_TRUE(flow->can_repeat(CodeOffset{2}));
    EXPECT_FALSE(flow->can_repeat(CodeOffset{0})); // a branch leads behind it
    EXPECT_FALSE(flow->can_repeat(CodeOffset{2}, CodeOffset{4}));
    EXPECT_FALSE(flow->can_repeat(CodeOffset{6}));
}

TEST(ControlFlow, TellsEffects) {
    // 0 i32.const 1, 2 local.tee 3, 4 local.set 5, 6 i32.load, 9 i32.store, 12 call 0, 14
    // global.set 0, 16 return, 17 throw 0, 19 end
    const Flow flow({0x41, 0x01, 0x22, 0x03, 0x21, 0x05, 0x28, 0x02, 0x00, 0x36,
                     0x02, 0x00, 0x10, 0x00, 0x24, 0x00, 0x0F, 0x08, 0x00, 0x0B});
    const auto effect = [&flow](std::uint32_t at) { return flow->effect(CodeOffset{at}); };
    EXPECT_FALSE(effect(0).takes_operands || effect(0).is_lasting);
    EXPECT_EQ(effect(2).local, 3U);
    EXPECT_EQ(effect(4).local, 5U);
    EXPECT_TRUE(effect(4).takes_operands && !effect(4).is_lasting);
    EXPECT_TRUE(effect(6).takes_operands && !effect(6).is_lasting);
    EXPECT_TRUE(effect(9).is_lasting);
    EXPECT_TRUE(effect(12).is_lasting);
    EXPECT_TRUE(effect(14).is_lasting);
    EXPECT_FALSE(effect(16).is_lasting);
    EXPECT_TRUE(effect(17).is_lasting);
    EXPECT_TRUE(effect(3).is_lasting); // within an instruction: not known
}

TEST(ControlFlow, KnowsWhatIsNeverExecuted) {
    // 0 block, 2 block, 4 local.get 0, 6 br_if 0, 8 br 1, 10 end, 11 nop, 12 end,
    // 13 loop, 15 br 0, 17 nop, 18 end, 19 nop, 20 end
    const Flow flow({0x02, 0x40, 0x02, 0x40, 0x20, 0x00, 0x0D, 0x00, 0x0C, 0x01, 0x0B,
                     0x01, 0x0B, 0x03, 0x40, 0x0C, 0x00, 0x01, 0x0B, 0x01, 0x0B});
    std::vector<std::uint32_t> dead;
    for (std::uint32_t offset = 0; offset <= 20; ++offset) {
        if (flow->is_dead(CodeOffset{offset})) {
            dead.push_back(offset);
        }
    }
    EXPECT_THAT(dead, ElementsAre(10, 17, 18, 19, 20));
}

TEST(ControlFlow, KnowsWhatIsNeverExecutedOfAnIf) {
    const auto is_dead = [](const std::vector<std::uint8_t>& code, std::uint32_t offset) {
        return Flow(code)->is_dead(CodeOffset{offset});
    };
    EXPECT_TRUE(is_dead(choice, 7)); // behind the return
    EXPECT_FALSE(is_dead(choice, 8));
    // 0 local.get 0, 2 if, 4 return, 5 end, 6 nop, 7 end
    const std::vector<std::uint8_t> without_else{0x20, 0x00, 0x04, 0x40, 0x0F, 0x0B, 0x01, 0x0B};
    EXPECT_TRUE(is_dead(without_else, 5));
    EXPECT_FALSE(is_dead(without_else, 6));
    // 0 local.get 0, 2 if, 4 return, 5 else, 6 return, 7 end, 8 nop, 9 end
    const std::vector<std::uint8_t> both{0x20, 0x00, 0x04, 0x40, 0x0F,
                                         0x05, 0x0F, 0x0B, 0x01, 0x0B};
    EXPECT_TRUE(is_dead(both, 5));
    EXPECT_FALSE(is_dead(both, 6));
    EXPECT_TRUE(is_dead(both, 8));
}

TEST(ControlFlow, KnowsHowARangeIsLeft) {
    const auto unseen = [](const Flow& flow, std::uint32_t begin, std::uint32_t end) {
        return flow->is_left_unseen(CodeOffset{begin}, CodeOffset{end});
    };
    // 0 block, 2 nop, 3 local.get 0, 5 br_table 0 1, 9 end, 10 nop, 11 end
    const Flow table({0x02, 0x40, 0x01, 0x20, 0x00, 0x0E, 0x01, 0x00, 0x01, 0x0B, 0x01, 0x0B});
    EXPECT_TRUE(unseen(table, 2, 9));
    EXPECT_FALSE(unseen(table, 2, 5));
    EXPECT_TRUE(unseen(table, 10, 12)); // the function's end
    EXPECT_TRUE(unseen(table, 10, 40));
    EXPECT_FALSE(unseen(table, 10, 11));
    const Flow seen(branch);
    EXPECT_FALSE(unseen(seen, 2, 6)); // br_if
    EXPECT_FALSE(unseen(seen, 6, 8));
    const Flow conditional(choice);
    EXPECT_TRUE(unseen(conditional, 0, 4));  // to the else
    EXPECT_FALSE(unseen(conditional, 0, 7)); // a return
}

TEST(ControlFlow, FollowsABranchBackToALoop) {
    const Flow flow(loop);
    EXPECT_THAT(flow.after(4), ElementsAre(6, 2));
}

TEST(ControlFlow, FollowsBothWaysOfAnIf) {
    const Flow flow(choice);
    EXPECT_THAT(flow.after(2), ElementsAre(4, 6));
    EXPECT_THAT(flow.after(5), ElementsAre(8)) << "from the end of the first way";
    EXPECT_THAT(flow.after(6), IsEmpty());
    EXPECT_TRUE(flow->returns(CodeOffset{6}));
}

TEST(ControlFlow, KnowsWhatIsExecutedBecauseOfAnInstructionOnly) {
    const Flow flow(branch);
    const auto without = flow->reach_without(CodeOffset{6});
    EXPECT_FALSE(without.contains(CodeOffset{7})) << "only behind the nop";
    EXPECT_TRUE(without.contains(CodeOffset{8})) << "by the branch as well";
    EXPECT_TRUE(without.returns);
    EXPECT_FALSE(flow->reach_without(CodeOffset{2}).returns) << "nothing goes around it";
}

TEST(ControlFlow, HasNoSuccessorsWhereTheCodeDoesNotDecode) {
    const Flow flow({0x01, 0xFF, 0x0B});
    EXPECT_THAT(flow.after(0), ElementsAre(1));
    EXPECT_THAT(flow.after(1), IsEmpty());
}

} // namespace
} // namespace wdbg::wasm
