// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <packet_server.h>
#include <vector>

namespace wdbg::test {

/// Answers by the longest prefix of a packet that it knows, else with nothing ("not supported").
/// The answer "!" closes the connection in the middle of a packet; "?" is no answer at all; "~…"
/// has a wrong checksum. "a|b|c" are the answers to one request after the other.
class ScriptedServer {
  public:
    explicit ScriptedServer(std::map<std::string, std::string> answers, int connections = 1)
        : answers_(std::move(answers))
        , server_([this](rsp::FrameEvent event,
                         std::string_view packet) { return reply(event, packet); },
                  connections) {}

    [[nodiscard]] std::uint16_t port() const { return server_.port(); }

    [[nodiscard]] bool saw(std::string_view packet) const { return count(packet) != 0; }

    [[nodiscard]] std::ptrdiff_t count(std::string_view packet) const {
        const std::lock_guard lock(mutex_);
        return std::ranges::count(seen_, packet);
    }

  private:
    using Reply = PacketServer::Reply;

    Reply reply(rsp::FrameEvent event, std::string_view packet) {
        if (event == rsp::FrameEvent::Packet) {
            const std::lock_guard lock(mutex_);
            seen_.emplace_back(packet);
            last_ = packet;
        } else if (event != rsp::FrameEvent::Nack || last_.empty()) {
            return {};
        }
        const std::string answer = next_answer(last_);
        if (answer.starts_with('~')) {
            return {.bytes = "+$" + answer.substr(1) + "#00"};
        }
        if (answer == "!") {
            return {.bytes = "+$T05th", .closes = true};
        }
        return {.bytes = answer == "?" ? "" : "+" + framed(answer)};
    }

    std::string next_answer(std::string_view packet) {
        std::string* found = nullptr;
        std::size_t best = 0;
        for (auto& [prefix, text] : answers_) {
            if (packet.starts_with(prefix) && prefix.size() >= best) {
                found = &text;
                best = prefix.size();
            }
        }
        if (found == nullptr) {
            return {};
        }
        const std::size_t end = std::min(found->find('|'), found->size());
        std::string answer = found->substr(0, end);
        found->erase(0, end == found->size() ? 0 : end + 1);
        return answer;
    }

    std::map<std::string, std::string> answers_;
    std::string last_;
    mutable std::mutex mutex_;
    std::vector<std::string> seen_;
    PacketServer server_;
};

} // namespace wdbg::test
