// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/instruction_decoder.h>

#include <memory>

namespace wdbg::dwarf {

/// Decodes x86-64 with LLVM's disassembler, for those who link LLVM; others use
/// load_instruction_decoder(). Unsupported if this LLVM was built without the X86 target.
[[nodiscard]] Result<std::unique_ptr<InstructionDecoder>> make_x86_decoder();

} // namespace wdbg::dwarf
