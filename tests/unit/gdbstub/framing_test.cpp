// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/rsp/framing.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace wdbg::rsp {
namespace {

using namespace std::string_literals;

std::string framed(std::string_view payload) {
    std::string out(framed_size_limit(payload.size()), '\0');
    out.resize(frame(payload, out.data()));
    return out;
}

/// What a deframer tells of a stream: "packet:…", "ack", "nack", "interrupt", "bad", "oversized".
std::vector<std::string> events(const std::vector<std::string>& portions,
                                Direction direction = Direction::ToServer, std::size_t room = 64) {
    std::vector<char> buffer(room);
    Deframer deframer(buffer, direction);
    std::vector<std::string> found;
    for (std::string_view portion : portions) {
        for (FrameEvent event = deframer.next(portion); event != FrameEvent::NeedMore;
             event = deframer.next(portion)) {
            constexpr std::array names{"",          "packet:", "ack",      "nack",
                                       "interrupt", "bad",     "oversized"};
            found.emplace_back(names.at(static_cast<std::size_t>(event)));
            if (event == FrameEvent::Packet) {
                found.back() += deframer.payload();
            }
        }
        EXPECT_TRUE(portion.empty());
    }
    return found;
}

using List = std::vector<std::string>;

TEST(Frame, AddsTheChecksumAndEscapes) {
    EXPECT_EQ(framed("OK"), "$OK#9a");
    EXPECT_EQ(framed(""), "$#00");
    EXPECT_EQ(framed("a#$}*"), "$a}\x03}\x04}]}\x0a#c3"s);
}

TEST(Deframer, ReturnsWhatWasFramed) {
    std::string every;
    for (int byte = 0; byte < 256; ++byte) {
        every += static_cast<char>(byte);
    }
    EXPECT_EQ(events({framed(every)}, Direction::ToClient, 256), List{"packet:" + every});
    every.erase(3, 1); // a bare 0x03 interrupts
    EXPECT_EQ(events({framed(every)}, Direction::ToServer, 256), List{"packet:" + every});
}

TEST(Deframer, FindsTheSameWhereverTheStreamIsSplit) {
    const std::string stream =
        "+" + framed("qC") + "-\x03" + framed("X1,4:a#$}*\x03") + "junk" + framed("") + "$bad#00";
    const List whole = events({stream});
    EXPECT_EQ(whole, (List{"ack", "packet:qC", "nack", "interrupt", "packet:X1,4:a#$}*\x03",
                           "packet:", "bad"}));
    for (std::size_t at = 0; at <= stream.size(); ++at) {
        EXPECT_EQ(events({stream.substr(0, at), stream.substr(at)}), whole) << at;
    }
    List bytes;
    for (const char byte : stream) {
        bytes.emplace_back(1, byte);
    }
    EXPECT_EQ(events(bytes), whole);
}

TEST(Deframer, TakesAnInterruptAtEveryPlaceOfATextPacket) {
    const std::string packet = framed("vCont;c:1");
    for (std::size_t at = 0; at <= packet.size(); ++at) {
        std::string stream = packet;
        stream.insert(at, 1, '\x03');
        List found = events({stream});
        ASSERT_EQ(found.size(), 2U) << at;
        std::ranges::sort(found);
        EXPECT_EQ(found, (List{"interrupt", "packet:vCont;c:1"})) << at;
    }
}

TEST(Deframer, TakesInterruptBytesInBinaryDataAsData) {
    EXPECT_EQ(events({framed("X400,1:\x03")}), List{"packet:X400,1:\x03"});
    EXPECT_EQ(events({"$X40\x03"
                      "0,1:z#85"})
                  .front(),
              "interrupt");
    // Escaped, it stands for #.
    EXPECT_EQ(events({"$qEcho:}\x03#aa"}), List{"packet:qEcho:#"});
}

TEST(Deframer, RefusesWrongChecksums) {
    EXPECT_EQ(events({"$qC#b4"}), List{"packet:qC"});
    EXPECT_EQ(events({"$qC#B4"}), List{"packet:qC"});
    for (const char* bad : {"$qC#b5", "$qC#xx", "$qC#b ", "$qC##b", "$qD#b4"}) {
        EXPECT_EQ(events({bad}), List{"bad"}) << bad;
    }
}

TEST(Deframer, BeginsAnewAtADollarSign) {
    EXPECT_EQ(events({"$qSupp$qC#b4"}), List{"packet:qC"});
    EXPECT_EQ(events({"$qC#$qC#b4"}), List{"packet:qC"});
    EXPECT_EQ(events({"$qC#b$qC#b4"}), List{"packet:qC"});
}

TEST(Deframer, SkipsPacketsThatDoNotFit) {
    EXPECT_EQ(events({framed(std::string(64, 'x'))}), List{"packet:" + std::string(64, 'x')});
    EXPECT_EQ(events({framed(std::string(65, 'x')), framed("qC")}),
              (List{"oversized", "packet:qC"}));
    EXPECT_EQ(events({framed(std::string(100000, '#')), framed("qC")}),
              (List{"oversized", "packet:qC"}));
}

TEST(Deframer, WaitsForTheEndOfAnEndlessPacketWithoutKeepingIt) {
    EXPECT_EQ(events({"$" + std::string(1000000, 'x')}), List{});
    EXPECT_EQ(events({"$" + std::string(1000000, 'x') + "\x03", "#00"}),
              (List{"interrupt", "oversized"}));
}

TEST(Deframer, ExpandsRunsOnlyFromServers) {
    EXPECT_EQ(events({"$0* #7a"}, Direction::ToClient), List{"packet:0000"});
    EXPECT_EQ(events({"$0* #7a"}, Direction::ToServer), List{"packet:0* "});
    EXPECT_EQ(events({"$* #4a"}, Direction::ToClient), List{"packet:"});
    EXPECT_EQ(events({"$0*\x01#5b"}, Direction::ToClient), List{"packet:0"});
    EXPECT_EQ(events({"$0*~#d8"}, Direction::ToClient, 32), List{"oversized"});
}

TEST(Deframer, PassesOverNotifications) {
    EXPECT_EQ(events({"%Stop:T05#00$OK#9a"}, Direction::ToClient), List{"packet:OK"});
    EXPECT_EQ(events({"%Stop:T05#00$qC#b4"}, Direction::ToServer), List{"packet:qC"});
}

TEST(Deframer, KnowsWhetherItIsWithinAPacket) {
    std::array<char, 16> buffer{};
    Deframer deframer(buffer, Direction::ToServer);
    std::string_view part = "$qC#b";
    deframer.next(part);
    EXPECT_TRUE(deframer.in_packet());
    part = "4";
    deframer.next(part);
    EXPECT_FALSE(deframer.in_packet());
}

} // namespace
} // namespace wdbg::rsp
