// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "byte_reader.h"

#include <wdbg/model/hex.h>

#include <algorithm>

namespace wdbg::wasm {

std::string hex(std::uint64_t value) {
    return "0x" + hex_of(value);
}

ByteReader::ByteReader(std::span<const std::byte> file, std::size_t begin, std::size_t end,
                       std::string_view part)
    : file_(file)
    , position_(begin)
    , end_(end)
    , part_(part) {
}

void ByteReader::fail_at(std::size_t position, const char* problem) {
    if (problem_ == nullptr) {
        problem_ = problem;
        problem_position_ = position;
    }
}

Error ByteReader::error() const {
    return Error{ErrorCode::Malformed, std::string(part_) + ": " + problem_ + " at file offset " +
                                           hex(problem_position_)};
}

std::uint8_t ByteReader::u8() {
    if (!ok()) {
        return 0;
    }
    if (position_ >= end_) {
        fail_here("unexpected end");
        return 0;
    }
    return std::to_integer<std::uint8_t>(file_[position_++]);
}

std::uint8_t ByteReader::peek() const {
    return ok() && position_ < end_ ? std::to_integer<std::uint8_t>(file_[position_]) : 0;
}

std::uint64_t ByteReader::unsigned_leb(unsigned bits) {
    const std::size_t start = position_;
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        const std::uint8_t byte = u8();
        const std::uint64_t payload = byte & 0x7FU;
        if (bits - shift < 7 && (payload >> (bits - shift)) != 0) {
            fail_at(start, "number too large");
            return 0;
        }
        value |= payload << shift;
        if ((byte & 0x80U) == 0) {
            return ok() ? value : 0;
        }
    }
    fail_at(start, "number too long");
    return 0;
}

std::int64_t ByteReader::signed_leb(unsigned bits) {
    const std::size_t start = position_;
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        const std::uint8_t byte = u8();
        value |= std::uint64_t{byte & 0x7FU} << shift;
        if ((byte & 0x80U) != 0) {
            continue;
        }
        const unsigned used = std::min(shift + 7, 64U);
        const auto extended =
            static_cast<std::int64_t>(value << (64U - used)) >> static_cast<int>(64U - used);
        const auto narrowed =
            static_cast<std::int64_t>(value << (64U - bits)) >> static_cast<int>(64U - bits);
        // In the last byte of a 64-bit number the bits beyond the 64th are lost above.
        const bool last_byte_fits = shift != 63 || byte == 0 || byte == 0x7F;
        if (!last_byte_fits || (used > bits && extended != narrowed)) {
            fail_at(start, "number too large");
            return 0;
        }
        return ok() ? extended : 0;
    }
    fail_at(start, "number too long");
    return 0;
}

std::uint64_t ByteReader::fixed(unsigned bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) {
        value |= std::uint64_t{u8()} << (8U * i);
    }
    return value;
}

std::uint32_t ByteReader::count(std::size_t element_size) {
    const std::size_t start = position_;
    const std::uint32_t value = u32();
    if (ok() && value > remaining() / element_size) {
        fail_at(start, "more elements than bytes");
        return 0;
    }
    return value;
}

std::string_view ByteReader::name() {
    const std::uint32_t size = count();
    const std::size_t start = position_;
    skip(size);
    // Characters may alias any bytes.
    return ok() ? std::string_view(reinterpret_cast<const char*>(file_.data() + start), size)
                : std::string_view();
}

void ByteReader::skip(std::size_t bytes) {
    if (!ok()) {
        return;
    }
    if (bytes > remaining()) {
        fail_here("unexpected end");
        return;
    }
    position_ += bytes;
}

} // namespace wdbg::wasm
