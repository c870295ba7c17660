// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/bridge/bridge.h>
#include <wdbg/model/error.h>
#include <wdbg/model/ids.h>
#include <wdbg/remote/native_target.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The table of compiled modules that a target may keep; its layout is wdbg_module_table.h's
/// (runtime-hooks/embedded). What it says is the target's word: everything is checked.
namespace wdbg::bridge {

inline constexpr std::string_view table_symbol = "wdbg_module_table";
/// Called by the target after each change.
inline constexpr std::string_view table_changed_symbol = "wdbg_module_table_changed";

struct TableEntry {
    std::uint32_t serial = 0; ///< the same code loaded again has another one
    NativeAddress code;       ///< first byte of the text
    std::uint64_t code_size = 0;
    std::vector<std::byte> build_id{}; ///< empty: not known
    std::vector<NativeAddress> instances{};
    std::string name{}; ///< may be empty
};

struct ModuleTable {
    std::uint32_t generation = 0; ///< grows with each change, until the target is reset
    NativeAddress changed;        ///< the function that is called after each change
    std::uint32_t dropped = 0;    ///< modules that found no free entry
    std::vector<TableEntry> entries{};
};

/// What is needed to read the rest, at the table's start.
struct TableHeader {
    std::uint16_t header_size = 0;
    std::uint16_t entry_size = 0;
    std::uint32_t capacity = 0;

    [[nodiscard]] std::size_t size() const {
        return header_size + std::size_t{entry_size} * capacity;
    }
};

inline constexpr std::size_t table_header_size = 48;

/// `bytes` begin with the table, which is at `address` in the target. NotFound if there is no magic
/// number (before the target's first module) or this is a copy of the table, Unsupported for
/// another version or byte order, Malformed for sizes that make no sense.
[[nodiscard]] Result<TableHeader> parse_table_header(std::span<const std::byte> bytes,
                                                     NativeAddress address);
/// The whole table. Errors as parse_table_header(); Busy while an entry is being changed.
[[nodiscard]] Result<ModuleTable> parse_module_table(std::span<const std::byte> bytes,
                                                     NativeAddress address);
/// In memory that begins at `begin`, by the magic number.
[[nodiscard]] std::optional<NativeAddress> find_module_table(std::span<const std::byte> memory,
                                                             NativeAddress begin);
/// In areas of the target's memory, as far as they can be read.
[[nodiscard]] std::optional<NativeAddress> find_table_in(const remote::RemoteNativeTarget& target,
                                                         const std::vector<MemoryArea>& areas);
/// Errors: as parse_module_table(), or what reading gives.
[[nodiscard]] Result<ModuleTable> read_module_table(const remote::RemoteNativeTarget& target,
                                                    NativeAddress address);

} // namespace wdbg::bridge
