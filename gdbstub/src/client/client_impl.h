// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/rsp/client.h>

#include <map>

namespace wdbg::rsp {

/// What is being waited for.
enum class Exchange : std::uint8_t {
    Greeting, ///< the first: one answer, which a stop told unasked may precede (QEMU)
    Request,  ///< one answer
    Resume,   ///< console output, then a stop reply
    Kill,     ///< any answer, or the end of the connection
};

struct PendingRequest {
    std::string packet;
    Client::ReplyHandler done{};
    Exchange kind = Exchange::Request;
};

struct Client::Impl {
    Impl(Output send, ClientOptions settings);

    // The conversation (client.cpp)
    void receive(std::string_view bytes);
    void tick(TimePoint now);
    void enqueue(PendingRequest request);
    void give_up(const Error& why);
    void take_packet(std::string_view payload);
    void take_stop_packet(std::string_view payload);
    void take_nack();
    void take_bad_packet(const char* what);
    void finish(Result<std::string_view> result);
    void send_next();
    void send(std::string_view packet);
    void send_again_if_lost(TimePoint now);
    void wait_for_copies(TimePoint now);
    [[nodiscard]] bool is_repetition(std::string_view payload) const;
    void begin_resync();

    // Requests of several packets (requests.cpp)
    void learn_features(std::string_view list);
    [[nodiscard]] bool supports(std::string_view name) const;
    [[nodiscard]] std::string thread_suffix(std::uint64_t thread) const;

    Output output;
    ClientOptions options;
    std::unique_ptr<char[]> input;
    Deframer deframer;
    std::string frame_buffer;
    std::function<void(std::string_view)> console;

    std::deque<PendingRequest> queue;
    std::optional<PendingRequest> in_flight;
    std::optional<TimePoint> deadline;
    std::optional<Error> broken;
    /// Set while answers are passed over until that one.
    std::string echo_awaited;
    unsigned echo_count = 0;
    unsigned nacks = 0; ///< in a row, from either side
    bool no_ack = false;
    bool server_acks = false;  ///< it has acknowledged something
    unsigned acks_awaited = 0; ///< packets sent and not acknowledged
    std::optional<TimePoint> send_again_at;
    unsigned sent_again = 0; ///< what is in flight, for want of an ack
    /// Of the request before: a server that was only slow answers each copy. Nothing is sent
    /// meanwhile.
    unsigned copies_to_come = 0;
    std::optional<TimePoint> copies_until;
    std::string last_payload;
    std::optional<bool> has_vcont;

    std::map<std::string, std::string, std::less<>> features;
    std::size_t packet_size = 400; ///< of a server that tells nothing (gdbserver's least)
    bool thread_suffixes = false;
    std::optional<bool> binary_writes;
};

} // namespace wdbg::rsp
