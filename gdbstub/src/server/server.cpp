// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dispatch.h"
#include "session.h"
#include "stop_reply.h"

#include <wdbg/rsp/framing.h>
#include <wdbg/rsp/server.h>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace wdbg::rsp {

namespace {

/// A client that answers everything with `-` gets the same packet this often.
constexpr unsigned max_retransmissions = 8;
/// Packets that wait for the first stop; no client sends more than a few without an answer.
constexpr std::size_t max_held_packets = 256;
constexpr std::size_t min_packet_size = 1024;

ServerOptions checked(ServerOptions options) {
    options.packet_size = std::max(options.packet_size, min_packet_size);
    return options;
}

} // namespace

struct Server::Impl {
    Impl(Debuggee& debuggee, ServerOptions options, Output send)
        : session(debuggee, checked(std::move(options)))
        , output(std::move(send))
        , input(session.options.packet_size)
        , deframer(std::span(input), Direction::ToServer) {}

    void receive(std::string_view bytes);
    void take_frame(FrameEvent event);
    void take_bad_frame(const Error& error);
    void take_packet(std::string_view packet);
    void dispatch(std::string_view packet);
    void answer(const PacketRow& row, std::string_view packet);
    Status run(const PacketRow& row, std::string_view args);
    void release_held();
    void retransmit();
    void flush_ack();
    void send(std::string_view payload);
    void interrupt();
    void tell_notes();
    void on_stopped(const Stopped& stop);
    void on_end(std::string packet);

    [[nodiscard]] bool must_wait(const PacketRow& row) const {
        return session.state == RunState::Attaching && !session.attach_error &&
               row.needs != Needs::Nothing;
    }

    Session session;
    Output output;
    std::vector<char> input;
    Deframer deframer;
    Reply reply;
    std::vector<char> frame_buffer; ///< an ack, perhaps, and the last packet sent
    std::size_t packet_begin = 0;   ///< of the packet in frame_buffer
    std::size_t packet_end = 0;
    unsigned retransmissions = 0;
    bool ack_due = false;
    bool started = false;
    /// Packets in order of arrival, from the first one on that waits for the first stop.
    std::deque<std::string> held;
};

void Server::Impl::receive(std::string_view bytes) {
    while (session.end == SessionEnd::None) {
        const FrameEvent event = deframer.next(bytes);
        if (event == FrameEvent::NeedMore) {
            return;
        }
        take_frame(event);
    }
}

void Server::Impl::take_frame(FrameEvent event) {
    switch (event) {
    case FrameEvent::NeedMore:
        return;
    case FrameEvent::Packet:
        ack_due = !session.agreed.no_ack;
        take_packet(deframer.payload());
        flush_ack();
        return;
    case FrameEvent::Ack:
        retransmissions = 0;
        return;
    case FrameEvent::Nack:
        retransmit();
        return;
    case FrameEvent::Interrupt:
        interrupt();
        return;
    case FrameEvent::BadChecksum:
        if (!session.agreed.no_ack) {
            output("-");
            return;
        }
        take_bad_frame({ErrorCode::Malformed, "wrong checksum"});
        return;
    case FrameEvent::Oversized:
        ack_due = !session.agreed.no_ack;
        take_bad_frame({ErrorCode::Malformed, "packet longer than PacketSize"});
        return;
    }
}

void Server::Impl::take_bad_frame(const Error& error) {
    reply.clear();
    write_error(session, error, reply);
    send(reply.text());
}

void Server::Impl::take_packet(std::string_view packet) {
    if (session.options.trace) {
        session.options.trace("-> ", packet);
    }
    const PacketRow* row = find_row(packet);
    if (!held.empty() || (row != nullptr && must_wait(*row))) { // answers keep their order
        if (held.size() == max_held_packets) {
            take_bad_frame({ErrorCode::Busy, "too many packets before the first stop"});
        } else {
            held.emplace_back(packet);
        }
        return;
    }
    dispatch(packet);
}

/// The only place that answers packets: exactly one reply for each, be it a later stop reply.
void Server::Impl::dispatch(std::string_view packet) {
    reply.clear();
    session.fast_step.packet_begins();
    const PacketRow* row = find_row(packet);
    if (row == nullptr) {
        send({});
        return;
    }
    answer(*row, packet);
}

void Server::Impl::answer(const PacketRow& row, std::string_view packet) {
    const Status status = run(row, packet.substr(row.prefix.size()));
    if (!status) {
        write_error(session, status.error(), reply);
    } else if (*status == Outcome::StopFollows) {
        return;
    }
    send(reply.text());
}

Status Server::Impl::run(const PacketRow& row, std::string_view args) {
    const bool needs_stop = row.needs == Needs::Stop || row.needs == Needs::StopReply;
    if (session.attach_error && row.needs != Needs::Nothing) {
        return std::unexpected(*session.attach_error);
    }
    if (needs_stop && session.state == RunState::Ended) {
        if (row.needs == Needs::Stop) {
            return fail(ErrorCode::Gone, "the guest has ended");
        }
        reply.add(session.end_packet);
        session.end = SessionEnd::GuestEnded;
        return Outcome::Reply;
    }
    if (needs_stop && session.state != RunState::Stopped) {
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    return row.handler(session, args, reply);
}

void Server::Impl::release_held() {
    while (!held.empty() && session.end == SessionEnd::None) {
        const std::string packet = std::move(held.front());
        held.pop_front();
        dispatch(packet);
    }
    held.clear();
}

void Server::Impl::retransmit() {
    if (session.agreed.no_ack || packet_end == 0 || retransmissions == max_retransmissions) {
        return;
    }
    ++retransmissions;
    output({frame_buffer.data() + packet_begin, packet_end - packet_begin});
}

/// For packets whose answer comes later.
void Server::Impl::flush_ack() {
    if (std::exchange(ack_due, false)) {
        output("+");
    }
}

void Server::Impl::send(std::string_view payload) {
    if (session.options.trace) {
        session.options.trace("<- ", payload);
    }
    frame_buffer.resize(1 + framed_size_limit(payload.size()));
    frame_buffer.front() = '+';
    packet_begin = 1;
    packet_end = 1 + frame(payload, frame_buffer.data() + 1);
    retransmissions = 0;
    const std::size_t first = std::exchange(ack_due, false) ? 0 : packet_begin;
    output({frame_buffer.data() + first, packet_end - first});
}

/// 0x03 is no packet and gets no answer of its own; with nothing running it means nothing.
void Server::Impl::interrupt() {
    if (session.state != RunState::Running) {
        return;
    }
    const auto asked = session.debuggee.interrupt();
    if (!asked && session.options.trace) {
        session.options.trace("!! ", "interrupt: " + asked.error().message);
    }
}

/// `O<hex>`: text for the user, which clients take while they wait for a stop.
void Server::Impl::tell_notes() {
    for (const InstanceInfo& instance : session.debuggee.instances()) {
        if (!instance.note.empty() && session.noted.insert(instance.id).second) {
            reply.clear();
            reply.add('O').hex_text("wdbg: " + instance.note + '\n');
            send(reply.text());
        }
    }
}

void Server::Impl::on_stopped(const Stopped& stop) {
    if (session.state == RunState::Killing || session.state == RunState::Ended) {
        return;
    }
    session.take_stop(stop);
    const RunState before = std::exchange(session.state, RunState::Stopped);
    if (before == RunState::Attaching) {
        release_held();
    } else if (before == RunState::Running) {
        tell_notes();
        reply.clear();
        if (const ThreadView* thread = session.find_thread(session.stop_thread)) {
            write_stop_reply(session, *thread, reply);
        } else {
            reply.add("S05");
        }
        send(reply.text());
    }
}

void Server::Impl::on_end(std::string packet) {
    session.end_packet = std::move(packet);
    session.attach_error.reset();
    const RunState before = std::exchange(session.state, RunState::Ended);
    if (before == RunState::Attaching) {
        release_held();
    } else if (before == RunState::Running || before == RunState::Killing) {
        session.end = before == RunState::Killing ? SessionEnd::Killed : SessionEnd::GuestEnded;
        if (before == RunState::Running) {
            tell_notes();
        }
        send(session.end_packet);
    }
}

Server::Server(Debuggee& debuggee, ServerOptions options, Output output)
    : impl_(std::make_unique<Impl>(debuggee, std::move(options), std::move(output))) {
}

Server::~Server() {
    client_gone();
}

void Server::start() {
    if (std::exchange(impl_->started, true)) {
        return;
    }
    Session& session = impl_->session;
    if (const auto attached = session.debuggee.attach(); !attached) {
        session.attach_error = attached.error();
    }
}

void Server::receive(std::string_view bytes) {
    impl_->receive(bytes);
}

void Server::on_event(const Event& event) {
    Impl& impl = *impl_;
    if (finished()) {
        return;
    }
    if (const auto* stop = std::get_if<Stopped>(&event)) {
        impl.on_stopped(*stop);
    } else if (const auto* exit = std::get_if<Exited>(&event)) {
        Reply packet;
        packet.add('W').hex_byte(static_cast<unsigned>(exit->exit_code));
        impl.on_end(std::string(packet.text()));
    } else {
        impl.on_end("X09");
    }
}

void Server::client_gone() {
    Session& session = impl_->session;
    if (!impl_->started || finished()) {
        return;
    }
    switch (session.state) {
    case RunState::Killing:
        session.end = SessionEnd::Killed;
        break;
    case RunState::Ended:
        session.end = SessionEnd::GuestEnded;
        break;
    default:
        session.end = SessionEnd::Gone;
        if (!session.attach_error) {
            session.debuggee.detach();
        }
    }
}

SessionEnd Server::end() const {
    return impl_->session.end;
}

} // namespace wdbg::rsp
