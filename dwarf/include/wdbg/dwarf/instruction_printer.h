// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/instruction_decoder.h>
#include <wdbg/model/native_target.h>

#include <memory>

namespace wdbg::dwarf {

/// Instructions as their machine's manuals write them (x86: Intel's syntax), of any machine.
/// `thumb`: Arm's Thumb instructions. Unsupported if this LLVM was built without the target.
[[nodiscard]] Result<std::unique_ptr<InstructionPrinter>> make_instruction_printer(Machine machine,
                                                                                   bool thumb);

} // namespace wdbg::dwarf
