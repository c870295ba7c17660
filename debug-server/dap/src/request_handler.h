// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "protocol/fields.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wdbg::dap {

class Session;

/// What must be the case for a request to make sense; else the dispatcher answers with an error.
enum class Needs : std::uint8_t {
    Nothing,
    Initialized, ///< `initialize` has been answered
    NoGuest,     ///< … and no guest has been launched or attached to
    Guest,       ///< there is one, which we debug, and it has not ended
    Stopped,     ///< … and it stands still
};

/// The answer to one request, to be given exactly once: success(), failure() or, if it is dropped
/// without either, a failure that says so. Made by the dispatcher only.
class Reply {
  public:
    using Send = std::function<void(Result<Json> body)>;

    explicit Reply(Send send) : send_(std::move(send)) {}

    Reply(Reply&& other) noexcept : send_(std::exchange(other.send_, nullptr)) {}

    Reply& operator=(Reply&&) = delete;
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;

    ~Reply() {
        if (send_) {
            give(fail(ErrorCode::Internal, "the request was dropped without an answer"));
        }
    }

    void give(Result<Json> body) {
        if (Send send = std::exchange(send_, nullptr)) {
            send(std::move(body));
        }
    }

  private:
    Send send_;
};

/// One request of the protocol.
class Handler {
  public:
    /// `capability`: what `initialize` says of it ("supportsRestartRequest"), if anything.
    Handler(std::string_view command, Needs needs, std::string_view capability = {})
        : command_(command)
        , needs_(needs)
        , capability_(capability) {}

    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;
    virtual ~Handler() = default;

    [[nodiscard]] std::string_view command() const { return command_; }

    [[nodiscard]] Needs needs() const { return needs_; }

    /// Adds to the Capabilities object.
    virtual void announce(Json& capabilities) const {
        if (!capability_.empty()) {
            capabilities[capability_] = true;
        }
    }

    virtual void handle(Session& session, const Json& arguments, Reply reply) = 0;

  private:
    std::string_view command_;
    Needs needs_;
    std::string_view capability_;
};

/// A request that is answered when run() returns.
template <class Args, class Body>
class RequestHandler : public Handler {
  public:
    using Handler::Handler;

    void handle(Session& session, const Json& arguments, Reply reply) final {
        Args args;
        if (const auto good = read(arguments, args, "arguments"); !good) {
            reply.give(std::unexpected(good.error()));
            return;
        }
        Result<Body> body = run(session, args);
        reply.give(body ? Result<Json>(write(*body)) : Result<Json>(std::unexpected(body.error())));
    }

  protected:
    virtual Result<Body> run(Session& session, const Args& args) = 0;
};

/// A request that may be answered later.
template <class Args>
class DeferredHandler : public Handler {
  public:
    using Handler::Handler;

    void handle(Session& session, const Json& arguments, Reply reply) final {
        Args args;
        if (const auto good = read(arguments, args, "arguments"); !good) {
            reply.give(std::unexpected(good.error()));
            return;
        }
        start(session, args, std::move(reply));
    }

  protected:
    virtual void start(Session& session, const Args& args, Reply reply) = 0;
};

using Handlers = std::vector<std::unique_ptr<Handler>>;

} // namespace wdbg::dap
