// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "modules_fixture.h"

#include <wdbg/agent/assembler.h>

#include <algorithm>
#include <map>

namespace wdbg::test {
namespace {

using testing::ElementsAre;

TEST_F(Modules, AreListedWithUniqueNamesPathsAndCode) {
    start("run");
    const auto instances = (*session)->instances();
    ASSERT_EQ(instances.size(), 4U);
    EXPECT_EQ(instances[0].id, Session::main_instance);
    EXPECT_EQ(instances[0].path, guest_path("diamond"));
    ASSERT_EQ(bases.size(), 2U);
    std::vector<std::string> names;
    for (const InstanceInfo& info : instances) {
        names.push_back(info.name);
        const auto bytes = (*session)->code(info.id);
        ASSERT_TRUE(bytes);
        EXPECT_TRUE(std::ranges::equal(*bytes, code_of(info.id).module().bytes())) << info.name;
        EXPECT_EQ(info.code_size, bytes->size());
    }
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

TEST_F(Modules, WithTwoInstancesStopOnlyInTheOneThatOwnsTheBreakpoint) {
    start("run");
    ASSERT_EQ(bases.size(), 2U);
    std::map<std::vector<std::string>, int> seen;
    for (const InstanceId owner : std::vector(bases)) {
        start("run");
        session->plant(CodeAddress{owner, base.first("bump")});
        session->resume();
        std::vector<std::vector<std::string>> stacks;
        for (Event event = session->next_event(); std::holds_alternative<Stopped>(event);
             event = session->next_event()) {
            stacks.push_back(backtrace());
            EXPECT_EQ(session->frames()[0].pc.instance, owner);
            session->resume();
        }
        ASSERT_FALSE(stacks.empty());
        for (const auto& stack : stacks) {
            EXPECT_EQ(stack, stacks[0]);
        }
        seen[stacks[0]] += static_cast<int>(stacks.size());
        EXPECT_THAT(session->wait_for_exit().results, ElementsAre("604:i32"));
    }
    EXPECT_EQ(seen, (std::map<std::vector<std::string>, int>{{{"bump", "run"}, 3},
                                                             {{"bump", "via", "run"}, 2}}));
}

TEST_F(Modules, WithTwoInstancesShowTheValuesOfEach) {
    start("run");
    Debuggee& debuggee = *session->operator->();
    for (const InstanceId instance : bases) {
        session->plant(CodeAddress{instance, base.at("bump", "end")});
    }
    std::map<InstanceId, std::vector<std::string>> stacks;
    std::map<InstanceId, std::int32_t> sums;
    session->resume();
    for (Event event = session->next_event(); std::holds_alternative<Stopped>(event);
         event = session->next_event()) {
        const InstanceId here = session->frames().at(0).pc.instance;
        const auto sum = debuggee.global(Session::main_thread, 0, 0);
        ASSERT_TRUE(sum);
        EXPECT_GE(sum->as<std::int32_t>(), sums[here]);
        sums[here] = sum->as<std::int32_t>();
        stacks[here] = backtrace();
        for (const InstanceId instance : bases) {
            EXPECT_EQ(debuggee.instance_global(instance, 0),
                      Value::of(ValueType::I32, sums[instance]));
        }
        session->resume();
    }
    ASSERT_EQ(sums.size(), 2U);
    EXPECT_EQ(sums[bases[0]] + sums[bases[1]], 604);
    EXPECT_NE(stacks[bases[0]], stacks[bases[1]]);
}

/// Compiled code cannot be called there, and nothing else runs instead.
TEST_F(Modules, ThatAreImportedRunTheirOwnFunctionsInCallsOrNone) {
    start("run");
    for (const InstanceId instance : bases) {
        session->plant(CodeAddress{instance, base.at("bump", "i32.add")});
    }
    session->resume();
    for (Event event = session->next_event(); std::holds_alternative<Stopped>(event);
         event = session->next_event()) {
        const InstanceId here = session->frames().at(0).pc.instance;
        const auto count = (*session)->instance_global(here, 0);
        const auto called = (*session)->call_support()->call(
            {.thread = Session::main_thread,
             .instance = here,
             .function = base.body("bump").index,
             .arguments = {Value::of(ValueType::I32, std::int32_t{0})},
             .limit = Session::call_limit});
        if (called) {
            EXPECT_THAT(*called, ElementsAre(count.value()));
        } else {
            EXPECT_EQ(called.error().code, ErrorCode::Unsupported) << called.error().message;
        }
        session->resume();
    }
    EXPECT_THAT(session->wait_for_exit().results, ElementsAre("604:i32"));
}

std::vector<InstanceId> ids(Debuggee& debuggee) {
    std::vector<InstanceId> found;
    for (const InstanceInfo& info : debuggee.instances()) {
        found.push_back(info.id);
    }
    return found;
}

TEST_F(Modules, InstantiatedWhileAttachedStopTheGuestBeforeTheyRun) {
    session.emplace("plugin", SessionOptions{.invoke = "run"});
    Debuggee& debuggee = *session->operator->();
    auto known = ids(debuggee);
    ASSERT_EQ(known.size(), 2U);
    for (const std::int32_t argument : {50, 70}) {
        const Stopped stopped = session->resume_and_wait();
        ASSERT_NE(reason_as<InstancesChanged>(stopped), nullptr) << describe(Event{stopped});
        const ThreadId thread = stopped.threads.at(0).thread;
        EXPECT_NE(thread, Session::main_thread);
        EXPECT_EQ(session->state(Session::main_thread), ThreadState::InHostCall);
        const auto frames = session->frames(thread);
        ASSERT_EQ(frames.size(), 1U);
        EXPECT_EQ(base.function_at(frames[0].pc.offset), "bump");
        const InstanceId added = frames[0].pc.instance;
        EXPECT_THAT(known, testing::Not(testing::Contains(added)));
        known.push_back(added);
        EXPECT_THAT(ids(debuggee), testing::UnorderedElementsAreArray(known));
        EXPECT_EQ(debuggee.global(thread, 0, 0), Value::of(ValueType::I32, 0)); // its own
        const CodeAddress end{added, base.at("bump", "end")};
        session->plant(end);
        EXPECT_NE(reason_as<BreakpointHit>(session->resume_and_wait()), nullptr);
        EXPECT_EQ(session->frames(thread)[0].pc, end);
        EXPECT_EQ(debuggee.global(thread, 0, 0), Value::of(ValueType::I32, argument));
    }
    session->resume();
    EXPECT_THAT(session->wait_for_exit().results, ElementsAre("3:i32"));
}

TEST_F(Modules, InstantiatedWhileNobodyIsAttachedAreThereForWhoComes) {
    session.emplace("plugin", SessionOptions{.invoke = "run"});
    session->run_to(session->code().at("run", "call", 1));
    (*session)->detach();
    EXPECT_THAT(session->wait_for_exit().results, ElementsAre("3:i32"));
    EXPECT_EQ((*session)->instances().size(), 4U);
}

TEST_F(Modules, FreedWhileAttachedAreGoneWithWhatWasSetInThem) {
    constexpr int rounds = 25;
    session.emplace("churn", SessionOptions{.invoke = "run", .args = {std::to_string(rounds)}});
    Debuggee& debuggee = *session->operator->();
    const auto known = ids(debuggee);
    std::vector<InstanceId> seen;
    for (int round = rounds; round > 0; --round) {
        const Stopped stopped = session->resume_and_wait();
        ASSERT_NE(reason_as<InstancesChanged>(stopped), nullptr) << describe(Event{stopped});
        const InstanceId added = session->frames(stopped.threads.at(0).thread).at(0).pc.instance;
        EXPECT_THAT(seen, testing::Not(testing::Contains(added)));
        seen.push_back(added);
        auto expected = known;
        expected.push_back(added);
        EXPECT_THAT(ids(debuggee), testing::UnorderedElementsAreArray(expected));
        EXPECT_EQ(debuggee.instance_global(added, 0), Value::of(ValueType::I32, 0));
        session->plant(CodeAddress{added, base.at("bump", "end")});
        EXPECT_TRUE(debuggee.watchpoints()->add(
            {.address = {.instance = added, .memory = 0, .offset = 64}, .size = 4}));
        const Stopped hit = session->resume_and_wait();
        ASSERT_NE(reason_as<BreakpointHit>(hit), nullptr) << describe(Event{hit});
        EXPECT_EQ(debuggee.instance_global(added, 0), Value::of(ValueType::I32, round));
    }
    session->resume();
    EXPECT_THAT(session->wait_for_exit().results,
                ElementsAre(std::to_string(rounds * (rounds + 1) / 2) + ":i32"));
    EXPECT_THAT(ids(debuggee), testing::UnorderedElementsAreArray(known));
    EXPECT_FALSE(debuggee.unplant({seen.back(), base.at("bump", "end")}));
}

/// `local 0 == number`
std::vector<std::uint8_t> first_parameter_is(std::int64_t number) {
    agent::Assembler program;
    program.read({.kind = agent::RegisterKind::Local, .index = 0});
    program.constant(number);
    program.add(agent::Opcode::Equal);
    program.add(agent::Opcode::End);
    return program.bytes();
}

TEST_F(Modules, UsedBySeveralThreadsStopEachOfThemAtEachHitThatCounts) {
    constexpr int threads = 4;
    constexpr int calls = 25;
    start("run", "crowd", {std::to_string(threads), std::to_string(calls)});
    ASSERT_EQ(bases.size(), 2U);
    for (const InstanceId instance : bases) { // middle calls with 100
        const CodeAddress bump{instance, base.first("bump")};
        session->plant(bump);
        ASSERT_TRUE((*session)->conditions()->set_conditions(bump, {first_parameter_is(1)}));
    }
    session->plant(CodeAddress{middle_instance, middle.first("via")});
    std::map<std::pair<std::uint32_t, std::string>, int> hits;
    session->resume();
    for (Event event = session->next_event(); std::holds_alternative<Stopped>(event);
         event = session->next_event()) {
        for (const ThreadStop& stop : std::get<Stopped>(event).threads) {
            ASSERT_TRUE(std::holds_alternative<BreakpointHit>(stop.reason)) << describe(event);
            ++hits[{stop.thread.value, backtrace(stop.thread).at(0)}];
        }
        session->resume();
    }
    EXPECT_EQ(hits.size(), 2U * threads);
    for (const auto& [where, count] : hits) {
        EXPECT_EQ(count, calls) << "thread " << where.first << " in " << where.second;
    }
    EXPECT_THAT(session->wait_for_exit().results,
                ElementsAre(std::to_string(threads * calls * 2) + ":i32"));
}

} // namespace
} // namespace wdbg::test
