// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/rsp/framing.h>

namespace wdbg::rsp {

static_assert(static_cast<int>(FrameEvent::Packet) == WdbgFramePacket);
static_assert(static_cast<int>(FrameEvent::Oversized) == WdbgFrameOversized);

Deframer::Deframer(std::span<char> buffer, Direction direction) {
    wdbg_deframer_init(&core_, buffer.data(), buffer.size(), direction == Direction::ToClient);
}

FrameEvent Deframer::next(std::string_view& input) {
    const char* bytes = input.data();
    std::size_t size = input.size();
    const WdbgFrameEvent event = wdbg_deframer_next(&core_, &bytes, &size);
    input = {bytes, size};
    return static_cast<FrameEvent>(event);
}

std::size_t frame(std::string_view payload, char* out) {
    return wdbg_frame(payload.data(), payload.size(), out);
}

} // namespace wdbg::rsp
