// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "utf8_splitter.h"

#include <algorithm>
#include <utility>

namespace wdbg::dap {

namespace {

std::size_t length_of(unsigned char lead) {
    if (lead >= 0xF0) {
        return 4;
    }
    if (lead >= 0xE0) {
        return 3;
    }
    return lead >= 0xC0 ? 2 : 1;
}

/// Bytes at the end of `text` that begin a character which is not complete.
std::size_t incomplete(std::string_view text) {
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xC0U) != 0x80U) {
            return length_of(byte) > back ? back : 0;
        }
    }
    return 0;
}

} // namespace

std::string Utf8Splitter::take(std::string_view bytes) {
    std::string text = std::exchange(waiting_, {});
    text += bytes;
    const std::size_t kept = incomplete(text);
    waiting_ = text.substr(text.size() - kept);
    text.resize(text.size() - kept);
    return text;
}

std::string Utf8Splitter::rest() {
    return std::exchange(waiting_, {});
}

} // namespace wdbg::dap
