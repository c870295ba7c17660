// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dap/framing.h>
#include <wdbg/dap/server.h>

#include <nlohmann/json.hpp>

#include <deque>
#include <fake_debuggee.h>
#include <fake_source_level.h>
#include <memory>
#include <string>
#include <vector>
#include <wasm_builder.h>

namespace wdbg::test {

using nlohmann::json;

/// A host whose guests are fakes. Tasks run when the test says so.
class FakeHost final : public dap::Host {
  public:
    Result<std::unique_ptr<dap::Target>> launch(const dap::LaunchSettings& settings,
                                                dap::TargetHandlers handlers) override;
    Result<dap::TerminalLaunch> launch_in_terminal(const dap::LaunchSettings& settings,
                                                   dap::TargetHandlers handlers) override;
    Result<std::unique_ptr<dap::Target>> attach(const dap::AttachSettings& settings,
                                                dap::TargetHandlers handlers) override;

    void post(std::function<void()> task) override { tasks.push_back(std::move(task)); }

    std::unique_ptr<source::SourceLevel>
    make_source_level(Debuggee& guest,
                      std::vector<std::pair<std::string, std::string>> map) override;

    void run_tasks();

    std::unique_ptr<FakeDebuggee> debuggee;
    FakeSourceLevel* level = nullptr; ///< the session's
    dap::LaunchSettings launched;
    dap::AttachSettings attached;
    dap::TargetHandlers handlers;
    std::vector<std::pair<std::string, std::string>> source_map;
    std::optional<Error> failure; ///< of the next launch or attach
    bool is_process = false;
    int terminated = 0;
    std::deque<std::function<void()>> tasks;
    /// Sets the scene of each new source level.
    std::function<void(FakeSourceLevel&)> scene;
};

/// A client of the adapter under test.
class Adapter {
  public:
    Adapter();

    /// Sends a request and gives its response. Fails the test if there is not exactly one.
    json request(const std::string& command, json arguments = json::object());
    /// The body of a response that must be a success.
    json ask(const std::string& command, json arguments = json::object());
    /// The message of a response that must be a failure.
    std::string refuse(const std::string& command, json arguments = json::object());
    /// Sends without looking at what comes; gives the sequence number.
    int send(const std::string& command, json arguments = json::object());

    void send_raw(std::string_view bytes) { server_->receive(bytes); }

    /// initialize, launch of a file that exists, until the `initialized` event.
    void launch(json arguments = json::object());
    /// The same and configurationDone; then the guest stops at `reason`.
    void run_and_stop(StopReason reason = BreakpointHit{});

    void run_tasks() { host.run_tasks(); }

    /// All messages since last asked for.
    std::vector<json> take_messages();
    /// The bodies of events of that name among them; the others are dropped.
    std::vector<json> take_events(const std::string& name);

    [[nodiscard]] dap::Server& server() { return *server_; }

    [[nodiscard]] FakeDebuggee& guest() { return *host.debuggee; }

    FakeHost host;

  private:
    void take(std::string_view bytes);

    dap::Deframer deframer_;
    std::vector<json> messages_;
    std::unique_ptr<dap::Server> server_;
    int seq_ = 0;
};

/// A module with one function: `(func (param i32) (result i32) local.get 0 i32.const 2 i32.add)`,
/// then a second one of a `nop`.
[[nodiscard]] std::vector<std::byte> two_functions();

/// Path of a file that exists, to be launched.
[[nodiscard]] std::string some_program();

} // namespace wdbg::test
