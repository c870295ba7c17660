// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/dap/framing.h>

#include <gtest/gtest.h>

#include <vector>

namespace wdbg::dap {
namespace {

std::vector<std::string> messages_of(Deframer& deframer, std::string_view bytes) {
    std::vector<std::string> messages;
    while (deframer.next(bytes) == FrameEvent::Message) {
        messages.emplace_back(deframer.text());
    }
    return messages;
}

std::string problem_of(std::string_view bytes) {
    Deframer deframer;
    while (true) {
        switch (deframer.next(bytes)) {
        case FrameEvent::NeedMore:
            return "";
        case FrameEvent::Malformed:
            return std::string(deframer.text());
        case FrameEvent::Message:
            break;
        }
    }
}

TEST(Framing, FindsMessagesInAnyPortions) {
    const std::string stream = frame("{\"a\":1}") + frame("{}") + frame("");
    for (std::size_t portion = 1; portion <= stream.size(); ++portion) {
        Deframer deframer;
        std::vector<std::string> found;
        for (std::size_t at = 0; at < stream.size(); at += portion) {
            const auto some = messages_of(deframer, std::string_view(stream).substr(at, portion));
            found.insert(found.end(), some.begin(), some.end());
        }
        EXPECT_EQ(found, (std::vector<std::string>{"{\"a\":1}", "{}", ""})) << portion;
        EXPECT_FALSE(deframer.in_message());
    }
}

TEST(Framing, TakesOtherHeadersAndBareLineFeeds) {
    Deframer deframer;
    EXPECT_EQ(messages_of(deframer, "Content-Type: utf-8\r\ncontent-length :  2 \r\n\r\n{}"),
              std::vector<std::string>{"{}"});
    EXPECT_EQ(messages_of(deframer, "CONTENT-LENGTH:2\n\n[]"), std::vector<std::string>{"[]"});
}

TEST(Framing, SaysWhatIsWrongWithAHeader) {
    EXPECT_NE(problem_of("Content-Length: x\r\n\r\n").find("no number: \"x\""), std::string::npos);
    EXPECT_NE(problem_of("Content-Length: -1\r\n\r\n").find("no number"), std::string::npos);
    EXPECT_NE(problem_of("\r\n").find("without Content-Length"), std::string::npos);
    EXPECT_NE(problem_of("{\"seq\":1}\n").find("expected a header"), std::string::npos);
    EXPECT_NE(problem_of("GET / HTTP/1.1\r\n").find("GET / HTTP/1.1"), std::string::npos);
}

TEST(Framing, RefusesWhatIsTooLong) {
    EXPECT_NE(problem_of("Content-Length: 99999999999\r\n\r\n").find("the limit is"),
              std::string::npos);
    EXPECT_NE(problem_of(std::string(5000, 'a')).find("header is longer"), std::string::npos);
}

TEST(Framing, StaysBrokenBehindGarbage) {
    Deframer deframer;
    std::string_view garbage = "garbage\n";
    EXPECT_EQ(deframer.next(garbage), FrameEvent::Malformed);
    const std::string good = frame("{}");
    std::string_view bytes = good;
    EXPECT_EQ(deframer.next(bytes), FrameEvent::Malformed);
}

} // namespace
} // namespace wdbg::dap
