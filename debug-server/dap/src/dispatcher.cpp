// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dispatcher.h"

#include "error_table.h"
#include "handlers/handlers.h"
#include "session.h"

#include <algorithm>

namespace wdbg::dap {

namespace {

/// A member of a message, which comes from outside and may be of any type.
std::string string_member(const Json& message, const char* name) {
    const auto found = message.find(name);
    return found != message.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_member(const Json& message, const char* name) {
    const auto found = message.find(name);
    return found != message.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

Json object_member(const Json& message, const char* name) {
    const auto found = message.find(name);
    return found != message.end() && !found->is_null() ? *found : Json::object();
}

} // namespace

Dispatcher::Dispatcher(Host& host, ServerOptions options, Server::Output output)
    : host_(host)
    , options_(std::move(options))
    , output_(std::move(output))
    , handlers_(make_handlers()) {
}

void Dispatcher::receive(std::string_view bytes) {
    while (!closed_) {
        switch (deframer_.next(bytes)) {
        case FrameEvent::NeedMore:
            run_next();
            return;
        case FrameEvent::Message:
            take_message(deframer_.text());
            break;
        case FrameEvent::Malformed:
            give_up(std::string(deframer_.text()));
            return;
        }
    }
}

/// There is no request that could be answered: the place of the next one is not known.
void Dispatcher::give_up(const std::string& why) {
    send_event("output", {{"category", "important"},
                          {"output", "wdbg: the client's input is no DAP message: " + why + "\n"}});
    send_event("terminated", Json::object());
    closed_ = true;
}

void Dispatcher::close() {
    const auto ends_session = [](const Waiting& each) {
        return each.command == "disconnect" || each.command == "terminate";
    };
    const auto last = std::ranges::find_if(queue_, ends_session);
    if (last != queue_.end() && !closed_) {
        const Waiting request = std::move(*last);
        queue_.clear();
        run(request);
    }
    closed_ = true;
}

void Dispatcher::take_message(std::string_view text) {
    if (options_.trace) {
        options_.trace("->", text);
    }
    const Json message = Json::parse(text, nullptr, false);
    const std::string type = message.is_object() ? string_member(message, "type") : "";
    if (type == "request") {
        take_request(message);
    } else if (type == "response") {
        take_response(message);
    } else {
        const std::string what =
            message.is_discarded() ? "its content is no JSON" : "it is no request and no response";
        respond(message.is_object() ? number_member(message, "seq") : 0, "",
                fail(ErrorCode::Malformed, "not a DAP message: " + what));
    }
}

/// `cancel` does not wait: it is about those that do.
void Dispatcher::take_request(const Json& message) {
    Waiting request{.seq = number_member(message, "seq"),
                    .command = string_member(message, "command"),
                    .arguments = object_member(message, "arguments")};
    if (request.command == "cancel") {
        const auto handler = std::ranges::find(handlers_, request.command, &Handler::command);
        if (handler != handlers_.end() && session_ != nullptr) {
            (*handler)->handle(*session_, request.arguments,
                               Reply([this, request](const Result<Json>& body) {
                                   respond(request.seq, request.command, body);
                               }));
            return;
        }
    }
    queue_.push_back(std::move(request));
}

void Dispatcher::take_response(const Json& message) {
    const auto asked = asked_.find(number_member(message, "request_seq"));
    if (asked == asked_.end()) {
        return;
    }
    const ResponseHandler done = std::move(asked->second);
    asked_.erase(asked);
    const auto success = message.find("success");
    if (success != message.end() && success->is_boolean() && success->get<bool>()) {
        done(object_member(message, "body"));
        return;
    }
    std::string why = string_member(message, "message");
    done(fail(ErrorCode::Io, why.empty() ? "the client refused" : why));
}

Result<void> Dispatcher::cancel(std::int64_t request) {
    const auto found = std::ranges::find(queue_, request, &Waiting::seq);
    if (found == queue_.end()) {
        return fail(ErrorCode::NotFound, "request " + std::to_string(request) +
                                             " does not wait: it has been answered or is running");
    }
    const Waiting dropped = std::move(*found);
    queue_.erase(found);
    respond(dropped.seq, dropped.command, fail(ErrorCode::Busy, "the request was cancelled"),
            "cancelled");
    return {};
}

void Dispatcher::run_next() {
    if (busy_ || scheduled_ || queue_.empty() || closed_) {
        return;
    }
    scheduled_ = true;
    host_.post([this, alive = alive_] {
        if (!*alive || closed_) {
            return;
        }
        scheduled_ = false;
        if (!busy_ && !queue_.empty()) {
            const Waiting request = std::move(queue_.front());
            queue_.pop_front();
            run(request);
        }
    });
}

Reply Dispatcher::make_reply(const Waiting& request) {
    return Reply([this, alive = alive_, seq = request.seq,
                  command = request.command](const Result<Json>& body) {
        if (!*alive) {
            return;
        }
        respond(seq, command, body);
        busy_ = false;
        for (const auto& task : std::exchange(tasks_, {})) {
            task();
        }
        run_next();
    });
}

void Dispatcher::run(const Waiting& request) {
    busy_ = true;
    Reply reply = make_reply(request);
    const auto handler = std::ranges::find(handlers_, request.command, &Handler::command);
    if (handler == handlers_.end()) {
        reply.give(fail(ErrorCode::Unsupported, "unknown request \"" + request.command + "\""));
        return;
    }
    if (const auto allowed = session_->check((*handler)->needs(), request.command); !allowed) {
        reply.give(std::unexpected(allowed.error()));
        return;
    }
    (*handler)->handle(*session_, request.arguments, std::move(reply));
}

void Dispatcher::respond(std::int64_t seq, const std::string& command, const Result<Json>& body,
                         std::string_view short_message) {
    Json message{{"type", "response"},
                 {"request_seq", seq},
                 {"success", body.has_value()},
                 {"command", command}};
    if (!body) {
        const ErrorRow& row = error_row(body.error().code);
        message["message"] = short_message.empty() ? body.error().message : short_message;
        message["body"] = {{"error",
                            {{"id", row.id},
                             {"format", escape_format(body.error().message)},
                             {"showUser", row.show_user}}}};
    } else if (!body->empty()) {
        message["body"] = *body;
    }
    send(std::move(message));
}

void Dispatcher::send_event(std::string_view name, Json body) {
    Json message{{"type", "event"}, {"event", name}};
    if (!body.empty()) {
        message["body"] = std::move(body);
    }
    send(std::move(message));
}

void Dispatcher::send_request(std::string_view command, Json arguments, ResponseHandler done) {
    asked_[seq_ + 1] = std::move(done);
    send({{"type", "request"}, {"command", command}, {"arguments", std::move(arguments)}});
}

void Dispatcher::send(Json message) {
    if (closed_) {
        return;
    }
    message["seq"] = ++seq_;
    const std::string text = message.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (options_.trace) {
        options_.trace("<-", text);
    }
    output_(frame(text));
}

void Dispatcher::after_response(std::function<void()> task) {
    if (busy_) {
        tasks_.push_back(std::move(task));
    } else {
        task();
    }
}

Json Dispatcher::capabilities() const {
    Json all = Json::object();
    for (const std::unique_ptr<Handler>& handler : handlers_) {
        handler->announce(all);
    }
    return all;
}

} // namespace wdbg::dap
