// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "packed_rows.h"

#include <algorithm>
#include <iterator>

namespace wdbg::dwarf {

namespace {

// Numbers in 7 bits a byte, the least first; the top bit says that there are more (as LEB128, which
// is not used for reading here: these bytes are our own).

void put(std::vector<std::uint8_t>& bytes, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) {
        bytes.push_back(static_cast<std::uint8_t>(value | 0x80U));
    }
    bytes.push_back(static_cast<std::uint8_t>(value));
}

std::uint64_t take(const std::uint8_t*& at) {
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (; (*at & 0x80U) != 0; ++at, shift += 7) {
        value |= std::uint64_t{*at & 0x7FU} << shift;
    }
    return value | std::uint64_t{*at++} << shift;
}

/// A difference, small ones of either sign as small numbers.
std::uint64_t folded(std::uint32_t from, std::uint32_t to) {
    const std::int64_t difference = std::int64_t{to} - std::int64_t{from};
    return static_cast<std::uint64_t>(difference) << 1U ^
           static_cast<std::uint64_t>(difference >> 63U);
}

std::uint32_t unfolded(std::uint32_t from, std::uint64_t difference) {
    return static_cast<std::uint32_t>(from + ((difference >> 1U) ^ (0 - (difference & 1U))));
}

constexpr unsigned flag_bits = 4;

std::uint64_t flags_of(const NativeRow& row) {
    return std::uint64_t{row.is_statement} | std::uint64_t{row.begins} << 1U |
           std::uint64_t{row.prologue_end} << 2U | std::uint64_t{row.end} << 3U;
}

} // namespace

// --- Rows ----------------------------------------------------------------------------------------

void PackedRows::add(const NativeRow& row) {
    if (size_++ % block_rows == 0) {
        blocks_.push_back({.at = row.at.value,
                           .line = row.line,
                           .bytes = static_cast<std::uint32_t>(bytes_.size())});
        last_ = {.at = row.at, .line = row.line};
    }
    put(bytes_, std::uint64_t{row.at.value - last_.at.value} << flag_bits | flags_of(row));
    put(bytes_, folded(last_.line, row.line));
    last_ = row;
}

void PackedRows::finish() {
    blocks_.shrink_to_fit();
    bytes_.shrink_to_fit();
}

void PackedRows::read(std::size_t block, Rows& into) const {
    const Block& begin = blocks_[block];
    const std::size_t count = std::min(block_rows, size_ - block * block_rows);
    const std::uint8_t* next = &bytes_[begin.bytes];
    std::uint32_t at = begin.at;
    std::uint32_t line = begin.line;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t packed = take(next);
        at += static_cast<std::uint32_t>(packed >> flag_bits);
        line = unfolded(line, take(next));
        into[i] = {.at = TextOffset{at},
                   .line = line,
                   .is_statement = (packed & 1U) != 0,
                   .begins = (packed & 2U) != 0,
                   .prologue_end = (packed & 4U) != 0,
                   .end = (packed & 8U) != 0};
    }
}

/// The first row for whose address `is_behind` holds, which it does from there on.
template <class Behind>
std::size_t PackedRows::first(Behind is_behind) const {
    const auto block = std::ranges::partition_point(
        blocks_, [&](const Block& each) { return !is_behind(TextOffset{each.at}); });
    if (block == blocks_.begin()) {
        return 0;
    }
    const auto number = static_cast<std::size_t>(block - blocks_.begin()) - 1;
    Rows rows;
    read(number, rows);
    std::size_t row = number * block_rows;
    while (row < std::min(size_, (number + 1) * block_rows) &&
           !is_behind(rows[row % block_rows].at)) {
        ++row;
    }
    return row;
}

std::size_t PackedRows::lower_bound(TextOffset at) const {
    return first([at](TextOffset each) { return each >= at; });
}

std::size_t PackedRows::upper_bound(TextOffset at) const {
    return first([at](TextOffset each) { return each > at; });
}

// --- By line -------------------------------------------------------------------------------------

void LineOrder::add(std::uint32_t line, std::uint32_t row) {
    if (size_++ % block_rows == 0) {
        last_ = {.line = line, .row = row};
        blocks_.push_back({.first = last_, .bytes = static_cast<std::uint32_t>(bytes_.size())});
    }
    put(bytes_, line - last_.line);
    put(bytes_, folded(last_.row, row));
    last_ = {.line = line, .row = row};
}

void LineOrder::finish() {
    blocks_.shrink_to_fit();
    bytes_.shrink_to_fit();
}

template <class Visit>
void LineOrder::from(std::uint32_t line, Visit visit) const {
    const auto behind = std::ranges::partition_point(
        blocks_, [line](const Block& block) { return block.first.line < line; });
    // The line may begin in the block before.
    auto block = static_cast<std::size_t>(behind - blocks_.begin());
    block -= block == 0 ? 0 : 1;
    for (; block < blocks_.size(); ++block) {
        Entry entry = blocks_[block].first;
        const std::uint8_t* next = &bytes_[blocks_[block].bytes];
        const std::size_t count = std::min(block_rows, size_ - block * block_rows);
        for (std::size_t i = 0; i < count; ++i) {
            entry.line += static_cast<std::uint32_t>(take(next));
            entry.row = unfolded(entry.row, take(next));
            if (entry.line >= line && !visit(entry)) {
                return;
            }
        }
    }
}

std::vector<std::uint32_t> LineOrder::rows_of(std::uint32_t line) const {
    std::vector<std::uint32_t> rows;
    from(line, [&](const Entry& entry) {
        if (entry.line == line) {
            rows.push_back(entry.row);
        }
        return entry.line == line;
    });
    return rows;
}

std::optional<std::uint32_t> LineOrder::next(std::uint32_t begin, std::uint32_t end) const {
    std::optional<std::uint32_t> found;
    from(begin, [&](const Entry& entry) {
        found = entry.line;
        return false;
    });
    return found && *found < end ? found : std::nullopt;
}

// --- Numbers -------------------------------------------------------------------------------------

void PackedNumbers::add(std::uint32_t number) {
    if (size_ != 0 && number == last_) {
        return;
    }
    if (size_++ % block_numbers == 0) {
        blocks_.push_back({.first = number, .bytes = static_cast<std::uint32_t>(bytes_.size())});
    } else {
        put(bytes_, number - last_);
    }
    last_ = number;
}

void PackedNumbers::finish() {
    blocks_.shrink_to_fit();
    bytes_.shrink_to_fit();
}

std::optional<std::uint32_t> PackedNumbers::behind(std::uint32_t number) const {
    const auto next = std::ranges::upper_bound(blocks_, number, {}, &Block::first);
    if (next == blocks_.begin()) {
        return empty() ? std::nullopt : std::optional(first());
    }
    const auto block = std::prev(next);
    const std::size_t end = next == blocks_.end() ? bytes_.size() : next->bytes;
    std::uint32_t each = block->first;
    for (const std::uint8_t* at = bytes_.data() + block->bytes; at < bytes_.data() + end;) {
        each += static_cast<std::uint32_t>(take(at));
        if (each > number) {
            return each;
        }
    }
    return next == blocks_.end() ? std::nullopt : std::optional(next->first);
}

} // namespace wdbg::dwarf
