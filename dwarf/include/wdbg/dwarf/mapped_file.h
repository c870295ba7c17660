// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <cstddef>
#include <span>
#include <string>

namespace wdbg::dwarf {

/// A file's bytes, mapped read-only; empty where there is none. Whoever cuts the file short
/// meanwhile takes the process down: for files that tools replace and do not overwrite.
class MappedFile {
  public:
    MappedFile() = default;
    /// NotFound, or Io with the reason: for what is no regular file, or empty.
    [[nodiscard]] static Result<MappedFile> open(const std::string& path);
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    /// What was read is not needed for now: it takes no memory until it is read again.
    void let_go() const;

    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

  private:
    std::span<const std::byte> bytes_{};
};

} // namespace wdbg::dwarf
