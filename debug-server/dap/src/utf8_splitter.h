// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <string>
#include <string_view>

namespace wdbg::dap {

/// Cuts a stream of bytes into pieces that do not end within a character of UTF-8, because each
/// goes into a JSON string of its own.
class Utf8Splitter {
  public:
    /// What can be passed on now; the rest waits for more.
    [[nodiscard]] std::string take(std::string_view bytes);
    /// What still waits, at the end.
    [[nodiscard]] std::string rest();

  private:
    std::string waiting_;
};

} // namespace wdbg::dap
