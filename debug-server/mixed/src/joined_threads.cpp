// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "joined_threads.h"

#include <algorithm>

namespace wdbg::mixed {

void JoinedThreads::refresh(const Parts& parts) {
    for (JoinedThread& thread : threads_) {
        thread.in = {};
    }
    for (std::uint32_t part = 0; part < part_count; ++part) {
        for (ThreadInfo& info : parts[part].part.debuggee.threads()) {
            add(part, std::move(info));
        }
    }
    std::erase_if(threads_,
                  [](const JoinedThread& thread) { return !thread.in[0] && !thread.in[1]; });
}

void JoinedThreads::add(std::uint32_t part, ThreadInfo info) {
    const auto same = std::ranges::find(threads_, info.system_id, &JoinedThread::system_id);
    JoinedThread& thread = same != threads_.end()
                               ? *same
                               : threads_.emplace_back(ThreadId{++last_id_}, info.system_id);
    thread.in[part] = std::move(info);
}

const JoinedThread* JoinedThreads::find(ThreadId id) const {
    const auto found = std::ranges::find(threads_, id, &JoinedThread::id);
    return found == threads_.end() ? nullptr : &*found;
}

const JoinedThread* JoinedThreads::of(std::uint32_t part, ThreadId own) const {
    const auto found = std::ranges::find_if(threads_, [&](const JoinedThread& thread) {
        return thread.in[part] && thread.in[part]->id == own;
    });
    return found == threads_.end() ? nullptr : &*found;
}

} // namespace wdbg::mixed
