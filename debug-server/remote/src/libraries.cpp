// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libraries.h"

#include "xml.h"

#include <wdbg/rsp/text.h>

namespace wdbg::remote {

Result<std::vector<Library>> parse_library_list(std::string_view text) {
    if (!text.contains("<library-list")) {
        return fail(ErrorCode::Malformed, "the server's list of modules is none");
    }
    std::vector<Library> libraries;
    std::string name;
    while (const auto found = xml::next_tag(text)) {
        const std::string_view tag = found->tag;
        if (tag.starts_with("library ")) {
            name = xml::attribute(tag, "name").value_or("");
        } else if (tag.starts_with("section") || tag.starts_with("segment")) {
            const auto address = rsp::parse_integer(xml::attribute(tag, "address").value_or(""));
            const rsp::WasmAddress packed(address.value_or(0));
            if (address && packed.space() == rsp::AddressSpace::Object) {
                libraries.push_back({.name = name, .address = packed});
            }
        }
    }
    return libraries;
}

} // namespace wdbg::remote
