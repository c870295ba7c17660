// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <atomic>
#include <cstring>

namespace wdbg::native::test {
namespace {

constexpr std::size_t dwarf_rsp = 7;

NativeAddress entry_of(GuestFunction function) {
    return at(reinterpret_cast<const void*>(function));
}

/// A guest thread stopped at the entry of a function.
class Stepper {
  public:
    Stepper(Session& session, GuestFunction function, std::uint64_t a, std::uint64_t b)
        : session_(session)
        , guest_(guest_thread(session, [this, function, a, b] { result_ = function(a, b); })) {
        stopped_ = session_.must_stop();
        if (!stopped_.threads.empty()) {
            thread = stopped_.threads[0].thread;
        }
    }

    ~Stepper() {
        if (guest_.joinable()) {
            finish();
        }
    }

    Stepper(const Stepper&) = delete;
    Stepper& operator=(const Stepper&) = delete;

    [[nodiscard]] NativeRegisters registers() const {
        const auto read = session_.target->registers(thread);
        EXPECT_TRUE(read.has_value()) << (read ? "" : read.error().message);
        return read.value_or(NativeRegisters{});
    }

    bool step(NativeAction action) {
        session_.resume(thread, std::move(action));
        return session_.stops_with<NativeStepDone>();
    }

    /// Lets it run to its end; gives the function's result.
    std::uint64_t finish(bool passes_breakpoint = false) {
        EXPECT_TRUE(
            session_.target->resume({.threads = {{.thread = thread,
                                                  .action = ContinueNative{},
                                                  .passes_breakpoint = passes_breakpoint}}}));
        guest_.join();
        return result_;
    }

    ThreadId thread;

  private:
    std::uint64_t result_ = 0;
    Session& session_;
    NativeStopped stopped_;
    std::thread guest_;
};

/// Steps through a whole call, one instruction at a time; returns the number of steps.
std::uint64_t step_through(Session& session, GuestFunction function, std::uint64_t a,
                           std::uint64_t b) {
    const std::uint64_t expected = function(a, b);
    const NativeAddress entry = entry_of(function);
    EXPECT_TRUE(session.target->plant(entry, {}).has_value());
    Stepper stepper(session, function, a, b);
    EXPECT_TRUE(session.target->unplant(entry).has_value());
    std::uint64_t steps = 0;
    const auto in_guest = [&] {
        const auto threads = session.target->threads();
        return threads.size() == 1 && threads[0].state == NativeThreadState::Stopped;
    };
    while (steps < 20'000 && in_guest() && stepper.step(StepNativeInstruction{})) {
        ++steps;
        if (in_guest()) {
            const NativeAddress pc = stepper.registers().pc;
            EXPECT_TRUE(asm_code().contains(pc) || c_code().contains(pc));
        }
    }
    EXPECT_EQ(stepper.finish(), expected);
    return steps;
}

TEST(InstructionStep, GoesThroughEveryInstruction) {
    Session session;
    EXPECT_EQ(step_through(session, asm_hot, 5, 3), 3U + 5 * 3 + 1);
}

TEST(InstructionStep, GoesThroughPlantedInstructionsAsWell) {
    std::uint64_t plain = 0;
    {
        Session session;
        plain = step_through(session, asm_indirect_calls, 5, 3);
    }
    Session session;
    auto addresses = instructions(asm_code());
    std::erase(addresses, entry_of(asm_indirect_calls));
    ASSERT_TRUE(session.target->plant_all(addresses, never()).has_value());
    EXPECT_EQ(step_through(session, asm_indirect_calls, 5, 3), plain);
}

TEST(RangeStep, RunsALoopAndStopsBehindIt) {
    Session session;
    ASSERT_TRUE(session.target->plant(at(asm_hot_body), {}).has_value());
    Stepper stepper(session, asm_hot, 1000, 3);
    ASSERT_TRUE(session.target->unplant(at(asm_hot_body)).has_value());
    const NativeRange loop = range_of(asm_hot_body, asm_hot_return);
    EXPECT_TRUE(stepper.step(StepNativeRange{.ranges = {loop}, .stack_floor = {}}));
    EXPECT_EQ(stepper.registers().pc, at(asm_hot_return));
    EXPECT_EQ(stepper.registers().general[0], 3000U);
}

/// The whole recursive function is the range: recursive calls run through, and the step ends in the
/// outer frame's caller.
TEST(RangeStep, PassesRecursiveCallsByTheStackPointer) {
    Session session;
    const NativeAddress entry = entry_of(asm_calls);
    // Over test, jz, push, lea, call: up to the instruction behind the call.
    const auto all = instructions(asm_code());
    const NativeAddress behind_call = *(std::ranges::find(all, entry) + 5);
    std::uint64_t depth = 0;
    const HitFilter first_only{
        .accept = [](const NativeRegisters&,
                     void* data) { return ++*static_cast<std::uint64_t*>(data) == 1; },
        .data = &depth};
    ASSERT_TRUE(session.target->plant(entry, first_only).has_value());
    Stepper stepper(session, asm_calls, 6, 100);
    const auto at_entry = stepper.registers();
    const NativeAddress floor{at_entry.general[dwarf_rsp] - 8};
    EXPECT_TRUE(stepper.step(
        StepNativeRange{.ranges = {{.begin = entry, .end = behind_call}}, .stack_floor = floor}));
    EXPECT_EQ(stepper.registers().pc, behind_call);
    EXPECT_EQ(stepper.registers().general[dwarf_rsp], floor.value) << "in a recursive call";
    EXPECT_EQ(depth, 7U) << "the recursive calls have run";
}

TEST(RangeStep, FollowsAReturnIntoTheCaller) {
    Session session;
    // asm_pushed_address calls a local function that consists of two instructions.
    const auto all = instructions(asm_code());
    const auto place = std::ranges::find(all, entry_of(asm_pushed_address));
    const NativeAddress callee = *(place + 4);
    const NativeAddress behind_call = *(place + 1);
    ASSERT_TRUE(session.target->plant(callee, {}).has_value());
    Stepper stepper(session, asm_pushed_address, 1, 2);
    ASSERT_EQ(stepper.registers().pc, callee);
    const NativeRange body{.begin = callee, .end = *(place + 6)};
    EXPECT_TRUE(stepper.step(StepNativeRange{.ranges = {body}, .stack_floor = {}}));
    EXPECT_EQ(stepper.registers().pc, behind_call);
}

TEST(RunTo, StopsAtTheReturnAddressOfTheOuterCallOnly) {
    Session session;
    const NativeAddress entry = entry_of(asm_calls);
    const auto all = instructions(asm_code());
    const NativeAddress behind_call = *(std::ranges::find(all, entry) + 5);
    ASSERT_TRUE(session.target->plant(entry, {}).has_value());
    Stepper stepper(session, asm_calls, 6, 100);
    ASSERT_TRUE(session.target->unplant(entry).has_value());
    const NativeAddress floor{stepper.registers().general[dwarf_rsp] - 8};
    EXPECT_TRUE(stepper.step(RunToAddresses{.addresses = {behind_call}, .stack_floor = floor}));
    EXPECT_EQ(stepper.registers().pc, behind_call);
    EXPECT_EQ(stepper.registers().general[dwarf_rsp], floor.value);
}

TEST(RangeStep, OtherThreadsPassItsTrapsUncounted) {
    Session session;
    std::atomic<std::uint64_t> wrong{0};
    std::vector<std::thread> others;
    others.reserve(4);
    std::atomic<bool> end{false};
    for (int i = 0; i < 4; ++i) {
        others.push_back(guest_thread(session, [&] {
            while (!end) {
                wrong += asm_hot(7, 3) == 21 ? 0 : 1;
            }
        }));
    }
    const HitFilter big{.accept = [](const NativeRegisters& registers,
                                     void*) { return registers.general[5] == 50; },
                        .data = nullptr};
    ASSERT_TRUE(session.target->plant(at(asm_hot_body), big).has_value());
    {
        Stepper stepper(session, asm_hot, 50, 2);
        const NativeRange loop = range_of(asm_hot_body, asm_hot_return);
        EXPECT_TRUE(stepper.step(StepNativeRange{.ranges = {loop}, .stack_floor = {}}));
        EXPECT_EQ(stepper.registers().pc, at(asm_hot_return));
        EXPECT_EQ(stepper.registers().general[0], 100U);
    }
    end = true;
    for (std::thread& thread : others) {
        thread.join();
    }
    EXPECT_EQ(wrong.load(), 0U);
    EXPECT_EQ(session.hits(asm_hot_return), 0U);
}

TEST(RangeStep, GoesIntoADirectCallWhereThatIsWanted) {
    Session session;
    const NativeAddress entry = entry_of(asm_calls);
    const auto all = instructions(asm_code());
    const NativeAddress behind_call = *(std::ranges::find(all, entry) + 5);
    ASSERT_TRUE(session.target->plant(entry, {}).has_value());
    Stepper stepper(session, asm_calls, 6, 100);
    ASSERT_TRUE(session.target->unplant(entry).has_value());
    const std::uint64_t outer = stepper.registers().general[dwarf_rsp];
    EXPECT_TRUE(stepper.step(StepNativeRange{
        .ranges = {{.begin = entry, .end = behind_call}}, .into_calls = true, .stack_floor = {}}));
    EXPECT_EQ(stepper.registers().pc, entry);
    EXPECT_EQ(stepper.registers().general[dwarf_rsp], outer - 16) << "one call deeper";
}

TEST(RangeStep, GoesIntoAnIndirectCallWhereThatIsWanted) {
    Session session;
    const NativeAddress entry = entry_of(asm_indirect_calls);
    const auto all = instructions(asm_code());
    const auto twice = *(std::ranges::find(all, entry) + 35);
    ASSERT_TRUE(session.target->plant(entry, {}).has_value());
    Stepper stepper(session, asm_indirect_calls, 5, 3);
    ASSERT_TRUE(session.target->unplant(entry).has_value());
    const auto behind_call = *(std::ranges::find(all, entry) + 12);
    EXPECT_TRUE(stepper.step(StepNativeRange{
        .ranges = {{.begin = entry, .end = behind_call}}, .into_calls = true, .stack_floor = {}}));
    const NativeAddress pc = stepper.registers().pc;
    EXPECT_TRUE(pc.value > behind_call.value && pc.value <= twice.value + 64)
        << "at the entry of asm_twice";
    const auto returns_to = session.target->registers(stepper.thread)->general[dwarf_rsp];
    std::array<std::byte, 8> bytes{};
    ASSERT_TRUE(session.target->read_memory({returns_to}, bytes).has_value());
    std::uint64_t return_address = 0;
    std::memcpy(&return_address, bytes.data(), sizeof return_address);
    EXPECT_EQ(return_address, behind_call.value);
}

/// The thread of asm_hot(3, 3), where a step over its loop has ended; no breakpoint is there yet.
class WhereAStepHasEnded : public testing::Test {
  protected:
    WhereAStepHasEnded() {
        EXPECT_TRUE(session.target->unplant(at(asm_hot_body)).has_value());
        const NativeRange loop = range_of(asm_hot_body, asm_hot_return);
        EXPECT_TRUE(stepper.step(StepNativeRange{.ranges = {loop}, .stack_floor = {}}));
        EXPECT_EQ(stepper.registers().pc, here);
        EXPECT_TRUE(session.target->plant(here, {}).has_value());
    }

    static Session& planted(Session& session) {
        EXPECT_TRUE(session.target->plant(at(asm_hot_body), {}).has_value());
        return session;
    }

    const NativeAddress here = at(asm_hot_return);
    Session session;
    Stepper stepper{planted(session), asm_hot, 3, 3};
};

/// LLDB 21 and newer: a breakpoint at the pc that was not reported yet is hit without moving.
TEST_F(WhereAStepHasEnded, ABreakpointIsHitWhenTheThreadGoesOn) {
    session.resume();
    EXPECT_TRUE(session.stops_with<NativeBreakpointHit>());
    EXPECT_EQ(stepper.registers().pc, here);
    EXPECT_EQ(session.hits(asm_hot_return), 1U);
    EXPECT_EQ(stepper.finish(), 9U);
    EXPECT_EQ(session.hits(asm_hot_return), 1U);
}

/// Where several wasm instructions share a native one, it was told without being hit.
TEST_F(WhereAStepHasEnded, ABreakpointThatWasToldIsNotHit) {
    EXPECT_EQ(stepper.finish(true), 9U);
    EXPECT_EQ(session.hits(asm_hot_return), 0U);
}

TEST_F(WhereAStepHasEnded, ABreakpointThatWasToldIsNotHitByAnotherStep) {
    ASSERT_TRUE(session.target->resume({.threads = {{.thread = stepper.thread,
                                                     .action = StepNativeInstruction{},
                                                     .passes_breakpoint = true}}}));
    EXPECT_TRUE(session.stops_with<NativeStepDone>());
    EXPECT_EQ(session.hits(asm_hot_return), 0U);
    EXPECT_EQ(stepper.finish(), 9U);
}

} // namespace
} // namespace wdbg::native::test
