// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "request_handler.h"

#include <wdbg/dap/framing.h>
#include <wdbg/dap/server.h>

#include <deque>
#include <map>

namespace wdbg::dap {

/// Messages in and out: sequence numbers, order, and one response for each request. It alone
/// answers requests.
///
/// Requests wait in a queue and are handled one after the other, each when the one before has been
/// answered; what arrives together is taken in first, so that `cancel` reaches a request that
/// still waits.
class Dispatcher {
  public:
    using ResponseHandler = std::function<void(Result<Json> body)>;

    Dispatcher(Host& host, ServerOptions options, Server::Output output);

    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    ~Dispatcher() { *alive_ = false; }

    /// `session` gets the requests.
    void begin(Session& session) { session_ = &session; }

    void receive(std::string_view bytes);
    void send_event(std::string_view name, Json body);
    /// A reverse request; `done` is called when the client has answered.
    void send_request(std::string_view command, Json arguments, ResponseHandler done);

    /// Runs behind the response of the request that is being handled, at once if there is none.
    void after_response(std::function<void()> task);

    /// The request is answered as cancelled; NotFound if it does not wait any more.
    Result<void> cancel(std::int64_t request);

    /// Of all handlers.
    [[nodiscard]] Json capabilities() const;

    /// The end of the input: no further message is taken. Those that wait are dropped, but for one
    /// that ends the session: the client need not wait for its answer.
    void close();

    [[nodiscard]] bool closed() const { return closed_; }

  private:
    struct Waiting {
        std::int64_t seq = 0;
        std::string command;
        Json arguments;
    };

    void take_message(std::string_view text);
    void take_request(const Json& message);
    void take_response(const Json& message);
    void run_next();
    void run(const Waiting& request);
    [[nodiscard]] Reply make_reply(const Waiting& request);
    void respond(std::int64_t seq, const std::string& command, const Result<Json>& body,
                 std::string_view short_message = {});
    void send(Json message);
    void give_up(const std::string& why);

    Host& host_;
    ServerOptions options_;
    Server::Output output_;
    Session* session_ = nullptr;
    Handlers handlers_;
    Deframer deframer_;
    std::deque<Waiting> queue_;
    std::map<std::int64_t, ResponseHandler> asked_; ///< reverse requests without a response yet
    std::vector<std::function<void()>> tasks_;      ///< for behind the response
    std::int64_t seq_ = 0;
    bool busy_ = false;      ///< a request has not been answered yet
    bool scheduled_ = false; ///< run_next() is on its way
    bool closed_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace wdbg::dap
