// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <cstddef>
#include <cstdint>
#include <map>
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

// --- Objects with a section for each function, to be placed where a finished text has them
// --------

struct PieceRelocation {
    std::uint32_t offset = 0; ///< from the start of the piece
    std::uint32_t size = 0;   ///< how many bytes it changes
    std::uint64_t type = 0;   ///< ELF's
    std::int64_t addend = 0;
    bool has_addend = true; ///< false: the bytes themselves hold it
    std::string symbol;     ///< a section's name for what has none of its own
};

/// A function's code in a section of its own.
struct TextPiece {
    std::uint64_t section = 0; ///< its index in the object
    std::uint64_t alignment = 1;
    ObjectFunction function{}; ///< its offset is 0
    std::vector<std::byte> bytes;
    std::vector<PieceRelocation> relocations;
};

/// How many bytes of the text a relocation changes.
[[nodiscard]] std::uint32_t relocation_size(std::uint16_t machine, std::uint64_t type);

/// In the order of the object.
[[nodiscard]] Result<std::vector<TextPiece>> read_pieces(std::span<const char> bytes);

/// A finished text, and where the pieces of an object are in it.
struct PlacedText {
    std::vector<std::byte> text;
    std::vector<MaskedRange> masks;                   ///< by offset
    std::vector<ObjectFunction> functions;            ///< those that are placed, by offset
    std::map<std::uint64_t, std::uint64_t> addresses; ///< of sections, as a debug file counts them
};

/// The image of `placed`, with the debug sections of the object relocated for it.
[[nodiscard]] Result<ObjectImage> read_placed_object(std::span<const char> bytes,
                                                     PlacedText placed);

} // namespace wdbg::compile
