// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes from a client of the debug adapter: framing, JSON, arguments of all requests. The guest is
// a fake. Lines of the input are messages (framed here), unless it begins with '!': then it is the
// stream itself.
#include <wdbg/dap/framing.h>
#include <wdbg/dap/server.h>

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <fake_debuggee.h>
#include <fake_source_level.h>
#include <memory>
#include <string_view>

namespace {

using namespace wdbg;

class FuzzTarget final : public dap::Target {
  public:
    explicit FuzzTarget(Debuggee& debuggee) : debuggee_(debuggee) {}

    Debuggee* debuggee() override { return &debuggee_; }

    [[nodiscard]] std::optional<std::int64_t> process_id() const override { return {}; }

    void terminate() override {}

    [[nodiscard]] std::string lost() const override { return {}; }

  private:
    Debuggee& debuggee_;
};

class FuzzHost final : public dap::Host {
  public:
    Result<std::unique_ptr<dap::Target>> launch(const dap::LaunchSettings& /*settings*/,
                                                dap::TargetHandlers /*handlers*/) override {
        guests_.push_back(std::make_unique<test::FakeDebuggee>());
        return std::make_unique<FuzzTarget>(*guests_.back());
    }

    Result<dap::TerminalLaunch> launch_in_terminal(const dap::LaunchSettings& /*settings*/,
                                                   dap::TargetHandlers /*handlers*/) override {
        return fail(ErrorCode::Unsupported, "no terminal");
    }

    Result<std::unique_ptr<dap::Target>> attach(const dap::AttachSettings& /*settings*/,
                                                dap::TargetHandlers handlers) override {
        return launch({}, std::move(handlers));
    }

    void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }

    std::unique_ptr<source::SourceLevel>
    make_source_level(Debuggee& debuggee,
                      std::vector<std::pair<std::string, std::string>> /*map*/) override {
        return std::make_unique<test::FakeSourceLevel>(debuggee);
    }

    void run_tasks() {
        while (!tasks_.empty()) {
            const auto task = std::move(tasks_.front());
            tasks_.pop_front();
            task();
        }
    }

  private:
    std::vector<std::unique_ptr<test::FakeDebuggee>> guests_;
    std::deque<std::function<void()>> tasks_;
};

/// What the server sends must be framed as it should be.
void check_output(std::string_view bytes) {
    dap::Deframer deframer;
    if (deframer.next(bytes) != dap::FrameEvent::Message || !bytes.empty()) {
        std::abort();
    }
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    FuzzHost host;
    dap::Server server(host, {}, check_output);
    if (input.starts_with('!')) {
        server.receive(input.substr(1));
        host.run_tasks();
        server.client_gone();
        return 0;
    }
    while (!input.empty()) {
        const std::size_t end = input.find('\n');
        server.receive(dap::frame(input.substr(0, end)));
        host.run_tasks();
        input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    }
    server.client_gone();
    return 0;
}
