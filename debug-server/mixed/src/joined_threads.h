// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "guest_part.h"

#include <optional>
#include <utility>

namespace wdbg::mixed {

/// A thread of the operating system, as the parts that know it call it.
struct JoinedThread {
    ThreadId id;
    std::uint64_t system_id = 0;
    std::array<std::optional<ThreadInfo>, part_count> in{};

    [[nodiscard]] bool is_in_both() const { return in[0] && in[1]; }

    /// Of a thread that one part only knows.
    [[nodiscard]] std::uint32_t only_part() const { return in[0] ? 0 : 1; }
};

/// The threads of both parts. An id is kept for as long as a part knows the thread.
class JoinedThreads {
  public:
    /// As the parts tell now.
    void refresh(const Parts& parts);

    [[nodiscard]] const std::vector<JoinedThread>& all() const { return threads_; }

    [[nodiscard]] const JoinedThread* find(ThreadId id) const;
    [[nodiscard]] const JoinedThread* of(std::uint32_t part, ThreadId own) const;

  private:
    void add(std::uint32_t part, ThreadInfo info);

    std::vector<JoinedThread> threads_; ///< ordered by id
    std::uint32_t last_id_ = 0;
};

} // namespace wdbg::mixed
