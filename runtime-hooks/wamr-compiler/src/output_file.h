// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <cstddef>
#include <span>
#include <string>

namespace wdbg::compile {

/// A file that appears under its name complete or not at all: written to a temporary name in the
/// same folder, renamed by commit(), removed if that never happens.
class OutputFile {
  public:
    /// Io names the file and the reason.
    [[nodiscard]] static Result<OutputFile> write(std::string path,
                                                  std::span<const std::byte> bytes);

    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    ~OutputFile();

    [[nodiscard]] Result<void> commit();

  private:
    OutputFile(std::string path, std::string temporary);

    std::string path_;
    std::string temporary_; ///< empty once there is nothing to remove
};

} // namespace wdbg::compile
