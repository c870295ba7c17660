// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "adapter.h"

#include <gtest/gtest.h>

#include <utility>

namespace wdbg::test {

namespace {

class FakeTarget final : public dap::Target {
  public:
    FakeTarget(FakeHost& host, Debuggee* debuggee) : host_(host), debuggee_(debuggee) {}

    Debuggee* debuggee() override { return debuggee_; }

    [[nodiscard]] std::optional<std::int64_t> process_id() const override {
        return host_.is_process ? std::optional<std::int64_t>(4711) : std::nullopt;
    }

    void terminate() override { ++host_.terminated; }

    [[nodiscard]] std::string lost() const override { return {}; }

  private:
    FakeHost& host_;
    Debuggee* debuggee_;
};

} // namespace

Result<std::unique_ptr<dap::Target>> FakeHost::launch(const dap::LaunchSettings& settings,
                                                      dap::TargetHandlers target_handlers) {
    launched = settings;
    handlers = std::move(target_handlers);
    if (failure) {
        return std::unexpected(*std::exchange(failure, std::nullopt));
    }
    debuggee = std::make_unique<FakeDebuggee>();
    return std::make_unique<FakeTarget>(*this, settings.no_debug ? nullptr : debuggee.get());
}

Result<dap::TerminalLaunch> FakeHost::launch_in_terminal(const dap::LaunchSettings& settings,
                                                         dap::TargetHandlers target_handlers) {
    return dap::TerminalLaunch{
        .command = {"wdbg", "run", settings.program},
        .connect = [this, settings, target_handlers](
                       const std::function<void(Result<std::unique_ptr<dap::Target>>)>& done) {
            done(launch(settings, target_handlers));
        }};
}

Result<std::unique_ptr<dap::Target>> FakeHost::attach(const dap::AttachSettings& settings,
                                                      dap::TargetHandlers target_handlers) {
    attached = settings;
    return launch({}, std::move(target_handlers));
}

std::unique_ptr<source::SourceLevel>
FakeHost::make_source_level(Debuggee& guest, std::vector<std::pair<std::string, std::string>> map) {
    source_map = std::move(map);
    auto made = std::make_unique<FakeSourceLevel>(guest);
    level = made.get();
    if (scene) {
        scene(*level);
    }
    return made;
}

void FakeHost::run_tasks() {
    while (!tasks.empty()) {
        const auto task = std::move(tasks.front());
        tasks.pop_front();
        task();
    }
}

Adapter::Adapter() {
    server_ = std::make_unique<dap::Server>(host, dap::ServerOptions{},
                                            [this](std::string_view bytes) { take(bytes); });
}

void Adapter::take(std::string_view bytes) {
    dap::FrameEvent event = deframer_.next(bytes);
    while (event == dap::FrameEvent::Message) {
        messages_.push_back(json::parse(deframer_.text()));
        event = deframer_.next(bytes);
    }
    EXPECT_EQ(event, dap::FrameEvent::NeedMore);
}

int Adapter::send(const std::string& command, json arguments) {
    json message{{"seq", ++seq_}, {"type", "request"}, {"command", command}};
    if (!arguments.empty()) {
        message["arguments"] = std::move(arguments);
    }
    server_->receive(dap::frame(message.dump()));
    return seq_;
}

json Adapter::request(const std::string& command, json arguments) {
    const int seq = send(command, std::move(arguments));
    run_tasks();
    json response;
    int count = 0;
    std::vector<json> others;
    for (json& message : messages_) {
        if (message["type"] == "response" && message["request_seq"] == seq) {
            response = message;
            ++count;
        } else {
            others.push_back(std::move(message));
        }
    }
    messages_ = std::move(others);
    EXPECT_EQ(count, 1) << command;
    EXPECT_EQ(response.value("command", ""), command);
    return response;
}

json Adapter::ask(const std::string& command, json arguments) {
    json response = request(command, std::move(arguments));
    EXPECT_TRUE(response.value("success", false)) << response.dump(2);
    return response.value("body", json::object());
}

std::string Adapter::refuse(const std::string& command, json arguments) {
    const json response = request(command, std::move(arguments));
    EXPECT_FALSE(response.value("success", true)) << response.dump(2);
    return response.value("message", "");
}

void Adapter::launch(json arguments) {
    ask("initialize", {{"adapterID", "wdbg"}});
    if (!arguments.contains("program")) {
        arguments["program"] = some_program();
    }
    ask("launch", std::move(arguments));
    run_tasks();
}

void Adapter::run_and_stop(StopReason reason) {
    launch();
    ask("configurationDone");
    take_messages();
    guest().stop(ThreadId{1}, std::move(reason));
    run_tasks();
    take_messages();
}

std::vector<json> Adapter::take_messages() {
    return std::exchange(messages_, {});
}

std::vector<json> Adapter::take_events(const std::string& name) {
    std::vector<json> bodies;
    for (const json& message : take_messages()) {
        if (message["type"] == "event" && message["event"] == name) {
            bodies.push_back(message.value("body", json::object()));
        }
    }
    return bodies;
}

std::vector<std::byte> two_functions() {
    return WasmBuilder()
        .types({func_type({i32}, {i32}), func_type({}, {})})
        .functions({0, 1})
        .code({body({}, {0x20, 0x00, 0x41, 0x02, 0x6A, 0x0B}), body({}, {0x01, 0x0B})})
        .build();
}

std::string some_program() {
    return "/proc/self/exe";
}

} // namespace wdbg::test
