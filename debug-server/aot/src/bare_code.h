// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/aot_debug_info.h>
#include <wdbg/dwarf/aot_file.h>
#include <wdbg/model/instruction_decoder.h>
#include <wdbg/wasm/module.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace wdbg::aot {

/// A module with compiled code but without a debug file, as far as the .aot file and the code
/// itself tell: which function is where, what it is called, who has called it.
struct BareCode {
    wasm::Module stand_in; ///< see make_stand_in()
    /// Positions are those of the stand-in.
    std::unique_ptr<dwarf::AotDebugInfo> info;
};

/// Whether loaded code is the file's, apart from what a loader fills in.
[[nodiscard]] bool is_code_of(const dwarf::AotFile& aot, std::span<const std::byte> text);

/// `text` is the module's code at `range` as it was loaded. Malformed for a damaged .aot file,
/// NotFound for one of other code. `decoder` must outlive what this gives.
[[nodiscard]] Result<BareCode> read_bare_code(std::span<const std::byte> aot,
                                              const NativeRange& range, std::vector<std::byte> text,
                                              std::uint32_t imported_functions,
                                              const InstructionDecoder& decoder);

} // namespace wdbg::aot
