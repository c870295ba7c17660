// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace wdbg::compile {

/// Bytes of the text that the loader fills in.
struct MaskedRange {
    std::uint32_t offset = 0; ///< from the start of the text
    std::uint32_t size = 0;

    friend bool operator==(const MaskedRange&, const MaskedRange&) = default;
};

struct ObjectFunction {
    std::uint32_t index = 0;  ///< among the functions that the module defines
    bool internal = false;    ///< the body behind an entry that checks the stack
    std::uint32_t offset = 0; ///< from the start of the text
    std::uint32_t size = 0;
};

struct ObjectSection {
    std::string name;
    std::vector<std::byte> bytes; ///< relocated
};

/// What a debug file needs of LLVM's object file. Debug sections are relocated for a text section
/// at `text_address`, .eh_frame for itself at `frame_address`.
struct ObjectImage {
    bool is_64 = true;
    std::uint16_t machine = 0;
    std::uint32_t flags = 0;
    std::uint64_t text_address = 0;
    std::uint64_t text_alignment = 1;
    std::uint64_t frame_address = 0;
    std::vector<std::byte> text;
    std::vector<MaskedRange> masks;        ///< by offset
    std::vector<ObjectFunction> functions; ///< by offset
    std::vector<ObjectSection> sections;   ///< .debug_*, .eh_frame
};

/// Where the text is in every debug file: not 0, which debuggers take for functions that the linker
/// dropped.
constexpr std::uint64_t debug_text_address = 0x1000;

[[nodiscard]] Result<ObjectImage> read_object(std::span<const char> bytes);

} // namespace wdbg::compile
