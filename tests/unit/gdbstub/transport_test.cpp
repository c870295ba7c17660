// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Over real sockets on loopback; one thread runs both sides of the loop.
#include <wdbg/rsp/framing.h>
#include <wdbg/rsp/transport.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fake_debuggee.h>

namespace wdbg::rsp {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using test::FakeDebuggee;
using testing::HasSubstr;
using testing::StartsWith;

std::string framed(std::string_view payload) {
    std::string out(framed_size_limit(payload.size()), '\0');
    out.resize(frame(payload, out.data()));
    return out;
}

class TcpServerTest : public testing::Test {
  protected:
    void SetUp() override {
        options.released = [this](SessionEnd end) { ends.push_back(end); };
        guest.set_event_handler([this](const Event& event) {
            if (server) {
                server->on_event(event);
            }
        });
    }

    void TearDown() override {
        server.reset();
        loop.poll();
        EXPECT_TRUE(guest.violations().empty()) << guest.violations().front();
    }

    void listen() {
        auto listening = TcpServer::listen(loop, guest, options);
        ASSERT_TRUE(listening) << listening.error().message;
        server = std::move(*listening);
    }

    tcp::socket connect() {
        tcp::socket socket(loop);
        socket.connect({boost::asio::ip::address_v4::loopback(), server->port()});
        return socket;
    }

    /// Runs the loop until `done`, or fails after ten seconds.
    template <class Condition>
    void run_until(Condition done) {
        const auto limit = std::chrono::steady_clock::now() + 10s;
        bool is_done = done();
        while (!is_done && std::chrono::steady_clock::now() < limit) {
            loop.restart();
            loop.run_for(1ms);
            is_done = done();
        }
        EXPECT_TRUE(is_done);
    }

    std::string receive_packet(tcp::socket& socket) {
        std::vector<char> buffer(1U << 20U);
        Deframer deframer(buffer, Direction::ToClient);
        std::string packet = "(none)";
        socket.non_blocking(true);
        run_until([&] {
            char byte = 0;
            boost::system::error_code error;
            while (socket.read_some(boost::asio::buffer(&byte, 1), error) == 1) {
                std::string_view one(&byte, 1);
                if (deframer.next(one) == FrameEvent::Packet) {
                    packet = deframer.payload();
                    return true;
                }
            }
            return false;
        });
        return packet;
    }

    std::string ask(tcp::socket& socket, std::string_view packet) {
        boost::asio::write(socket, boost::asio::buffer(framed(packet)));
        return receive_packet(socket);
    }

    bool closed_by_server(tcp::socket& socket) {
        socket.non_blocking(true);
        char byte = 0;
        boost::system::error_code error;
        while (socket.read_some(boost::asio::buffer(&byte, 1), error) == 1) {
        }
        return error == boost::asio::error::eof || error == boost::asio::error::connection_reset;
    }

    boost::asio::io_context loop;
    FakeDebuggee guest;
    ListenOptions options;
    std::unique_ptr<TcpServer> server;
    std::vector<SessionEnd> ends;
};

TEST_F(TcpServerTest, ServesAClient) {
    listen();
    EXPECT_THAT(server->address(), StartsWith("127.0.0.1:"));
    tcp::socket client = connect();
    EXPECT_EQ(ask(client, "QStartNoAckMode"), "OK");
    EXPECT_THAT(ask(client, "?"), StartsWith("T05thread:1;"));
    EXPECT_TRUE(server->has_client());
    EXPECT_EQ(ask(client, "D"), "OK");
    run_until([&] { return closed_by_server(client); });
    EXPECT_EQ(ends, std::vector{SessionEnd::Detached});
    EXPECT_FALSE(server->has_client());
}

TEST_F(TcpServerTest, SaysWhyItCannotListen) {
    listen();
    options.port = server->port();
    const auto second = TcpServer::listen(loop, guest, options);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::Io);
    EXPECT_THAT(second.error().message, HasSubstr("127.0.0.1:" + std::to_string(options.port)));
    EXPECT_THAT(second.error().message, HasSubstr("in use"));
    options.host = "no such host";
    const auto third = TcpServer::listen(loop, guest, options);
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, ErrorCode::InvalidArgument);
}

TEST_F(TcpServerTest, TurnsASecondClientAwayWithAReason) {
    listen();
    tcp::socket first = connect();
    EXPECT_THAT(ask(first, "?"), StartsWith("T05"));
    tcp::socket second = connect();
    EXPECT_THAT(ask(second, "qSupported"), StartsWith("E0b;616e6f74686572"));
    run_until([&] { return closed_by_server(second); });
    tcp::socket lldb = connect();
    boost::asio::write(lldb, boost::asio::buffer(framed("QStartNoAckMode")));
    run_until([&] { return closed_by_server(lldb); });
    EXPECT_EQ(ask(first, "qC"), "QC1");
    EXPECT_EQ(guest.state(), FakeDebuggee::State::Stopped);
}

TEST_F(TcpServerTest, TurnsClientsAwayWhenSomebodyElseControls) {
    options.acquire = [] { return false; };
    listen();
    tcp::socket client = connect();
    EXPECT_THAT(ask(client, "?"), StartsWith("E0b"));
    EXPECT_TRUE(guest.calls().empty());
}

TEST_F(TcpServerTest, LetsTheGuestGoOnWhenAClientVanishes) {
    listen();
    {
        tcp::socket client = connect();
        EXPECT_THAT(ask(client, "?"), StartsWith("T05"));
        boost::asio::write(client, boost::asio::buffer(std::string("$Z0,40000")));
    }
    run_until([&] { return !server->has_client(); });
    EXPECT_EQ(guest.state(), FakeDebuggee::State::Free);
    EXPECT_EQ(ends, std::vector{SessionEnd::Gone});
}

TEST_F(TcpServerTest, LetsTheGuestGoOnWhenAClientIsReset) {
    listen();
    tcp::socket client = connect();
    EXPECT_THAT(ask(client, "?"), StartsWith("T05"));
    client.set_option(boost::asio::socket_base::linger(true, 0));
    client.close();
    run_until([&] { return guest.state() == FakeDebuggee::State::Free; });
}

TEST_F(TcpServerTest, ServesAHundredClientsOneAfterTheOther) {
    listen();
    for (int i = 0; i < 100; ++i) {
        tcp::socket client = connect();
        ASSERT_THAT(ask(client, "?"), StartsWith("T05")) << i;
        if (i % 2 == 0) {
            ASSERT_EQ(ask(client, "D"), "OK") << i;
        }
        client.close(); // and the next one comes at once
    }
    run_until([&] { return ends.size() == 100; });
}

TEST_F(TcpServerTest, SendsTheExitBeforeItReleasesTheGuest) {
    listen();
    tcp::socket client = connect();
    EXPECT_THAT(ask(client, "?"), StartsWith("T05"));
    boost::asio::write(client, boost::asio::buffer(framed("c")));
    run_until([&] { return guest.state() == FakeDebuggee::State::Running; });
    guest.exit(7);
    EXPECT_EQ(ends, std::vector{SessionEnd::GuestEnded});
    EXPECT_EQ(receive_packet(client), "W07");
}

TEST_F(TcpServerTest, DoesNotCollectAnswersForAClientThatDoesNotRead) {
    listen();
    tcp::socket client = connect();
    client.non_blocking(true);
    std::string flood;
    for (int i = 0; i < 1000; ++i) {
        flood += framed("x0,10000");
    }
    boost::system::error_code error;
    unsigned refused = 0; // in a row
    run_until([&] {
        (void)client.write_some(boost::asio::buffer(flood), error);
        refused = error == boost::asio::error::would_block ? refused + 1 : 0;
        return refused == 50;
    });
    // 16 bytes in make 64 KiB out: what was taken is bounded by what the system's buffers hold.
    EXPECT_TRUE(server->has_client());
    client.close();
    run_until([&] { return !server->has_client(); });
    EXPECT_EQ(guest.state(), FakeDebuggee::State::Free);
}

TEST_F(TcpServerTest, ClosesWithASessionInProgress) {
    listen();
    tcp::socket client = connect();
    EXPECT_THAT(ask(client, "?"), StartsWith("T05"));
    bool done = false;
    server->close([&] { done = true; });
    run_until([&] { return done; });
    EXPECT_EQ(guest.state(), FakeDebuggee::State::Free);
    run_until([&] { return closed_by_server(client); });
}

TEST_F(TcpServerTest, ClosesAtOnceWithoutASession) {
    listen();
    bool done = false;
    server->close([&] { done = true; });
    EXPECT_TRUE(done);
}

} // namespace
} // namespace wdbg::rsp
