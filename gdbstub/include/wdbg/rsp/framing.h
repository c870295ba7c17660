// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <wdbg_packet.h>

/// Packet framing of the GDB remote protocol: wdbg_packet.h (shared with the microcontroller's
/// stub) as C++. Freestanding: no heap, no exceptions.
///
///     $ p a y l o a d # c s        c s: sum of the bytes between $ and #, modulo 256, in hex
///
/// Within the payload `}` escapes: the next byte is xor-ed with 0x20; `# $ } *` must be escaped.
/// `c*n` in a reply stands for c and n - 29 more c (run-length encoding).
namespace wdbg::rsp {

inline constexpr char interrupt_byte = '\x03';

/// What a Deframer found.
enum class FrameEvent : std::uint8_t {
    NeedMore,    ///< the input is used up
    Packet,      ///< payload() is a packet's, unescaped and expanded
    Ack,         ///< `+`
    Nack,        ///< `-`
    Interrupt,   ///< 0x03 outside of binary data
    BadChecksum, ///< a packet whose checksum is wrong or no number; payload() shows what came
    Oversized,   ///< a packet that did not fit; its end has been reached
};

/// Which half of the protocol the bytes belong to.
enum class Direction : std::uint8_t {
    ToServer, ///< 0x03 interrupts; no run-length encoding
    ToClient, ///< run-length encoding; notifications (`%…#cs`) are passed over
};

/// Finds packets in a stream of bytes that arrives in portions of any size. Memory is bounded by
/// the buffer given, whatever arrives: what is no packet is passed over.
class Deframer {
  public:
    /// Payloads up to buffer.size() bytes; the buffer must outlive the deframer.
    Deframer(std::span<char> buffer, Direction direction);

    /// Takes bytes from the front of `input` until there is something to tell.
    FrameEvent next(std::string_view& input);

    /// Valid until the next call of next().
    [[nodiscard]] std::string_view payload() const { return {core_.buffer, core_.size}; }

    /// A packet has begun and its end has not come yet.
    [[nodiscard]] bool in_packet() const { return core_.state != 0; }

  private:
    WdbgDeframer core_{};
};

/// Room that frame() needs at most for a payload of this size.
[[nodiscard]] constexpr std::size_t framed_size_limit(std::size_t payload) {
    return 2 * payload + 4;
}

/// Writes `$payload#cs` with escapes; returns its length. `out` has framed_size_limit() bytes.
std::size_t frame(std::string_view payload, char* out);

} // namespace wdbg::rsp
