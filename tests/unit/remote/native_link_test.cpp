// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RemoteNativeTarget: connections that are lost, and what goes over those that are slow.
#include "native_fixture.h"

#include <array>

namespace wdbg::remote {
namespace {

constexpr const char* at_1000 = "0000000020000000"
                                "0010000000000000";
constexpr const char* at_1004 = "0000000020000000"
                                "0410000000000000";

/// A board with code of zeros in RAM and a breakpoint there; it runs when the connection goes.
class LostLink : public NativeTarget {
  protected:
    void lose(std::map<std::string, std::string> answers, int connections) {
        reconnect_limit = std::chrono::seconds(20);
        answers["vCont?"] = "vCont;c;C;s;S";
        answers["vCont;c"] = "!|S05";
        connect(std::move(answers), Machine::AArch64, connections);
        ASSERT_TRUE(connected) << connected.error().message;
        add_code(0x20000000);
        ASSERT_TRUE(target().plant({0x20000010}, {}));
        begin();
        ASSERT_TRUE(target().resume({}));
    }

    /// Stopped, and told of it.
    void begin() {
        target().set_event_handler([this](const NativeEvent& event) {
            stops += std::holds_alternative<NativeStopped>(event) ? 1 : 0;
        });
        target().set_end_handler([this](const NativeEnd& how) {
            const auto* lost = std::get_if<NativeLost>(&how);
            end = lost == nullptr ? "not lost" : lost->reason;
        });
        target().start();
        run_until([this] { return stops == 1; });
    }

    void expect_loss_at_a_read_answered(const std::string& answer) {
        auto answers = board();
        answers["m2"] = answer;
        connect(std::move(answers));
        ASSERT_TRUE(connected) << connected.error().message;
        begin();
        std::array<std::byte, 4> bytes{};
        EXPECT_FALSE(target().read_memory({0x20000100}, bytes));
        run_until([this] { return !end.empty(); });
        EXPECT_TRUE(end.contains("lost")) << end;
    }

    static std::string code_of(const std::string& byte) {
        std::string code;
        for (int i = 0; i < 64; ++i) {
            code += byte;
        }
        return code;
    }

    static std::map<std::string, std::string> board_with_code(const std::string& code) {
        auto answers = board();
        answers["m200000"] = code;
        return answers;
    }

    int stops = 0;
    std::string end;
};

TEST_F(LostLink, ComesBackAndPlantsWhatWasPlanted) {
    lose(board_with_code(code_of("00")), 2);
    run_until([this] { return warnings.contains("trying to reach it again"); });
    EXPECT_FALSE(target().resume({}));
    EXPECT_FALSE(target().plant({0x20000020}, {}));
    const auto watched = target().watchpoints()->add({0x20000040}, 4, NativeWatchKind::Write);
    ASSERT_FALSE(watched);
    EXPECT_EQ(watched.error().code, ErrorCode::Gone);
    run_until([this] { return stops == 2; });
    EXPECT_TRUE(warnings.contains("is there again")) << warnings;
    EXPECT_EQ(server->count("Z0,20000010,4"), 2);
    EXPECT_EQ(server->count("z0,20000010,4"), 1) << "a server that has kept it";
    EXPECT_EQ(target().lost(), "");
    ASSERT_TRUE(target().resume({}));
    run_until([this] { return stops == 3; });
    target().release();
    EXPECT_EQ(server->count("z0,20000010,4"), 2);
}

TEST_F(LostLink, ForgetsCodeThatIsAnotherOne) {
    lose(board_with_code(code_of("11")), 2);
    run_until([this] { return stops == 2; });
    EXPECT_TRUE(target().code_ranges().empty());
    EXPECT_TRUE(warnings.contains("not the one that was there before")) << warnings;
    EXPECT_EQ(server->count("Z0,20000010,4"), 1);
}

/// It is not another code because it cannot be read.
TEST_F(LostLink, MayBreakAgainOnItsWayBack) {
    lose(board_with_code("!|" + code_of("00")), 3);
    run_until([this] { return stops == 2; });
    EXPECT_EQ(target().code_ranges().size(), 1U);
    EXPECT_FALSE(warnings.contains("not the one that was there before")) << warnings;
    EXPECT_EQ(server->count("Z0,20000010,4"), 2);
}

/// A server that was killed has left its breakpoints where they were; the new one does not know.
TEST_F(LostLink, MayLeaveTrapsInTheCode) {
    std::string code = code_of("00");
    code.replace(std::size_t{2} * 0x10, 8, "000020d4");
    auto answers = board_with_code(code);
    answers["M"] = "OK";
    lose(std::move(answers), 2);
    run_until([this] { return stops == 2; });
    EXPECT_EQ(target().code_ranges().size(), 1U);
    EXPECT_EQ(server->count("M20000010,4:00000000"), 1);
}

TEST_F(LostLink, IsGivenUpAfterTheLimit) {
    reconnect_limit = std::chrono::milliseconds(1);
    auto answers = board();
    answers["vCont?"] = "vCont;c;C;s;S";
    answers["vCont;c"] = "!";
    connect(std::move(answers));
    ASSERT_TRUE(connected) << connected.error().message;
    begin();
    ASSERT_TRUE(target().resume({}));
    run_until([this] { return !end.empty(); });
    EXPECT_TRUE(end.contains("not there again")) << end;
    EXPECT_NE(target().lost(), "");
}

/// Nothing is asked when it happens.
TEST_F(LostLink, IsToldWhileTheTargetStands) {
    expect_loss_at_a_read_answered("!");
}

/// A cable that was pulled: nobody says that the connection is gone.
TEST_F(LostLink, IsToldWhenNoAnswerComes) {
    timeout = std::chrono::milliseconds(200);
    expect_loss_at_a_read_answered("?");
}

// --- What goes over the link ---------------------------------------------------------------------

class SlowLink : public NativeTarget {
  protected:
    /// Goes on from a breakpoint in flash, where the registers are these in turn.
    void leave_breakpoint(const std::string& registers) {
        auto answers = board();
        answers["vCont?"] = "vCont;c;C;s;S";
        answers["vCont;s"] = "S05";
        answers["vCont;c"] = "W00";
        answers["g"] = registers;
        connect(std::move(answers));
        ASSERT_TRUE(connected) << connected.error().message;
        add_code(0x1000);
        ASSERT_TRUE(target().plant({0x1000}, {}));
        bool stopped = false;
        bool ended = false;
        target().set_event_handler([&](const NativeEvent& /*event*/) { stopped = true; });
        target().set_end_handler([&](const NativeEnd& /*how*/) { ended = true; });
        target().start();
        run_until([&] { return stopped; });
        ASSERT_TRUE(target().resume({}));
        run_until([&] { return ended; });
    }
};

TEST_F(SlowLink, LeavesABreakpointPlantedWhereTheServerStepsOffIt) {
    leave_breakpoint(std::string(at_1000) + "|" + at_1004);
    EXPECT_EQ(server->count("z1,1000,4"), 0);
    EXPECT_EQ(server->count("Z1,1000,4"), 1);
}

TEST_F(SlowLink, TakesABreakpointOutWhereTheServerDoesNot) {
    leave_breakpoint(std::string(at_1000) + "|" + at_1000 + "|" + at_1004);
    EXPECT_EQ(server->count("z1,1000,4"), 1);
    EXPECT_EQ(server->count("Z1,1000,4"), 2);
}

/// What OpenOCD says of a Cortex-M with two comparators: flash by the memory map, the registers of
/// the M profile, and a breakpoint that there is no comparator for.
TEST_F(SlowLink, SpeaksToOpenOcd) {
    connect({{"qSupported", "PacketSize=4000;qXfer:memory-map:read+;qXfer:features:read+;"
                            "qXfer:threads:read+;QStartNoAckMode+;vContSupported+"},
             {"QStartNoAckMode", "OK"},
             {"qXfer:features:read:target.xml",
              R"(l<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd">)"
              R"(<target version="1.0"><architecture>arm</architecture>)"
              R"(<feature name="org.gnu.gdb.arm.m-profile">)"
              R"(<reg name="sp" bitsize="32" regnum="13"/>)"
              R"(<reg name="lr" bitsize="32" regnum="14"/>)"
              R"(<reg name="pc" bitsize="32" regnum="15"/></feature></target>)"},
             {"qXfer:memory-map:read",
              R"(l<memory-map><memory type="ram" start="0x0" length="0x8000000"/>)"
              R"(<memory type="flash" start="0x8000000" length="0x40000">)"
              R"(<property name="blocksize">0x800</property></memory>)"
              R"(<memory type="ram" start="0x8040000" length="0xf7fc0000"/></memory-map>)"},
             {"qXfer:threads:read", R"(l<threads><thread id="1" core="0"/></threads>)"},
             {"?", "S05"},
             {"vCont?", "vCont;c;C;s;S"},
             {"Hg", "OK"},
             {"m8000000", "00bf00bf"},
             {"Z1", "OK|OK|E0E"},
             {"z1", "OK"},
             {"D", "OK"}},
            Machine::Arm);
    ASSERT_TRUE(connected) << connected.error().message;
    target().add_code({.range = {.begin = {0x8000000}, .end = {0x8000040}},
                       .module = ModuleId{0},
                       .debug_file = {},
                       .module_file = {},
                       .wasm_file = {}},
                      std::vector<std::byte>(64), true);
    EXPECT_TRUE(target().plant({0x8000000}, {}));
    EXPECT_TRUE(target().plant({0x8000004}, {}));
    const auto third = target().plant({0x8000008}, {});
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, ErrorCode::Busy);
    EXPECT_TRUE(third.error().message.contains("no hardware breakpoint left"));
    target().release();
    EXPECT_EQ(server->count("z1,8000000,2"), 1);
    EXPECT_EQ(server->count("z1,8000004,2"), 1);
    EXPECT_EQ(server->count("z1,8000008,2"), 0) << "it was never there";
    EXPECT_EQ(warnings, "");
}

} // namespace
} // namespace wdbg::remote
