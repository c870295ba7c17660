// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "object_reader.h"

#include <wdbg/wasm/module.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace wdbg::compile {

/// The debug file of docs/aot.md: an ELF file with the image's debug sections, a build id and a
/// section ".wdbg" that says what it belongs to. `facts` are "key=value" strings.
[[nodiscard]] std::vector<std::byte> write_debug_file(const ObjectImage& image,
                                                      const wasm::Module& module,
                                                      std::span<const std::string> facts);

} // namespace wdbg::compile
