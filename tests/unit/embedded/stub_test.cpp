// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gtest/gtest.h>

#include <guest.h>
#include <string>
#include <stub_guest.h>
#include <stub_internal.h>

namespace wdbg::test {
namespace {

std::string framed(std::string_view packet) {
    std::string text(2 * packet.size() + 4, '\0');
    text.resize(wdbg_frame(packet.data(), packet.size(), text.data()));
    return text;
}

constexpr std::string_view hello = "QStartNoAckMode";

} // namespace

TEST(Stub, AnswersWhatItDoesNotKnowWithAnEmptyPacket) {
    StubGuest guest;
    for (const char* packet :
         {"", "jThreadsInfo", "qCRC:0,1", "_M1000,rwx", "vCont", "QSetLogging"}) {
        EXPECT_EQ(guest.ask(packet), "") << packet;
    }
}

TEST(Stub, TellsWhatItIs) {
    StubGuest guest;
    EXPECT_TRUE(guest.ask("qSupported:swbreak+").starts_with("PacketSize=400;"));
    EXPECT_EQ(guest.ask("qC"), "QC1");
    EXPECT_EQ(guest.ask("qfThreadInfo"), "m1");
    EXPECT_EQ(guest.ask("qsThreadInfo"), "l");
    EXPECT_EQ(guest.ask("qRegisterInfo1"), "E45");
    EXPECT_EQ(guest.ask("p0;thread:0001;"), "1200000000000040");
    EXPECT_EQ(guest.ask("p1"), "E16");
    EXPECT_EQ(guest.ask("qEcho:12*#3"), "qEcho:12*#3");
}

TEST(Stub, NamesItsModule) {
    StubGuest guest;
    const std::string list = "<library-list><library name=\"/tmp/a&amp;b.wasm\">"
                             "<section address=\"0x4000000000000000\"/></library></library-list>";
    EXPECT_EQ(guest.ask("qXfer:libraries:read::0,fff"), "l" + list);
    EXPECT_EQ(guest.ask("qXfer:libraries:read::0,10"), "m" + list.substr(0, 16));
    EXPECT_EQ(guest.ask("qXfer:libraries:read::10,fff"), "l" + list.substr(16));
    EXPECT_EQ(guest.ask("qXfer:libraries:read::x"), "E16");
}

TEST(Stub, ReadsMemoryAndCode) {
    StubGuest guest;
    guest.memory[0x3F] = 0x2A;
    EXPECT_EQ(guest.ask("m3e,8"), "002a");
    EXPECT_EQ(guest.ask("x3f,8"), "b*");
    EXPECT_EQ(guest.ask("m40,1"), "E08");
    EXPECT_EQ(guest.ask("m4000000000000010,3"), "200141");
    EXPECT_EQ(guest.ask("m4000000100000010,3"), "E08");
    EXPECT_EQ(guest.ask("mffffffffffffffff,ffffffffffffffff"), "E08");
    EXPECT_EQ(guest.ask("m"), "E16");
}

TEST(Stub, WritesMemoryAllOrNothing) {
    StubGuest guest;
    EXPECT_EQ(guest.ask("M10,2:abcd"), "OK");
    EXPECT_EQ(guest.memory[0x11], 0xCD);
    EXPECT_EQ(guest.ask("M3f,2:0102"), "E08");
    EXPECT_EQ(guest.ask("M10,2:01"), "E16");
    EXPECT_EQ(guest.ask("M10,2:01xy"), "E16");
    EXPECT_EQ(guest.memory[0x10], 0xAB);
    EXPECT_EQ(guest.ask("M4000000000000010,1:00"), "E08");
}

TEST(Stub, CoversTheAddressSpaceByRegions) {
    StubGuest guest;
    EXPECT_EQ(guest.ask("qMemoryRegionInfo:0"),
              "start:0;size:40;permissions:rw;name:6d656d6f7279;");
    EXPECT_EQ(guest.ask("qMemoryRegionInfo:40"), "start:40;size:3fffffffffffffc0;");
    EXPECT_EQ(guest.ask("qMemoryRegionInfo:4000000000000000"),
              "start:4000000000000000;size:40;permissions:rx;name:636f6465;");
    EXPECT_EQ(guest.ask("qMemoryRegionInfo:ffffffffffffffff"), "start:ffffffffffffffff;size:1;");
}

TEST(Stub, ShowsFramesAndValues) {
    StubGuest guest;
    EXPECT_EQ(guest.ask("qWasmCallStack:1"), "12000000000000402800000000000040");
    EXPECT_EQ(guest.ask("qWasmLocal:0;0"), "a0a0a0a0");
    EXPECT_EQ(guest.ask("qWasmLocal:1;2"), "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1");
    EXPECT_EQ(guest.ask("qWasmLocal:2;0"), "E02");
    EXPECT_EQ(guest.ask("qWasmLocal:0;9999999999"), "E16");
    EXPECT_EQ(guest.ask("qWasmGlobal:0;0"), "b0b0b0b0");
    EXPECT_EQ(guest.ask("qWasmGlobal:0;instance:0;"), "b0b0b0b0");
    EXPECT_EQ(guest.ask("qWasmGlobal:1;instance:0;"), "E02");
    // Behind `local.get`, `i32.const`: two values.
    guest.frames = {StubGuest::first_instruction + 5, StubGuest::first_instruction};
    EXPECT_EQ(guest.ask("qWasmStackValue:0;0"), "44332211");
    EXPECT_EQ(guest.ask("qWasmStackValue:0;1"), "02000000");
    EXPECT_EQ(guest.ask("qWasmStackValue:0;2"), "E3d");
    EXPECT_EQ(guest.ask("qWasmStackValue:1;0"), "E3d");
    guest.local_types = [](std::uint32_t) { return std::uint8_t{0x7E}; };
    EXPECT_EQ(guest.ask("qWasmStackValue:0;0"), "4433221102000000");
    EXPECT_EQ(guest.ask("qWasmStackValue:0;1"), "E3d") << "the instruction has taken it";
}

TEST(Stub, CutsADeepStackToWhatFits) {
    StubGuest guest;
    guest.frames.assign(1000, 20);
    const std::string reply = guest.ask("qWasmCallStack:1");
    EXPECT_EQ(reply.size() % 16, 0U);
    EXPECT_GE(reply.size(), 100U * 16);
}

TEST(Stub, PlantsBreakpointsOnInstructionsOnly) {
    StubGuest guest;
    const auto pristine = guest.code;
    EXPECT_EQ(guest.ask("Z0,4000000000000012,1"), "OK");
    EXPECT_EQ(guest.ask("Z0,4000000000000012,1"), "OK");
    EXPECT_EQ(guest.code[0x12], WDBG_STUB_BREAK_OPCODE);
    EXPECT_EQ(guest.ask("m4000000000000010,3"), "200141") << "planted bytes do not show";
    EXPECT_EQ(guest.ask("Z0,4000000000000013,1"), "E08") << "within i32.const";
    EXPECT_EQ(guest.ask("Z0,40,1"), "E08");
    EXPECT_EQ(guest.ask("Z0,4000000000000100,1"), "E08");
    EXPECT_EQ(guest.ask("z0,4000000000000012,1"), "OK");
    EXPECT_EQ(guest.ask("z0,4000000000000012,1"), "E02");
    EXPECT_EQ(guest.code, pristine);
}

TEST(Stub, ReportsABreakpointInLocalDeclarationsWhereItWasAskedFor) {
    StubGuest guest;
    guest.frames[0] = StubGuest::first_instruction;
    EXPECT_EQ(guest.ask("Z0,400000000000000e,1"), "OK");
    guest.send_packet("?");
    wdbg_stub_stop(WdbgSignalTrap, "breakpoint", nullptr);
    EXPECT_NE(guest.take_output().find("00:0e00000000000040;reason:breakpoint;"),
              std::string::npos);
}

TEST(Stub, KeepsAPlaceThatTwoBreakpointsShare) {
    StubGuest guest;
    const auto pristine = guest.code;
    EXPECT_EQ(guest.ask("Z0,400000000000000e,1"), "OK");
    EXPECT_EQ(guest.ask("Z0,4000000000000010,1"), "OK");
    EXPECT_EQ(guest.ask("z0,400000000000000e,1"), "OK");
    EXPECT_EQ(guest.code[0x10], WDBG_STUB_BREAK_OPCODE);
    EXPECT_EQ(guest.ask("z0,4000000000000010,1"), "OK");
    EXPECT_EQ(guest.code, pristine);
}

TEST(Stub, SaysSoWhenBreakpointsRunOut) {
    StubGuest guest;
    guest.code.fill(0x01);
    std::string last;
    for (unsigned i = 0; i <= WDBG_STUB_BREAKPOINTS; ++i) {
        std::string packet = "Z0,40000000000000xx,1";
        packet[17] = wdbg_hex_digit((0x10 + i) >> 4U);
        packet[18] = wdbg_hex_digit(0x10 + i);
        last = guest.ask(packet);
    }
    EXPECT_EQ(last, "E1c");
}

TEST(Stub, AcknowledgesUntilItNeedNot) {
    StubGuest guest;
    guest.portion = 1;
    guest.send("+");
    guest.send_packet(hello);
    guest.send("+");
    guest.send_packet("qC");
    guest.stop();
    EXPECT_EQ(guest.take_output(), "+" + framed("OK") + framed("QC1"));
}

TEST(Stub, AsksForABrokenPacketAgain) {
    StubGuest guest;
    guest.send_packet("qC");
    guest.send("$qC#00");
    guest.send("-");
    guest.stop();
    EXPECT_EQ(guest.take_output(), "+" + framed("QC1") + "-" + framed("QC1"));
}

TEST(Stub, RefusesAPacketThatIsTooLong) {
    StubGuest guest;
    guest.send_packet(hello);
    guest.send_packet(std::string(WDBG_STUB_PACKET_SIZE + 1, 'q'));
    guest.send_packet("qC");
    guest.stop();
    EXPECT_EQ(guest.take_output(), "+" + framed("OK") + framed("E1c") + framed("QC1"));
}

TEST(Stub, IgnoresNoiseWhileNobodyIsThere) {
    StubGuest guest;
    guest.send("+garbage$abc#00-");
    wdbg_stub_receive(false);
    EXPECT_EQ(guest.take_output(), "");
    EXPECT_FALSE(wdbg_stub_attached());
    EXPECT_FALSE(wdbg_stub.stop_requested);
}

TEST(Stub, TellsAClientOfTheTimeBeforeAResetThatItsGuestIsGone) {
    StubGuest guest;
    guest.send("\x03");
    wdbg_stub_receive(false);
    EXPECT_EQ(guest.take_output(), framed("X09"));
    guest.send_packet("vCont;c:1");
    wdbg_stub_receive(false);
    EXPECT_EQ(guest.take_output(), framed("X09"));
    EXPECT_FALSE(wdbg_stub_attached());
}

TEST(Stub, StopsTheGuestForAClientThatComesWhileItRuns) {
    StubGuest guest;
    guest.send_packet(hello);
    wdbg_stub_receive(false);
    EXPECT_TRUE(wdbg_stub.stop_requested);
}

TEST(Stub, AnswersAResumeWithTheNextStop) {
    StubGuest guest;
    guest.send_packet(hello);
    guest.send_packet("vCont;s:1");
    guest.send_packet("qC"); // comes early: the guest runs
    guest.portion = framed(hello).size() + framed("vCont;s:1").size();
    guest.stop();
    EXPECT_TRUE(wdbg_stub.stepping);
    EXPECT_EQ(wdbg_stub_countdown, 1);
    EXPECT_EQ(guest.take_output(), "+" + framed("OK"));
    wdbg_stub_stop(WdbgSignalTrap, "trace", nullptr);
    EXPECT_EQ(guest.take_output(),
              framed("T05thread:1;name:main;00:1200000000000040;reason:trace;") + framed("QC1"));
}

TEST(Stub, RefusesToResumeARunningGuest) {
    StubGuest guest;
    wdbg_stub.attached = true;
    wdbg_stub.no_ack = true;
    guest.send_packet("c");
    wdbg_stub_receive(false);
    EXPECT_EQ(guest.take_output(), framed("E16"));
}

TEST(Stub, LeavesNothingBehindWhenItsClientGoes) {
    StubGuest guest;
    const auto pristine = guest.code;
    guest.send_packet(hello);
    guest.send_packet("Z0,4000000000000012,1");
    guest.send_packet("D");
    guest.stop();
    EXPECT_EQ(guest.code, pristine);
    EXPECT_FALSE(wdbg_stub_attached());
}

TEST(Stub, TellsItsClientOfTheEnd) {
    StubGuest guest;
    wdbg_stub.attached = true;
    wdbg_stub_exited(0x12A);
    EXPECT_EQ(guest.take_output(), framed("W2a"));
    EXPECT_FALSE(wdbg_stub_attached());
}

} // namespace wdbg::test
