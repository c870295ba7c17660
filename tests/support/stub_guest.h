// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

struct WdbgSignature;

/// A guest for the microcontroller's stub that is nothing but bytes, and a line to it whose other
/// end the test holds. There is one at a time: the stub's state is global.
namespace wdbg::test {

class StubGuest {
  public:
    StubGuest();
    ~StubGuest();
    StubGuest(const StubGuest&) = delete;
    StubGuest& operator=(const StubGuest&) = delete;

    /// What the client sends next. The stub reads portions of any size.
    void send(std::string_view bytes);
    /// `$packet#cs`
    void send_packet(std::string_view packet);
    /// What the stub has written since the last call.
    std::string take_output();
    /// The guest stops as at its entry, and is served until it is resumed or the line is used up
    /// (the client is gone then).
    void stop();
    /// Replies, without frames and acks, to one packet sent to the stopped guest.
    std::string ask(std::string_view packet);

    /// From the start of the ".wasm": one function, instructions as `instruction_starts` says.
    std::array<std::uint8_t, 64> code{};
    std::array<std::uint8_t, 64> memory{};
    std::vector<std::uint32_t> frames;               ///< pcs, innermost first
    std::vector<std::uint32_t> stack{0x11223344, 2}; ///< every frame's operand stack, in cells
    /// What the module declares, by index; where not set: no types, everything an i32.
    std::function<bool(std::uint32_t, WdbgSignature&)> types{};
    std::function<bool(std::uint32_t, WdbgSignature&)> function_types{};
    std::function<std::uint8_t(std::uint32_t)> global_types{};
    std::function<std::uint8_t(std::uint32_t)> local_types{};
    std::size_t portion = 64; ///< bytes that one read gives at most

    static constexpr std::uint32_t first_instruction = 16;
    static StubGuest* current; ///< the one that there is

  private:
    static int read(void* self, void* bytes, std::size_t size, bool wait);
    static int write(void* self, const void* bytes, std::size_t size);

    std::deque<char> input_;
    std::string output_;
};

} // namespace wdbg::test
