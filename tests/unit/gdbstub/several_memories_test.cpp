// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two instances with a memory each: LLDB's addresses of linear memory name no instance.
#include <wdbg/rsp/framing.h>
#include <wdbg/rsp/server.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fake_debuggee.h>

namespace wdbg::rsp {
namespace {

using test::at;
using test::FakeDebuggee;
using testing::Contains;

/// The thread's inner frame is of instance 2, its outer one of the main instance. Memory 400 is
/// 0x11 in the main one and 0x22 in the other.
class SeveralMemories : public testing::Test {
  protected:
    SeveralMemories() {
        test::FakeInstance library = guest_.instances_.front();
        library.info.id = InstanceId{2};
        library.info.name = "library";
        library.memories.front().bytes[0x400] = std::byte{0x22};
        guest_.instances_.push_back(library);
        guest_.instances_.front().memories.front().bytes[0x400] = std::byte{0x11};
        auto& frames = guest_.threads_.front().frames;
        frames.resize(2);
        frames[0].pc = at(0x197, 2);
        frames[0].locals = {Value::of(ValueType::I32, 0x400)};
        frames[1].pc = at(0x150, 0);
        frames[1].locals = {Value::of(ValueType::I32, 0x400)};
        frames[0].locals.push_back(Value::of(ValueType::F32, 1.0F));
        guest_.set_event_handler([this](const Event& event) { server_.on_event(event); });
    }

    void TearDown() override { server_.client_gone(); }

    std::string ask(std::string_view packet) {
        std::string out(framed_size_limit(packet.size()), '\0');
        out.resize(frame(packet, out.data()));
        reply_.clear();
        server_.receive(out);
        return reply_;
    }

    void take(std::string_view bytes) {
        while (!bytes.empty()) {
            if (deframer_.next(bytes) == FrameEvent::Packet) {
                reply_ = deframer_.payload();
            }
        }
    }

    void connect() {
        server_.start();
        ask("QStartNoAckMode");
        ask("?");
    }

    void connect_lldb() {
        connect();
        ask("qHostInfo");
    }

    FakeDebuggee guest_;
    std::vector<char> buffer_ = std::vector<char>(1U << 20U);
    Deframer deframer_{buffer_, Direction::ToClient};
    std::string reply_;
    ServerOptions options_;
    Server server_{guest_, options_, [this](std::string_view bytes) { take(bytes); }};
};

TEST_F(SeveralMemories, APlainAddressIsOneOfTheInstanceThatIsShown) {
    connect_lldb();
    EXPECT_EQ(ask("m400,1"), "22");
    EXPECT_EQ(ask("m200000400,1"), "22");
    EXPECT_EQ(ask("mffff00000400,1"), "11");
}

TEST_F(SeveralMemories, ForOtherClientsItIsTheMainOnes) {
    connect();
    EXPECT_EQ(ask("m400,1"), "11");
    EXPECT_EQ(ask("qWasmLocal:0;0"), "00040000");
}

TEST_F(SeveralMemories, WhatMayBeAnAddressNamesTheFramesInstance) {
    connect_lldb();
    EXPECT_EQ(ask("qWasmLocal:0;0"), "00040000") << "plain addresses are this frame's";
    EXPECT_EQ(ask("qWasmLocal:1;0"), "00040000ffff0000");
    EXPECT_EQ(ask("qWasmLocal:0;1"), "0000803f") << "no address";
}

TEST_F(SeveralMemories, InTheMainInstanceNothingChanges) {
    guest_.threads_.front().frames.erase(guest_.threads_.front().frames.begin());
    connect_lldb();
    EXPECT_EQ(ask("qWasmLocal:0;0"), "00040000");
    EXPECT_EQ(ask("m400,1"), "11");
}

TEST_F(SeveralMemories, AnInstanceWithoutMemoryLeavesTheMainOnes) {
    guest_.instances_.back().memories.clear();
    connect_lldb();
    EXPECT_EQ(ask("m400,1"), "11");
}

TEST_F(SeveralMemories, WritesAndWatchpointsGoTheSameWay) {
    connect_lldb();
    static_cast<void>(guest_.take_calls());
    EXPECT_EQ(ask("M400,1:33"), "OK");
    EXPECT_EQ(ask("Z2,400,4"), "OK");
    EXPECT_THAT(guest_.calls(), Contains("write 2/0:400 33"));
    EXPECT_THAT(guest_.calls(), Contains(testing::HasSubstr("2/0:400")));
    EXPECT_EQ(ask("z2,400,4"), "OK");
}

} // namespace
} // namespace wdbg::rsp
