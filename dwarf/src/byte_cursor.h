// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace wdbg::dwarf {

/// Little-endian numbers from bytes of outside, forward. Behind the end it gives zeros and
/// remembers.
class ByteCursor {
  public:
    explicit ByteCursor(std::span<const std::byte> bytes, std::size_t at = 0)
        : bytes_(bytes)
        , at_(at) {}

    std::uint64_t number(std::size_t width) {
        std::uint64_t value = 0;
        const std::span<const std::byte> raw = take(width);
        for (std::size_t each = 0; each < raw.size(); ++each) {
            value |= std::to_integer<std::uint64_t>(raw[each]) << (8 * each);
        }
        return value;
    }

    /// Empty where there are not so many.
    std::span<const std::byte> take(std::uint64_t size) {
        if (at_ > bytes_.size() || size > bytes_.size() - at_) {
            good_ = false;
            return {};
        }
        const std::span<const std::byte> result = bytes_.subspan(at_, size);
        at_ += size;
        return result;
    }

    void align(std::size_t alignment) { at_ = (at_ + alignment - 1) / alignment * alignment; }

    [[nodiscard]] bool good() const { return good_; }

    [[nodiscard]] bool at_end() const { return at_ >= bytes_.size(); }

    [[nodiscard]] std::size_t at() const { return at_; }

  private:
    std::span<const std::byte> bytes_;
    std::size_t at_;
    bool good_ = true;
};

} // namespace wdbg::dwarf
