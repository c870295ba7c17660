// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "handlers.h"

#include <string_view>

/// Documents that clients read in pages: `qXfer:<object>:read:<annex>:<offset>,<length>`.
namespace wdbg::rsp::handlers {

struct Page {
    std::string_view annex;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// `<annex>:<offset>,<length>`; InvalidArgument.
[[nodiscard]] Result<Page> parse_page(std::string_view args);

/// `m` and a part, or `l` and the last part; OutOfRange beyond the end.
Status add_page(const Session& session, const Page& page, std::string_view document, Reply& out);

} // namespace wdbg::rsp::handlers
