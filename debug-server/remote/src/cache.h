// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

namespace wdbg::remote {

/// Linear memory as it was read since the last stop, in lines.
class MemoryCache {
  public:
    /// Longer reads are not kept.
    static constexpr std::size_t longest = std::size_t{64} << 10U;

    /// `line_size` is what one miss reads, in bytes; a power of two. Misses in a row (a deep stack)
    /// read twice as much each time, up to `most_ahead`.
    MemoryCache(std::size_t line_size, std::size_t most_ahead)
        : line_size_(line_size)
        , most_ahead_(most_ahead) {}

    MemoryCache() = default;

    /// Reads [address, address + size) of the target; shorter where the memory ends.
    using Fetch = std::function<Result<std::vector<std::byte>>(MemoryAddress, std::size_t size)>;

    /// As Debuggee::read_memory(). One fetch for what is not there yet, however many lines it has.
    Result<std::size_t> read(MemoryAddress address, std::span<std::byte> into, const Fetch& fetch);
    /// The range has been written: what is kept of it is stale.
    void drop(MemoryAddress address, std::size_t size);

    void clear() { lines_.clear(); }

    [[nodiscard]] std::size_t line_size() const { return line_size_; }

    [[nodiscard]] std::size_t most_ahead() const { return most_ahead_; }

  private:
    [[nodiscard]] std::uint64_t line_of(std::uint64_t offset) const {
        return offset - offset % line_size_;
    }

    Result<void> fill(MemoryAddress first, std::uint64_t end, const Fetch& fetch);
    std::size_t copy(MemoryAddress address, std::span<std::byte> into) const;

    std::size_t line_size_ = 1024;
    std::size_t most_ahead_ = 0;
    std::size_t ahead_ = 0;
    std::uint64_t last_end_ = 0; ///< of the last fetch
    /// By the line's first address; shorter than a line where the memory ends.
    std::map<MemoryAddress, std::vector<std::byte>> lines_;
};

enum class SlotKind : std::uint8_t { Local, Stack, Global };

/// A value of a frame: thread, frame (0 innermost), kind, index.
using Slot = std::tuple<ThreadId, std::uint32_t, SlotKind, std::uint32_t>;

/// What has been learnt of a stopped guest; empty again when it runs.
struct StopCache {
    std::map<ThreadId, std::vector<std::uint64_t>> stacks; ///< packed addresses, innermost first
    std::map<Slot, Result<Value>> values;
    MemoryCache memory;
    std::map<std::pair<InstanceId, std::uint32_t>, std::uint64_t> memory_sizes;
    /// What `Hg` named last; frame values are of that thread.
    std::optional<ThreadId> current_thread;

    void clear() { *this = {}; }
};

} // namespace wdbg::remote
