// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/endpoint.h>

#include <gtest/gtest.h>

namespace wdbg::cli {
namespace {

TEST(Endpoint, AloneAPortIsOnLoopback) {
    EXPECT_EQ(parse_endpoint("1234"), (Endpoint{"127.0.0.1", 1234}));
    EXPECT_EQ(parse_endpoint(":1234"), (Endpoint{"127.0.0.1", 1234}));
    EXPECT_EQ(parse_endpoint("0"), (Endpoint{"127.0.0.1", 0}));
}

TEST(Endpoint, TakesNamesAndAddresses) {
    EXPECT_EQ(parse_endpoint("localhost:65535"), (Endpoint{"localhost", 65535}));
    EXPECT_EQ(parse_endpoint("0.0.0.0:1"), (Endpoint{"0.0.0.0", 1}));
    EXPECT_EQ(parse_endpoint("[::1]:0"), (Endpoint{"::1", 0}));
}

TEST(Endpoint, RefusesWhatIsNone) {
    for (const char* text : {"", ":", "host:", "host", "1234x", "-1", "65536", "h:99999", "::1:5",
                             "[::1]", "[::1]5", "[::1:5", " 1"}) {
        const Result<Endpoint> endpoint = parse_endpoint(text);
        ASSERT_FALSE(endpoint) << text;
        EXPECT_EQ(endpoint.error().code, ErrorCode::InvalidArgument);
        EXPECT_NE(endpoint.error().message.find("HOST:PORT"), std::string::npos);
    }
}

TEST(Endpoint, IsShownAsItIsRead) {
    for (const char* text : {"127.0.0.1:80", "[::1]:0", "localhost:1"}) {
        EXPECT_EQ(to_string(*parse_endpoint(text)), text);
    }
}

} // namespace
} // namespace wdbg::cli
