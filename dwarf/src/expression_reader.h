// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace wdbg::dwarf {

/// Little-endian bytes of an expression. A read behind the end gives 0 and makes the reader bad.
class ExpressionReader {
  public:
    explicit ExpressionReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    [[nodiscard]] bool good() const { return good_; }

    [[nodiscard]] bool at_end() const { return !good_ || position_ >= bytes_.size(); }

    [[nodiscard]] std::size_t position() const { return position_; }

    std::uint64_t fixed(unsigned size) {
        if (size > 8 || size > bytes_.size() - position_) {
            good_ = false;
            return 0;
        }
        std::uint64_t value = 0;
        for (unsigned i = 0; i < size; ++i) {
            value |= std::to_integer<std::uint64_t>(bytes_[position_ + i]) << (8 * i);
        }
        position_ += size;
        return value;
    }

    std::int64_t signed_fixed(unsigned size) {
        const std::uint64_t value = fixed(size);
        const unsigned unused = 64 - (8 * size);
        return static_cast<std::int64_t>(value << unused) >> unused;
    }

    std::uint64_t uleb() {
        std::uint64_t value = 0;
        for (unsigned shift = 0;; shift += 7) {
            const auto byte = fixed(1);
            if (!good_) {
                return 0;
            }
            if (shift < 64) {
                value |= (byte & 0x7FU) << shift;
            }
            if ((byte & 0x80U) == 0) {
                return value;
            }
        }
    }

    std::int64_t sleb() {
        std::uint64_t value = 0;
        for (unsigned shift = 0;; shift += 7) {
            const auto byte = fixed(1);
            if (!good_) {
                return 0;
            }
            if (shift < 64) {
                value |= (byte & 0x7FU) << shift;
            }
            if ((byte & 0x80U) == 0) {
                const bool negative = (byte & 0x40U) != 0;
                if (negative && shift + 7 < 64) {
                    value |= ~std::uint64_t{0} << (shift + 7);
                }
                return static_cast<std::int64_t>(value);
            }
        }
    }

    std::span<const std::byte> block(std::uint64_t size) {
        if (size > bytes_.size() - position_) {
            good_ = false;
            return {};
        }
        const auto part = bytes_.subspan(position_, size);
        position_ += size;
        return part;
    }

    /// Relative to the current position, for branches.
    void jump(std::int64_t distance) {
        const auto target = static_cast<std::int64_t>(position_) + distance;
        if (target < 0 || std::cmp_greater(target, bytes_.size())) {
            good_ = false;
            return;
        }
        position_ = static_cast<std::size_t>(target);
    }

  private:
    std::span<const std::byte> bytes_;
    std::size_t position_ = 0;
    bool good_ = true;
};

} // namespace wdbg::dwarf
