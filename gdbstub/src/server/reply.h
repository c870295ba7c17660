// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/rsp/text.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace wdbg::rsp {

/// The payload of one reply while it is put together; escaping and framing come later. Keeps its
/// storage from one reply to the next.
class Reply {
  public:
    [[nodiscard]] std::string_view text() const { return text_; }

    [[nodiscard]] std::size_t size() const { return text_.size(); }

    void clear() { text_.clear(); }

    Reply& add(std::string_view text) {
        text_ += text;
        return *this;
    }

    Reply& add(char character) {
        text_ += character;
        return *this;
    }

    Reply& hex(std::uint64_t value) {
        char digits[16];
        return add(std::string_view(digits, format_hex(value, digits)));
    }

    Reply& decimal(std::uint64_t value) {
        char digits[20];
        return add(std::string_view(digits, format_decimal(value, digits)));
    }

    /// Two digits.
    Reply& hex_byte(unsigned value) { return add(hex_digit(value >> 4U)).add(hex_digit(value)); }

    /// Sixteen digits, least significant byte first.
    Reply& le64(std::uint64_t value) {
        format_le64(value, grow(16));
        return *this;
    }

    Reply& hex_bytes(std::span<const std::byte> bytes) {
        encode_hex(bytes, grow(2 * bytes.size()));
        return *this;
    }

    Reply& hex_text(std::string_view text) {
        return hex_bytes(std::as_bytes(std::span(text.data(), text.size())));
    }

    /// Room for `size` more characters, to be written by the caller.
    char* grow(std::size_t size) {
        const std::size_t before = text_.size();
        text_.resize(before + size);
        return text_.data() + before;
    }

    void shrink_to(std::size_t size) { text_.resize(size); }

  private:
    std::string text_;
};

} // namespace wdbg::rsp
