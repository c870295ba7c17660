// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>
#include <wdbg/rsp/wasm_address.h>

#include <string>
#include <string_view>
#include <vector>

namespace wdbg::remote {

/// One entry of qXfer:libraries:read: an instance of a module.
struct Library {
    std::string name; ///< a path, often
    rsp::WasmAddress address{0};
};

/// Reads `<library-list><library name="…"><section address="…"/></library>…`; entries without an
/// address in the object space are left out. Malformed if it is no list at all.
[[nodiscard]] Result<std::vector<Library>> parse_library_list(std::string_view xml);

} // namespace wdbg::remote
