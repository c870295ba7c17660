// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dap_server.h"

#include <wdbg/dap/framing.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace wdbg::cli {

namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

namespace {

/// One client's connection and session. It lives as long as something is to be read or written.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(Tcp::socket socket, dap::Host& host, dap::ServerOptions options,
               std::function<void()> over)
        : socket_(std::move(socket))
        , over_(std::move(over))
        , server_(std::make_unique<dap::Server>(host, std::move(options),
                                                [this](std::string_view bytes) { write(bytes); })) {
    }

    void start() {
        const int on = 1;
        (void)::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        read();
    }

    /// Sends what there is to send, then closes.
    void finish() {
        finishing_ = true;
        if (outbox_.empty() && !writing_) {
            end();
        }
    }

    /// The session ends at once; nothing of it is left when this returns. Not from within it.
    void drop() {
        over_ = nullptr;
        end();
        server_.reset();
    }

  private:
    void read() {
        socket_.async_read_some(asio::buffer(inbox_),
                                [self = shared_from_this()](error_code error, std::size_t size) {
                                    if (self->ended_) {
                                        return;
                                    }
                                    if (error) {
                                        self->server_->client_gone();
                                        self->end();
                                        return;
                                    }
                                    self->server_->receive({self->inbox_.data(), size});
                                    self->after_work();
                                    self->read();
                                });
    }

    void after_work() {
        if (!ended_ && server_->finished()) {
            finish();
        }
    }

    void write(std::string_view bytes) {
        outbox_ += bytes;
        write_rest();
    }

    void write_rest() {
        if (writing_ || outbox_.empty() || ended_) {
            return;
        }
        writing_ = true;
        being_written_.clear();
        std::swap(being_written_, outbox_);
        asio::async_write(socket_, asio::buffer(being_written_),
                          [self = shared_from_this()](error_code error, std::size_t /*size*/) {
                              self->writing_ = false;
                              if (error) {
                                  self->outbox_.clear();
                              }
                              self->write_rest();
                              self->after_work();
                              if (self->finishing_) {
                                  self->finish();
                              }
                          });
    }

    void end() {
        if (std::exchange(ended_, true)) {
            return;
        }
        error_code ignored;
        [[maybe_unused]] const auto shut = socket_.shutdown(Tcp::socket::shutdown_both, ignored);
        [[maybe_unused]] const auto closed = socket_.close(ignored);
        if (over_) {
            std::exchange(over_, nullptr)();
        }
    }

    Tcp::socket socket_;
    std::function<void()> over_;
    std::unique_ptr<dap::Server> server_;
    std::array<char, 65536> inbox_{};
    std::string outbox_;
    std::string being_written_;
    bool writing_ = false;
    bool finishing_ = false;
    bool ended_ = false;
};

void refuse(Tcp::socket socket) {
    const std::string message =
        dap::frame(R"({"seq":1,"type":"event","event":"output","body":{"category":"important",)"
                   R"("output":"wdbg: another debugger controls this guest\n"}})") +
        dap::frame(R"({"seq":2,"type":"event","event":"terminated"})");
    error_code ignored;
    asio::write(socket, asio::buffer(message), ignored);
    [[maybe_unused]] const auto shut = socket.shutdown(Tcp::socket::shutdown_send, ignored);
}

} // namespace

struct DapTcpServer::Impl : std::enable_shared_from_this<DapTcpServer::Impl> {
    Impl(asio::io_context& event_loop, dap::Host& program, Options settings)
        : host(program)
        , options(std::move(settings))
        , acceptor(event_loop)
        , timer(event_loop) {}

    void accept() {
        acceptor.async_accept([self = shared_from_this()](error_code error, Tcp::socket socket) {
            if (!self->acceptor.is_open()) {
                return;
            }
            if (!error) {
                self->take(std::move(socket));
            }
            self->accept();
        });
    }

    void take(Tcp::socket socket) {
        if (client || (options.acquire && !options.acquire())) {
            refuse(std::move(socket));
            return;
        }
        client = std::make_shared<Connection>(std::move(socket), host, options.server,
                                              [weak = weak_from_this()] {
                                                  if (const auto self = weak.lock()) {
                                                      self->client_over();
                                                  }
                                              });
        client->start();
    }

    void client_over() {
        // Not from within the connection's own functions.
        asio::post(acceptor.get_executor(), [self = shared_from_this()] { self->drop_client(); });
        if (options.released) {
            options.released();
        }
        report_closed();
    }

    /// What it works on may not outlive us, while its socket's handlers may.
    void drop_client() {
        if (const auto last = std::exchange(client, nullptr)) {
            last->drop();
        }
    }

    void report_closed() {
        timer.cancel();
        if (closed) {
            std::exchange(closed, nullptr)();
        }
    }

    dap::Host& host;
    Options options;
    Tcp::acceptor acceptor;
    asio::steady_timer timer;
    std::shared_ptr<Connection> client;
    std::function<void()> closed;
};

DapTcpServer::DapTcpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {
}

DapTcpServer::~DapTcpServer() {
    error_code ignored;
    [[maybe_unused]] const auto closed = impl_->acceptor.close(ignored);
    impl_->drop_client();
}

Result<std::unique_ptr<DapTcpServer>> DapTcpServer::listen(asio::io_context& loop, dap::Host& host,
                                                           Options options) {
    const std::string where = to_string(options.endpoint);
    error_code error;
    Tcp::resolver resolver(loop);
    const auto found =
        resolver.resolve(options.endpoint.host, std::to_string(options.endpoint.port),
                         Tcp::resolver::passive | Tcp::resolver::numeric_service, error);
    if (error || found.empty()) {
        return fail(ErrorCode::InvalidArgument,
                    "cannot listen on " + where + ": " + error.message());
    }
    auto impl = std::make_shared<Impl>(loop, host, std::move(options));
    const Tcp::endpoint endpoint = found.begin()->endpoint();
    if (impl->acceptor.open(endpoint.protocol(), error) ||
        impl->acceptor.set_option(Tcp::acceptor::reuse_address(true), error) ||
        impl->acceptor.bind(endpoint, error) ||
        impl->acceptor.listen(asio::socket_base::max_listen_connections, error)) {
        return fail(ErrorCode::Io, "cannot listen on " + where + ": " + error.message());
    }
    impl->accept();
    return std::unique_ptr<DapTcpServer>(new DapTcpServer(std::move(impl)));
}

std::string DapTcpServer::address() const {
    error_code ignored;
    const Tcp::endpoint endpoint = impl_->acceptor.local_endpoint(ignored);
    return to_string(Endpoint{.host = endpoint.address().to_string(), .port = endpoint.port()});
}

void DapTcpServer::close(std::function<void()> done) {
    error_code ignored;
    [[maybe_unused]] const auto closed = impl_->acceptor.close(ignored);
    if (!impl_->client) {
        done();
        return;
    }
    impl_->closed = std::move(done);
    impl_->timer.expires_after(std::chrono::seconds(1));
    impl_->timer.async_wait([impl = impl_](error_code error) {
        if (!error) {
            impl->report_closed();
        }
    });
    impl_->client->finish();
}

} // namespace wdbg::cli
