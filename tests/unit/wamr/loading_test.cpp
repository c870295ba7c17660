// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace wdbg::test {
namespace {

using testing::HasSubstr;

wamr::GuestOptions invoking(std::string function, std::vector<std::string> args = {}) {
    wamr::GuestOptions options;
    options.invoke = std::move(function);
    options.args = std::move(args);
    return options;
}

class Loading : public testing::Test {
  public:
    Loading(const Loading&) = delete;
    Loading& operator=(const Loading&) = delete;

  protected:
    Loading() = default;

    ~Loading() override { std::filesystem::remove(file); }

    Error error_of(const std::filesystem::path& module, const wamr::GuestOptions& options = {}) {
        auto guest = runtime->load(module, options);
        EXPECT_FALSE(guest) << module;
        return guest ? Error{} : guest.error();
    }

    std::filesystem::path write(std::span<const std::byte> bytes) {
        std::ofstream out(file, std::ios::binary | std::ios::trunc);
        out.write(reinterpret_cast<const char*>(bytes.data()),
                  static_cast<std::streamsize>(bytes.size()));
        return file;
    }

    std::filesystem::path file = std::filesystem::path(testing::TempDir()) /
                                 ("wdbg-loading-" + std::to_string(getpid()) + ".wasm");
    std::unique_ptr<wamr::Runtime> runtime = *wamr::Runtime::create({.debug_hooks = true});
};

TEST_F(Loading, OfAMissingFileSaysSo) {
    const Error error = error_of("/nowhere/at-all.wasm");
    EXPECT_EQ(error.code, ErrorCode::Io);
    EXPECT_THAT(error.message, HasSubstr("/nowhere/at-all.wasm"));
    EXPECT_THAT(error.message, HasSubstr("No such file"));
}

TEST_F(Loading, OfAFolderSaysSo) {
    EXPECT_EQ(error_of("/tmp").code, ErrorCode::Io);
}

TEST_F(Loading, OfAnEmptyFileIsMalformed) {
    EXPECT_EQ(error_of(write({})).code, ErrorCode::Malformed);
}

TEST_F(Loading, OfSomethingElseIsMalformed) {
    const std::string text = "#!/bin/sh\necho no module\n";
    EXPECT_EQ(error_of(write(std::as_bytes(std::span(text)))).code, ErrorCode::Malformed);
}

TEST_F(Loading, OfAModuleCutAnywhereNeverCrashesAndIsRefusedWithinASection) {
    const GuestCode code("values");
    const auto bytes = code.module().bytes();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        auto guest = runtime->load(write(bytes.first(size)), invoking("run"));
        if (guest) {
            continue; // cut between two of the trailing custom sections
        }
        EXPECT_THAT(guest.error().code, testing::AnyOf(ErrorCode::Malformed, ErrorCode::NotFound));
        EXPECT_FALSE(guest.error().message.empty());
    }
    for (const wasm::Section& section : code.module().sections()) {
        const auto within = bytes.first(section.end.value - 1);
        EXPECT_EQ(error_of(write(within), invoking("run")).code, ErrorCode::Malformed);
    }
}

TEST_F(Loading, OfAModuleWithAnImportThatNothingProvidesNamesIt) {
    const Error error = error_of(guest_path("unresolved"));
    EXPECT_EQ(error.code, ErrorCode::NotFound);
    EXPECT_THAT(error.message, HasSubstr("nowhere.to_be_found"));
}

TEST_F(Loading, OfAModuleWithoutEntrySaysHowToNameOne) {
    const Error error = error_of(guest_path("no_entry"));
    EXPECT_EQ(error.code, ErrorCode::NotFound);
    EXPECT_THAT(error.message, HasSubstr("--invoke="));
}

TEST_F(Loading, WithAnExportThatDoesNotExistNamesIt) {
    const Error error = error_of(guest_path("no_entry"), invoking("other"));
    EXPECT_EQ(error.code, ErrorCode::NotFound);
    EXPECT_THAT(error.message, HasSubstr("'other'"));
}

TEST_F(Loading, OfAModuleWithSimdNamesTheEngineThatCanRunIt) {
    const Error error = error_of(guest_path("simd"), invoking("run"));
    EXPECT_EQ(error.code, ErrorCode::Unsupported);
    EXPECT_THAT(error.message, HasSubstr("--engine=aot"));
}

TEST_F(Loading, WithWrongArgumentsForTheExportIsAnErrorOfTheRun) {
    register_host_functions();
    auto guest = runtime->load(guest_path("calls"), invoking("sum_to", {"1", "2"}));
    ASSERT_TRUE(guest);
    EXPECT_THAT((*guest)->run().trap, HasSubstr("takes 1 arguments"));
    guest->reset();
    guest = runtime->load(guest_path("calls"), invoking("sum_to", {"abc"}));
    ASSERT_TRUE(guest);
    EXPECT_THAT((*guest)->run().trap, HasSubstr("'abc' is no value"));
}

TEST_F(Loading, OfASecondRuntimeIsRefused) {
    EXPECT_EQ(wamr::Runtime::create({}).error().code, ErrorCode::Busy);
}

TEST_F(Loading, FailsAHundredTimesWithoutHarmToTheNext) {
    register_host_functions();
    for (int i = 0; i < 100; ++i) {
        error_of(guest_path("unresolved"));
        error_of(guest_path("no_entry"));
        error_of(guest_path("simd"));
    }
    auto guest = runtime->load(guest_path("calls"), invoking("sum_to", {"4"}));
    ASSERT_TRUE(guest);
    EXPECT_THAT((*guest)->run().results, testing::ElementsAre("10:i32"));
}

TEST(PlainRuntime, RunsGuestsAndHasNoDebuggee) {
    auto runtime = *wamr::Runtime::create({});
    EXPECT_EQ(runtime->debuggee([](const auto&) {}).error().code, ErrorCode::Unsupported);
    register_host_functions();
    auto guest = runtime->load(guest_path("calls"), invoking("mix", {"40"}));
    ASSERT_TRUE(guest);
    EXPECT_FALSE((*guest)->run().results.empty());
    auto trapping = runtime->load(guest_path("traps"), invoking("divide"));
    ASSERT_TRUE(trapping);
    const auto outcome = (*trapping)->run();
    EXPECT_EQ(outcome.trap, "integer divide by zero");
    ASSERT_TRUE(outcome.trap_pc);
    EXPECT_EQ(outcome.trap_pc->offset, GuestCode("traps").at("divide", "i32.div_s"));
}

} // namespace
} // namespace wdbg::test
