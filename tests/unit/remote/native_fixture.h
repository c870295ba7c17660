// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "scripted_server.h"

#include <wdbg/remote/native_target.h>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace wdbg::remote {

inline constexpr const char* description =
    "l<target><architecture>aarch64</architecture><feature name=\"f\">"
    "<reg name=\"sp\" bitsize=\"64\" regnum=\"31\"/><reg name=\"pc\" bitsize=\"64\"/>"
    "</feature></target>";

inline std::map<std::string, std::string> board() {
    return {{"qSupported", "PacketSize=400;qXfer:features:read+;qXfer:memory-map:read+"},
            {"qXfer:features:read:target.xml", description},
            {"qXfer:memory-map:read",
             "l<memory-map><memory type=\"flash\" start=\"0x0\" length=\"0x8000\"/>"
             "<memory type=\"ram\" start=\"0x20000000\" length=\"0x8000\"/></memory-map>"},
            {"?", "S05"},
            {"g", "0000000020000000"
                  "0010000000000000"},
            {"Z", "OK"},
            {"z", "OK"},
            {"D", "OK"}};
}

class NativeTarget : public testing::Test {
  protected:
    void connect(std::map<std::string, std::string> answers,
                 std::optional<Machine> machine = Machine::AArch64, int connections = 1) {
        server = std::make_unique<test::ScriptedServer>(std::move(answers), connections);
        NativeConnectOptions options;
        options.port = server->port();
        options.machine = machine;
        options.timeout = timeout;
        options.reconnect_limit = reconnect_limit;
        options.warn = [this](const std::string& text) { warnings += text; };
        connected = RemoteNativeTarget::connect(loop, std::move(options));
    }

    RemoteNativeTarget& target() { return **connected; }

    void add_code(std::uint64_t begin) {
        target().add_code({.range = {.begin = {begin}, .end = {begin + 64}},
                           .module = ModuleId{0},
                           .debug_file = {},
                           .module_file = {},
                           .wasm_file = {}},
                          std::vector<std::byte>(64), false);
    }

    /// Runs the event loop until then.
    void run_until(const std::function<bool()>& done) {
        constexpr auto limit = std::chrono::seconds(20);
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!done()) {
            loop.restart();
            loop.run_one_until(end);
            ASSERT_LT(std::chrono::steady_clock::now(), end) << "nothing came";
        }
    }

    std::chrono::milliseconds timeout{20'000};
    std::chrono::milliseconds reconnect_limit{0};
    boost::asio::io_context loop;
    std::unique_ptr<test::ScriptedServer> server;
    std::string warnings;
    Result<std::unique_ptr<RemoteNativeTarget>> connected = fail(ErrorCode::Internal, "");
};

} // namespace wdbg::remote
