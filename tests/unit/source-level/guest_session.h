// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/source/source_level.h>
#include <wdbg/wamr/runtime.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace wdbg::test {

[[nodiscard]] bool fixture_exists(const std::string& name);

/// The line of `// BREAK: marker` in a source below tests/fixtures; throws if there is none.
[[nodiscard]] std::uint32_t marked_line(const std::string& source, const std::string& marker);

/// A fixture that runs in the interpreter on a thread of its own, debugged by its source: the
/// test's thread plays the event loop. Waits have deadlines, behind which they throw.
class GuestSession {
  public:
    /// Stops at the entry. `source` is the file, below tests/fixtures, that markers are in.
    GuestSession(const std::string& fixture, std::string source,
                 std::vector<std::string> args = {},
                 std::vector<std::filesystem::path> formatter_files = {});
    GuestSession(const GuestSession&) = delete;
    GuestSession& operator=(const GuestSession&) = delete;
    ~GuestSession();

    source::SourceLevel* operator->() { return level_.get(); }

    Debuggee& machine() { return *debuggee_; }

    [[nodiscard]] std::string source_path() const;
    [[nodiscard]] std::uint32_t line(const std::string& marker) const;

    /// Sets the only breakpoint of the file.
    source::BreakpointInfo break_at(const std::string& marker,
                                    source::BreakpointOptions options = {});
    std::vector<source::BreakpointInfo> break_at_all(const std::vector<std::string>& markers);
    /// break_at(), and runs until it is hit.
    source::StoppedView run_to(const std::string& marker);
    source::StoppedView resume();
    source::StoppedView step(source::StepKind kind, source::StepGranularity granularity =
                                                        source::StepGranularity::Line);
    source::StoppedView wait_for_stop();
    /// Resumes and waits for the guest's end; other stops throw.
    void run_to_end();

    [[nodiscard]] std::vector<source::StackFrame> stack();
    /// Of the innermost frame.
    [[nodiscard]] std::uint32_t current_line();
    [[nodiscard]] std::string function();

    /// Value of an expression in a frame; its error's message in brackets.
    [[nodiscard]] std::string value(const std::string& expression, std::size_t frame = 0);
    [[nodiscard]] Result<source::VariableView> evaluate(const std::string& expression,
                                                        std::size_t frame = 0);
    [[nodiscard]] std::string error(const std::string& expression);
    /// "name=value" of all children.
    [[nodiscard]] std::vector<std::string> children(const source::VariableView& parent);
    [[nodiscard]] std::vector<source::VariableView>
    scope(source::ScopeKind kind, std::size_t frame = 0);

    /// Log points and the like, since the start.
    std::vector<std::string> logs;
    std::vector<source::BreakpointInfo> changed;

    static constexpr ThreadId main_thread{1};

  private:
    void post(std::function<void()> task);
    bool run_one(std::chrono::steady_clock::time_point until);
    void end();

    std::string source_;
    std::mutex mutex_;
    std::condition_variable added_;
    std::deque<std::function<void()>> tasks_;
    std::unique_ptr<wamr::Runtime> runtime_;
    std::unique_ptr<wamr::Guest> guest_;
    Debuggee* debuggee_ = nullptr;
    std::unique_ptr<source::SourceLevel> level_;
    std::thread thread_;
    std::deque<source::StoppedView> stops_;
    bool ended_ = false;
    std::optional<wamr::Outcome> outcome_;
};

} // namespace wdbg::test

/// At the begin of a test: skips it if the fixture is not built.
#define REQUIRE_FIXTURE(name)                                                                      \
    if (!wdbg::test::fixture_exists(name)) {                                                       \
        GTEST_SKIP() << (name) << " is not built";                                                 \
    }
