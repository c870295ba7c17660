// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A native debug server that lies, to RemoteNativeTarget. Each line of the input answers one
// packet; one that begins with 0x02 is sent as it is, and after the last the connection is closed.
#include <wdbg/remote/native_target.h>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <packet_server.h>

namespace {

namespace asio = boost::asio;
using namespace wdbg;

constexpr auto patience = std::chrono::milliseconds(20);

class Liar {
  public:
    explicit Liar(std::string_view lines) : lines_(lines) {}

    [[nodiscard]] std::uint16_t port() const { return server_.port(); }

  private:
    test::PacketServer::Reply answer() {
        if (lines_.empty()) {
            return {.bytes = {}, .closes = true};
        }
        const std::size_t end = std::min(lines_.find('\n'), lines_.size());
        const std::string_view line = lines_.substr(0, end);
        lines_.remove_prefix(std::min(end + 1, lines_.size()));
        return {.bytes = line.starts_with('\x02') ? std::string(line.substr(1))
                                                  : "+" + test::framed(line)};
    }

    std::string_view lines_;
    test::PacketServer server_{
        [this](rsp::FrameEvent /*event*/, std::string_view /*packet*/) { return answer(); }};
};

/// What a debugger does at a stop.
void look_around(remote::RemoteNativeTarget& target) {
    std::array<std::byte, 100> bytes{};
    std::ignore = target.read_memory({0x20000000}, bytes);
    std::ignore = target.write_memory({0x20000100}, bytes);
    for (const NativeThread& thread : target.threads()) {
        std::ignore = target.registers(thread.id);
    }
    std::ignore = target.memory_map();
}

void use(remote::RemoteNativeTarget& target, asio::io_context& loop) {
    const auto id =
        target.add_code({.range = {.begin = {0x1000}, .end = {0x1040}}, .module = ModuleId{0}},
                        std::vector<std::byte>(64), true);
    int stops = 0;
    bool ended = false;
    target.set_end_handler([&ended](const remote::NativeEnd& /*how*/) { ended = true; });
    target.set_event_handler([&stops](const NativeEvent& event) {
        stops += std::holds_alternative<NativeStopped>(event) ? 1 : 0;
    });
    std::ignore = target.plant({0x1004}, {});
    std::ignore = target.stop_at_changes({0x2000}, [](bool told) { return told; });
    std::ignore = target.watchpoints()->add({0x20000010}, 4, NativeWatchKind::Write);
    target.start();
    constexpr int most_turns = 8;
    for (int turn = 0; turn < most_turns && !ended; ++turn) {
        const int before = stops;
        const auto end = std::chrono::steady_clock::now() + patience;
        while (stops == before && !ended && std::chrono::steady_clock::now() < end) {
            loop.restart();
            loop.run_one_until(end);
        }
        if (stops == before) {
            break; // it runs for ever
        }
        look_around(target);
        const auto threads = target.threads();
        NativeResume request;
        if (turn % 2 == 1 && !threads.empty()) {
            request.threads.push_back(
                {.thread = threads.front().id, .action = StepNativeInstruction{}});
        }
        std::ignore = target.resume(request);
    }
    target.remove_code(id);
    target.release();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Liar server({reinterpret_cast<const char*>(data), size});
    asio::io_context loop;
    auto target = remote::RemoteNativeTarget::connect(
        loop, {.port = server.port(), .timeout = patience, .machine = Machine::Arm});
    if (target) {
        use(**target, loop);
    }
    return 0;
}
