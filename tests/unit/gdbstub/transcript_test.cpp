// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversations as golden files. A transcript has lines of the client (`-> packet`), of raw bytes
// (`~> bytes`) and of the guest (`! event`); what the server does with each follows it: calls of
// the Debuggee (`* call`) and packets (`<- packet`). Bytes that are not plain text stand as \xNN.
// Run with WDBG_UPDATE=1 to write what happens into the files; then read the difference.
#include <wdbg/rsp/framing.h>
#include <wdbg/rsp/server.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fake_debuggee.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

namespace wdbg::rsp {
namespace {

using test::at;
using test::FakeDebuggee;

std::string escaped(std::string_view bytes) {
    std::ostringstream out;
    for (const char c : bytes) {
        if (c >= ' ' && c <= '~' && c != '\\') {
            out << c;
        } else {
            constexpr std::string_view digits = "0123456789abcdef";
            const auto value = static_cast<unsigned char>(c);
            out << "\\x" << digits[value >> 4U] << digits[value & 15U];
        }
    }
    return out.str();
}

std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && text.size() - i > 3) {
            out += static_cast<char>(std::stoi(std::string(text.substr(i + 2, 2)), nullptr, 16));
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

/// The rest of a `!` line, word by word.
class Words {
  public:
    explicit Words(const std::string& line) : in_(line) {}

    std::string word() {
        std::string text;
        in_ >> text;
        return text;
    }

    std::uint32_t decimal() { return static_cast<std::uint32_t>(std::stoul(word())); }

    ThreadId thread() { return ThreadId{decimal()}; }

    CodeAddress code() { return at(static_cast<std::uint32_t>(std::stoul(word(), nullptr, 16))); }

    std::string rest() {
        std::string text;
        std::getline(in_ >> std::ws, text);
        return text;
    }

  private:
    std::istringstream in_;
};

void set_pc(FakeDebuggee& guest, ThreadId thread, CodeAddress pc) {
    for (auto& candidate : guest.threads_) {
        if (candidate.info.id == thread) {
            candidate.frames.front().pc = pc;
        }
    }
}

void stop_at_breakpoint(FakeDebuggee& guest, Words words) {
    const ThreadId thread = words.thread();
    const CodeAddress requested = words.code();
    const std::string actual = words.word();
    set_pc(guest, thread,
           actual.empty() ? requested
                          : at(static_cast<std::uint32_t>(std::stoul(actual, nullptr, 16))));
    guest.stop(thread, BreakpointHit{{requested}});
}

void stop_at_watchpoint(FakeDebuggee& guest, Words words) {
    const ThreadId thread = words.thread();
    const WatchpointId id{words.decimal()};
    const auto offset = std::stoull(words.word(), nullptr, 16);
    guest.stop(thread, WatchpointHit{.watchpoint = id,
                                     .address = {.instance = {0}, .memory = 0, .offset = offset},
                                     .size = 4,
                                     .access = AccessKind::Write,
                                     .before = {},
                                     .after = {},
                                     .by_host = false});
}

void stop_by_trap(FakeDebuggee& guest, Words words) {
    const std::map<std::string, TrapKind> kinds{
        {"unreachable", TrapKind::Unreachable},
        {"memory", TrapKind::OutOfBoundsMemory},
        {"division", TrapKind::IntegerDivideByZero},
        {"stack", TrapKind::StackOverflow},
    };
    const ThreadId thread = words.thread();
    const TrapKind kind = kinds.at(words.word());
    guest.stop(thread, Trapped{.kind = kind, .message = words.rest()});
}

void add_thread(FakeDebuggee& guest, Words words) {
    const ThreadId id = words.thread();
    const CodeAddress pc = words.code();
    guest.threads_.push_back(
        {.info = {.id = id, .state = ThreadState::Stopped, .name = words.rest()},
         .frames = {{.pc = pc,
                     .locals = {Value::of(ValueType::I32, static_cast<int>(id.value))},
                     .stack = {},
                     .host_call = {}}}});
}

void add_instance(FakeDebuggee& guest, Words words) {
    auto instance = guest.instances_.front();
    instance.info.id = InstanceId{words.decimal()};
    instance.info.name = words.word();
    instance.info.path = words.rest();
    guest.instances_.push_back(instance);
}

void add_memory(FakeDebuggee& guest, Words words) {
    auto& memories = guest.instances_.at(words.decimal()).memories;
    const std::size_t size = words.decimal();
    memories.push_back({.info = {.index = static_cast<std::uint32_t>(memories.size()),
                                 .size = size,
                                 .shared = false,
                                 .name = words.rest()},
                        .bytes = std::vector<std::byte>(size, std::byte{0xEE})});
}

/// Two instructions of one wasm instruction, and one of another.
void add_native_code(FakeDebuggee& guest, Words /*words*/) {
    guest.native = {
        {.address = {0x1000},
         .bytes = {std::byte{0x55}},
         .text = "push rbp",
         .wasm = at(0x197),
         .symbol = "a\tfunction"},
        {.address = {0x1001}, .bytes = {std::byte{0x48}, std::byte{0x89}}, .text = "mov rbp, rsp"},
        {.address = {0x1003}, .bytes = {std::byte{0xc3}}, .text = "ret", .wasm = at(0x199)}};
    guest.native_frame = {0x1003};
}

using EventAction = std::function<void(FakeDebuggee&, Words)>;

const std::map<std::string, EventAction>& event_actions() {
    static const std::map<std::string, EventAction> actions{
        {"entry", [](auto& g, Words w) { g.stop(w.thread(), StoppedAtEntry{}); }},
        {"breakpoint", stop_at_breakpoint},
        {"step", [](auto& g, Words w) { g.stop(w.thread(), StepDone{}); }},
        {"interrupted", [](auto& g, Words w) { g.stop(w.thread(), Interrupted{}); }},
        {"instances", [](auto& g, Words w) { g.stop(w.thread(), InstancesChanged{}); }},
        {"watchpoint", stop_at_watchpoint},
        {"trap", stop_by_trap},
        {"exit", [](auto& g, Words w) { g.exit(static_cast<int>(w.decimal())); }},
        {"killed", [](auto& g, Words) { g.killed(); }},
        {"pc",
         [](auto& g, Words w) {
             const ThreadId thread = w.thread();
             set_pc(g, thread, w.code());
         }},
        {"thread", add_thread},
        {"instance", add_instance},
        {"memory", add_memory},
        {"native", add_native_code},
        {"host-call",
         [](auto& g, Words w) { g.threads_.front().frames.front().host_call = w.word(); }},
        {"by-hand", [](auto& g, Words) { g.stops_by_itself = false; }},
        {"no-watchpoints", [](auto& g, Words) { g.has_watchpoints = false; }},
        {"fail-next",
         [](auto& g, Words w) { g.next_failure = Error{ErrorCode::Internal, w.rest()}; }},
        {"start", [](auto&, Words) {}},
    };
    return actions;
}

class Conversation {
  public:
    Conversation() : server_(guest_, {}, [this](std::string_view bytes) { take_output(bytes); }) {
        guest_.set_event_handler([this](const Event& event) { server_.on_event(event); });
    }

    /// Does what an input line says; gives the lines of what follows.
    std::string play(const std::string& line) {
        output_.clear();
        if (line.starts_with("-> ") || line == "->") {
            std::string bytes(framed_size_limit(line.size()), '\0');
            bytes.resize(frame(unescaped(line.substr(line.size() < 3 ? 2 : 3)), bytes.data()));
            server_.receive(bytes);
        } else if (line.starts_with("~> ")) {
            show_acks_ = true;
            server_.receive(unescaped(line.substr(3)));
        } else if (line.starts_with("! ")) {
            play_event(line.substr(2));
        }
        std::string text;
        for (const std::string& call : guest_.take_calls()) {
            text += "* " + call + "\n";
        }
        return text + output_;
    }

    [[nodiscard]] const FakeDebuggee& guest() const { return guest_; }

    void leave() { server_.client_gone(); }

  private:
    void play_event(const std::string& line) {
        Words words(line);
        const std::string name = words.word();
        if (name == "start") {
            server_.start();
        } else if (name == "client-gone") {
            server_.client_gone();
        } else {
            event_actions().at(name)(guest_, Words(line.substr(name.size())));
        }
    }

    void take_output(std::string_view bytes) {
        while (!bytes.empty()) {
            const FrameEvent event = deframer_.next(bytes);
            if (event == FrameEvent::Packet) {
                output_ += "<- " + escaped(deframer_.payload()) + "\n";
            } else if (event == FrameEvent::Ack && show_acks_) {
                output_ += "<- (+)\n";
            } else if (event == FrameEvent::Nack) {
                output_ += "<- (-)\n";
            }
        }
    }

    FakeDebuggee guest_;
    std::vector<char> buffer_ = std::vector<char>(1U << 20U);
    Deframer deframer_{buffer_, Direction::ToClient};
    std::string output_;
    bool show_acks_ = false;
    Server server_;
};

std::string replay(const std::filesystem::path& file) {
    std::ifstream in(file);
    Conversation conversation;
    std::string text;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("<-") || line.starts_with("* ")) {
            continue;
        }
        text += line + "\n" + conversation.play(line);
    }
    conversation.leave();
    EXPECT_TRUE(conversation.guest().violations().empty())
        << conversation.guest().violations().front();
    return text;
}

std::string content(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> transcripts() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(TRANSCRIPTS)) {
        names.push_back(entry.path().stem().string());
    }
    std::ranges::sort(names);
    return names;
}

class Transcript : public testing::TestWithParam<std::string> {};

TEST_P(Transcript, IsRepeated) {
    const auto file = std::filesystem::path(TRANSCRIPTS) / (GetParam() + ".txt");
    const std::string now = replay(file);
    if (std::getenv("WDBG_UPDATE") != nullptr) {
        std::ofstream(file) << now;
    }
    EXPECT_EQ(now, content(file));
}

INSTANTIATE_TEST_SUITE_P(Files, Transcript, testing::ValuesIn(transcripts()),
                         [](const auto& instance) {
                             std::string name = instance.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

} // namespace
} // namespace wdbg::rsp
