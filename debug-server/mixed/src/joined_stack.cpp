// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "joined_stack.h"

#include <wdbg/wasm/instruction.h>

#include <algorithm>
#include <iterator>
#include <limits>

namespace wdbg::mixed {

/// A frame in a call into the other part is a caller like any other: its pc is behind the call.
void JoinedStack::show_return_address(const Parts& parts, Frame& frame) {
    frame.host_call.clear();
    if (frame.pc_is_return_address) {
        return;
    }
    const auto code =
        parts[part_of(frame.pc.instance)].part.debuggee.code(own_id(frame.pc.instance));
    const auto call = code ? wasm::decode(*code, frame.pc.offset) : std::unexpected(code.error());
    if (call) {
        frame.pc.offset = call->end();
        frame.pc_is_return_address = true;
    }
}

Result<void> JoinedStack::put_together(const Parts& parts, std::uint32_t count) {
    if (count <= asked_) {
        return {};
    }
    total_ = 0;
    std::array<std::vector<Joined>, part_count> own;
    for (std::uint32_t part = 0; part < part_count; ++part) {
        if (!thread_.in[part]) {
            continue;
        }
        auto range = parts[part].part.debuggee.frames(own_thread(part), 0, count);
        if (!range) {
            return std::unexpected(range.error());
        }
        total_ += range->total;
        for (std::uint32_t i = 0; i < range->frames.size(); ++i) {
            Frame& frame = range->frames[i];
            frame.pc = joint_address(part, frame.pc);
            own[part].push_back({.place = {.part = part, .frame = i}, .frame = std::move(frame)});
        }
    }
    frames_.clear();
    const auto place = [](const Joined& each) { return each.frame.native_stack; };
    std::ranges::merge(own[0], own[1], std::back_inserter(frames_), {}, place, place);
    // Behind what was asked of each part may be frames of it that have not been read.
    frames_.resize(std::min<std::size_t>(frames_.size(), count));
    for (std::size_t i = 1; i < frames_.size(); ++i) {
        if (frames_[i].place.part != frames_[i - 1].place.part) {
            show_return_address(parts, frames_[i].frame);
        }
    }
    asked_ = count;
    return {};
}

Result<FrameRange> JoinedStack::frames(const Parts& parts, std::uint32_t first,
                                       std::uint32_t count) {
    constexpr std::uint32_t all = std::numeric_limits<std::uint32_t>::max();
    const std::uint32_t end = count > all - first ? all : first + count;
    if (auto done = put_together(parts, end); !done) {
        return std::unexpected(done.error());
    }
    FrameRange range{.frames = {}, .total = total_};
    for (std::size_t i = first; i < std::min<std::size_t>(end, frames_.size()); ++i) {
        range.frames.push_back(frames_[i].frame);
    }
    return range;
}

Result<FramePlace> JoinedStack::place(const Parts& parts, std::uint32_t frame) {
    constexpr std::uint32_t at_once = 64;
    const std::uint32_t count = frame < at_once ? at_once : 2 * frame;
    if (frame >= asked_) {
        if (auto done = put_together(parts, count); !done) {
            return std::unexpected(done.error());
        }
    }
    if (frame >= frames_.size()) {
        return fail(ErrorCode::NotFound, "the thread has no frame " + std::to_string(frame));
    }
    return frames_[frame].place;
}

} // namespace wdbg::mixed
