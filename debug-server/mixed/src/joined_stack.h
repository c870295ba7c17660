// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "joined_threads.h"

namespace wdbg::mixed {

/// Which frame of which part; innermost is 0.
struct FramePlace {
    std::uint32_t part = 0;
    std::uint32_t frame = 0;
};

/// The stack of a thread of a stopped guest, put together as far as somebody has asked.
class JoinedStack {
  public:
    explicit JoinedStack(JoinedThread thread) : thread_(std::move(thread)) {}

    /// As Debuggee::frames().
    Result<FrameRange> frames(const Parts& parts, std::uint32_t first, std::uint32_t count);
    /// NotFound behind the last.
    Result<FramePlace> place(const Parts& parts, std::uint32_t frame);

    [[nodiscard]] ThreadId own_thread(std::uint32_t part) const { return thread_.in[part]->id; }

  private:
    Result<void> put_together(const Parts& parts, std::uint32_t count);
    static void show_return_address(const Parts& parts, Frame& frame);

    struct Joined {
        FramePlace place;
        Frame frame;
    };

    JoinedThread thread_;
    std::vector<Joined> frames_;
    std::uint32_t asked_ = 0; ///< so many are as they are
    std::uint32_t total_ = 0;
};

} // namespace wdbg::mixed
