// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <wdbg/dap/server.h>

namespace wdbg::dap {

struct Server::Impl {
    Impl(Host& host, ServerOptions options, Output output)
        : dispatcher(host, std::move(options), std::move(output))
        , session(host, dispatcher) {
        dispatcher.begin(session);
    }

    Dispatcher dispatcher;
    Session session;
};

Server::Server(Host& host, ServerOptions options, Output output)
    : impl_(std::make_unique<Impl>(host, std::move(options), std::move(output))) {
}

Server::~Server() = default;

void Server::receive(std::string_view bytes) {
    impl_->dispatcher.receive(bytes);
    if (impl_->dispatcher.closed()) {
        impl_->session.client_gone();
    }
}

void Server::client_gone() {
    impl_->dispatcher.close();
    impl_->session.client_gone();
}

bool Server::finished() const {
    return impl_->session.finished() || impl_->dispatcher.closed();
}

bool Server::guest_lives_on() const {
    return impl_->session.guest_lives_on();
}

} // namespace wdbg::dap
