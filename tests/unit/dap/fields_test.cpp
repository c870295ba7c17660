// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "protocol/requests.h"
#include "protocol/state_requests.h"

#include <gtest/gtest.h>

namespace wdbg::dap {
namespace {

using namespace protocol;

template <class T>
std::string problem(const char* text) {
    T value;
    const auto done = read(Json::parse(text), value, "arguments");
    return done ? "" : done.error().message;
}

TEST(Fields, ReadsNestedStructsAndLeavesUnknownNames) {
    SetBreakpointsArguments args;
    const auto done = read(Json::parse(R"({"source": {"path": "/a.c", "new": 1},
        "breakpoints": [{"line": 3}, {"line": 7, "condition": "x > 1"}], "more": []})"),
                           args, "arguments");
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(args.source.path, "/a.c");
    ASSERT_EQ(args.breakpoints->size(), 2U);
    EXPECT_EQ(args.breakpoints->at(1).condition, "x > 1");
    EXPECT_FALSE(args.breakpoints->at(0).condition);
}

TEST(Fields, NamesThePlaceOfAMistake) {
    using Args = SetBreakpointsArguments;
    EXPECT_EQ(problem<Args>("{}"), "arguments.source is missing");
    EXPECT_EQ(problem<Args>("[]"), "arguments: expected an object");
    EXPECT_EQ(problem<Args>(R"({"source": {"path": 1}})"),
              "arguments.source.path: expected a string");
    EXPECT_EQ(problem<Args>(R"({"source": {}, "breakpoints": [{"line": 1}, {"line": "2"}]})"),
              "arguments.breakpoints[1].line: expected a whole number in range");
}

TEST(Fields, NumbersMustFit) {
    EXPECT_EQ(problem<StackTraceArguments>(R"({"threadId": 1, "levels": -1})"),
              "arguments.levels: expected a whole number in range");
    EXPECT_EQ(problem<StackTraceArguments>(R"({"threadId": 1, "levels": 4294967296})"),
              "arguments.levels: expected a whole number in range");
    EXPECT_EQ(problem<StackTraceArguments>(R"({"threadId": 1.5})"),
              "arguments.threadId: expected a whole number in range");
    EXPECT_EQ(problem<StackTraceArguments>(R"({"threadId": 1, "levels": null})"), "");
}

TEST(Fields, WritesWhatThereIs) {
    const StackFrame frame{.id = 3, .name = "main", .line = 7};
    EXPECT_EQ(write(frame).dump(), R"({"column":0,"id":3,"line":7,"name":"main"})");
    EXPECT_EQ(write(ThreadsBody{{{.id = 1, .name = "main"}}}).dump(),
              R"({"threads":[{"id":1,"name":"main"}]})");
    EXPECT_EQ(write(Empty{}).dump(), "{}");
}

} // namespace
} // namespace wdbg::dap
