// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "guest_code.h"

#include <wdbg/dwarf/x86_decoder.h>
#include <wdbg/native/gate.h>
#include <wdbg/native/process_target.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <thread>
#include <variant>
#include <vector>

namespace wdbg::native::test {

using namespace std::chrono_literals;
using GuestFunction = std::uint64_t (*)(std::uint64_t, std::uint64_t);

struct NamedFunction {
    const char* name;
    GuestFunction call;
};

inline constexpr std::array functions{
    NamedFunction{"asm_jumps", asm_jumps},
    NamedFunction{"asm_counters", asm_counters},
    NamedFunction{"asm_calls",
                  [](std::uint64_t a, std::uint64_t b) { return asm_calls(a % 8, b); }},
    NamedFunction{"asm_pushed_address", asm_pushed_address},
    NamedFunction{"asm_indirect_calls", asm_indirect_calls},
    NamedFunction{"asm_switch", asm_switch},
    NamedFunction{"asm_memory", asm_memory},
    NamedFunction{"asm_hot", [](std::uint64_t a, std::uint64_t b) { return asm_hot(a % 8, b); }},
    NamedFunction{"asm_wide", [](std::uint64_t a, std::uint64_t b) { return asm_wide(a % 8, b); }},
    NamedFunction{"asm_narrow",
                  [](std::uint64_t a, std::uint64_t b) { return asm_narrow(a % 8, b); }},
    NamedFunction{"c_vectors", c_vectors},
    NamedFunction{"c_floats", c_floats},
    NamedFunction{"c_switches", c_switches},
    NamedFunction{"c_recursion",
                  [](std::uint64_t a, std::uint64_t b) { return c_recursion(a % 8, b); }},
    NamedFunction{"c_strings", c_strings},
    NamedFunction{"c_pointers", c_pointers},
    NamedFunction{"c_atomics", c_atomics},
};

inline NativeAddress at(const void* code) {
    return {reinterpret_cast<std::uint64_t>(code)};
}

inline NativeRange range_of(const char* begin, const char* end) {
    return {.begin = at(begin), .end = at(end)};
}

inline NativeRange asm_code() {
    return range_of(__start_guest_asm, __stop_guest_asm);
}

inline NativeRange c_code() {
    return range_of(__start_guest_c, __stop_guest_c);
}

inline const InstructionDecoder& decoder() {
    static const auto made = dwarf::make_x86_decoder();
    return **made;
}

/// Every instruction of a range, by decoding from its start.
inline std::vector<NativeAddress> instructions(NativeRange range) {
    std::vector<NativeAddress> result;
    NativeAddress address = range.begin;
    while (address < range.end) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr)
        const auto* bytes = reinterpret_cast<const std::byte*>(address.value);
        const auto decoded = decoder().decode({bytes, range.end.value - address.value}, address);
        if (!decoded) {
            ADD_FAILURE() << "no instruction at offset " << address.value - range.begin.value;
            break;
        }
        if (*bytes != std::byte{0xCC}) {
            result.push_back(address);
        }
        address.value += decoded->length;
    }
    return result;
}

inline NativeAddress at(GuestFunction function) {
    return at(reinterpret_cast<const void*>(function));
}

/// Code of which is known who comes into it: several functions together.
inline ProbeSurroundings surroundings(NativeAddress site) {
    static const std::array known{
        NativeRange{.begin = at(asm_jumps), .end = at(asm_pushed_address)},
        NativeRange{.begin = at(asm_indirect_calls), .end = at(asm_switch)},
        NativeRange{.begin = at(asm_memory), .end = at(__stop_guest_asm)},
        NativeRange{.begin = at(c_vectors), .end = at(__stop_guest_c)},
    };
    static const std::array begins{at(c_floats),  at(c_switches), at(c_recursion),
                                   at(c_strings), at(c_pointers), at(c_atomics)};
    const auto* const found = std::ranges::find_if(
        known, [site](const NativeRange& range) { return range.contains(site); });
    return {.function = found == known.end() ? NativeRange{} : *found, .jump_targets = begins};
}

/// A ProcessTarget that knows the guest code, and its event loop.
class Session {
  public:
    Session() {
        auto made = ProcessTarget::create(decoder());
        if (!made) {
            throw std::runtime_error(made.error().message);
        }
        target = std::move(*made);
        for (const NativeRange range : {asm_code(), c_code()}) {
            EXPECT_TRUE(target->add_code({.range = range, .module = {}}).has_value());
        }
        target->set_event_handler([this](const NativeEvent& event) {
            if (const auto* stopped = std::get_if<NativeStopped>(&event)) {
                last_stop_ = *stopped;
            }
        });
    }

    /// Runs the event loop until all threads stand still.
    std::optional<NativeStopped> wait_stop(std::chrono::milliseconds limit = 10s) {
        last_stop_.reset();
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!last_stop_ && std::chrono::steady_clock::now() < end) {
            pollfd interest{.fd = target->poll_fd(), .events = POLLIN, .revents = 0};
            ::poll(&interest, 1, 100);
            target->process();
        }
        return last_stop_;
    }

    /// Fails the test unless all threads stop; an interrupt where `reason` is expected is none.
    NativeStopped must_stop() {
        const auto stopped = wait_stop();
        EXPECT_TRUE(stopped.has_value()) << "threads do not stop";
        return stopped.value_or(NativeStopped{});
    }

    template <class Reason>
    bool stops_with() {
        const NativeStopped stopped = must_stop();
        return stopped.threads.size() == 1 &&
               std::holds_alternative<Reason>(stopped.threads[0].reason);
    }

    void stop_and_resume() {
        EXPECT_TRUE(target->interrupt().has_value());
        must_stop();
        resume();
    }

    void resume() { EXPECT_TRUE(target->resume({}).has_value()); }

    void resume(ThreadId thread, NativeAction action) {
        const auto done = target->resume(
            {.threads = {{.thread = thread, .action = std::move(action)}}, .resume_others = true});
        EXPECT_TRUE(done.has_value()) << done.error().message;
    }

    std::uint64_t hits(const void* code) {
        const auto counters = target->counters(at(code));
        return counters ? counters->hits : 0;
    }

    std::unique_ptr<ProcessTarget> target;

  private:
    std::optional<NativeStopped> last_stop_;
};

/// A thread that runs guest code, registered.
template <class Body>
std::thread guest_thread(Session& session, Body body) {
    return std::thread([&session, body = std::move(body)] {
        session.target->register_thread();
        enter_guest();
        body();
        leave_guest();
        session.target->unregister_thread();
    });
}

/// Of a probe whose hits do not count: xor eax, eax.
inline constexpr std::array false_probe{std::byte{0x31}, std::byte{0xC0}};

inline HitFilter never() {
    return {.accept = [](const NativeRegisters&, void*) { return false; }, .data = nullptr};
}

} // namespace wdbg::native::test
