// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A client that says anything, to the microcontroller's stub. Lines of the input are packets; a
// line that begins with a control byte is raw bytes, or something that the guest does. Nothing may
// crash, write what is no packet, or leave a byte planted when the client has gone.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <guest.h>
#include <iostream>
#include <string>
#include <string_view>
#include <stub_guest.h>
#include <stub_internal.h>

namespace {

using wdbg::test::StubGuest;

void require(bool condition, std::string_view otherwise) {
    if (!condition) {
        std::cerr << "embedded_stub_fuzz: " << otherwise << '\n';
        std::abort();
    }
}

void check_output(const std::string& output) {
    std::array<char, 4 * WDBG_STUB_PACKET_SIZE> buffer{};
    WdbgDeframer deframer{};
    wdbg_deframer_init(&deframer, buffer.data(), buffer.size(), true);
    const char* at = output.data();
    std::size_t left = output.size();
    while (left != 0) {
        const WdbgFrameEvent event = wdbg_deframer_next(&deframer, &at, &left);
        require(event == WdbgFramePacket || event == WdbgFrameAck || event == WdbgFrameNack,
                "what it writes is no packet");
    }
    require(deframer.state == 0, "a packet is cut off");
}

/// What the interpreter would do next.
void run(StubGuest& guest, unsigned how) {
    guest.frames[0] = StubGuest::first_instruction + how % 48;
    switch (how % 4) {
    case 0:
        wdbg_stub_stop(WdbgSignalTrap, "breakpoint", nullptr);
        break;
    case 1:
        wdbg_stub_stop(WdbgSignalSegv, "exception", "out of bounds memory access");
        break;
    case 2:
        wdbg_stub_receive(false);
        break;
    default:
        guest.stop();
    }
    if (wdbg_stub.stop_requested || wdbg_stub.stepping) {
        wdbg_stub_stop(WdbgSignalTrap, "trace", nullptr);
    }
}

/// The guest's function becomes these bytes.
void load(StubGuest& guest, std::string_view text) {
    wdbg_breakpoints_clear();
    const std::size_t size =
        std::min(text.size(), guest.code.size() - StubGuest::first_instruction);
    std::copy_n(text.begin(), size, guest.code.begin() + StubGuest::first_instruction);
}

/// What may be planted is taken out for the comparison.
std::array<std::uint8_t, 64> unplanted(StubGuest& guest) {
    wdbg_breakpoints_hide();
    const auto code = guest.code;
    wdbg_breakpoints_show();
    return code;
}

void line(StubGuest& guest, std::string_view text) {
    switch (text.empty() ? ' ' : text.front()) {
    case '\x01':
        run(guest, text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0U);
        break;
    case '\x02':
        guest.send(text.substr(1));
        break;
    case '\x04':
        load(guest, text.substr(1));
        break;
    default:
        guest.send_packet(text);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    StubGuest guest;
    guest.types = [](std::uint32_t type, WdbgSignature& into) {
        static const std::array<std::uint8_t, 3> bytes{0x7E, 0x7F, 0x7D};
        into = {.param_count = 2, .result_count = 1, .types = bytes.data()};
        return type < 4;
    };
    guest.function_types = guest.types;
    guest.local_types = [](std::uint32_t local) {
        return static_cast<std::uint8_t>(0x7B + local % 5);
    };
    guest.portion = 1 + size % 64;
    while (!input.empty()) {
        const std::size_t end = std::min(input.find('\n'), input.size());
        line(guest, input.substr(0, end));
        input.remove_prefix(std::min(end + 1, input.size()));
    }
    const auto pristine = unplanted(guest);
    guest.stop(); // until all has been read, and the client is gone
    while (wdbg_stub_attached()) {
        guest.stop();
    }
    check_output(guest.take_output());
    require(guest.code == pristine, "a planted byte stays");
    return 0;
}
