// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "adapter.h"

#include <gmock/gmock.h>

namespace wdbg::test {
namespace {

using testing::HasSubstr;

void set_frames(Adapter& adapter) {
    adapter.host.level->frames = {
        {.id = {1}, .name = "write", .host_call = true},
        {.id = {2}, .name = "add", .path = "/src/app.c", .line = 5, .column = 12, .pc = at(0x100)},
        {.id = {3}, .name = "function[0]", .pc = at(0x30)}};
}

TEST(ThreadsRequest, WorksWheneverItIsAsked) {
    Adapter adapter;
    adapter.ask("initialize");
    EXPECT_EQ(adapter.ask("threads")["threads"], json::array());
    adapter.ask("launch", {{"program", some_program()}});
    adapter.ask("configurationDone");
    EXPECT_EQ(adapter.ask("threads")["threads"], json::parse(R"([{"id": 1, "name": "main"}])"));
    adapter.guest().exit(0);
    EXPECT_EQ(adapter.ask("threads")["threads"], json::array());
}

TEST(StackTraceRequest, PagesFrames) {
    Adapter adapter;
    adapter.run_and_stop();
    set_frames(adapter);
    const json body =
        adapter.ask("stackTrace", {{"threadId", 1}, {"startFrame", 1}, {"levels", 1}});
    EXPECT_EQ(body["totalFrames"], 3);
    ASSERT_EQ(body["stackFrames"].size(), 1U);
    const json& frame = body["stackFrames"][0];
    EXPECT_EQ(frame["id"], 2);
    EXPECT_EQ(frame["name"], "add");
    EXPECT_EQ(frame["source"]["path"], "/src/app.c");
    EXPECT_EQ(frame["source"]["name"], "app.c");
    EXPECT_EQ(frame["line"], 5);
    EXPECT_EQ(frame["column"], 12);
    EXPECT_EQ(frame["instructionPointerReference"], "0x4000000000000100");
    EXPECT_EQ(frame["moduleId"], 0);
}

TEST(StackTraceRequest, ShowsWebAssemblyTextWhereThereIsNoSource) {
    Adapter adapter;
    adapter.run_and_stop();
    adapter.guest().instances_.front().code = two_functions();
    set_frames(adapter);
    adapter.host.level->frames[2].pc = at(0x1F); // i32.const
    const json frame = adapter.ask("stackTrace", {{"threadId", 1}})["stackFrames"][2];
    const json reference = frame["source"]["sourceReference"];
    ASSERT_TRUE(reference.is_number()) << frame.dump();
    const json text = adapter.ask("source", {{"sourceReference", reference}});
    EXPECT_EQ(text["content"], "(func $function[0] (param i32) (result i32)\n"
                               "  local.get 0\n"
                               "  i32.const 2\n"
                               "  i32.add\n"
                               "end\n"
                               ")\n");
    EXPECT_EQ(frame["line"], 3);
    const json set = adapter.ask("setBreakpoints", {{"source", {{"sourceReference", reference}}},
                                                    {"breakpoints", {{{"line", 4}}}}});
    EXPECT_EQ(set["breakpoints"][0]["verified"], true);
    EXPECT_EQ(set["breakpoints"][0]["line"], 4);
    EXPECT_EQ(adapter.host.level->take_calls().back(), "instructions 33");
    EXPECT_THAT(adapter.refuse("source", {{"sourceReference", 77}}), HasSubstr("not there"));
}

TEST(ScopesRequest, NamesKindsOfScopes) {
    Adapter adapter;
    adapter.run_and_stop();
    set_frames(adapter);
    adapter.host.level->scope_views = {
        {.kind = source::ScopeKind::Locals, .name = "Locals", .variables = {7}, .count = 2},
        {.kind = source::ScopeKind::WasmLocals,
         .name = "Wasm locals",
         .variables = {8},
         .count = 3,
         .expensive = true}};
    const json body = adapter.ask("scopes", {{"frameId", 2}});
    EXPECT_EQ(body["scopes"][0]["presentationHint"], "locals");
    EXPECT_EQ(body["scopes"][0]["variablesReference"], 7);
    EXPECT_EQ(body["scopes"][1]["presentationHint"], "registers");
    EXPECT_EQ(body["scopes"][1]["expensive"], true);
    EXPECT_EQ(adapter.refuse("scopes", {{"frameId", 99}}), "the frame is of an earlier stop");
}

TEST(ModulesRequest, PagesModules) {
    Adapter adapter;
    adapter.launch();
    adapter.host.level->module_views.resize(3);
    adapter.host.level->module_views[1] = {
        .instance = {.id = {1}, .module = {1}, .name = "lib", .path = "/lib.wasm"},
        .has_debug_info = true,
        .loaded = true};
    const json body = adapter.ask("modules", {{"startModule", 1}, {"moduleCount", 1}});
    EXPECT_EQ(body["totalModules"], 3);
    ASSERT_EQ(body["modules"].size(), 1U);
    EXPECT_EQ(body["modules"][0]["name"], "lib");
    EXPECT_EQ(body["modules"][0]["path"], "/lib.wasm");
    EXPECT_EQ(body["modules"][0]["symbolStatus"], "debug information loaded");
}

TEST(LoadedSourcesRequest, ListsPaths) {
    Adapter adapter;
    adapter.launch();
    adapter.host.level->source_paths = {"/src/app.c"};
    EXPECT_EQ(adapter.ask("loadedSources")["sources"],
              json::parse(R"([{"name": "app.c", "path": "/src/app.c"}])"));
}

} // namespace
} // namespace wdbg::test
