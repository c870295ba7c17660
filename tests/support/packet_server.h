// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/rsp/framing.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <tuple>
#include <utility>

namespace wdbg::test {

inline std::string framed(std::string_view payload) {
    std::string out(rsp::framed_size_limit(payload.size()), '\0');
    out.resize(rsp::frame(payload, out.data()));
    return out;
}

/// The transport of a GDB remote server on a port of its own: takes connections, one after the
/// other, and takes what comes apart. What to answer is the test's.
class PacketServer {
  public:
    struct Reply {
        std::string bytes{};
        bool closes = false; ///< the connection, behind the bytes
    };

    /// Asked for each packet, nack and interrupt, on the server's thread.
    using Answer = std::function<Reply(rsp::FrameEvent event, std::string_view packet)>;

    explicit PacketServer(Answer answer, int connections = 1)
        : answer_(std::move(answer))
        , connections_(connections)
        , thread_([this] { serve(); }) {}

    PacketServer(const PacketServer&) = delete;
    PacketServer& operator=(const PacketServer&) = delete;

    /// Waits for the last client to leave; for none that has not come.
    ~PacketServer() {
        ending_ = true;
        stop_listening();
        thread_.join();
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    void serve() {
        for (int i = 0; i < connections_; ++i) {
            boost::system::error_code error;
            boost::asio::ip::tcp::socket socket(loop_);
            [[maybe_unused]] const auto accepted = acceptor_.accept(socket, error);
            if (ending_) {
                break;
            }
            if (!error) {
                serve_one(socket);
            }
        }
        stop_listening();
    }

    /// Who comes now is refused; accept() returns.
    void stop_listening() { ::shutdown(acceptor_.native_handle(), SHUT_RDWR); }

    void serve_one(boost::asio::ip::tcp::socket& socket) {
        boost::system::error_code error;
        std::array<char, 65536> room{};
        rsp::Deframer deframer(room, rsp::Direction::ToServer);
        std::array<char, 4096> buffer{};
        while (!error) {
            const std::size_t size = socket.read_some(boost::asio::buffer(buffer), error);
            std::string_view bytes(buffer.data(), size);
            rsp::FrameEvent event{};
            while (!error && (event = deframer.next(bytes)) != rsp::FrameEvent::NeedMore) {
                if (is_asked(event) && !send(socket, answer_(event, deframer.payload()))) {
                    return;
                }
            }
        }
    }

    static bool is_asked(rsp::FrameEvent event) {
        return event == rsp::FrameEvent::Packet || event == rsp::FrameEvent::Nack ||
               event == rsp::FrameEvent::Interrupt;
    }

    static bool send(boost::asio::ip::tcp::socket& socket, const Reply& reply) {
        boost::system::error_code error;
        boost::asio::write(socket, boost::asio::buffer(reply.bytes), error);
        return !error && !reply.closes;
    }

    Answer answer_;
    int connections_;
    std::atomic<bool> ending_{false};
    boost::asio::io_context loop_;
    boost::asio::ip::tcp::acceptor acceptor_{loop_,
                                             {boost::asio::ip::make_address("127.0.0.1"), 0}};
    std::uint16_t port_ = acceptor_.local_endpoint().port();
    std::thread thread_;
};

} // namespace wdbg::test
