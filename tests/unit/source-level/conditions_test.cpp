// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "condition_compiler.h"
#include "guest_session.h"

#include <wdbg/agent/program.h>
#include <wdbg/dwarf/llvm_source_info.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace wdbg::test {
namespace {

using source::BreakpointOptions;
using source::HitCondition;
using testing::HasSubstr;

/// What a program sees of the innermost frame of a stopped guest.
struct StoppedFrame {
    Debuggee& machine;
    InstanceId instance;
    agent::Variables variables{};

    agent::Surroundings surroundings() {
        return {.context = this,
                .read_register =
                    [](void* context, agent::RegisterNumber number, std::uint64_t& into) {
                        const auto& frame = *static_cast<StoppedFrame*>(context);
                        const bool local = number.kind == agent::RegisterKind::Local;
                        const auto value =
                            local
                                ? frame.machine.local(GuestSession::main_thread, 0, number.index)
                                : frame.machine.global(GuestSession::main_thread, 0, number.index);
                        into = 0;
                        if (value) {
                            std::memcpy(&into, value->storage.data(), value->bytes().size());
                        }
                        return value.has_value();
                    },
                .read_memory =
                    [](void* context, std::uint64_t offset, void* into, std::size_t size) {
                        const auto& frame = *static_cast<StoppedFrame*>(context);
                        const auto bytes = std::span(static_cast<std::byte*>(into), size);
                        const auto count = frame.machine.read_memory(
                            {.instance = frame.instance, .memory = 0, .offset = offset}, bytes);
                        return count && *count == size;
                    },
                .variables = &variables};
    }
};

/// Conditions at the place where a guest stands.
class Place {
  public:
    Place(const std::string& fixture, const std::string& source, const std::string& marker)
        : guest(fixture, source)
        , modules(guest.machine(), dwarf::make_source_info, source::PathMap{}) {
        guest.run_to(marker);
        modules.refresh();
        pc = guest.machine().frames(GuestSession::main_thread, 0, 1)->frames.at(0).pc;
    }

    Result<std::vector<std::uint8_t>> compile(const std::string& condition,
                                              const HitCondition& hits = {}) {
        return source::compile_condition(*modules.find(pc.instance), pc.offset, condition, hits, 1);
    }

    /// The condition's truth by its program; its error's message in brackets.
    std::string by_program(const std::string& condition) {
        const auto bytes = compile(condition);
        if (!bytes) {
            return "[" + bytes.error().message + "]";
        }
        const auto program = agent::Program::verify(*bytes);
        if (!program) {
            return "[" + program.error().message + "]";
        }
        StoppedFrame frame{.machine = guest.machine(), .instance = pc.instance};
        const auto outcome = agent::evaluate(*program, frame.surroundings());
        return outcome.fault != agent::Fault::None ? "[fault]"
               : outcome.value != 0                ? "true"
                                                   : "false";
    }

    void expect_same(const std::vector<std::string>& conditions) {
        for (const std::string& each : conditions) {
            EXPECT_EQ(by_program(each), guest.value("!!(" + each + ")")) << each;
        }
    }

    GuestSession guest;
    source::ModuleTable modules;
    CodeAddress pc{};
};

/// `a sign b` for all signs.
std::vector<std::string> all_pairs(const std::vector<std::string>& operands) {
    std::vector<std::string> conditions;
    for (const char* sign : {"+", "-", "*", "&", "|", "^", "==", "!=", "<", ">", "<=", ">="}) {
        for (const std::string& a : operands) {
            for (const std::string& b : operands) {
                const std::string pair = std::string(a).append(" ").append(sign) + " " + b;
                conditions.push_back(pair);
                conditions.push_back(std::string("(").append(pair).append(") > 100"));
                conditions.push_back(std::string("(").append(pair).append(") < number"));
            }
        }
    }
    return conditions;
}

TEST(Conditions, OfScalarsAreDecidedByTheirProgramsAsByTheEvaluator) {
    REQUIRE_FIXTURE("types-O0.wasm");
    Place place("types-O0.wasm", "c/types.c", "scalars");
    place.expect_same(
        all_pairs({"yes", "letter", "tiny", "byte", "small", "word", "number", "natural",
                   "extended", "big", "huge", "seed", "7", "-1", "5000000000", "'w'"}));
    place.expect_same({"number / 7 == -8", "number % 7", "big / -3 > 0", "huge / 3", "tiny / byte",
                       "~byte == -201", "!letter", "-natural", "-small > 2999",
                       "number >> 2 == -15", "natural >> 31", "1 << 4 == 16", "big >> 40",
                       "number == -58 && letter == 'w'", "number > 0 || byte == 200",
                       "number > 0 && yes || byte", "global_int == 1234",
                       "static_long == -5000000000"});
}

TEST(Conditions, OfMembersElementsAndPointersToo) {
    REQUIRE_FIXTURE("types-O0.wasm");
    Place place("types-O0.wasm", "c/types.c", "aggregates");
    place.expect_same({"point.x == 7",
                       "point.y == -8",
                       "p->x == 1",
                       "p[1].y == 4",
                       "(p + 2)->x == 5",
                       "(*p).y == 2",
                       "&point != 0",
                       "&global_points[0] == p",
                       "list[3] == 40",
                       "list[point.x - 5] == 30",
                       "grid[1][2] == 6",
                       "bits.low == 5",
                       "bits.middle == 100",
                       "bits.sign == -3",
                       "number.whole == 1065353216",
                       "number.bytes[3] == 63",
                       "color == BLUE",
                       "color == 6",
                       "text[1] == 'e'",
                       "*text == 'h'",
                       "first.next->next->value == 3",
                       "first.next->next->next == 0",
                       "nothing == 0",
                       "!nothing",
                       "global_points[2].y == 6"});
}

TEST(Conditions, OfObjectsAndReferencesToo) {
    REQUIRE_FIXTURE("shapes-O0.wasm");
    {
        Place method("shapes-O0.wasm", "cpp/shapes.cpp", "rectangle");
        method.expect_same({"width_ == 3", "this->height_ == 4", "width_ * height_ == 12"});
    }
    Place main("shapes-O0.wasm", "cpp/shapes.cpp", "end");
    main.expect_same({"total == reference", "reference > 100", "integers.first == 20",
                      "geometry::detail::offset == 3"});
}

TEST(Conditions, OfOptimisedCodeAreDecidedWhereVariablesAreInLocals) {
    REQUIRE_FIXTURE("inlined-O2.wasm");
    Place place("inlined-O2.wasm", "c/inlined.c", "outer");
    for (const char* each : {"first == 21", "left == 42", "second == 22"}) {
        if (place.compile(each)) {
            EXPECT_EQ(place.by_program(each), place.guest.value("!!(" + std::string(each) + ")"));
        }
    }
}

TEST(Conditions, OfOtherThingsAreLeftToTheEvaluator) {
    REQUIRE_FIXTURE("types-O0.wasm");
    Place place("types-O0.wasm", "c/types.c", "scalars");
    for (const char* each :
         {"single > 1", "real < 0", "1.5 > number", "(int)real == -2", "nobody == 1", "scalars(1)",
          "number = 4", "global_text == \"global text\"", "("}) {
        EXPECT_FALSE(place.compile(each)) << each;
    }
}

TEST(Conditions, CountHitsAsHitConditionsDo) {
    REQUIRE_FIXTURE("types-O0.wasm");
    Place place("types-O0.wasm", "c/types.c", "scalars");
    for (const char* text : {"5", ">= 3", "> 3", "== 4", "!= 2", "< 3", "<= 3", "% 3"}) {
        const auto hits = HitCondition::parse(text).value();
        const auto program = agent::Program::verify(place.compile("number == -58", hits).value());
        ASSERT_TRUE(program);
        StoppedFrame frame{.machine = place.guest.machine(), .instance = place.pc.instance};
        for (std::uint64_t hit = 1; hit < 10; ++hit) {
            EXPECT_EQ(agent::evaluate(*program, frame.surroundings()).value != 0, hits.holds(hit))
                << text << " " << hit;
        }
    }
}

/// The guest's side counts, and no stop is missed after a step onto a breakpoint.
TEST(Conditions, AreDecidedByTheEngine) {
    REQUIRE_FIXTURE("control-O0.wasm");
    GuestSession guest("control-O0.wasm", "c/control.c");
    const auto before = guest.run_to("main");
    guest.break_at("loop", {.condition = "i % 10 == 9", .hit_condition = ">= 3"});
    const auto first = guest.resume();
    EXPECT_EQ(guest.value("i"), "29");
    EXPECT_EQ(first.generation, before.generation + 1) << "hits that do not count stop nobody";
    guest.resume();
    EXPECT_EQ(guest.value("i"), "39");
    for (int i = 0; i < 3; ++i) { // the line behind, the loop's head, the line itself: i is 40
        guest.step(source::StepKind::Over);
    }
    EXPECT_EQ(guest.value("i"), "40");
    guest.resume();
    EXPECT_EQ(guest.value("i"), "49");
}

TEST(Conditions, OfTwoBreakpointsAtOnePlaceAreBothCounted) {
    REQUIRE_FIXTURE("control-O0.wasm");
    GuestSession guest("control-O0.wasm", "c/control.c");
    const std::vector<source::SourceBreakpointSpec> specs{
        {.line = guest.line("loop"), .options = {.condition = "i == 50"}},
        {.line = guest.line("loop"), .options = {.hit_condition = "== 21"}}};
    const auto infos = guest->set_source_breakpoints(guest.source_path(), specs);
    EXPECT_THAT(guest.resume().threads.at(0).breakpoints, testing::ElementsAre(infos.at(1).id));
    EXPECT_EQ(guest.value("i"), "20");
    EXPECT_THAT(guest.resume().threads.at(0).breakpoints, testing::ElementsAre(infos.at(0).id));
    EXPECT_EQ(guest.value("i"), "50");
    guest.run_to_end();
}

} // namespace
} // namespace wdbg::test
