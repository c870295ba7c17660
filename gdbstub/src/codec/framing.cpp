// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/rsp/framing.h>
#include <wdbg/rsp/text.h>

#include <cstring>
#include <utility>

namespace wdbg::rsp {

namespace {

constexpr int not_hex = 0x100; // a checksum that no sum can equal
constexpr char escape = '}';
constexpr unsigned char escape_bit = 0x20;
constexpr int repeat_bias = 29;

constexpr bool must_escape(char byte) {
    return byte == '#' || byte == '$' || byte == escape || byte == '*';
}

/// Bytes that end a run which can be copied without a look at each state.
constexpr bool is_special(char byte) {
    return must_escape(byte) || byte == interrupt_byte;
}

} // namespace

FrameEvent Deframer::next(std::string_view& input) {
    while (!input.empty()) {
        if (state_ == State::Payload) {
            input.remove_prefix(copy_plain(input));
            if (input.empty()) {
                break;
            }
        }
        const char byte = input.front();
        input.remove_prefix(1);
        if (const std::optional<FrameEvent> event = step(byte)) {
            return *event;
        }
    }
    return FrameEvent::NeedMore;
}

std::optional<FrameEvent> Deframer::step(char byte) {
    switch (state_) {
    case State::Idle:
        return idle(byte);
    case State::Payload:
        return payload_byte(byte);
    case State::Escaped:
        sum_ = static_cast<std::uint8_t>(sum_ + static_cast<std::uint8_t>(byte));
        store(static_cast<char>(static_cast<unsigned char>(byte) ^ escape_bit));
        state_ = State::Payload;
        return std::nullopt;
    case State::Repeat:
        sum_ = static_cast<std::uint8_t>(sum_ + static_cast<std::uint8_t>(byte));
        repeat(byte);
        state_ = State::Payload;
        return std::nullopt;
    case State::Checksum1:
    case State::Checksum2:
        return checksum_byte(byte);
    case State::Notification:
        if (byte == '#') {
            state_ = State::NotificationEnd;
            size_ = 0;
        }
        return std::nullopt;
    case State::NotificationEnd:
        state_ = ++size_ == 2 ? State::Idle : state_;
        return std::nullopt;
    }
    return std::nullopt;
}

std::optional<FrameEvent> Deframer::idle(char byte) {
    switch (byte) {
    case '$':
        begin();
        return std::nullopt;
    case '+':
        return FrameEvent::Ack;
    case '-':
        return FrameEvent::Nack;
    case interrupt_byte:
        return direction_ == Direction::ToServer ? std::optional(FrameEvent::Interrupt)
                                                 : std::nullopt;
    case '%':
        if (direction_ == Direction::ToClient) {
            state_ = State::Notification;
        }
        return std::nullopt;
    default:
        return std::nullopt; // noise between packets
    }
}

std::optional<FrameEvent> Deframer::payload_byte(char byte) {
    if (byte == '$') { // never within a packet: the one before was cut off
        begin();
        return std::nullopt;
    }
    if (byte == '#') {
        state_ = State::Checksum1;
        return std::nullopt;
    }
    if (byte == interrupt_byte && direction_ == Direction::ToServer && !expects_binary()) {
        return FrameEvent::Interrupt; // not part of the packet, nor of its sum
    }
    sum_ = static_cast<std::uint8_t>(sum_ + static_cast<std::uint8_t>(byte));
    if (byte == escape) {
        state_ = State::Escaped;
    } else if (byte == '*' && direction_ == Direction::ToClient) {
        state_ = State::Repeat;
    } else {
        store(byte);
    }
    return std::nullopt;
}

std::optional<FrameEvent> Deframer::checksum_byte(char byte) {
    if (byte == '$') {
        begin();
        return std::nullopt;
    }
    if (byte == interrupt_byte && direction_ == Direction::ToServer) {
        return FrameEvent::Interrupt;
    }
    if (state_ == State::Checksum1) {
        checksum_ = hex_value(byte) < 0 ? not_hex : hex_value(byte) * 16;
        state_ = State::Checksum2;
        return std::nullopt;
    }
    state_ = State::Idle;
    checksum_ = hex_value(byte) < 0 ? not_hex : checksum_ + hex_value(byte);
    if (oversized_) {
        return FrameEvent::Oversized;
    }
    return std::cmp_equal(checksum_, sum_) ? FrameEvent::Packet : FrameEvent::BadChecksum;
}

void Deframer::begin() {
    state_ = State::Payload;
    size_ = 0;
    sum_ = 0;
    oversized_ = false;
}

void Deframer::store(char byte) {
    if (size_ == buffer_.size()) {
        oversized_ = true;
        return;
    }
    buffer_[size_++] = byte;
}

void Deframer::repeat(char count) {
    const int times = static_cast<unsigned char>(count) - repeat_bias;
    if (size_ == 0) {
        return;
    }
    const char last = buffer_[size_ - 1];
    for (int i = 0; i < times; ++i) {
        store(last);
    }
}

/// Copies the run of ordinary bytes at the front; the common case, without a state per byte.
std::size_t Deframer::copy_plain(std::string_view input) {
    std::size_t length = 0;
    std::uint8_t sum = sum_;
    while (length < input.size() && !is_special(input[length])) {
        sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(input[length]));
        ++length;
    }
    sum_ = sum;
    const std::size_t room = buffer_.size() - size_;
    const std::size_t stored = length < room ? length : room;
    if (stored != 0) {
        std::memcpy(buffer_.data() + size_, input.data(), stored);
        size_ += stored;
    }
    oversized_ = oversized_ || stored < length;
    return length;
}

/// In `Xaddress,length:data` everything behind the colon is binary.
bool Deframer::expects_binary() const {
    return size_ != 0 && buffer_[0] == 'X' &&
           std::memchr(buffer_.data(), ':', size_ < 64 ? size_ : 64) != nullptr;
}

std::size_t frame(std::string_view payload, char* out) {
    char* at = out;
    std::uint8_t sum = 0;
    *at++ = '$';
    for (const char byte : payload) {
        char coded = byte;
        if (must_escape(byte)) {
            *at++ = escape;
            sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(escape));
            coded = static_cast<char>(static_cast<unsigned char>(byte) ^ escape_bit);
        }
        *at++ = coded;
        sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(coded));
    }
    *at++ = '#';
    *at++ = hex_digit(sum >> 4U);
    *at++ = hex_digit(sum);
    return static_cast<std::size_t>(at - out);
}

} // namespace wdbg::rsp
