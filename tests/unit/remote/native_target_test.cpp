// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RemoteNativeTarget against a scripted server: what real ones do rarely.
#include "native_fixture.h"

#include <array>

namespace wdbg::remote {
namespace {

TEST_F(NativeTarget, PlantsHardwareBreakpointsInFlashAndSoftwareOnesInRam) {
    connect(board());
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x1000);
    add_code(0x20000000);
    EXPECT_TRUE(target().plant({0x1004}, {}));
    EXPECT_TRUE(target().plant({0x20000004}, {}));
    EXPECT_TRUE(server->saw("Z1,1004,4"));
    EXPECT_TRUE(server->saw("Z0,20000004,4"));
    target().release();
    EXPECT_TRUE(server->saw("z1,1004,4"));
    EXPECT_TRUE(server->saw("z0,20000004,4"));
    EXPECT_TRUE(server->saw("D"));
    EXPECT_EQ(warnings, "");
}

TEST_F(NativeTarget, SaysThatTheHardwareBreakpointsAreUsedUp) {
    auto answers = board();
    answers["Z1"] = "E0e";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x1000);
    const auto planted = target().plant({0x1008}, {});
    ASSERT_FALSE(planted);
    EXPECT_EQ(planted.error().code, ErrorCode::Busy);
    EXPECT_NE(planted.error().message.find("no hardware breakpoint left for 0x1008"),
              std::string::npos);
}

TEST_F(NativeTarget, NamesTheBreakpointsThatItCouldNotRemove) {
    auto answers = board();
    answers["z0"] = "E01";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x20000000);
    ASSERT_TRUE(target().plant({0x20000010}, {}));
    target().release();
    EXPECT_NE(warnings.find("0x20000010"), std::string::npos) << warnings;
}

TEST_F(NativeTarget, RefusesAnotherMachine) {
    connect(board(), Machine::X86_64);
    ASSERT_FALSE(connected);
    EXPECT_NE(connected.error().message.find("the target is aarch64, the debug file is for x86-64"),
              std::string::npos)
        << connected.error().message;
}

TEST_F(NativeTarget, TakesAServerWithoutADescriptionForWhatTheDebugFileSays) {
    auto answers = board();
    answers["qSupported"] = "PacketSize=400";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    EXPECT_EQ(target().machine(), Machine::AArch64);
}

TEST_F(NativeTarget, EndsWithAServerThatGoesInTheMiddleOfAPacket) {
    auto answers = board();
    answers["c"] = "!";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x20000000);
    ASSERT_TRUE(target().plant({0x20000010}, {}));
    std::string lost;
    target().set_end_handler([&](const NativeEnd& end) {
        const auto* how = std::get_if<NativeLost>(&end);
        lost = how == nullptr ? "not lost" : how->reason;
    });
    bool started = false;
    target().set_event_handler([&](const NativeEvent& event) {
        if (std::holds_alternative<NativeStopped>(event) && !std::exchange(started, true)) {
            EXPECT_TRUE(target().resume({.threads = {}, .resume_others = true}));
        }
    });
    target().start();
    loop.run();
    EXPECT_TRUE(started);
    EXPECT_NE(lost.find("lost"), std::string::npos) << lost;
    EXPECT_NE(warnings.find("0x20000010"), std::string::npos) << "it stays in the code";
    EXPECT_FALSE(target().resume({.threads = {}, .resume_others = true}));
}

TEST_F(NativeTarget, RefusesRegistersThatAreNone) {
    auto answers = board();
    answers["g"] = "zz";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    EXPECT_FALSE(target().first_argument());
    std::array<std::byte, 4> bytes{};
    EXPECT_FALSE(target().read_memory({0x20000000}, bytes)); // no answer to m
}

TEST_F(NativeTarget, TriesHardwareBreakpointsWhereSoftwareOnesAreRefused) {
    auto answers = board();
    answers["Z0"] = "E0e";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x20000000);
    EXPECT_TRUE(target().plant({0x20000008}, {}));
    EXPECT_TRUE(server->saw("Z1,20000008,4"));
    target().release();
    EXPECT_TRUE(server->saw("z1,20000008,4"));
}

TEST_F(NativeTarget, TakesBreakpointsOutOfCodeThatGoes) {
    connect(board());
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x20000000);
    ASSERT_TRUE(target().plant({0x20000010}, {}));
    target().add_instance({.module = ModuleId{0}, .address = {0x20001000}});
    target().remove_code(target().code_ranges().front().first);
    EXPECT_TRUE(server->saw("z0,20000010,4"));
    EXPECT_TRUE(target().code_ranges().empty());
    EXPECT_TRUE(target().instances().empty());
    EXPECT_FALSE(target().plant({0x20000010}, {})) << "there is no code";
}

TEST_F(NativeTarget, LooksForCodeWhereTheTargetTellsOfChanges) {
    auto answers = board();
    answers["vCont?"] = "vCont;c;C;s;S";
    answers["vCont;c"] = "S05";
    answers["g"] = "0000000020000000"
                   "0010000000000000|" // the pc, little-endian
                   "0000000020000000"
                   "0020000000000000";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    int looks = 0;
    int stops = 0;
    bool told_of_change = false;
    target().set_event_handler([&](const NativeEvent& event) {
        const auto* stopped = std::get_if<NativeStopped>(&event);
        stops += stopped != nullptr ? 1 : 0;
        told_of_change = stopped != nullptr && !stopped->threads.empty() &&
                         std::holds_alternative<NativeCodeChanged>(stopped->threads[0].reason);
    });
    ASSERT_TRUE(target().stop_at_changes({0x2000}, [&](bool told) {
        looks += told ? 1 : 0;
        return true;
    }));
    EXPECT_TRUE(server->saw("Z1,2000,4"));
    target().start();
    run_until([&] { return stops == 1; });
    ASSERT_TRUE(target().resume({}));
    run_until([&] { return told_of_change; });
    EXPECT_EQ(looks, 1);
}

/// A server hits a breakpoint where the thread stands.
TEST_F(NativeTarget, LeavesThePlaceThatItIsToRunTo) {
    auto answers = board();
    answers["vCont?"] = "vCont;c;C;s;S";
    answers["vCont;s"] = "S05";
    answers["vCont;c"] = "S05";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    const NativeAddress here{0x1000};
    const auto arrived = target().run_until(std::span(&here, 1), std::chrono::seconds(20));
    EXPECT_TRUE(arrived && *arrived);
    EXPECT_EQ(server->count("vCont;s:1"), 1);
}

TEST_F(NativeTarget, AsksAgainForWhatCameGarbled) {
    auto answers = board();
    answers["g"] = "~0000|0000000020000000"
                   "0010000000000000";
    answers["m20000100"] = "~11|~12|2a000000";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    std::array<std::byte, 4> bytes{};
    EXPECT_TRUE(target().read_memory({0x20000100}, bytes));
    EXPECT_EQ(bytes[0], std::byte{0x2a});
}

TEST_F(NativeTarget, PassesUnknownSignalsOn) {
    auto answers = board();
    answers["vCont?"] = "vCont;c;C;s;S";
    answers["vCont;c"] = "S97";
    answers["vCont;C97"] = "W07";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    std::optional<int> exit_code;
    bool stopped = false;
    target().set_event_handler([&](const NativeEvent& /*event*/) { stopped = true; });
    target().set_end_handler([&](const NativeEnd& end) {
        const auto* exited = std::get_if<NativeExited>(&end);
        exit_code = exited != nullptr ? exited->exit_code : -1;
    });
    target().start();
    run_until([&] { return stopped; });
    ASSERT_TRUE(target().resume({}));
    run_until([&] { return exit_code.has_value(); });
    EXPECT_EQ(*exit_code, 7);
}

/// No acks' end, no vCont, one thread with a number of its own, registers of the M profile; flash
/// by the memory map: what J-Link's server says of a Cortex-M.
TEST_F(NativeTarget, SpeaksToAProbeWithoutVcont) {
    connect({{"qSupported", "PacketSize=4000;qXfer:memory-map:read+;qXfer:features:read-"},
             {"qXfer:memory-map:read",
              "l<memory-map><memory type=\"flash\" start=\"0x0\" length=\"0x40000\">"
              "<property name=\"blocksize\">0x1000</property></memory></memory-map>"},
             {"?", "T05thread:0000DEAD;"},
             {"qfThreadInfo", "m0000dead"},
             {"qsThreadInfo", "l"},
             {"H", "OK"},
             {"g", std::string(std::size_t{15} * 8, '0') + "00100000" + std::string(208, '0')},
             {"m1000", "00bf00bf"},
             {"Z1", "OK"},
             {"z1", "OK"},
             {"s", "T05thread:0000DEAD;"},
             {"c", "T02thread:0000DEAD;"},
             {"D", "OK"}},
            Machine::Arm);
    ASSERT_TRUE(connected) << connected.error().message;
    add_code(0x1000);
    ASSERT_TRUE(target().plant({0x1000}, {}));
    bool stopped = false;
    target().set_event_handler([&](const NativeEvent& event) {
        stopped = stopped || std::holds_alternative<NativeStopped>(event);
    });
    ASSERT_TRUE(target().resume({}));
    run_until([&] { return stopped; });
    EXPECT_TRUE(server->saw("Hcdead"));
    EXPECT_TRUE(server->saw("s"));
    target().release();
    EXPECT_EQ(warnings, "");
}

} // namespace
} // namespace wdbg::remote
