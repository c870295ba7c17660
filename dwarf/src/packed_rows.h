// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/aot_debug_info.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace wdbg::dwarf {

/// A row of the native line table: where code of a wasm instruction begins.
struct NativeRow {
    TextOffset at;
    std::uint32_t line = 0; ///< wasm code offset; 0: of no instruction
    bool is_statement = false;
    bool begins = false; ///< the instruction is known to begin here (a held place: column 1)
    bool prologue_end = false;
    bool end = false; ///< of a sequence: no code from here on

    friend bool operator==(const NativeRow&, const NativeRow&) = default;
};

/// Rows by address, in some 3 bytes each: there are more than there are wasm instructions. What a
/// row adds to the one before is stored, and every 16th row whole.
class PackedRows {
  public:
    static constexpr std::size_t block_rows = 16;
    using Rows = std::array<NativeRow, block_rows>;

    /// In the order of addresses.
    void add(const NativeRow& row);
    void finish();

    [[nodiscard]] std::size_t size() const { return size_; }

    /// Bytes that the rows take.
    [[nodiscard]] std::size_t memory() const {
        return bytes_.size() + blocks_.size() * sizeof(Block);
    }

    /// The rows from block × block_rows on, as many as there are.
    void read(std::size_t block, Rows& into) const;
    /// The first row whose address is not below `at`, or is above it.
    [[nodiscard]] std::size_t lower_bound(TextOffset at) const;
    [[nodiscard]] std::size_t upper_bound(TextOffset at) const;

  private:
    struct Block {
        std::uint32_t at = 0;    ///< of its first row
        std::uint32_t line = 0;  ///< likewise
        std::uint32_t bytes = 0; ///< where its rows begin in bytes_
    };

    template <class Behind>
    [[nodiscard]] std::size_t first(Behind is_behind) const;

    std::vector<Block> blocks_;
    std::vector<std::uint8_t> bytes_;
    std::size_t size_ = 0;
    NativeRow last_; ///< while rows are added
};

/// Reads rows one after the other, and keeps those nearby.
class RowReader {
  public:
    explicit RowReader(const PackedRows& rows) : rows_(&rows) {}

    [[nodiscard]] std::size_t size() const { return rows_->size(); }

    [[nodiscard]] NativeRow operator[](std::size_t index) const {
        const std::size_t block = index / PackedRows::block_rows;
        if (block != block_) {
            rows_->read(block, near_);
            block_ = block;
        }
        return near_[index % PackedRows::block_rows];
    }

  private:
    const PackedRows* rows_;
    mutable PackedRows::Rows near_{};
    mutable std::size_t block_ = SIZE_MAX;
};

/// Ascending numbers, likewise packed.
class PackedNumbers {
  public:
    /// In their order; equal ones count once.
    void add(std::uint32_t number);
    void finish();

    [[nodiscard]] bool empty() const { return size_ == 0; }

    /// The first number above `number`.
    [[nodiscard]] std::optional<std::uint32_t> behind(std::uint32_t number) const;

    /// There must be one.
    [[nodiscard]] std::uint32_t first() const { return blocks_.front().first; }

  private:
    static constexpr std::size_t block_numbers = 64;

    struct Block {
        std::uint32_t first = 0;
        std::uint32_t bytes = 0; ///< where the differences of the others begin in bytes_
    };

    std::vector<Block> blocks_;
    std::vector<std::uint8_t> bytes_;
    std::size_t size_ = 0;
    std::uint32_t last_ = 0;
};

/// The rows with a line, by (line, address), likewise packed.
class LineOrder {
  public:
    /// In that order.
    void add(std::uint32_t line, std::uint32_t row);
    void finish();

    /// The rows of a line, by address.
    [[nodiscard]] std::vector<std::uint32_t> rows_of(std::uint32_t line) const;
    /// The least line in [begin, end).
    [[nodiscard]] std::optional<std::uint32_t> next(std::uint32_t begin, std::uint32_t end) const;

  private:
    static constexpr std::size_t block_rows = 16;

    struct Entry {
        std::uint32_t line = 0;
        std::uint32_t row = 0;
    };

    struct Block {
        Entry first;
        std::uint32_t bytes = 0;
    };

    /// Calls `visit(entry)` for the entries from the first with that line or a greater one on,
    /// until it gives false.
    template <class Visit>
    void from(std::uint32_t line, Visit visit) const;

    std::vector<Block> blocks_;
    std::vector<std::uint8_t> bytes_;
    std::size_t size_ = 0;
    Entry last_; ///< while entries are added
};

} // namespace wdbg::dwarf
