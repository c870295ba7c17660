// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "object_reader.h"
#include "options.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/dwarf/guest_dwarf.h>
#include <wdbg/wasm/module.h>

#include <cstddef>
#include <string>
#include <vector>

namespace wdbg::compile {

struct Compiled {
    std::vector<std::byte> aot;
    ObjectImage object; ///< empty with --no-debug-file
    /// With --debug-for: functions whose code the deployed file has otherwise; indices among those
    /// that the module defines.
    std::vector<std::uint32_t> differing{};
    std::string processor{}; ///< that the code is for, by LLVM's name; may be empty
};

/// One code generation by WAMR and LLVM. `module` is of the file's own bytes. Once per process:
/// LLVM and WAMR keep state of their own. Malformed carries WAMR's message.
///
/// With `deployed` the object's text is that file's, and its debug information fits it;
/// InvalidArgument if the file cannot have been made so.
[[nodiscard]] Result<Compiled> compile(const wasm::Module& module, const dwarf::GuestDwarf& guest,
                                       const Options& options, const dwarf::AotFile* deployed);

} // namespace wdbg::compile
