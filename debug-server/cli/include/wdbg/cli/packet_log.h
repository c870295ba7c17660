// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

namespace wdbg::cli {

/// A file with one line per packet: milliseconds since the log began, direction, payload with
/// unprintable bytes as \xNN.
///
///     12.345 -> qWasmCallStack:1
///     12.391 <- 9701000000000040
class PacketLog {
  public:
    /// Io if the file cannot be written.
    [[nodiscard]] static Result<std::unique_ptr<PacketLog>> open(const std::filesystem::path& path);

    void write(std::string_view direction, std::string_view payload);

  private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    explicit PacketLog(std::FILE* file) : file_(file) {}

    std::unique_ptr<std::FILE, Close> file_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

} // namespace wdbg::cli
