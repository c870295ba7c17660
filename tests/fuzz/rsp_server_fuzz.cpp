// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A client that says anything, to a server over a fake guest. Each line of the input is a packet,
// but for lines that begin with a control byte: those are things that happen to the guest, or raw
// bytes. Nothing may crash, break the Debuggee's contract, or answer a packet twice.
#include <wdbg/rsp/framing.h>
#include <wdbg/rsp/server.h>

#include <cstdint>
#include <cstdlib>
#include <fake_debuggee.h>
#include <iostream>

namespace {

using namespace wdbg;
using namespace wdbg::rsp;
using test::FakeDebuggee;

void require(bool condition, std::string_view otherwise) {
    if (!condition) {
        std::cerr << "rsp_server_fuzz: " << otherwise << '\n';
        std::abort();
    }
}

class Session {
  public:
    explicit Session(bool stops_by_itself) {
        guest_.stops_by_itself = stops_by_itself;
        guest_.threads_.push_back(guest_.threads_.front());
        guest_.threads_.back().info.id = ThreadId{2};
        guest_.set_event_handler([this](const Event& event) { server_.on_event(event); });
        server_.start();
    }

    void line(std::string_view text) {
        switch (text.empty() ? ' ' : text.front()) {
        case '\x01':
            happen(text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0U);
            break;
        case '\x02':
            server_.receive(text.substr(1));
            break;
        default:
            packet(text);
        }
    }

    void leave() {
        server_.client_gone();
        require(server_.finished(), "the session goes on without its client");
        for (const std::string& violation : guest_.violations()) {
            require(false, violation);
        }
        // One that is being killed has not got there yet.
        require(guest_.state() != FakeDebuggee::State::Stopped ||
                    server_.end() == SessionEnd::Killed,
                "the guest stays stopped");
    }

  private:
    void packet(std::string_view text) {
        std::string bytes(framed_size_limit(text.size()), '\0');
        bytes.resize(frame(text, bytes.data()));
        packets_out_ = 0;
        server_.receive(bytes);
        // A 0x03 in it interrupts: that answers the resume before.
        const bool interrupts = text.find(interrupt_byte) != std::string_view::npos;
        require(packets_out_ <= (interrupts ? 2U : 1U), "a packet is answered twice");
    }

    void happen(unsigned what) {
        const ThreadId thread{1 + what / 8 % 2};
        const bool running = guest_.state() == FakeDebuggee::State::Running;
        switch (what % 8) {
        case 0:
            guest_.exit(static_cast<int>(what));
            break;
        case 1:
            guest_.threads_.clear();
            break;
        case 2:
            guest_.instances_.push_back(guest_.instances_.front());
            break;
        default:
            if (running) {
                stop(thread, what);
            }
        }
    }

    void stop(ThreadId thread, unsigned what) {
        switch (what % 8) {
        case 3:
            guest_.stop(thread, BreakpointHit{{test::at(0x197), test::at(0x199)}});
            break;
        case 4:
            guest_.stop(thread, WatchpointHit{.watchpoint = {what},
                                              .address = {},
                                              .size = 1,
                                              .access = AccessKind::Read,
                                              .before = {},
                                              .after = {},
                                              .by_host = false});
            break;
        case 5:
            guest_.stop(thread, Trapped{});
            break;
        case 6:
            guest_.stop(thread, InstancesChanged{});
            break;
        default:
            guest_.stop(thread, StepDone{});
        }
    }

    FakeDebuggee guest_;
    std::size_t packets_out_ = 0;
    Server server_{guest_, {.packet_size = 1024}, [this](std::string_view bytes) {
                       packets_out_ += bytes.find('$') != std::string_view::npos ? 1 : 0;
                   }};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    Session session(size % 2 == 0);
    while (!input.empty()) {
        const std::size_t end = std::min(input.find('\n'), input.size());
        session.line(input.substr(0, end));
        input.remove_prefix(std::min(end + 1, input.size()));
    }
    session.leave();
    return 0;
}
