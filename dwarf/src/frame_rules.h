// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "machine_traits.h"

#include <wdbg/dwarf/aot_debug_info.h>

#include <llvm/DebugInfo/DWARF/DWARFDebugFrame.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace wdbg::dwarf {

/// How to find a value of the caller (DWARF 5 §6.4.1).
struct FrameRule {
    enum class Kind : std::uint8_t {
        Undefined,
        SameValue,
        CfaOffset,      ///< CFA + offset
        RegisterOffset, ///< register + offset
        Expression,
        Constant,
    };

    Kind kind = Kind::Undefined;
    bool in_memory = false; ///< the value lies at what the rule gives
    std::uint32_t number = 0;
    std::int64_t offset = 0;
    std::vector<std::uint8_t> expression{};

    friend bool operator==(const FrameRule&, const FrameRule&) = default;
};

/// Rules from one address on.
struct FrameRow {
    TextOffset begin;
    FrameRule cfa;
    std::map<std::uint32_t, FrameRule> registers;
};

/// Rules of one range of code.
struct FrameTable {
    TextRange range;
    std::uint32_t return_address = 0;
    std::vector<FrameRow> rows; ///< by address
    /// CFA − stack pointer in the body, where locals in memory count from; nullopt if it is not
    /// certain which rows are the body's.
    std::optional<std::int64_t> body_depth;

    /// nullptr if none covers it.
    [[nodiscard]] const FrameRow* row_at(TextOffset pc) const;
};

/// A section of call frame information, and the code that counts.
struct FrameSource {
    std::span<const std::byte> bytes{};
    std::uint64_t address = 0;      ///< of the section, in the file's addresses
    bool is_eh = false;             ///< .eh_frame, else .debug_frame
    std::uint64_t text_address = 0; ///< what TextOffsets count from
    std::uint64_t text_size = 0;
};

[[nodiscard]] FrameSource frame_source_of(const DebugFile& file);

/// Call frame information: .eh_frame or .debug_frame. Safe to use from several threads.
class FrameRules {
  public:
    FrameRules(const FrameSource& source, const MachineTraits& machine);

    /// Unavailable if there is none for `pc`, Malformed if it is damaged. The pointer lives as long
    /// as this.
    [[nodiscard]] Result<const FrameTable*> table_at(TextOffset pc) const;

  private:
    struct Entry {
        TextRange range;
        const llvm::dwarf::FDE* description = nullptr;
    };

    void read() const;
    [[nodiscard]] const Entry* entry_at(TextOffset pc) const;
    [[nodiscard]] Result<std::unique_ptr<FrameTable>> make_table(const Entry& entry) const;

    FrameSource source_;
    MachineTraits machine_;
    mutable std::mutex mutex_; ///< guards what follows
    mutable std::unique_ptr<llvm::DWARFDebugFrame> frames_;
    mutable std::string problem_;
    mutable std::vector<Entry> entries_; ///< by address
    mutable std::map<TextOffset, std::unique_ptr<FrameTable>> tables_;
};

} // namespace wdbg::dwarf
