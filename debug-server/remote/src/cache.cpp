// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace wdbg::remote {

namespace {

MemoryAddress at(MemoryAddress memory, std::uint64_t offset) {
    memory.offset = offset;
    return memory;
}

} // namespace

Result<std::size_t> MemoryCache::read(MemoryAddress address, std::span<std::byte> into,
                                      const Fetch& fetch) {
    if (into.empty()) {
        return 0;
    }
    if (into.size() > longest) {
        const Result<std::vector<std::byte>> bytes = fetch(address, into.size());
        if (!bytes) {
            return std::unexpected(bytes.error());
        }
        std::ranges::copy(*bytes, into.begin());
        return bytes->size();
    }
    const std::uint64_t end = address.offset + into.size();
    if (end < address.offset) {
        return fail(ErrorCode::OutOfRange, "beyond the end of the memory");
    }
    if (const auto filled = fill(at(address, line_of(address.offset)), end, fetch); !filled) {
        return std::unexpected(filled.error());
    }
    const std::size_t size = copy(address, into);
    if (size == 0) {
        return fail(ErrorCode::OutOfRange, "beyond the end of the memory");
    }
    return size;
}

/// Fetches from the first line that is missing up to the last one that is.
Result<void> MemoryCache::fill(MemoryAddress first, std::uint64_t end, const Fetch& fetch) {
    std::optional<std::uint64_t> begin;
    std::uint64_t stop = 0;
    for (std::uint64_t line = first.offset; line < end; line += line_size_) {
        if (!lines_.contains(at(first, line))) {
            begin = begin.value_or(line);
            stop = line + line_size_;
        }
    }
    if (!begin) {
        return {};
    }
    ahead_ = *begin == last_end_ ? std::min(most_ahead_, 2 * ahead_ + line_size_) : 0;
    for (const std::uint64_t most = stop + ahead_; stop < most && !lines_.contains(at(first, stop));
         stop += line_size_) {
    }
    last_end_ = stop;
    const Result<std::vector<std::byte>> bytes = fetch(at(first, *begin), stop - *begin);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    for (std::uint64_t line = *begin; line < stop; line += line_size_) {
        const std::size_t skipped = std::min<std::size_t>(line - *begin, bytes->size());
        const auto part = std::span(*bytes).subspan(skipped);
        const auto kept = part.first(std::min(part.size(), line_size_));
        lines_.insert_or_assign(at(first, line), std::vector(kept.begin(), kept.end()));
    }
    return {};
}

std::size_t MemoryCache::copy(MemoryAddress address, std::span<std::byte> into) const {
    std::size_t copied = 0;
    while (copied < into.size()) {
        const std::uint64_t offset = address.offset + copied;
        const auto line = lines_.find(at(address, line_of(offset)));
        const std::size_t within = offset - line_of(offset);
        if (line == lines_.end() || line->second.size() <= within) {
            break;
        }
        const std::size_t size = std::min(line->second.size() - within, into.size() - copied);
        std::memcpy(into.data() + copied, line->second.data() + within, size);
        copied += size;
    }
    return copied;
}

void MemoryCache::drop(MemoryAddress address, std::size_t size) {
    const std::uint64_t end = address.offset + size;
    for (std::uint64_t line = line_of(address.offset); line < end; line += line_size_) {
        lines_.erase(at(address, line));
    }
}

} // namespace wdbg::remote
