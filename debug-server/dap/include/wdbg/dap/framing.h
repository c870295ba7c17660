// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Message framing of the Debug Adapter Protocol ("Base protocol").
///
///     Content-Length: 119\r\n
///     \r\n
///     { … 119 bytes of JSON … }
namespace wdbg::dap {

/// What a Deframer found.
enum class FrameEvent : std::uint8_t {
    NeedMore,  ///< the input is used up
    Message,   ///< text() is a message's content
    Malformed, ///< text() says what is wrong; nothing behind it can be understood
};

/// Finds messages in a stream of bytes that arrives in portions of any size. Memory is bounded by
/// the limits, whatever arrives. Lines of the header may end in \n alone; unknown fields are
/// passed over. After Malformed every further call gives Malformed: the place of the next message
/// is not known.
class Deframer {
  public:
    static constexpr std::size_t header_limit = 4096;
    static constexpr std::size_t content_limit = std::size_t{64} << 20U;

    /// Takes bytes from the front of `input` until there is something to tell.
    FrameEvent next(std::string_view& input);

    /// Valid until the next call of next().
    [[nodiscard]] std::string_view text() const { return text_; }

    /// A message has begun and its end has not come yet.
    [[nodiscard]] bool in_message() const { return state_ == State::Content || !line_.empty(); }

  private:
    ///            empty line            Content-Length bytes
    ///   Header ──────────────► Content ─────────────────────► Header
    ///     │ anything wrong
    ///     ▼
    ///   Broken
    enum class State : std::uint8_t { Header, Content, Broken };

    FrameEvent header(std::string_view& input);
    FrameEvent content(std::string_view& input);
    FrameEvent end_of_line();
    FrameEvent broken(std::string message);

    State state_ = State::Header;
    std::string line_;
    std::string text_;
    std::size_t header_size_ = 0;
    std::size_t length_ = 0;
    bool has_length_ = false;
};

/// `content` with its header.
[[nodiscard]] std::string frame(std::string_view content);

} // namespace wdbg::dap
