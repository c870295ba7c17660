// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>
#include <wdbg/model/ids.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace wdbg::wasm {

/// Where the instructions of one function begin: one bit for each byte of its code. Immutable.
class InstructionMap {
  public:
    /// Decodes the code from `first` (first instruction) up to `end` (behind the function's final
    /// `end`), both from the start of `bytes` = the .wasm file. Malformed if an instruction is not
    /// known, blocks do not nest, or the last instruction does not end exactly at `end`.
    [[nodiscard]] static Result<InstructionMap> build(std::span<const std::byte> bytes,
                                                      CodeOffset first, CodeOffset end);

    [[nodiscard]] CodeOffset first() const { return first_; }

    [[nodiscard]] CodeOffset end() const { return end_; }

    [[nodiscard]] std::uint32_t count() const { return count_; }

    [[nodiscard]] bool is_start(CodeOffset offset) const;
    /// The first instruction that begins at or behind `offset`; nullopt behind the last one.
    [[nodiscard]] std::optional<CodeOffset> next_at_or_after(CodeOffset offset) const;
    /// The instruction whose last byte is the one before `offset`: the call of a return address.
    [[nodiscard]] std::optional<CodeOffset> ending_at(CodeOffset offset) const;
    /// The instruction that contains the byte at `offset`.
    [[nodiscard]] std::optional<CodeOffset> containing(CodeOffset offset) const;

  private:
    InstructionMap(CodeOffset first, CodeOffset end);
    void mark(CodeOffset offset);
    [[nodiscard]] std::optional<CodeOffset> last_before(CodeOffset offset) const;

    CodeOffset first_;
    CodeOffset end_;
    std::uint32_t count_ = 0;
    std::vector<std::uint64_t> starts_;
};

} // namespace wdbg::wasm
