// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Any bytes, in any portions: the deframer finds the same packets, and what it finds can be framed
// and found again. The packets' parsers take anything.
#include <wdbg/rsp/framing.h>
#include <wdbg/rsp/wasm_packets.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace wdbg::rsp;

std::vector<std::string> deframe(std::string_view input, std::size_t portion, Direction direction) {
    std::array<char, 128> buffer{};
    Deframer deframer(buffer, direction);
    std::vector<std::string> found;
    while (!input.empty()) {
        std::string_view part = input.substr(0, portion);
        input.remove_prefix(part.size());
        for (FrameEvent event = deframer.next(part); event != FrameEvent::NeedMore;
             event = deframer.next(part)) {
            found.emplace_back(1, static_cast<char>(event));
            if (event == FrameEvent::Packet) {
                found.back() += deframer.payload();
            }
        }
    }
    return found;
}

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void check_parsers(std::string_view packet) {
    (void)parse_call_stack(packet);
    (void)parse_frame_slot(packet);
    (void)parse_global(packet);
    (void)parse_address_range(packet);
    (void)parse_stop_point(packet);
    std::string_view rest = packet;
    (void)take_thread_spec(rest);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    for (const Direction direction : {Direction::ToServer, Direction::ToClient}) {
        const auto whole = deframe(input, input.size() + 1, direction);
        require(deframe(input, 1, direction) == whole);
        require(deframe(input, 7, direction) == whole);
    }
    check_parsers(input);
    std::string framed(framed_size_limit(size), '\0');
    framed.resize(frame(input, framed.data()));
    if (size <= 128) {
        const auto found = deframe(framed, 3, Direction::ToClient);
        require(found.size() == 1 && found.front().substr(1) == input);
    }
    return 0;
}
