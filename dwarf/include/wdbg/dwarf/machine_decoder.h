// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/instruction_decoder.h>
#include <wdbg/model/native_target.h>

#include <memory>

namespace wdbg::dwarf {

/// Decodes as much as steps need (lengths and where control goes) of any machine, with LLVM's
/// disassembler; x86-64 fully (x86_decoder.h). `thumb`: Arm's Thumb instructions. Unsupported if
/// this LLVM was built without the target.
[[nodiscard]] Result<std::unique_ptr<InstructionDecoder>> make_machine_decoder(Machine machine,
                                                                               bool thumb);

} // namespace wdbg::dwarf
