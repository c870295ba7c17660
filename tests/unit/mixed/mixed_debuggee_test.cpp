// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/mixed/mixed_debuggee.h>

#include <gmock/gmock.h>

#include <fake_debuggee.h>
#include <wasm_builder.h>

namespace wdbg::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t main_thread = 4001; // numbers of the operating system
constexpr std::uint64_t second_thread = 4002;

/// A function that does nothing but call itself.
std::vector<std::byte> calling_module() {
    return one_function({}, {}, {}, {0x10, 0, 0x0B}).build();
}

/// Two fake guests behind one. Both know thread 4001: the main part as 1, the other one as 7.
/// Stops come when the test says so.
class MixedDebuggee : public testing::Test {
  protected:
    MixedDebuggee() {
        for (FakeDebuggee* part : {&main_, &other_}) {
            part->stops_by_itself = false;
            part->instances_.front().code = calling_module();
            part->threads_.front().info.system_id = main_thread;
        }
        other_.threads_.front().info.id = ThreadId{7};
        other_.instances_.front().info.name = "library";
        const auto end = static_cast<std::uint32_t>(calling_module().size());
        call_ = CodeOffset{end - 3};
        main_.threads_.front().frames = {frame(call_, 10, 0x2000, "library.f"),
                                         frame(call_, 11, 0x2000, "")};
        other_.threads_.front().frames = {frame(call_, 20, 0x1000, "")};
        mixed_ = mixed::make_mixed_debuggee(
            {.debuggee = main_, .step_in = [this](auto thread) { steps_into_main_ = thread; }},
            {.debuggee = other_, .step_in = [this](auto thread) { steps_into_other_ = thread; }});
        mixed_->set_event_handler([this](const Event& event) { events_.push_back(event); });
    }

    static FakeFrame frame(CodeOffset pc, std::int32_t local, std::uint64_t native_stack,
                           std::string host_call) {
        return {.pc = {InstanceId{0}, pc},
                .locals = {Value::of(ValueType::I32, local)},
                .stack = {},
                .host_call = std::move(host_call),
                .native_stack = native_stack};
    }

    /// Both parts stop, the main one first.
    void stop(StopReason main, StopReason other = Interrupted{}) {
        main_.stop(ThreadId{1}, std::move(main));
        other_.stop(ThreadId{7}, std::move(other));
    }

    void attach() {
        ASSERT_TRUE(mixed_->attach());
        stop(StoppedAtEntry{});
        events_.clear();
        static_cast<void>(main_.take_calls());
        static_cast<void>(other_.take_calls());
    }

    std::vector<ThreadStop> reasons() {
        const auto* stopped =
            events_.size() == 1 ? std::get_if<Stopped>(&events_.front()) : nullptr;
        auto threads = stopped != nullptr ? stopped->threads : std::vector<ThreadStop>{};
        events_.clear();
        return threads;
    }

    FakeDebuggee main_;
    FakeDebuggee other_;
    CodeOffset call_;
    std::uint64_t steps_into_main_ = 0;
    std::uint64_t steps_into_other_ = 0;
    std::unique_ptr<Debuggee> mixed_;
    std::vector<Event> events_;
};

TEST_F(MixedDebuggee, GivesInstancesOfBothPartsIdsOfTheirOwn) {
    const auto all = mixed_->instances();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].id, InstanceId{0});
    EXPECT_EQ(all[1].id, InstanceId{1});
    EXPECT_EQ(all[1].module, ModuleId{1});
    EXPECT_EQ(all[1].name, "library");
    EXPECT_TRUE(mixed_->code(InstanceId{1}));
    EXPECT_FALSE(mixed_->code(InstanceId{2}));
}

TEST_F(MixedDebuggee, IsStoppedWhenBothPartsAre) {
    attach();
    ASSERT_TRUE(mixed_->resume({.threads = {}, .others = ResumeKind::Continue}));
    static_cast<void>(main_.take_calls());
    static_cast<void>(other_.take_calls());
    other_.stop(ThreadId{7}, BreakpointHit{{at(call_.value)}});
    EXPECT_THAT(events_, IsEmpty());
    EXPECT_THAT(main_.calls(), ElementsAre("interrupt"));
    EXPECT_EQ(mixed_->frames(ThreadId{1}, 0, 1).error().code, ErrorCode::NotStopped);
    main_.stop(ThreadId{1}, Interrupted{});
    const auto stops = reasons();
    ASSERT_EQ(stops.size(), 1U);
    EXPECT_EQ(stops[0].thread, ThreadId{1});
    const auto* hit = std::get_if<BreakpointHit>(&stops[0].reason);
    ASSERT_NE(hit, nullptr);
    EXPECT_THAT(hit->requested, ElementsAre(at(call_.value, 1)));
}

TEST_F(MixedDebuggee, TellsOneReasonForAThread) {
    attach();
    ASSERT_TRUE(mixed_->resume({.threads = {}, .others = ResumeKind::Continue}));
    stop(StepDone{}, BreakpointHit{{at(call_.value)}});
    const auto stops = reasons();
    ASSERT_EQ(stops.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<StepDone>(stops[0].reason));
}

TEST_F(MixedDebuggee, AnInterruptOfBothIsOne) {
    attach();
    ASSERT_TRUE(mixed_->resume({.threads = {}, .others = ResumeKind::Continue}));
    static_cast<void>(main_.take_calls());
    ASSERT_TRUE(mixed_->interrupt());
    ASSERT_TRUE(mixed_->interrupt());
    EXPECT_THAT(main_.calls(), ElementsAre("interrupt"));
    stop(Interrupted{});
    const auto stops = reasons();
    ASSERT_EQ(stops.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<Interrupted>(stops[0].reason));
}

TEST_F(MixedDebuggee, AThreadThatOnePartDoesNotKnowHasNoReasonThere) {
    other_.threads_.clear();
    attach();
    ASSERT_TRUE(mixed_->resume({.threads = {}, .others = ResumeKind::Continue}));
    main_.stop(ThreadId{1}, StepDone{});
    other_.stop(ThreadId{1}, Interrupted{}); // of a part without threads
    const auto stops = reasons();
    ASSERT_EQ(stops.size(), 1U);
    EXPECT_EQ(stops[0].thread, ThreadId{1});
}

TEST_F(MixedDebuggee, JoinsThreadsByTheirSystemId) {
    FakeThread second = other_.threads_.front();
    second.info.id = ThreadId{9};
    second.info.system_id = second_thread;
    other_.threads_.push_back(second);
    attach();
    const auto all = mixed_->threads();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].id, ThreadId{1});
    EXPECT_EQ(all[0].name, "main");
    EXPECT_EQ(all[0].system_id, main_thread);
    EXPECT_EQ(all[1].system_id, second_thread);
    EXPECT_EQ(mixed_->frames(all[1].id, 0, 9)->total, 1U);
    other_.threads_.pop_back(); // it ends; another one that comes has another id
    EXPECT_EQ(mixed_->threads().size(), 1U);
    other_.threads_.push_back(second);
    EXPECT_GT(mixed_->threads().back().id, all[1].id);
}

TEST_F(MixedDebuggee, PutsTheStackTogetherByThePlaceOnTheNativeOne) {
    attach();
    const auto stack = mixed_->frames(ThreadId{1}, 0, 10);
    ASSERT_TRUE(stack);
    EXPECT_EQ(stack->total, 3U);
    ASSERT_EQ(stack->frames.size(), 3U);
    EXPECT_EQ(stack->frames[0].pc, at(call_.value, 1));
    // What was a host call is a call like any other.
    EXPECT_EQ(stack->frames[1].pc, at(call_.value + 2, 0));
    EXPECT_TRUE(stack->frames[1].pc_is_return_address);
    EXPECT_EQ(stack->frames[1].host_call, "");
    EXPECT_EQ(mixed_->local(ThreadId{1}, 0, 0)->as<std::int32_t>(), 20);
    EXPECT_EQ(mixed_->local(ThreadId{1}, 1, 0)->as<std::int32_t>(), 10);
    EXPECT_EQ(mixed_->local(ThreadId{1}, 2, 0)->as<std::int32_t>(), 11);
    EXPECT_EQ(mixed_->local(ThreadId{1}, 3, 0).error().code, ErrorCode::NotFound);
    EXPECT_EQ(mixed_->frames(ThreadId{1}, 1, 1)->frames.size(), 1U);
}

TEST_F(MixedDebuggee, ReadsADeepStackAsFarAsItIsAskedFor) {
    constexpr std::uint32_t depth = 500;
    main_.threads_.front().frames.assign(depth, frame(call_, 5, 0x2000, ""));
    attach();
    EXPECT_EQ(mixed_->frames(ThreadId{1}, 0, 2)->total, depth + 1);
    EXPECT_EQ(mixed_->local(ThreadId{1}, depth, 0)->as<std::int32_t>(), 5);
    EXPECT_FALSE(mixed_->local(ThreadId{1}, depth + 1, 0));
}

TEST_F(MixedDebuggee, AStepIsOneOfThePartThatTheThreadIsIn) {
    attach();
    const ThreadAction range{
        .thread = ThreadId{1},
        .kind = ResumeKind::StepRange,
        .range = {.instance = InstanceId{1}, .begin = call_, .end = CodeOffset{call_.value + 2}}};
    ASSERT_TRUE(mixed_->resume({.threads = {range}, .others = std::nullopt}));
    // The caller's part steps until its frame goes on.
    EXPECT_THAT(main_.take_calls(), ElementsAre("resume 1:range=0-0"));
    const std::string call = "resume 7:range=";
    EXPECT_THAT(other_.take_calls(), ElementsAre(testing::StartsWith(call)));
    EXPECT_EQ(steps_into_main_, 0U);
}

TEST_F(MixedDebuggee, AStepByInstructionGoesIntoTheOtherPart) {
    attach();
    const ThreadAction step{
        .thread = ThreadId{1}, .kind = ResumeKind::StepInstruction, .range = {}};
    ASSERT_TRUE(mixed_->resume({.threads = {step}, .others = ResumeKind::Continue}));
    EXPECT_THAT(main_.take_calls(), ElementsAre("resume 1:step others:continue"));
    EXPECT_THAT(other_.take_calls(), ElementsAre("resume 7:step others:continue"));
    EXPECT_EQ(steps_into_main_, main_thread);
    EXPECT_EQ(steps_into_other_, 0U);
    stop(StepDone{});
    ASSERT_TRUE(mixed_->resume({.threads = {}, .others = ResumeKind::Continue}));
    EXPECT_EQ(steps_into_main_, 0U);
}

TEST_F(MixedDebuggee, APartWithoutTheThreadRunsAsWell) {
    other_.threads_.clear();
    attach();
    const ThreadAction step{
        .thread = ThreadId{1}, .kind = ResumeKind::StepInstruction, .range = {}};
    ASSERT_TRUE(mixed_->resume({.threads = {step}, .others = std::nullopt}));
    EXPECT_THAT(other_.take_calls(), ElementsAre("resume"));
    EXPECT_EQ(steps_into_other_, main_thread);
}

TEST_F(MixedDebuggee, WhatCannotBeResumedStaysStopped) {
    attach();
    EXPECT_EQ(mixed_->resume({.threads = {{.thread = ThreadId{5}}}, .others = {}}).error().code,
              ErrorCode::NotFound);
    EXPECT_EQ(mixed_->resume({}).error().code, ErrorCode::InvalidArgument);
    main_.next_failure = Error{ErrorCode::Internal, "no"};
    EXPECT_FALSE(mixed_->resume({.threads = {}, .others = ResumeKind::Continue}));
    EXPECT_TRUE(mixed_->frames(ThreadId{1}, 0, 1));
    EXPECT_TRUE(mixed_->resume({.threads = {}, .others = ResumeKind::Continue}));
}

TEST_F(MixedDebuggee, IfOnePartCannotGoOnTheOtherStopsAgain) {
    attach();
    other_.next_failure = Error{ErrorCode::Internal, "no"};
    EXPECT_TRUE(mixed_->resume({.threads = {}, .others = ResumeKind::Continue}));
    EXPECT_EQ(main_.take_calls().back(), "interrupt");
    main_.stop(ThreadId{1}, Interrupted{});
    EXPECT_EQ(reasons().size(), 1U);
}

TEST_F(MixedDebuggee, LeadsMemoryBreakpointsAndWatchpointsToTheirPart) {
    attach();
    EXPECT_TRUE(mixed_->plant(at(call_.value, 1)));
    EXPECT_THAT(other_.take_calls(), ElementsAre(testing::StartsWith("plant 0:")));
    EXPECT_TRUE(mixed_->unplant(at(call_.value, 1)));
    const std::array bytes{std::byte{1}};
    EXPECT_TRUE(mixed_->write_memory({InstanceId{1}, 0, 8}, bytes));
    EXPECT_THAT(main_.take_calls(), IsEmpty());
    ASSERT_NE(mixed_->watchpoints(), nullptr);
    const auto id = mixed_->watchpoints()->add({.address = {InstanceId{1}, 0, 8}, .size = 4});
    ASSERT_TRUE(id);
    EXPECT_EQ(id->value % 2, 1U);
    EXPECT_TRUE(mixed_->watchpoints()->remove(*id));
}

TEST_F(MixedDebuggee, AVariableOfConditionsCountsInBothParts) {
    attach();
    ConditionSupport* conditions = mixed_->conditions();
    ASSERT_NE(conditions, nullptr);
    ASSERT_TRUE(conditions->set_condition_variable(3, 100));
    EXPECT_EQ(*conditions->condition_variable(3), 100);
    ASSERT_TRUE(main_.conditions()->set_condition_variable(3, 104)); // four hits here
    ASSERT_TRUE(other_.conditions()->set_condition_variable(3, 101));
    EXPECT_EQ(*conditions->condition_variable(3), 105);
}

TEST_F(MixedDebuggee, HasAPowerThatBothPartsHave) {
    other_.has_watchpoints = false;
    other_.has_conditions = false;
    EXPECT_EQ(mixed_->watchpoints(), nullptr);
    EXPECT_EQ(mixed_->conditions(), nullptr);
    EXPECT_EQ(mixed_->native_code(), nullptr);
    EXPECT_EQ(mixed_->call_support(), nullptr);
    EXPECT_EQ(mixed_->jump_support(), nullptr);
}

TEST_F(MixedDebuggee, NativeCodeIsThatOfTheCompiledPart) {
    other_.native = {{.address = {0x5000}, .wasm = at(call_.value)}};
    other_.native_frame = {0x5000};
    attach();
    NativeCodeSupport* native = mixed_->native_code();
    ASSERT_NE(native, nullptr);
    EXPECT_EQ(native->native_code(at(call_.value, 1))->front().wasm, at(call_.value, 1));
    EXPECT_EQ(native->native_code(at(call_.value, 0)).error().code, ErrorCode::Unavailable);
    EXPECT_EQ(native->native_pc(ThreadId{1}, 0)->value, 0x5000U);
    EXPECT_EQ(native->native_pc(ThreadId{1}, 1).error().code, ErrorCode::Unavailable);
}

TEST_F(MixedDebuggee, TheEndIsToldOnce) {
    attach();
    ASSERT_TRUE(mixed_->resume({.threads = {}, .others = ResumeKind::Continue}));
    main_.exit(3);
    other_.exit(3);
    ASSERT_EQ(events_.size(), 1U);
    EXPECT_EQ(std::get<Exited>(events_.front()).exit_code, 3);
}

// The killed guest's thread comes back and tells its exit, before the loop is told of the kill.
TEST_F(MixedDebuggee, AKilledGuestHasNoExitCode) {
    attach();
    mixed_->kill();
    other_.exit(0);
    ASSERT_EQ(events_.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<Killed>(events_.front()));
}

TEST_F(MixedDebuggee, DetachAndKillReachBoth) {
    attach();
    mixed_->detach();
    EXPECT_EQ(main_.take_calls().back(), "detach");
    EXPECT_EQ(other_.take_calls().back(), "detach");
    attach();
    EXPECT_TRUE(mixed_->detach_stopped());
    EXPECT_EQ(other_.take_calls().back(), "detach stopped");
    attach();
    mixed_->kill();
    EXPECT_EQ(main_.take_calls().back(), "kill");
    EXPECT_EQ(other_.take_calls().back(), "kill");
    EXPECT_THAT(main_.violations(), IsEmpty());
    EXPECT_THAT(other_.violations(), IsEmpty());
}

} // namespace
} // namespace wdbg::test
