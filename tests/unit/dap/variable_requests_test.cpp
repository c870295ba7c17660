// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "adapter.h"

#include <gmock/gmock.h>

namespace wdbg::test {
namespace {

void set_variables(Adapter& adapter) {
    const MemoryAddress address{.instance = {0}, .memory = 0, .offset = 0x400};
    adapter.host.level->children[{5}] = {
        {.name = "x",
         .value = "42",
         .type = "int",
         .evaluate_name = "x",
         .address = address,
         .size = 4,
         .writable = true},
        {.name = "list",
         .value = "{...}",
         .type = "int[9]",
         .children = {6},
         .indexed_children = 9},
        {.name = "gone", .value = "<optimized out>", .available = false}};
    adapter.host.level->expressions["x"] = adapter.host.level->children[{5}][0];
    adapter.host.level->expressions["gone"] = adapter.host.level->children[{5}][2];
}

TEST(VariablesRequest, DescribesValues) {
    Adapter adapter;
    adapter.run_and_stop();
    set_variables(adapter);
    const json body = adapter.ask("variables", {{"variablesReference", 5}});
    ASSERT_EQ(body["variables"].size(), 3U);
    const json& x = body["variables"][0];
    EXPECT_EQ(x["value"], "42");
    EXPECT_EQ(x["type"], "int");
    EXPECT_EQ(x["evaluateName"], "x");
    EXPECT_EQ(x["memoryReference"], "0x400");
    EXPECT_EQ(x["variablesReference"], 0);
    EXPECT_FALSE(x["presentationHint"].contains("attributes"));
    EXPECT_EQ(body["variables"][1]["indexedVariables"], 9);
    EXPECT_EQ(body["variables"][2]["presentationHint"]["attributes"][0], "readOnly");
}

TEST(VariablesRequest, PagesAndFormats) {
    Adapter adapter;
    adapter.run_and_stop();
    set_variables(adapter);
    const json body = adapter.ask("variables", {{"variablesReference", 5},
                                                {"start", 0},
                                                {"count", 1},
                                                {"filter", "named"},
                                                {"format", {{"hex", true}}}});
    ASSERT_EQ(body["variables"].size(), 1U);
    EXPECT_EQ(body["variables"][0]["value"], "42 (hex)");
}

TEST(VariablesRequest, RefusesAStaleReference) {
    Adapter adapter;
    adapter.run_and_stop();
    EXPECT_EQ(adapter.refuse("variables", {{"variablesReference", 5}}),
              "the variable is of an earlier stop");
}

TEST(SetVariableRequest, TellsOtherViews) {
    Adapter adapter;
    adapter.ask("initialize", {{"supportsMemoryEvent", true}, {"supportsInvalidatedEvent", true}});
    adapter.ask("launch", {{"program", some_program()}});
    adapter.ask("configurationDone");
    adapter.guest().stop(ThreadId{1}, StepDone{});
    set_variables(adapter);
    adapter.take_messages();
    const json body =
        adapter.ask("setVariable", {{"variablesReference", 5}, {"name", "x"}, {"value", "7"}});
    EXPECT_EQ(body["value"], "7");
    const auto messages = adapter.take_messages();
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0]["event"], "memory");
    EXPECT_EQ(messages[0]["body"]["memoryReference"], "0x400");
    EXPECT_EQ(messages[0]["body"]["count"], 4);
    EXPECT_EQ(messages[1]["event"], "invalidated");
}

TEST(SetExpressionRequest, ChangesAValue) {
    Adapter adapter;
    adapter.run_and_stop();
    set_variables(adapter);
    EXPECT_EQ(adapter.ask("setExpression", {{"expression", "x"}, {"value", "9"}})["value"], "9");
    EXPECT_EQ(adapter.ask("evaluate", {{"expression", "x"}})["result"], "9");
}

TEST(EvaluateRequest, GivesResultOrReason) {
    Adapter adapter;
    adapter.run_and_stop();
    set_variables(adapter);
    const json body =
        adapter.ask("evaluate", {{"expression", "x"}, {"frameId", 1}, {"context", "watch"}});
    EXPECT_EQ(body["result"], "42");
    EXPECT_EQ(body["type"], "int");
    EXPECT_EQ(adapter.refuse("evaluate", {{"expression", "y +"}}), "no y +");
    EXPECT_EQ(adapter.ask("evaluate", {{"expression", "gone"}, {"context", "watch"}})["result"],
              "<optimized out>");
    EXPECT_EQ(adapter.refuse("evaluate", {{"expression", "gone"}, {"context", "hover"}}),
              "<optimized out>");
}

TEST(CompletionsRequest, ProposesNames) {
    Adapter adapter;
    adapter.run_and_stop();
    adapter.host.level->proposals = {
        {.label = "counter", .type = "variable", .start = 0, .length = 3},
        {.label = "count", .type = "function", .start = 0, .length = 3}};
    const json body = adapter.ask("completions", {{"text", "cou"}, {"column", 4}});
    EXPECT_EQ(body["targets"][0]["label"], "counter");
    EXPECT_EQ(body["targets"][0]["length"], 3);
    EXPECT_EQ(body["targets"][1]["text"], "count(");
}

} // namespace
} // namespace wdbg::test
