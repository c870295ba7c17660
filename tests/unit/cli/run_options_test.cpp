// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/run_options.h>

#include <gtest/gtest.h>

namespace wdbg::cli {
namespace {

Result<RunOptions> parse(const std::vector<std::string>& arguments) {
    return parse_run_options(arguments);
}

std::string error_of(const std::vector<std::string>& arguments) {
    const Result<RunOptions> options = parse(arguments);
    return options ? "" : options.error().message;
}

TEST(RunOptions, DefaultsRunTheModuleWithoutAListener) {
    const Result<RunOptions> options = parse({"app.wasm"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->module, "app.wasm");
    EXPECT_FALSE(options->listen);
    EXPECT_TRUE(options->wait);
    EXPECT_TRUE(options->guest_args.empty());
}

TEST(RunOptions, EverySpellingOfTheListenerIsTheSame) {
    for (const char* spelling : {"-g=127.0.0.1:9", "-g9", "-g=9", "-g127.0.0.1:9",
                                 "--debugger-port=9", "--listen=127.0.0.1:9", "--listen=:9"}) {
        const Result<RunOptions> options = parse({spelling, "app.wasm"});
        ASSERT_TRUE(options) << spelling;
        EXPECT_EQ(options->listen, (Endpoint{"127.0.0.1", 9})) << spelling;
    }
    EXPECT_EQ(parse({"-g=[::1]:0", "a"})->listen, (Endpoint{"::1", 0}));
}

/// lldb-wasm-wire.md §4: 22 and 23 give the port first, 24 behind the runtime's arguments.
TEST(RunOptions, TakesTheOrdersOfLldbsWasmPlatform) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"-g=4711", "--heap-size=9", "--env=A=B", "/m.wasm", "-g", "x"},
          std::vector<std::string>{"--heap-size=9", "-g=4711", "--env=A=B", "/m.wasm", "-g", "x"},
          std::vector<std::string>{"--env", "A=B", "--heap-size=9", "--debugger-port=4711",
                                   "/m.wasm", "-g", "x"}}) {
        const Result<RunOptions> options = parse(arguments);
        ASSERT_TRUE(options) << options.error().message;
        EXPECT_EQ(options->listen, (Endpoint{"127.0.0.1", 4711}));
        EXPECT_EQ(options->heap_size, 9U);
        EXPECT_EQ(options->env, std::vector<std::string>{"A=B"});
        EXPECT_EQ(options->module, "/m.wasm");
        EXPECT_EQ(options->guest_args, (std::vector<std::string>{"-g", "x"}));
    }
}

TEST(RunOptions, TakesThePortBeforeTheCommand) {
    const std::vector<std::string> expected{"-g=4711",   "--env",   "A=run",
                                            "--no-wait", "/m.wasm", "run"};
    EXPECT_EQ(without_run(std::vector<std::string>{"-g=4711", "--env", "A=run", "run", "--no-wait",
                                                   "/m.wasm", "run"}),
              expected);
    EXPECT_EQ(without_run(expected), expected);
}

TEST(RunOptions, LeavesAllBehindTheModuleToTheGuest) {
    const Result<RunOptions> options = parse({"app.wasm", "--help", "--", "-g=1", "--bogus", ""});
    ASSERT_TRUE(options);
    EXPECT_FALSE(options->help);
    EXPECT_EQ(options->guest_args,
              (std::vector<std::string>{"--help", "--", "-g=1", "--bogus", ""}));
}

TEST(RunOptions, ADoubleDashEndsTheOptions) {
    EXPECT_EQ(parse({"--no-wait", "--", "-odd.wasm", "x"})->module, "-odd.wasm");
}

TEST(RunOptions, ReadsWhatTheGuestGets) {
    const Result<RunOptions> options =
        parse({"--env=A=1=2", "--env", "B=", "--dir=.", "--dir=/tmp::/scratch", "--invoke=f",
               "--stack-size=1024", "--max-threads=3", "--no-wait", "-v", "m"});
    ASSERT_TRUE(options) << options.error().message;
    EXPECT_EQ(options->env, (std::vector<std::string>{"A=1=2", "B="}));
    EXPECT_EQ(options->preopens,
              (std::vector<std::pair<std::string, std::string>>{{".", "."}, {"/tmp", "/scratch"}}));
    EXPECT_EQ(options->invoke, "f");
    EXPECT_EQ(options->stack_size, 1024U);
    EXPECT_EQ(options->max_threads, 3U);
    EXPECT_FALSE(options->wait);
    EXPECT_TRUE(options->verbose);
}

TEST(RunOptions, ErrorsNameTheOptionAndWhatWouldBeRight) {
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{}, "no MODULE given"},
        {{"-g=1"}, "no MODULE given"},
        {{"--bogus", "m"}, "unknown option --bogus"},
        {{"-g=host", "m"}, "-g=host: expected HOST:PORT"},
        {{"-g=1:70000", "m"}, "-g=1:70000: expected HOST:PORT"},
        {{"-g=1", "--listen=2", "m"}, "--listen=2: there is a listener already"},
        {{"--env=A", "m"}, "--env=A: expected --env=NAME=VALUE"},
        {{"--env==v", "m"}, "--env==v: expected --env=NAME=VALUE"},
        {{"--stack-size=1k", "m"}, "--stack-size=1k: expected a number"},
        {{"--heap-size=4294967296", "m"}, "--heap-size=4294967296: expected a number"},
        {{"--max-threads=-1", "m"}, "--max-threads=-1: expected a number"},
        {{"--dir=/no/such/folder", "m"}, "there is no folder /no/such/folder"},
        {{"--dir=.::", "m"}, "--dir=.::: expected --dir=HOST"},
        {{"--engine=jit", "m"}, "--engine=jit: expected interp or aot"},
        {{"-O4", "m"}, "-O=4: expected -O0"},
        {{"-O2", "m"}, "-O2 is for --engine=aot"},
        {{"--cpu=znver4", "m"}, "--cpu is for --engine=aot"},
        {{"--wait=1", "m"}, "--wait takes no value"},
        {{"--listen-file=x", "m"}, "--listen-file and --listen-fd need a listener"},
        {{"--invoke"}, "--invoke needs a value: --invoke=FUNC"},
    };
    for (const auto& [arguments, expected] : cases) {
        EXPECT_NE(error_of(arguments).find(expected), std::string::npos)
            << error_of(arguments) << "\n  lacks: " << expected;
    }
}

TEST(RunOptions, OptionsOfFeaturesToComeAreKnownButUnavailable) {
    for (const char* option : {"--tier-down=auto", "--tier-down=module"}) {
        const Result<RunOptions> options = parse({option, "m"});
        ASSERT_TRUE(options) << option;
        EXPECT_NE(options->unavailable.find("yet"), std::string::npos) << option;
    }
    EXPECT_EQ(parse({"--engine=interp", "--tier-down=off", "m"})->unavailable, "");
}

TEST(RunOptions, ChooseTheEngineForAWasmModule) {
    EXPECT_FALSE(parse({"m"})->compile);
    const auto compiled =
        parse({"--engine=aot", "-O3", "--cpu=x86-64-v3", "--debug-file=x.debug", "m"});
    ASSERT_TRUE(compiled);
    EXPECT_TRUE(compiled->compile);
    EXPECT_EQ(compiled->optimisation, "3");
    EXPECT_EQ(compiled->processor, "x86-64-v3");
    EXPECT_EQ(compiled->debug_file, "x.debug");
    EXPECT_EQ(parse({"--engine=aot", "-O=g", "m"})->optimisation, "g");
}

TEST(RunOptions, HelpNeedsNoModuleAndListsEveryOption) {
    EXPECT_TRUE(parse({"--help"})->help);
    EXPECT_TRUE(parse({"-h"})->help);
    for (const char* option : {"-g, --debugger-port, --listen=HOST:PORT", "--no-wait", "--env=K=V",
                               "--dir=HOST[::GUEST]", "--listen-file=PATH"}) {
        EXPECT_NE(run_help().find(option), std::string::npos) << option;
    }
}

} // namespace
} // namespace wdbg::cli
