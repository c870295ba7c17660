// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "byte_cursor.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/dwarf/debug_file.h>
#include <wdbg/model/hex.h>

#include <llvm/ADT/ArrayRef.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Support/SHA256.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace wdbg::dwarf {
namespace {

using Bytes = std::span<const std::byte>;

std::unexpected<Error> malformed(std::string message) {
    return fail(ErrorCode::Malformed, "the debug file " + std::move(message));
}

class Cursor : public ByteCursor {
  public:
    using ByteCursor::ByteCursor;

    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }

    std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }

    std::uint64_t u64() { return number(8); }
};

Sha256 sha256(Bytes bytes) {
    llvm::SHA256 hash;
    hash.update(llvm::ArrayRef<std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                             bytes.size()));
    return hash.final();
}

/// Enough of it to tell two apart.
std::string beginning_of(const Sha256& hash) {
    constexpr std::size_t shown = 8;
    return hex_of(std::as_bytes(std::span(hash).first(shown)));
}

std::string_view string_at(Bytes table, std::uint64_t offset) {
    if (offset >= table.size()) {
        return {};
    }
    const auto* const begin = reinterpret_cast<const char*>(table.data()) + offset;
    return {begin, ::strnlen(begin, table.size() - offset)};
}

} // namespace

class DebugFileParser {
  public:
    explicit DebugFileParser(Bytes bytes) : bytes_(bytes) {}

    Result<DebugFile> parse() {
        if (Result<void> done = read_elf(); !done) {
            return std::unexpected(done.error());
        }
        if (Result<void> done = read_own(file_.section(".wdbg")); !done) {
            return std::unexpected(done.error());
        }
        constexpr std::size_t note_header = 16; // sizes, type, "GNU"
        const Bytes note = file_.section(".note.gnu.build-id");
        if (note.size() > note_header) {
            file_.build_id_ = note.subspan(note_header);
        }
        return std::move(file_);
    }

  private:
    struct Header {
        std::uint32_t name = 0;
        std::uint32_t type = 0;
        std::uint64_t address = 0;
        std::uint64_t offset = 0;
        std::uint64_t size = 0;
    };

    Result<void> read_elf() {
        Cursor cursor(bytes_);
        constexpr std::string_view magic = "\177ELF";
        const Bytes begin = cursor.take(magic.size());
        const auto elf_class = cursor.number(1);
        const auto data = cursor.number(1);
        if (begin.empty() || std::memcmp(begin.data(), magic.data(), magic.size()) != 0 ||
            data != llvm::ELF::ELFDATA2LSB) {
            return malformed("is no little-endian ELF file");
        }
        file_.is_64_ = elf_class == llvm::ELF::ELFCLASS64;
        const std::size_t word = file_.is_64_ ? 8 : 4;
        cursor = Cursor(bytes_, llvm::ELF::EI_NIDENT + 2);
        file_.machine_ = cursor.u16();
        cursor.take(4 + word + word);
        const std::uint64_t headers = cursor.number(word);
        cursor.take(4 + 2 + 2 + 2 + 2);
        const std::uint16_t count = cursor.u16();
        const std::uint16_t names = cursor.u16();
        if (!cursor.good() || headers > bytes_.size()) {
            return malformed("is cut short");
        }
        return read_sections(headers, count, names);
    }

    Result<void> read_sections(std::uint64_t at, std::uint16_t count, std::uint16_t names) {
        Cursor cursor(bytes_, at);
        const std::size_t word = file_.is_64_ ? 8 : 4;
        std::vector<Header> headers;
        for (std::uint16_t each = 0; each < count && cursor.good(); ++each) {
            Header header{.name = cursor.u32(), .type = cursor.u32()};
            cursor.take(word); // flags
            header.address = cursor.number(word);
            header.offset = cursor.number(word);
            header.size = cursor.number(word);
            cursor.take(4 + 4 + word + word);
            headers.push_back(header);
        }
        if (!cursor.good() || names >= headers.size()) {
            return malformed("is cut short");
        }
        const Bytes strings = contents(headers[names]);
        for (const Header& header : headers) {
            if (header.type != llvm::ELF::SHT_NOBITS && header.type != llvm::ELF::SHT_NULL) {
                file_.sections_.push_back(
                    {string_at(strings, header.name), contents(header), header.address});
            }
        }
        return {};
    }

    [[nodiscard]] Bytes contents(const Header& header) const {
        return header.offset > bytes_.size() ? Bytes{}
                                             : Cursor(bytes_, header.offset).take(header.size);
    }

    Result<void> read_own(Bytes own) {
        Cursor cursor(own);
        constexpr std::string_view magic = "WDBG";
        constexpr std::uint16_t known_version = 1;
        const Bytes begin = cursor.take(magic.size());
        if (begin.empty() || std::memcmp(begin.data(), magic.data(), magic.size()) != 0) {
            return malformed("has no section .wdbg: it is not one of wdbg's");
        }
        if (const std::uint16_t version = cursor.u16(); version != known_version) {
            return fail(ErrorCode::Unsupported, "the debug file has version " +
                                                    std::to_string(version) +
                                                    "; this wdbg reads version 1");
        }
        const std::uint16_t header_size = cursor.u16();
        take_hash(cursor, file_.module_hash_);
        take_hash(cursor, file_.text_hash_);
        cursor.u32(); // size of the .wasm
        file_.text_size_ = cursor.u32();
        file_.text_address_ = cursor.u64();
        file_.code_section_start_ = cursor.u32();
        file_.imported_functions_ = cursor.u32();
        cursor.u32(); // functions that the module defines
        const std::uint32_t functions = cursor.u32();
        const std::uint32_t masks = cursor.u32();
        const std::uint32_t strings = cursor.u32();
        if (!cursor.good() || header_size < cursor.at()) {
            return malformed("has a damaged section .wdbg");
        }
        return read_tables(Cursor(own, header_size), functions, masks, strings);
    }

    static void take_hash(Cursor& cursor, Sha256& hash) {
        const Bytes bytes = cursor.take(hash.size());
        std::ranges::transform(bytes, hash.begin(),
                               [](std::byte each) { return std::to_integer<std::uint8_t>(each); });
    }

    Result<void> read_tables(Cursor cursor, std::uint32_t functions, std::uint32_t masks,
                             std::uint32_t strings) {
        for (std::uint32_t each = 0; each < functions && cursor.good(); ++each) {
            NativeFunction function{.function = cursor.u32() + file_.imported_functions_,
                                    .internal = (cursor.u32() & 1) != 0};
            function.offset = cursor.u32();
            function.size = cursor.u32();
            function.hash = cursor.u64();
            if (!fits(function.offset, function.size)) {
                return malformed("has a function outside of its text");
            }
            file_.functions_.push_back(function);
        }
        for (std::uint32_t each = 0; each < masks && cursor.good(); ++each) {
            TextMask mask{.offset = cursor.u32()};
            mask.size = cursor.u32();
            if (!fits(mask.offset, mask.size)) {
                return malformed("has a relocation outside of its text");
            }
            file_.masks_.push_back(mask);
        }
        const Bytes facts = cursor.take(strings);
        if (!cursor.good()) {
            return malformed("has a damaged section .wdbg");
        }
        for (std::size_t at = 0; at < facts.size();) {
            file_.facts_.push_back(string_at(facts, at));
            at += file_.facts_.back().size() + 1;
        }
        return {};
    }

    [[nodiscard]] bool fits(std::uint32_t offset, std::uint32_t size) const {
        return offset <= file_.text_size_ && size <= file_.text_size_ - offset;
    }

    Bytes bytes_;
    DebugFile file_{};
};

Result<DebugFile> DebugFile::parse(std::span<const std::byte> bytes) {
    return DebugFileParser(bytes).parse();
}

std::optional<std::string_view> DebugFile::fact(std::string_view key) const {
    for (std::string_view each : facts_) {
        if (each.starts_with(key) && each.substr(key.size()).starts_with('=')) {
            return each.substr(key.size() + 1);
        }
    }
    return std::nullopt;
}

std::span<const std::byte> DebugFile::section(std::string_view name) const {
    const auto found = std::ranges::find(sections_, name, &Section::name);
    return found == sections_.end() ? Bytes{} : found->bytes;
}

std::uint64_t DebugFile::section_address(std::string_view name) const {
    const auto found = std::ranges::find(sections_, name, &Section::name);
    return found == sections_.end() ? 0 : found->address;
}

Result<void> DebugFile::check_module(std::span<const std::byte> wasm) const {
    if (const Sha256 hash = sha256(wasm); hash != module_hash_) {
        return fail(ErrorCode::NotFound, "the debug file belongs to another module: it was made "
                                         "from " +
                                             beginning_of(module_hash_) + "…, this one is " +
                                             beginning_of(hash) + "… (SHA-256)");
    }
    return {};
}

std::vector<std::uint32_t> DebugFile::differing_functions(std::span<const std::byte> text) const {
    std::vector<std::byte> masked(
        text.begin(),
        text.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(text.size(), text_size_)));
    masked.resize(text_size_);
    for (const TextMask& mask : masks_) {
        std::fill_n(masked.begin() + mask.offset, mask.size, std::byte{0});
    }
    std::vector<std::uint32_t> result;
    for (const NativeFunction& function : functions_) {
        const Sha256 hash = sha256(Bytes(masked).subspan(function.offset, function.size));
        std::uint64_t first = 0;
        std::memcpy(&first, hash.data(), sizeof first);
        if (first != function.hash) {
            result.push_back(function.function);
        }
    }
    return result;
}

Result<void> DebugFile::check_text(std::span<const std::byte> text) const {
    std::vector<std::byte> masked(
        text.begin(),
        text.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(text.size(), text_size_)));
    for (const TextMask& mask : masks_) {
        if (mask.offset + mask.size <= masked.size()) {
            std::fill_n(masked.begin() + mask.offset, mask.size, std::byte{0});
        }
    }
    const Sha256 hash = sha256(masked);
    if (hash == text_hash_) {
        return {};
    }
    std::string message = "the debug file belongs to other code: it was made with " +
                          beginning_of(text_hash_) + "…, this is " + beginning_of(hash) +
                          "… (SHA-256)";
    constexpr std::size_t most = 5;
    const std::vector<std::uint32_t> differing = differing_functions(text);
    for (std::size_t each = 0; each < std::min(most, differing.size()); ++each) {
        message +=
            (each == 0 ? "; functions that differ: " : ", ") + std::to_string(differing[each]);
    }
    return fail(ErrorCode::NotFound, message + (differing.size() > most ? ", …" : ""));
}

namespace {

/// Functions that are looked for: short ones are quick to hash, too short ones are everywhere.
std::vector<NativeFunction> probes_of(std::span<const NativeFunction> functions) {
    constexpr std::uint32_t shortest = 48;
    constexpr std::size_t count = 3;
    std::vector<NativeFunction> probes;
    std::ranges::copy_if(functions, std::back_inserter(probes),
                         [](const NativeFunction& each) { return each.size >= shortest; });
    if (probes.empty()) {
        probes.assign(functions.begin(), functions.end());
    }
    std::ranges::sort(probes, {}, &NativeFunction::size);
    probes.resize(std::min(probes.size(), count));
    return probes;
}

} // namespace

bool DebugFile::is_not_loaded(std::span<const std::byte> text,
                              std::span<const std::byte> aot) const {
    const auto file = AotFile::parse(aot);
    if (!file || file->text().size() < text_size_ || text.size() < text_size_) {
        return false;
    }
    const std::span<const std::byte> raw = file->text();
    return !masks_.empty() && std::ranges::all_of(masks_, [&](const TextMask& mask) {
        return mask.offset + mask.size > text_size_ ||
               std::ranges::equal(text.subspan(mask.offset, mask.size),
                                  raw.subspan(mask.offset, mask.size));
    });
}

std::vector<std::size_t> DebugFile::find_text(std::span<const std::byte> memory) const {
    constexpr std::size_t alignment = 4; // of the loader
    constexpr std::size_t most = 16;
    std::vector<std::size_t> found;
    for (const NativeFunction& probe : probes_of(functions_)) {
        std::vector<TextMask> masks;
        std::ranges::copy_if(masks_, std::back_inserter(masks), [&](const TextMask& mask) {
            return mask.offset >= probe.offset &&
                   mask.offset + mask.size <= probe.offset + probe.size;
        });
        std::vector<std::byte> masked(probe.size);
        for (std::size_t at = 0; at + text_size_ <= memory.size() && found.size() < most;
             at += alignment) {
            std::memcpy(masked.data(), memory.data() + at + probe.offset, probe.size);
            for (const TextMask& mask : masks) {
                std::fill_n(masked.begin() + (mask.offset - probe.offset), mask.size, std::byte{0});
            }
            const Sha256 hash = sha256(masked);
            if (std::memcmp(hash.data(), &probe.hash, sizeof probe.hash) == 0 &&
                std::ranges::find(found, at) == found.end()) {
                found.push_back(at);
            }
        }
        if (!found.empty()) {
            break; // the others would lead to the same places
        }
    }
    return found;
}

} // namespace wdbg::dwarf
