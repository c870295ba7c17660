// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "object_reader.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/model/error.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// Debug files for code that exists already: the same module is compiled again, and what is equal
/// is put where the deployed file has it.
namespace wdbg::compile {

/// Whether both have the same code: text, and what the loader fills in there. Data are not
/// compared.
[[nodiscard]] bool is_same_code(const dwarf::AotFile& one, const dwarf::AotFile& other);

/// InvalidArgument names both if the deployed file cannot have been made as `fresh` was: another
/// machine, or another number of functions.
[[nodiscard]] Result<void> check_comparable(const dwarf::AotFile& deployed,
                                            const dwarf::AotFile& fresh);

struct Fitting {
    PlacedText placed;
    /// Functions whose code is not that of any piece: indices among those that the module defines.
    std::vector<std::uint32_t> differing;
};

/// Where the pieces are in the deployed text. A piece is placed if its bytes are there, relocations
/// aside, and these lead to the same functions; all others are behind the text, where no code is.
[[nodiscard]] Fitting fit_pieces(std::span<const TextPiece> pieces, const dwarf::AotFile& deployed);

} // namespace wdbg::compile
