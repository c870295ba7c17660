// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/source/views.h>

#include <cstdint>
#include <vector>

namespace wdbg::dap {

/// Places in the source that values name by a number (DAP's location references), for one stop.
class Places {
  public:
    std::int64_t add(source::SourcePlace place) {
        places_.push_back(std::move(place));
        return first_ + static_cast<std::int64_t>(places_.size()) - 1;
    }

    /// nullptr for a number of another stop.
    [[nodiscard]] const source::SourcePlace* find(std::int64_t reference) const {
        const auto index = static_cast<std::size_t>(reference - first_);
        return reference >= first_ && index < places_.size() ? &places_[index] : nullptr;
    }

    /// Numbers are not used again.
    void clear() {
        first_ += static_cast<std::int64_t>(places_.size());
        places_.clear();
    }

  private:
    std::int64_t first_ = 1;
    std::vector<source::SourcePlace> places_;
};

} // namespace wdbg::dap
