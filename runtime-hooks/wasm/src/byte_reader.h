// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>
#include <wdbg/model/ids.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace wdbg::wasm {

/// Reads a part of a file, never beyond it. The first failure sticks: every later read gives zero
/// and moves nothing, so that callers check ok() once for each element of a loop and at the end.
class ByteReader {
  public:
    /// Reads file[begin, end); `part` names it in errors ("Type section") and must outlive this.
    /// begin ≤ end ≤ file.size() is the caller's promise.
    ByteReader(std::span<const std::byte> file, std::size_t begin, std::size_t end,
               std::string_view part);

    [[nodiscard]] bool ok() const { return problem_ == nullptr; }

    [[nodiscard]] bool at_end() const { return position_ >= end_; }

    /// Offset from the start of the file.
    [[nodiscard]] std::size_t position() const { return position_; }

    [[nodiscard]] CodeOffset offset() const {
        return CodeOffset{static_cast<std::uint32_t>(position_)};
    }

    [[nodiscard]] std::size_t remaining() const { return end_ - position_; }

    std::uint8_t u8();
    [[nodiscard]] std::uint8_t peek() const; ///< 0 at the end

    /// LEB128 of at most ceil(bits / 7) bytes whose unused bits are right (wasm core §5.2.2).
    std::uint32_t u32() { return static_cast<std::uint32_t>(unsigned_leb(32)); }

    std::uint64_t u64() { return unsigned_leb(64); }

    std::int32_t s32() { return static_cast<std::int32_t>(signed_leb(32)); }

    std::int64_t s33() { return signed_leb(33); }

    std::int64_t s64() { return signed_leb(64); }

    std::uint64_t fixed(unsigned bytes); ///< little-endian, at most 8 bytes
    /// A vector's length; fails if so many elements of at least `element_size` bytes cannot follow.
    std::uint32_t count(std::size_t element_size = 1);
    std::string_view name(); ///< length and bytes; not checked for UTF-8
    void skip(std::size_t bytes);

    /// Marks the data as wrong here. `problem` must be a literal.
    void fail_here(const char* problem) { fail_at(position_, problem); }

    void fail_at(std::size_t position, const char* problem);
    /// The failure; only to be called when !ok().
    [[nodiscard]] Error error() const;

  private:
    std::uint64_t unsigned_leb(unsigned bits);
    std::int64_t signed_leb(unsigned bits);

    std::span<const std::byte> file_;
    std::size_t position_;
    std::size_t end_;
    std::string_view part_;
    const char* problem_ = nullptr;
    std::size_t problem_position_ = 0;
};

/// "0x1f"
[[nodiscard]] std::string hex(std::uint64_t value);

} // namespace wdbg::wasm
