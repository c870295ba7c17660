// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "module_table.h"

#include <wdbg/agent/opcodes.h>
#include <wdbg/dwarf/source_info.h>

#include <cstdint>
#include <optional>

namespace wdbg::source {

/// Where a variable is whenever execution gets to a code location, in terms of the machine.
struct VariablePlace {
    enum class Kind : std::uint8_t {
        Register, ///< in `base`
        Memory,   ///< `offset` bytes behind what `base` holds, or at `offset`
        Constant, ///< `offset` is its value
    } kind = Kind::Constant;

    std::optional<agent::RegisterNumber> base{};
    std::int64_t offset = 0;
};

/// nullopt if its place is not of these (in pieces, computed, optimized out).
[[nodiscard]] std::optional<VariablePlace>
place_of(dwarf::SourceInfo& source, const dwarf::Variable& variable, CodeOffset location);

} // namespace wdbg::source
