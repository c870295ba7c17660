// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/wasm/module.h>

#include <memory>
#include <mutex>
#include <vector>

namespace wdbg::wasm {

/// What a Module knows. Everything but the two caches is fixed after parsing.
struct Module::State {
    std::vector<std::byte> owned;
    std::span<const std::byte> bytes;
    std::vector<Section> sections;
    std::vector<FunctionType> types;
    std::vector<bool> is_function_type; ///< false: a struct or array type, or too many parameters
    std::vector<Import> imports;
    std::vector<Export> exports;
    std::vector<TableType> tables;
    std::vector<MemoryType> memories;
    std::vector<GlobalType> globals;
    std::vector<std::uint32_t> tags;
    std::vector<std::uint32_t> function_types;   ///< type index by function index
    std::vector<std::uint32_t> function_imports; ///< position in imports by function index
    std::vector<ElementSegment> element_segments;
    std::vector<DataSegment> data_segments;
    std::optional<std::uint32_t> data_count;
    std::optional<std::uint32_t> start;
    std::vector<FunctionBody> bodies;
    std::vector<LocalRun> local_runs;

    std::once_flag names_once;
    Names names;
    std::mutex maps_mutex;
    std::vector<std::unique_ptr<const InstructionMap>> maps; ///< by position in bodies
};

} // namespace wdbg::wasm
