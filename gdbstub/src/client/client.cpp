// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../error_numbers.h"
#include "client_impl.h"

#include <wdbg/rsp/text.h>

#include <algorithm>

namespace wdbg::rsp {

namespace {

constexpr unsigned max_nacks = 4;

std::string decode_text(std::string_view digits) {
    std::string text(digits.size() / 2, '\0');
    const auto bytes = std::as_writable_bytes(std::span(text));
    return decode_hex(digits, bytes) ? text : std::string(digits);
}

/// `Exx` or `Exx;<hex text>`; some servers write `E.<text>`.
std::optional<Error> as_error(std::string_view payload) {
    if (payload.starts_with("E.")) {
        return Error{ErrorCode::Unavailable, std::string(payload.substr(2))};
    }
    if (payload.size() < 3 || payload[0] != 'E' || hex_value(payload[1]) < 0 ||
        hex_value(payload[2]) < 0 || (payload.size() > 3 && payload[3] != ';')) {
        return std::nullopt;
    }
    const int number = hex_value(payload[1]) * 16 + hex_value(payload[2]);
    std::string message = payload.size() > 4
                              ? decode_text(payload.substr(4))
                              : "error " + std::string(payload.substr(1, 2)) + " from the server";
    return Error{to_error_code(static_cast<unsigned>(number)), std::move(message)};
}

} // namespace

Client::Impl::Impl(Output send, ClientOptions settings)
    : output(std::move(send))
    , options(std::move(settings))
    , input(std::make_unique_for_overwrite<char[]>(options.reply_limit))
    , deframer({input.get(), options.reply_limit}, Direction::ToClient) {
}

void Client::Impl::receive(std::string_view bytes) {
    while (!broken) {
        switch (deframer.next(bytes)) {
        case FrameEvent::NeedMore:
            return;
        case FrameEvent::Packet:
            nacks = 0;
            if (!no_ack) {
                output("+");
            }
            if (copies_to_come != 0) {
                --copies_to_come;
                send_next();
            } else if (!is_repetition(deframer.payload())) {
                last_payload = deframer.payload();
                take_packet(last_payload);
            }
            break;
        case FrameEvent::Nack:
            take_nack();
            break;
        case FrameEvent::BadChecksum:
            take_bad_packet("an answer with a wrong checksum");
            break;
        case FrameEvent::Oversized:
            nacks = max_nacks; // asking again would not help
            take_bad_packet("an answer that is too long");
            break;
        case FrameEvent::Ack:
            server_acks = true;
            acks_awaited -= acks_awaited != 0 ? 1 : 0;
            break;
        case FrameEvent::Interrupt:
            break;
        }
    }
}

void Client::Impl::take_packet(std::string_view payload) {
    if (!echo_awaited.empty()) {
        if (payload == echo_awaited) {
            echo_awaited.clear();
            deadline.reset();
            send_next();
        }
        return;
    }
    if (!in_flight) {
        return; // nothing was asked
    }
    if (in_flight->kind == Exchange::Resume) {
        take_stop_packet(payload);
        return;
    }
    const bool is_stop = payload.starts_with('T') || payload.starts_with('S');
    if (in_flight->kind == Exchange::Greeting && is_stop) {
        return; // "?" will tell it
    }
    if (const std::optional<Error> error = as_error(payload)) {
        finish(std::unexpected(*error));
    } else if (payload.empty()) {
        finish(fail(ErrorCode::Unsupported,
                    "the server does not know the packet " + in_flight->packet.substr(0, 40)));
    } else {
        finish(payload);
    }
}

void Client::Impl::take_stop_packet(std::string_view payload) {
    constexpr std::string_view stops = "TSWX";
    if (payload.starts_with('O') && payload != "OK") {
        if (console) {
            console(decode_text(payload.substr(1)));
        }
    } else if (const std::optional<Error> error = as_error(payload)) {
        finish(std::unexpected(*error));
    } else if (payload.empty()) {
        finish(fail(ErrorCode::Unsupported, "the server cannot resume the guest like this"));
    } else if (stops.find(payload.front()) != std::string_view::npos) {
        finish(payload);
    }
}

void Client::Impl::take_nack() {
    if (no_ack || !in_flight) {
        return;
    }
    if (++nacks > max_nacks) {
        give_up({ErrorCode::Io, "the server does not understand our packets"});
        return;
    }
    acks_awaited -= acks_awaited != 0 ? 1 : 0;
    send(in_flight->packet);
}

/// With acks the server is asked to send it again; else what was asked for is lost.
void Client::Impl::take_bad_packet(const char* what) {
    if (!no_ack && ++nacks <= max_nacks) {
        output("-");
        return;
    }
    if (!no_ack) {
        output("+");
    }
    nacks = 0;
    if (in_flight && in_flight->kind != Exchange::Resume && echo_awaited.empty()) {
        finish(fail(ErrorCode::Malformed, what));
    } else if (in_flight && echo_awaited.empty()) {
        give_up({ErrorCode::Malformed, what});
    }
}

void Client::Impl::finish(Result<std::string_view> result) {
    const ReplyHandler done = std::move(in_flight->done);
    in_flight.reset();
    deadline.reset();
    copies_to_come = std::exchange(sent_again, 0);
    copies_until.reset();
    if (done) {
        done(std::move(result));
    }
    send_next();
}

void Client::Impl::enqueue(PendingRequest request) {
    if (broken) {
        if (request.done) {
            request.done(std::unexpected(*broken));
        }
        return;
    }
    queue.push_back(std::move(request));
    send_next();
}

void Client::Impl::send_next() {
    if (in_flight || queue.empty() || broken || !echo_awaited.empty() || copies_to_come != 0) {
        return;
    }
    in_flight = std::move(queue.front());
    queue.pop_front();
    deadline.reset();
    nacks = 0;
    acks_awaited = 0;
    send(in_flight->packet);
}

void Client::Impl::send(std::string_view packet) {
    frame_buffer.resize(framed_size_limit(packet.size()));
    frame_buffer.resize(frame(packet, frame_buffer.data()));
    acks_awaited += no_ack ? 0 : 1;
    send_again_at.reset();
    output(frame_buffer);
}

/// A server that has not got our ack sends its answer again; what we have asked since then it has
/// not acknowledged yet.
bool Client::Impl::is_repetition(std::string_view payload) const {
    return !no_ack && server_acks && acks_awaited > sent_again && payload == last_payload;
}

/// What resumes the guest is sent once: it would do so a second time.
void Client::Impl::send_again_if_lost(TimePoint now) {
    if (no_ack || !server_acks || acks_awaited <= sent_again || !in_flight ||
        !echo_awaited.empty()) {
        return;
    }
    const bool once = in_flight->kind == Exchange::Resume;
    if (!send_again_at) {
        send_again_at = now + (once ? options.timeout : options.timeout / (max_nacks + 1));
    } else if (now >= *send_again_at && sent_again < max_nacks && !once) {
        ++sent_again;
        send(in_flight->packet);
    } else if (now >= *send_again_at) {
        give_up({ErrorCode::Io, "the server does not acknowledge our packets"});
    }
}

/// Copies that were lost have no answers.
void Client::Impl::wait_for_copies(TimePoint now) {
    if (copies_to_come == 0) {
        return;
    }
    if (!copies_until) {
        copies_until = now + options.timeout / (max_nacks + 1);
    } else if (now >= *copies_until) {
        copies_to_come = 0;
        send_next();
    }
}

/// The time starts to run with the first tick after sending.
void Client::Impl::tick(TimePoint now) {
    wait_for_copies(now);
    send_again_if_lost(now);
    const bool waiting =
        !echo_awaited.empty() || (in_flight && in_flight->kind != Exchange::Resume);
    if (broken || !waiting) {
        return;
    }
    if (!deadline) {
        deadline = now + options.timeout;
    } else if (now >= *deadline) {
        deadline.reset();
        begin_resync();
    }
}

/// The answer may still come, and must not be taken for that of the next request.
void Client::Impl::begin_resync() {
    const Error late{ErrorCode::Io, "no answer from the server in time"};
    if (!echo_awaited.empty() || !supports("qEcho")) {
        if (in_flight && in_flight->kind == Exchange::Kill) {
            finish(std::string_view("OK"));
        }
        give_up(late);
        return;
    }
    echo_awaited = "qEcho:" + std::to_string(++echo_count);
    send(echo_awaited);
    finish(std::unexpected(late));
    copies_to_come = 0; // the echo comes behind them
}

void Client::Impl::give_up(const Error& why) {
    if (broken) {
        return;
    }
    broken = why;
    std::deque<PendingRequest> left = std::exchange(queue, {});
    if (in_flight) {
        left.push_front(std::move(*in_flight));
        in_flight.reset();
    }
    for (const PendingRequest& request : left) {
        const bool killed = request.kind == Exchange::Kill;
        if (request.done) {
            request.done(killed ? Result<std::string_view>("OK") : std::unexpected(why));
        }
    }
}

Client::Client(Output output, ClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(output), std::move(options))) {
}

Client::~Client() = default;

void Client::receive(std::string_view bytes) {
    impl_->receive(bytes);
}

void Client::tick(TimePoint now) {
    impl_->tick(now);
}

void Client::connection_lost() {
    impl_->give_up({ErrorCode::Gone, "the connection to the server is lost"});
}

bool Client::running() const {
    return impl_->in_flight && impl_->in_flight->kind == Exchange::Resume;
}

bool Client::broken() const {
    return impl_->broken.has_value();
}

void Client::set_console_handler(std::function<void(std::string_view)> handler) {
    impl_->console = std::move(handler);
}

void Client::request(std::string packet, ReplyHandler done) {
    impl_->enqueue({.packet = std::move(packet), .done = std::move(done)});
}

void Client::interrupt() {
    if (running()) {
        impl_->output({&interrupt_byte, 1});
    }
}

} // namespace wdbg::rsp
