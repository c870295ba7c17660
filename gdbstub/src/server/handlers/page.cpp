// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "page.h"

#include <algorithm>

namespace wdbg::rsp::handlers {

Result<Page> parse_page(std::string_view args) {
    TextReader reader(args);
    const std::string_view annex = reader.take_until(':');
    const auto range = parse_address_range(reader.rest());
    if (!range || !range->rest.empty()) {
        return fail(ErrorCode::InvalidArgument, "expected an offset and a length in hex");
    }
    return Page{.annex = annex, .offset = range->address.packed(), .length = range->length};
}

Status add_page(const Session& session, const Page& page, std::string_view document, Reply& out) {
    if (page.offset > document.size()) {
        return fail(ErrorCode::OutOfRange, "beyond the end of the document");
    }
    const std::string_view rest = document.substr(page.offset);
    const auto size =
        std::min<std::uint64_t>({page.length, rest.size(), session.options.packet_size});
    out.add(size == rest.size() ? 'l' : 'm').add(rest.substr(0, size));
    return Outcome::Reply;
}

} // namespace wdbg::rsp::handlers
