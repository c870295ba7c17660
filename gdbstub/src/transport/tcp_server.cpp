// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "connection.h"

#include <wdbg/rsp/framing.h>
#include <wdbg/rsp/text.h>
#include <wdbg/rsp/transport.h>

#include <array>
#include <chrono>
#include <exception>
#include <string>
#include <vector>

namespace wdbg::rsp {

namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

namespace {

/// A client that is turned away: its first packet gets an error that says why.
class Refusal {
  public:
    explicit Refusal(const std::shared_ptr<Connection>& connection) : connection_(connection) {}

    static void begin(Tcp::socket socket) {
        const auto connection = std::make_shared<Connection>(std::move(socket));
        const auto refusal = std::make_shared<Refusal>(connection);
        connection->start(
            {.received = [refusal](std::string_view bytes) { refusal->take(bytes); }, .gone = {}});
    }

  private:
    void take(std::string_view bytes) {
        const std::shared_ptr<Connection> connection = connection_.lock();
        FrameEvent event = FrameEvent::Ack;
        while (event != FrameEvent::NeedMore && connection && !connection->closed()) {
            event = deframer_.next(bytes);
            if (event == FrameEvent::Packet || event == FrameEvent::Oversized) {
                // After any answer to its first packet LLDB 22 goes on and then waits for ever;
                // without one it says that the server has hung up.
                if (deframer_.payload() != "QStartNoAckMode") {
                    connection->write(reply());
                }
                connection->finish();
                return;
            }
        }
    }

    static std::string reply() {
        constexpr std::string_view why =
            "another debugger controls this guest; it must detach before the next can attach";
        std::string payload(2 * why.size(), '0');
        encode_hex(std::as_bytes(std::span(why)), payload.data());
        payload.insert(0, "E0b;");
        std::string packet(1 + framed_size_limit(payload.size()), '+');
        packet.resize(1 + frame(payload, packet.data() + 1));
        return packet;
    }

    std::weak_ptr<Connection> connection_;
    std::array<char, 256> buffer_{};
    Deframer deframer_{buffer_, Direction::ToServer};
};

/// One client in control.
struct Client {
    std::shared_ptr<Connection> connection;
    std::unique_ptr<Server> server;
};

std::string describe(const std::string& host, std::uint16_t port) {
    const bool bracket = host.find(':') != std::string::npos;
    return (bracket ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

/// IPv4 first, so that "localhost" is what clients try as 127.0.0.1.
Result<std::vector<Tcp::endpoint>> resolve(asio::io_context& loop, const std::string& host,
                                           std::uint16_t port) {
    error_code error;
    Tcp::resolver resolver(loop);
    const auto found =
        resolver.resolve(host == "*" ? "" : host, std::to_string(port),
                         Tcp::resolver::passive | Tcp::resolver::numeric_service, error);
    if (error) {
        return fail(ErrorCode::InvalidArgument,
                    "cannot listen on " + describe(host, port) + ": " + error.message());
    }
    std::vector<Tcp::endpoint> endpoints;
    for (const bool v4 : {true, false}) {
        for (const auto& entry : found) {
            if (entry.endpoint().address().is_v4() == v4) {
                endpoints.push_back(entry.endpoint());
            }
        }
    }
    return endpoints;
}

error_code open(Tcp::acceptor& acceptor, const Tcp::endpoint& endpoint) {
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) {
        acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
    }
    if (!error) {
        acceptor.bind(endpoint, error);
    }
    if (!error) {
        acceptor.listen(asio::socket_base::max_listen_connections, error);
    }
    if (error) {
        error_code ignored;
        acceptor.close(ignored);
    }
    return error;
}

} // namespace

struct TcpServer::Impl : std::enable_shared_from_this<TcpServer::Impl> {
    Impl(asio::io_context& event_loop, Debuggee& target, ListenOptions settings)
        : loop(event_loop)
        , debuggee(target)
        , options(std::move(settings))
        , acceptor(event_loop)
        , retry(event_loop)
        , close_timer(event_loop) {}

    void accept();
    void take(Tcp::socket socket);
    void begin_session(Tcp::socket socket);
    void received(std::string_view bytes);
    void client_gone();
    void finish_if_over();
    void release(SessionEnd end);
    void report_closed();

    asio::io_context& loop;
    Debuggee& debuggee;
    ListenOptions options;
    Tcp::acceptor acceptor;
    asio::steady_timer retry;
    asio::steady_timer close_timer;
    std::shared_ptr<Client> client;
    std::size_t unflushed = 0; ///< sessions that are over but still have something to send
    std::function<void()> closed;
};

void TcpServer::Impl::accept() {
    acceptor.async_accept([self = shared_from_this()](error_code error, Tcp::socket socket) {
        if (!self->acceptor.is_open()) {
            return;
        }
        if (!error) {
            self->take(std::move(socket));
            self->accept();
            return;
        }
        // Out of descriptors, or a client that was gone already: not at once again.
        self->retry.expires_after(std::chrono::milliseconds(50));
        self->retry.async_wait([self](error_code stopped) {
            if (!stopped && self->acceptor.is_open()) {
                self->accept();
            }
        });
    });
}

void TcpServer::Impl::take(Tcp::socket socket) {
    // The next client may be seen before the last one's end is.
    if (client && client->connection->peer_has_closed()) {
        client->connection->abort();
        client_gone();
    }
    if (client || (options.acquire && !options.acquire())) {
        Refusal::begin(std::move(socket));
        return;
    }
    begin_session(std::move(socket));
}

void TcpServer::Impl::begin_session(Tcp::socket socket) {
    client = std::make_shared<Client>();
    client->connection = std::make_shared<Connection>(std::move(socket));
    // The connection outlives the session, not the other way round.
    std::weak_ptr<Connection> connection = client->connection;
    client->server =
        std::make_unique<Server>(debuggee, options.server, [connection](std::string_view bytes) {
            if (const auto open = connection.lock()) {
                open->write(bytes);
            }
        });
    const std::weak_ptr<Impl> weak = weak_from_this();
    client->connection->start({.received =
                                   [weak](std::string_view bytes) {
                                       if (const auto self = weak.lock()) {
                                           self->received(bytes);
                                       }
                                   },
                               .gone =
                                   [weak] {
                                       if (const auto self = weak.lock()) {
                                           self->client_gone();
                                       }
                                   }});
    client->server->start();
}

void TcpServer::Impl::received(std::string_view bytes) {
    if (client) {
        const std::shared_ptr<Client> kept = client;
        kept->server->receive(bytes);
        finish_if_over();
    }
}

/// Not called for a client whose session has ended: that one is no longer `client`.
void TcpServer::Impl::client_gone() {
    if (const std::shared_ptr<Client> last = std::exchange(client, nullptr)) {
        last->server->client_gone();
        release(last->server->end());
    }
}

/// Frees the place at once; what is left to send goes on its own.
void TcpServer::Impl::finish_if_over() {
    if (!client || !client->server->finished()) {
        return;
    }
    const std::shared_ptr<Client> last = std::exchange(client, nullptr);
    ++unflushed;
    const SessionEnd end = last->server->end();
    last->connection->finish([self = shared_from_this(), end] {
        --self->unflushed;
        self->release(end);
    });
}

void TcpServer::Impl::release(SessionEnd end) {
    if (options.released) {
        options.released(end);
    }
    report_closed();
}

void TcpServer::Impl::report_closed() {
    if (closed && !client && unflushed == 0) {
        close_timer.cancel();
        std::exchange(closed, nullptr)();
    }
}

Result<std::unique_ptr<TcpServer>> TcpServer::listen(asio::io_context& loop, Debuggee& debuggee,
                                                     ListenOptions options) {
    const auto endpoints = resolve(loop, options.host, options.port);
    if (!endpoints) {
        return std::unexpected(endpoints.error());
    }
    auto impl = std::make_shared<Impl>(loop, debuggee, std::move(options));
    error_code error = asio::error::host_not_found;
    for (const Tcp::endpoint& endpoint : *endpoints) {
        error = open(impl->acceptor, endpoint);
        if (!error) {
            impl->accept();
            return std::unique_ptr<TcpServer>(new TcpServer(std::move(impl)));
        }
    }
    return fail(ErrorCode::Io, "cannot listen on " +
                                   describe(impl->options.host, impl->options.port) + ": " +
                                   error.message());
}

TcpServer::TcpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {
}

TcpServer::~TcpServer() {
    impl_->options.released = nullptr;
    try {
        close({}, 0);
    } catch (const std::exception&) {
        impl_->closed = nullptr; // timers that cannot be cancelled: all ends with the loop
    }
}

std::uint16_t TcpServer::port() const {
    error_code ignored;
    return impl_->acceptor.local_endpoint(ignored).port();
}

std::string TcpServer::address() const {
    error_code ignored;
    const Tcp::endpoint endpoint = impl_->acceptor.local_endpoint(ignored);
    return describe(endpoint.address().to_string(), endpoint.port());
}

bool TcpServer::has_client() const {
    return impl_->client != nullptr;
}

void TcpServer::on_event(const Event& event) {
    if (impl_->client) {
        const std::shared_ptr<Client> kept = impl_->client;
        kept->server->on_event(event);
        impl_->finish_if_over();
    }
}

void TcpServer::close(std::function<void()> done, unsigned limit_ms) {
    Impl& impl = *impl_;
    error_code ignored;
    impl.acceptor.close(ignored);
    impl.retry.cancel();
    impl.closed = done ? std::move(done) : [] {};
    if (impl.client) {
        impl.client->server->client_gone();
        impl.finish_if_over();
    }
    if (impl.unflushed != 0 && limit_ms != 0) {
        impl.close_timer.expires_after(std::chrono::milliseconds(limit_ms));
        impl.close_timer.async_wait([self = impl_](error_code stopped) {
            if (!stopped && self->closed) {
                std::exchange(self->closed, nullptr)();
            }
        });
    }
    impl.report_closed();
}

} // namespace wdbg::rsp
