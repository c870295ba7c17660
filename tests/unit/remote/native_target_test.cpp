// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RemoteNativeTarget against a scripted server: what real ones do rarely.
#include <wdbg/remote/native_target.h>
#include <wdbg/rsp/framing.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>
#include <vector>

namespace wdbg::remote {
namespace {

namespace asio = boost::asio;

std::string framed(std::string_view payload) {
    std::string out(rsp::framed_size_limit(payload.size()), '\0');
    out.resize(rsp::frame(payload, out.data()));
    return out;
}

/// Answers by the longest prefix of a packet that it knows, else with nothing ("not supported").
/// The answer "!" closes the connection in the middle of a packet; "?" is no answer at all; "~…"
/// has a wrong checksum. "a|b|c" are the answers to one request after the other.
class ScriptedServer {
  public:
    explicit ScriptedServer(std::map<std::string, std::string> answers)
        : answers_(std::move(answers))
        , thread_([this] { serve(); }) {}

    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    ~ScriptedServer() {
        boost::system::error_code ignored;
        std::ignore = acceptor_.close(ignored);
        thread_.join();
    }

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    [[nodiscard]] bool saw(std::string_view packet) const {
        const std::lock_guard lock(mutex_);
        return std::ranges::find(seen_, packet) != seen_.end();
    }

  private:
    void serve() {
        asio::ip::tcp::socket socket(loop_);
        boost::system::error_code error;
        [[maybe_unused]] const auto accepted = acceptor_.accept(socket, error);
        std::array<char, 65536> room{};
        rsp::Deframer deframer(room, rsp::Direction::ToServer);
        std::array<char, 4096> buffer{};
        while (!error) {
            const std::size_t size = socket.read_some(asio::buffer(buffer), error);
            std::string_view bytes(buffer.data(), size);
            rsp::FrameEvent event{};
            while (!error && (event = deframer.next(bytes)) != rsp::FrameEvent::NeedMore) {
                const bool again = event == rsp::FrameEvent::Nack && !last_.empty();
                if ((event == rsp::FrameEvent::Packet && !answer(socket, deframer.payload())) ||
                    (again && !send(socket, next_answer(last_)))) {
                    return;
                }
            }
        }
    }

    bool answer(asio::ip::tcp::socket& socket, std::string_view packet) {
        {
            const std::lock_guard lock(mutex_);
            seen_.emplace_back(packet);
        }
        last_ = packet;
        return send(socket, next_answer(packet));
    }

    std::string next_answer(std::string_view packet) {
        std::string* found = nullptr;
        std::size_t best = 0;
        for (auto& [prefix, text] : answers_) {
            if (packet.starts_with(prefix) && prefix.size() >= best) {
                found = &text;
                best = prefix.size();
            }
        }
        if (found == nullptr) {
            return {};
        }
        const std::size_t end = std::min(found->find('|'), found->size());
        std::string answer = found->substr(0, end);
        found->erase(0, end == found->size() ? 0 : end + 1);
        return answer;
    }

    static bool send(asio::ip::tcp::socket& socket, const std::string& reply) {
        boost::system::error_code error;
        if (reply.starts_with('~')) {
            asio::write(socket, asio::buffer("+$" + reply.substr(1) + "#00"), error);
            return !error;
        }
        if (reply == "!") {
            asio::write(socket, asio::buffer(std::string("+$T05th")), error);
            return false;
        }
        if (reply != "?") {
            asio::write(socket, asio::buffer("+" + framed(reply)), error);
        }
        return !error;
    }

    std::map<std::string, std::string> answers_;
    std::string last_;
    mutable std::mutex mutex_;
    std::vector<std::string> seen_;
    asio::io_context loop_;
    asio::ip::tcp::acceptor acceptor_{loop_, {asio::ip::make_address("127.0.0.1"), 0}};
    std::thread thread_;
};

constexpr const char* description =
    "l<target><architecture>aarch64</architecture><feature name=\"f\">"
    "<reg name=\"sp\" bitsize=\"64\" regnum=\"31\"/><reg name=\"pc\" bitsize=\"64\"/>"
    "</feature></target>";

std::map<std::string, std::string> board() {
    return {{"qSupported", "PacketSize=400;qXfer:features:read+;qXfer:memory-map:read+"},
            {"qXfer:features:read:target.xml", description},
            {"qXfer:memory-map:read",
             "l<memory-map><memory type=\"flash\" start=\"0x0\" length=\"0x8000\"/>"
             "<memory type=\"ram\" start=\"0x20000000\" length=\"0x8000\"/></memory-map>"},
            {"?", "S05"},
            {"g", "0000000020000000"
                  "0010000000000000"},
            {"Z", "OK"},
            {"z", "OK"},
            {"D", "OK"}};
}

class NativeTarget : public testing::Test {
  protected:
    void connect(std::map<std::string, std::string> answers,
                 std::optional<Machine> machine = Machine::AArch64) {
        server = std::make_unique<ScriptedServer>(std::move(answers));
        NativeConnectOptions options;
        options.port = server->port();
        options.machine = machine;
        options.timeout = std::chrono::milliseconds(20'000);
        options.warn = [this](const std::string& text) { warnings += text; };
        connected = RemoteNativeTarget::connect(loop, std::move(options));
    }

    RemoteNativeTarget& target() { return **connected; }

    void add_code(std::uint64_t begin) {
        target().add_code({.range = {.begin = {begin}, .end = {begin + 64}},
                           .module = ModuleId{0},
                           .debug_file = {},
                           .module_file = {},
                           .wasm_file = {}},
                          std::vector<std::byte>(64), false);
    }

    /// Runs the event loop until then.
    void run_until(const std::function<bool()>& done) {
        constexpr auto limit = std::chrono::seconds(20);
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!done()) {
            loop.restart();
            loop.run_one_until(end);
            ASSERT_LT(std::chrono::steady_clock::now(), end) << "nothing came";
        }
    }

    asio::io_context loop;
    std::unique_ptr<ScriptedServer> server;
    std::string warnings;
    Result<std::unique_ptr<RemoteNativeTarget>> connected = fail(ErrorCode::Internal, "");
};

TEST_F(NativeTarget, PlantsHardwareBreakpointsInFlashAndSoftwareOnesInRam) {
    connect(board());
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x1000);
    add_code(0x20000000);
    EXPECT_TRUE(target().plant({0x1004}, {}));
    EXPECT_TRUE(target().plant({0x20000004}, {}));
    EXPECT_TRUE(server->saw("Z1,1004,4"));
    EXPECT_TRUE(server->saw("Z0,20000004,4"));
    target().release();
    EXPECT_TRUE(server->saw("z1,1004,4"));
    EXPECT_TRUE(server->saw("z0,20000004,4"));
    EXPECT_TRUE(server->saw("D"));
    EXPECT_EQ(warnings, "");
}

TEST_F(NativeTarget, SaysThatTheHardwareBreakpointsAreUsedUp) {
    auto answers = board();
    answers["Z1"] = "E0e";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x1000);
    const auto planted = target().plant({0x1008}, {});
    ASSERT_FALSE(planted);
    EXPECT_EQ(planted.error().code, ErrorCode::Busy);
    EXPECT_NE(planted.error().message.find("no hardware breakpoint left for 0x1008"),
              std::string::npos);
}

TEST_F(NativeTarget, NamesTheBreakpointsThatItCouldNotRemove) {
    auto answers = board();
    answers["z0"] = "E01";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x20000000);
    ASSERT_TRUE(target().plant({0x20000010}, {}));
    target().release();
    EXPECT_NE(warnings.find("0x20000010"), std::string::npos) << warnings;
}

TEST_F(NativeTarget, RefusesAnotherMachine) {
    connect(board(), Machine::X86_64);
    ASSERT_FALSE(connected);
    EXPECT_NE(connected.error().message.find("the target is aarch64, the debug file is for x86-64"),
              std::string::npos)
        << connected.error().message;
}

TEST_F(NativeTarget, TakesAServerWithoutADescriptionForWhatTheDebugFileSays) {
    auto answers = board();
    answers["qSupported"] = "PacketSize=400";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    EXPECT_EQ(target().machine(), Machine::AArch64);
}

TEST_F(NativeTarget, EndsWithAServerThatGoesInTheMiddleOfAPacket) {
    auto answers = board();
    answers["c"] = "!";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x20000000);
    ASSERT_TRUE(target().plant({0x20000010}, {}));
    std::string lost;
    target().set_end_handler([&](const NativeEnd& end) {
        const auto* how = std::get_if<NativeLost>(&end);
        lost = how == nullptr ? "not lost" : how->reason;
    });
    bool started = false;
    target().set_event_handler([&](const NativeEvent& event) {
        if (std::holds_alternative<NativeStopped>(event) && !std::exchange(started, true)) {
            EXPECT_TRUE(target().resume({.threads = {}, .resume_others = true}));
        }
    });
    target().start();
    loop.run();
    EXPECT_TRUE(started);
    EXPECT_NE(lost.find("lost"), std::string::npos) << lost;
    EXPECT_NE(warnings.find("0x20000010"), std::string::npos) << "it stays in the code";
    EXPECT_FALSE(target().resume({.threads = {}, .resume_others = true}));
}

TEST_F(NativeTarget, RefusesRegistersThatAreNone) {
    auto answers = board();
    answers["g"] = "zz";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    EXPECT_FALSE(target().first_argument());
    std::array<std::byte, 4> bytes{};
    EXPECT_FALSE(target().read_memory({0x20000000}, bytes)); // no answer to m
}

TEST_F(NativeTarget, TriesHardwareBreakpointsWhereSoftwareOnesAreRefused) {
    auto answers = board();
    answers["Z0"] = "E0e";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x20000000);
    EXPECT_TRUE(target().plant({0x20000008}, {}));
    EXPECT_TRUE(server->saw("Z1,20000008,4"));
    target().release();
    EXPECT_TRUE(server->saw("z1,20000008,4"));
}

TEST_F(NativeTarget, TakesBreakpointsOutOfCodeThatGoes) {
    connect(board());
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x20000000);
    ASSERT_TRUE(target().plant({0x20000010}, {}));
    target().add_instance({.module = ModuleId{0}, .address = {0x20001000}});
    target().remove_code(target().code_ranges().front().first);
    EXPECT_TRUE(server->saw("z0,20000010,4"));
    EXPECT_TRUE(target().code_ranges().empty());
    EXPECT_TRUE(target().instances().empty());
    EXPECT_FALSE(target().plant({0x20000010}, {})) << "there is no code";
}

TEST_F(NativeTarget, LooksForCodeWhereTheTargetTellsOfChanges) {
    auto answers = board();
    answers["vCont?"] = "vCont;c;C;s;S";
    answers["vCont;c"] = "S05";
    answers["g"] = "0000000020000000"
                   "0010000000000000|" // the pc, little-endian
                   "0000000020000000"
                   "0020000000000000";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    int looks = 0;
    int stops = 0;
    bool told_of_change = false;
    target().set_event_handler([&](const NativeEvent& event) {
        const auto* stopped = std::get_if<NativeStopped>(&event);
        stops += stopped != nullptr ? 1 : 0;
        told_of_change = stopped != nullptr && !stopped->threads.empty() &&
                         std::holds_alternative<NativeCodeChanged>(stopped->threads[0].reason);
    });
    ASSERT_TRUE(target().stop_at_changes({0x2000}, [&](bool told) {
        looks += told ? 1 : 0;
        return true;
    }));
    EXPECT_TRUE(server->saw("Z1,2000,4"));
    target().start();
    run_until([&] { return stops == 1; });
    ASSERT_TRUE(target().resume({}));
    run_until([&] { return told_of_change; });
    EXPECT_EQ(looks, 1);
}

TEST_F(NativeTarget, AsksAgainForWhatCameGarbled) {
    auto answers = board();
    answers["g"] = "~0000|0000000020000000"
                   "0010000000000000";
    answers["m20000100"] = "~11|~12|2a000000";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    std::array<std::byte, 4> bytes{};
    EXPECT_TRUE(target().read_memory({0x20000100}, bytes));
    EXPECT_EQ(bytes[0], std::byte{0x2a});
}

TEST_F(NativeTarget, PassesUnknownSignalsOn) {
    auto answers = board();
    answers["vCont?"] = "vCont;c;C;s;S";
    answers["vCont;c"] = "S97";
    answers["vCont;C97"] = "W07";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    std::optional<int> exit_code;
    bool stopped = false;
    target().set_event_handler([&](const NativeEvent& /*event*/) { stopped = true; });
    target().set_end_handler([&](const NativeEnd& end) {
        const auto* exited = std::get_if<NativeExited>(&end);
        exit_code = exited != nullptr ? exited->exit_code : -1;
    });
    target().start();
    run_until([&] { return stopped; });
    ASSERT_TRUE(target().resume({}));
    run_until([&] { return exit_code.has_value(); });
    EXPECT_EQ(*exit_code, 7);
}

/// No acks' end, no vCont, one thread with a number of its own, registers of the M profile; flash
/// by the memory map: what J-Link's server says of a Cortex-M.
TEST_F(NativeTarget, SpeaksToAProbeWithoutVcont) {
    connect({{"qSupported", "PacketSize=4000;qXfer:memory-map:read+;qXfer:features:read-"},
             {"qXfer:memory-map:read",
              "l<memory-map><memory type=\"flash\" start=\"0x0\" length=\"0x40000\">"
              "<property name=\"blocksize\">0x1000</property></memory></memory-map>"},
             {"?", "T05thread:0000DEAD;"},
             {"qfThreadInfo", "m0000dead"},
             {"qsThreadInfo", "l"},
             {"H", "OK"},
             {"g", std::string(std::size_t{15} * 8, '0') + "00100000" + std::string(208, '0')},
             {"m1000", "00bf00bf"},
             {"Z1", "OK"},
             {"z1", "OK"},
             {"s", "T05thread:0000DEAD;"},
             {"c", "T02thread:0000DEAD;"},
             {"D", "OK"}},
            Machine::Arm);
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x1000);
    ASSERT_TRUE(target().plant({0x1000}, {}));
    bool stopped = false;
    target().set_event_handler([&](const NativeEvent& event) {
        stopped = stopped || std::holds_alternative<NativeStopped>(event);
    });
    ASSERT_TRUE(target().resume({}));
    run_until([&] { return stopped; });
    EXPECT_TRUE(server->saw("Hcdead"));
    EXPECT_TRUE(server->saw("s"));
    target().release();
    EXPECT_EQ(warnings, "");
}

} // namespace
} // namespace wdbg::remote
