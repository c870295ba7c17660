// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "object_reader.h"
#include "options.h"

#include <wdbg/dwarf/guest_dwarf.h>
#include <wdbg/wasm/module.h>

#include <cstddef>
#include <vector>

namespace wdbg::compile {

struct Compiled {
    std::vector<std::byte> aot;
    ObjectImage object; ///< empty with --no-debug-file
};

/// One code generation by WAMR and LLVM. `module` is of the file's own bytes. Once per process:
/// LLVM and WAMR keep state of their own. Malformed carries WAMR's message.
[[nodiscard]] Result<Compiled> compile(const wasm::Module& module, const dwarf::GuestDwarf& guest,
                                       const Options& options);

} // namespace wdbg::compile
