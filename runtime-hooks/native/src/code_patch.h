// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace wdbg::native {

/// Reads and changes this process's memory through /proc/self/mem, whatever the pages' protection:
/// no page becomes writable for others, and a bad address is an error instead of a fault.
class CodePatch {
  public:
    /// Io if the system has no /proc/self/mem or no membarrier(SYNC_CORE).
    static Result<CodePatch> open();

    CodePatch(CodePatch&& other) noexcept;
    CodePatch& operator=(CodePatch&&) = delete;
    CodePatch(const CodePatch&) = delete;
    CodePatch& operator=(const CodePatch&) = delete;
    ~CodePatch();

    [[nodiscard]] Result<void> read(std::uint64_t address, std::span<std::byte> into) const;
    /// Visible to other cores' instruction fetch after synchronize() only.
    [[nodiscard]] Result<void> write(std::uint64_t address, std::span<const std::byte> bytes) const;
    /// Makes all running threads of the process fetch instructions anew (membarrier(2)).
    void synchronize() const;

  private:
    explicit CodePatch(int fd) : fd_(fd) {}

    int fd_;
};

} // namespace wdbg::native
