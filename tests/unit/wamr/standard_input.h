// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <string_view>
#include <unistd.h>

namespace wdbg::test {

/// Puts a pipe in the place of stdin.
class StandardInput {
  public:
    StandardInput() : saved_(dup(STDIN_FILENO)) {
        if (pipe(ends_.data()) == 0) {
            dup2(ends_[0], STDIN_FILENO);
        }
    }

    StandardInput(const StandardInput&) = delete;
    StandardInput& operator=(const StandardInput&) = delete;

    ~StandardInput() {
        dup2(saved_, STDIN_FILENO);
        for (const int file : {saved_, ends_[0], ends_[1]}) {
            close(file);
        }
    }

    void write(std::string_view text) {
        EXPECT_EQ(::write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }

  private:
    int saved_;
    std::array<int, 2> ends_{};
};

} // namespace wdbg::test
