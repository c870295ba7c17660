// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_writer.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Support/SHA256.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace wdbg::compile {
namespace {

using Digest = std::array<std::uint8_t, 32>;

/// Little-endian bytes.
class Bytes {
  public:
    /// `width` is at most 8.
    void number(std::uint64_t value, std::size_t width) {
        for (std::size_t each = 0; each < width; ++each) {
            bytes_.push_back(static_cast<std::byte>(value >> (8 * each)));
        }
    }

    void zeros(std::size_t count) { bytes_.resize(bytes_.size() + count); }

    void u16(std::uint64_t value) { number(value, 2); }

    void u32(std::uint64_t value) { number(value, 4); }

    void u64(std::uint64_t value) { number(value, 8); }

    void raw(std::span<const std::byte> bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }

    void raw(std::span<const std::uint8_t> bytes) { raw(std::as_bytes(bytes)); }

    /// With its terminating zero.
    void text(std::string_view text) {
        raw(std::as_bytes(std::span(text)));
        bytes_.push_back(std::byte{0});
    }

    void align(std::size_t alignment) {
        bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
    }

    [[nodiscard]] std::size_t size() const { return bytes_.size(); }

    [[nodiscard]] std::span<const std::byte> view() const { return bytes_; }

    [[nodiscard]] std::vector<std::byte> take() { return std::move(bytes_); }

  private:
    std::vector<std::byte> bytes_;
};

Digest sha256(std::span<const std::byte> bytes) {
    llvm::SHA256 hash;
    hash.update(llvm::ArrayRef<std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                             bytes.size()));
    return hash.final();
}

/// The text with zeros where the loader fills in addresses.
std::vector<std::byte> masked_text(const ObjectImage& image) {
    std::vector<std::byte> text = image.text;
    for (const MaskedRange& mask : image.masks) {
        std::fill_n(text.begin() + mask.offset, mask.size, std::byte{0});
    }
    return text;
}

struct Identity {
    Digest module{};
    Digest text{};
    Digest build_id{}; ///< its first 20 bytes are the build id
};

Identity identity_of(const wasm::Module& module, std::span<const std::byte> masked) {
    Identity identity{.module = sha256(module.bytes()), .text = sha256(masked)};
    Bytes both;
    both.raw(identity.module);
    both.raw(identity.text);
    identity.build_id = sha256(both.view());
    return identity;
}

/// Section ".wdbg", version 1: docs/aot.md.
std::vector<std::byte> own_section(const ObjectImage& image, const wasm::Module& module,
                                   std::span<const std::byte> masked, const Identity& identity,
                                   std::span<const std::string> facts) {
    constexpr std::uint64_t version = 1;
    constexpr std::uint64_t header_size = 112;
    Bytes strings;
    for (const std::string& fact : facts) {
        strings.text(fact);
    }
    Bytes out;
    out.raw(std::as_bytes(std::span(std::string_view("WDBG"))));
    out.u16(version);
    out.u16(header_size);
    out.raw(identity.module);
    out.raw(identity.text);
    out.u32(module.bytes().size());
    out.u32(image.text.size());
    out.u64(image.text_address);
    out.u32(module.code_section_start().value_or(CodeOffset{}).value);
    out.u32(module.imported_function_count());
    out.u32(module.bodies().size());
    out.u32(image.functions.size());
    out.u32(image.masks.size());
    out.u32(strings.size());
    for (const ObjectFunction& function : image.functions) {
        out.u32(function.index);
        out.u32(function.internal ? 1 : 0);
        out.u32(function.offset);
        out.u32(function.size);
        const std::size_t end =
            std::min<std::size_t>(std::size_t{function.offset} + function.size, masked.size());
        const std::size_t begin = std::min<std::size_t>(function.offset, end);
        constexpr std::size_t hash_size = 8;
        const Digest digest = sha256(masked.subspan(begin, end - begin));
        out.raw(std::span(digest).first(hash_size));
    }
    for (const MaskedRange& mask : image.masks) {
        out.u32(mask.offset);
        out.u32(mask.size);
    }
    out.raw(strings.view());
    return out.take();
}

struct Section {
    std::string name;
    std::uint32_t type = llvm::ELF::SHT_PROGBITS;
    std::uint64_t flags = 0;
    std::uint64_t address = 0;
    std::uint64_t size = 0; ///< of one without bytes
    std::uint32_t link = 0;
    std::uint32_t info = 0;
    std::uint64_t alignment = 1;
    std::uint64_t entry_size = 0;
    std::vector<std::byte> bytes{};
    std::uint64_t offset = 0; ///< in the file
};

class ElfWriter {
  public:
    explicit ElfWriter(const ObjectImage& image) : image_(image), word_(image.is_64 ? 8 : 4) {}

    void add(Section section) { sections_.push_back(std::move(section)); }

    [[nodiscard]] std::size_t next_index() const { return sections_.size(); }

    std::vector<std::byte> write() {
        Bytes names;
        std::vector<std::size_t> name_offsets;
        add({.name = ".shstrtab", .type = llvm::ELF::SHT_STRTAB});
        for (const Section& section : sections_) {
            name_offsets.push_back(names.size());
            names.text(section.name);
        }
        sections_.back().bytes = names.take();
        place_sections();
        write_header();
        write_segments();
        for (const Section& section : sections_) {
            out_.align(section.type == llvm::ELF::SHT_NOBITS ? 1 : section.alignment);
            out_.raw(section.bytes);
        }
        out_.align(word_);
        for (std::size_t each = 0; each < sections_.size(); ++each) {
            write_section_header(sections_[each], name_offsets[each]);
        }
        return out_.take();
    }

  private:
    void word(std::uint64_t value) { out_.number(value, word_); }

    [[nodiscard]] std::size_t header_size() const { return image_.is_64 ? 64 : 52; }

    [[nodiscard]] std::size_t segment_size() const { return image_.is_64 ? 56 : 32; }

    [[nodiscard]] std::size_t section_header_size() const { return image_.is_64 ? 64 : 40; }

    [[nodiscard]] bool is_loaded(const Section& section) const {
        return (section.flags & llvm::ELF::SHF_ALLOC) != 0;
    }

    [[nodiscard]] std::size_t segment_count() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            sections_, [this](const Section& each) { return is_loaded(each); }));
    }

    void place_sections() {
        std::uint64_t offset = header_size() + segment_size() * segment_count();
        for (Section& section : sections_) {
            if (section.type == llvm::ELF::SHT_NOBITS) {
                section.offset = offset;
                continue;
            }
            offset = (offset + section.alignment - 1) / section.alignment * section.alignment;
            section.offset = offset;
            section.size = section.bytes.size();
            offset += section.size;
        }
        section_headers_ = (offset + word_ - 1) / word_ * word_;
    }

    void write_header() {
        using namespace llvm::ELF;
        out_.raw(std::as_bytes(std::span(std::string_view("\x7f"
                                                          "ELF"))));
        out_.number(image_.is_64 ? ELFCLASS64 : ELFCLASS32, 1);
        out_.number(ELFDATA2LSB, 1);
        out_.number(EV_CURRENT, 1);
        constexpr std::size_t identification = 16;
        out_.align(identification);
        out_.u16(ET_DYN);
        out_.u16(image_.machine);
        out_.u32(EV_CURRENT);
        word(0);
        word(header_size());
        word(section_headers_);
        out_.u32(image_.flags);
        out_.u16(header_size());
        out_.u16(segment_size());
        out_.u16(segment_count());
        out_.u16(section_header_size());
        out_.u16(sections_.size());
        out_.u16(sections_.size() - 1);
    }

    void write_segments() {
        using namespace llvm::ELF;
        for (const Section& section : sections_) {
            if (!is_loaded(section)) {
                continue;
            }
            const std::uint32_t flags =
                PF_R | ((section.flags & SHF_EXECINSTR) != 0 ? std::uint32_t{PF_X} : 0);
            const std::uint64_t in_file = section.type == SHT_NOBITS ? 0 : section.size;
            out_.u32(section.type == SHT_NOTE ? PT_NOTE : PT_LOAD);
            if (image_.is_64) {
                out_.u32(flags);
            }
            word(section.offset);
            word(section.address);
            word(section.address);
            word(in_file);
            word(section.size);
            if (!image_.is_64) {
                out_.u32(flags);
            }
            word(1);
        }
    }

    void write_section_header(const Section& section, std::size_t name) {
        out_.u32(name);
        out_.u32(section.type);
        word(section.flags);
        word(section.address);
        word(section.type == llvm::ELF::SHT_NULL ? 0 : section.offset);
        word(section.size);
        out_.u32(section.link);
        out_.u32(section.info);
        word(section.type == llvm::ELF::SHT_NULL ? 0 : section.alignment);
        word(section.entry_size);
    }

    const ObjectImage& image_;
    std::size_t word_;
    std::vector<Section> sections_{};
    std::uint64_t section_headers_ = 0;
    Bytes out_{};
};

std::vector<std::byte> build_id_note(const Identity& identity) {
    constexpr std::uint32_t name_size = 4;
    constexpr std::uint32_t id_size = 20;
    Bytes note;
    note.u32(name_size);
    note.u32(id_size);
    note.u32(llvm::ELF::NT_GNU_BUILD_ID);
    note.text("GNU");
    note.raw(std::span(identity.build_id).first(id_size));
    return note.take();
}

/// Functions by their wasm names, for tools that read symbols only.
void add_symbols(ElfWriter& writer, const ObjectImage& image, const wasm::Module& module,
                 std::size_t text_section) {
    using namespace llvm::ELF;
    Bytes strings;
    Bytes symbols;
    strings.text("");
    const std::size_t entry_size = image.is_64 ? 24 : 16;
    symbols.zeros(entry_size);
    for (const ObjectFunction& function : image.functions) {
        const std::size_t name = strings.size();
        const std::uint32_t index = module.imported_function_count() + function.index;
        strings.text(module.function_name(index) + (function.internal ? ".body" : ""));
        const std::uint64_t value = image.text_address + function.offset;
        const std::uint64_t info = (STB_GLOBAL << 4) | STT_FUNC;
        symbols.u32(name);
        if (image.is_64) {
            symbols.number(info, 2);
            symbols.u16(text_section);
            symbols.u64(value);
            symbols.u64(function.size);
        } else {
            symbols.u32(value);
            symbols.u32(function.size);
            symbols.number(info, 2);
            symbols.u16(text_section);
        }
    }
    const auto link = static_cast<std::uint32_t>(writer.next_index() + 1);
    writer.add({.name = ".symtab",
                .type = SHT_SYMTAB,
                .link = link,
                .info = 1,
                .alignment = 8,
                .entry_size = entry_size,
                .bytes = symbols.take()});
    writer.add({.name = ".strtab", .type = SHT_STRTAB, .bytes = strings.take()});
}

} // namespace

std::vector<std::byte> write_debug_file(const ObjectImage& image, const wasm::Module& module,
                                        std::span<const std::string> facts) {
    using namespace llvm::ELF;
    const std::vector<std::byte> masked = masked_text(image);
    const Identity identity = identity_of(module, masked);
    ElfWriter writer(image);
    writer.add({.name = "", .type = SHT_NULL});
    const std::size_t text_section = writer.next_index();
    writer.add({.name = ".text",
                .type = SHT_NOBITS,
                .flags = SHF_ALLOC | SHF_EXECINSTR,
                .address = image.text_address,
                .size = image.text.size(),
                .alignment = image.text_alignment});
    std::uint64_t end = image.frame_address;
    for (const ObjectSection& section : image.sections) {
        const bool is_frame = section.name == ".eh_frame";
        end += is_frame ? section.bytes.size() : 0;
        writer.add({.name = section.name,
                    .flags = is_frame ? std::uint64_t{SHF_ALLOC} : 0,
                    .address = is_frame ? image.frame_address : 0,
                    .alignment = is_frame ? 8U : 1U,
                    .bytes = section.bytes});
    }
    writer.add({.name = ".note.gnu.build-id",
                .type = SHT_NOTE,
                .flags = SHF_ALLOC,
                .address = (end + 3) / 4 * 4,
                .alignment = 4,
                .bytes = build_id_note(identity)});
    writer.add({.name = ".wdbg",
                .alignment = 8,
                .bytes = own_section(image, module, masked, identity, facts)});
    add_symbols(writer, image, module, text_section);
    return writer.write();
}

} // namespace wdbg::compile
