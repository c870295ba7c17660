// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace wdbg::source {

/// Numbers for things that exist during one stop. Numbers are never used again, so that an old one
/// is recognised.
template <class Handle, class T>
class StopHandles {
  public:
    Handle add(T thing) {
        things_.push_back(std::move(thing));
        return Handle{first_ + static_cast<std::uint32_t>(things_.size() - 1)};
    }

    /// NotFound, saying that `what` belongs to an earlier stop, or never existed. A copy: what is
    /// done with it may add more.
    [[nodiscard]] Result<T> find(Handle handle, const std::string& what) const {
        if (handle.value < first_ && handle.value != 0) {
            return fail(ErrorCode::NotFound,
                        "this " + what + " belongs to an earlier stop; the guest has run since");
        }
        if (handle.value == 0 || handle.value - first_ >= things_.size()) {
            return fail(ErrorCode::NotFound, "there is no such " + what);
        }
        return things_[handle.value - first_];
    }

    void clear() {
        first_ += static_cast<std::uint32_t>(things_.size());
        things_.clear();
    }

  private:
    std::uint32_t first_ = 1;
    std::vector<T> things_;
};

} // namespace wdbg::source
