// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "object_reader.h"

#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Object/RelocationResolver.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>
#include <utility>

namespace wdbg::compile {
namespace {

using llvm::object::ELFObjectFileBase;
using llvm::object::RelocationRef;
using llvm::object::SectionRef;

std::unexpected<Error> malformed(std::string message) {
    return fail(ErrorCode::Internal, "the object file: " + std::move(message));
}

bool is_text(std::string_view name) {
    return name == ".text" || name == ".ltext";
}

/// ".text.aot_func#7"
bool is_piece(std::string_view name) {
    return name.starts_with(".text.") || name.starts_with(".ltext.");
}

/// How many bytes a relocation of the text changes, by machine and type; 4 for all others.
struct WideRelocation {
    std::uint16_t machine;
    std::uint64_t type;
    std::uint32_t size;
};

constexpr WideRelocation wide_relocations[] = {
    {llvm::ELF::EM_X86_64, llvm::ELF::R_X86_64_64, 8},
    {llvm::ELF::EM_X86_64, llvm::ELF::R_X86_64_PC64, 8},
    {llvm::ELF::EM_X86_64, llvm::ELF::R_X86_64_GOTOFF64, 8},
    {llvm::ELF::EM_AARCH64, llvm::ELF::R_AARCH64_ABS64, 8},
    {llvm::ELF::EM_RISCV, llvm::ELF::R_RISCV_CALL, 8},
    {llvm::ELF::EM_RISCV, llvm::ELF::R_RISCV_CALL_PLT, 8},
    {llvm::ELF::EM_RISCV, llvm::ELF::R_RISCV_RELAX, 0},
    {llvm::ELF::EM_RISCV, llvm::ELF::R_RISCV_RVC_BRANCH, 2},
    {llvm::ELF::EM_RISCV, llvm::ELF::R_RISCV_RVC_JUMP, 2},
};

class ObjectReader {
  public:
    explicit ObjectReader(const ELFObjectFileBase& object) : object_(object) {}

    Result<ObjectImage> read() {
        if (Result<void> done = start(); !done) {
            return std::unexpected(done.error());
        }
        if (Result<void> done = read_text(); !done) {
            return std::unexpected(done.error());
        }
        read_functions();
        return finish();
    }

    Result<ObjectImage> read_placed(PlacedText placed) {
        if (Result<void> done = start(); !done) {
            return std::unexpected(done.error());
        }
        image_.text = std::move(placed.text);
        image_.masks = std::move(placed.masks);
        image_.functions = std::move(placed.functions);
        bases_ = std::move(placed.addresses);
        constexpr std::uint64_t usual_alignment = 16;
        image_.text_alignment = usual_alignment;
        return finish();
    }

    Result<std::vector<TextPiece>> read_pieces() {
        if (Result<void> done = start(); !done) {
            return std::unexpected(done.error());
        }
        std::vector<TextPiece> pieces;
        for (const SectionRef& section : object_.sections()) {
            if (!is_piece(name_of(section)) || !section.isText()) {
                continue;
            }
            Result<std::vector<std::byte>> bytes = bytes_of(section);
            if (!bytes) {
                return std::unexpected(bytes.error());
            }
            pieces.push_back({.section = section.getIndex(),
                              .alignment = section.getAlignment().value(),
                              .bytes = std::move(*bytes),
                              .relocations = {}});
        }
        read_functions();
        for (const auto& [section, function] : in_sections_) {
            const auto piece = std::ranges::find(pieces, section, &TextPiece::section);
            if (piece != pieces.end() && function.offset == 0) {
                piece->function = function;
            }
        }
        std::erase_if(pieces, [](const TextPiece& each) { return each.function.size == 0; });
        add_relocations(pieces);
        return pieces;
    }

  private:
    Result<void> start() {
        image_.is_64 = object_.getBytesInAddress() == 8;
        image_.machine = object_.getEMachine();
        image_.flags = object_.getPlatformFlags();
        image_.text_address = debug_text_address;
        if (!object_.isLittleEndian()) {
            return malformed("big-endian targets have no debug file yet: use --no-debug-file");
        }
        return {};
    }

    Result<ObjectImage> finish() {
        constexpr std::uint64_t alignment = 16;
        image_.frame_address =
            (image_.text_address + image_.text.size() + alignment - 1) / alignment * alignment;
        for (const SectionRef& section : object_.sections()) {
            const std::string name = name_of(section);
            if (!name.starts_with(".debug_") && name != ".eh_frame") {
                continue;
            }
            if (Result<void> done = read_debug_section(section, name); !done) {
                return std::unexpected(done.error());
            }
        }
        return std::move(image_);
    }

    static std::string name_of(const SectionRef& section) {
        llvm::Expected<llvm::StringRef> name = section.getName();
        if (!name) {
            llvm::consumeError(name.takeError());
            return {};
        }
        return name->str();
    }

    static Result<std::vector<std::byte>> bytes_of(const SectionRef& section) {
        llvm::Expected<llvm::StringRef> contents = section.getContents();
        if (!contents) {
            return malformed(llvm::toString(contents.takeError()));
        }
        const auto* const begin = reinterpret_cast<const std::byte*>(contents->data());
        return std::vector<std::byte>(begin, begin + contents->size());
    }

    Result<void> read_text() {
        for (const SectionRef& section : object_.sections()) {
            if (!is_text(name_of(section))) {
                continue;
            }
            Result<std::vector<std::byte>> bytes = bytes_of(section);
            if (!bytes) {
                return std::unexpected(bytes.error());
            }
            image_.text = std::move(*bytes);
            image_.text_alignment = section.getAlignment().value();
            bases_[section.getIndex()] = image_.text_address;
        }
        for (const SectionRef& section : object_.sections()) {
            auto target = section.getRelocatedSection();
            if (!target) {
                llvm::consumeError(target.takeError());
            } else if (*target != object_.section_end() && is_text(name_of(**target))) {
                add_masks(section);
            }
        }
        std::ranges::sort(image_.masks, {}, &MaskedRange::offset);
        const auto rest = std::ranges::unique(image_.masks);
        image_.masks.erase(rest.begin(), rest.end());
        return {};
    }

    void add_masks(const SectionRef& section) {
        for (const RelocationRef& relocation : section.relocations()) {
            const std::uint32_t size = relocation_size(image_.machine, relocation.getType());
            const std::uint64_t offset = relocation.getOffset();
            if (size != 0 && offset + size <= image_.text.size()) {
                image_.masks.push_back({static_cast<std::uint32_t>(offset), size});
            }
        }
    }

    /// "aot_func#7", "aot_func_internal#7".
    void read_functions() {
        constexpr std::string_view entry = "aot_func#";
        constexpr std::string_view internal = "aot_func_internal#";
        for (const llvm::object::ELFSymbolRef& symbol : object_.symbols()) {
            llvm::Expected<llvm::StringRef> name = symbol.getName();
            llvm::Expected<std::uint64_t> value = symbol.getValue();
            if (!name || !value) {
                llvm::consumeError(name.takeError());
                llvm::consumeError(value.takeError());
                continue;
            }
            const bool is_internal = name->starts_with(internal);
            if (!is_internal && !name->starts_with(entry)) {
                continue;
            }
            const std::string_view digits =
                std::string_view(*name).substr(is_internal ? internal.size() : entry.size());
            ObjectFunction function{.internal = is_internal};
            std::from_chars(digits.data(), digits.data() + digits.size(), function.index);
            // The lowest bit marks Thumb code.
            const std::uint64_t thumb = image_.machine == llvm::ELF::EM_ARM ? 1 : 0;
            function.offset = static_cast<std::uint32_t>(*value & ~thumb);
            function.size = static_cast<std::uint32_t>(symbol.getSize());
            if (function.size != 0) {
                image_.functions.push_back(function);
                in_sections_.emplace_back(section_of(symbol), function);
            }
        }
        std::ranges::sort(image_.functions, {}, &ObjectFunction::offset);
    }

    /// Index of the section that a symbol is in.
    [[nodiscard]] std::uint64_t section_of(const llvm::object::SymbolRef& symbol) const {
        llvm::Expected<llvm::object::section_iterator> section = symbol.getSection();
        if (!section) {
            llvm::consumeError(section.takeError());
            return no_section;
        }
        return *section == object_.section_end() ? no_section : (*section)->getIndex();
    }

    void add_relocations(std::vector<TextPiece>& pieces) const {
        for (const SectionRef& section : object_.sections()) {
            auto target = section.getRelocatedSection();
            if (!target) {
                llvm::consumeError(target.takeError());
                continue;
            }
            if (*target == object_.section_end()) {
                continue;
            }
            const auto piece =
                std::ranges::find(pieces, (*target)->getIndex(), &TextPiece::section);
            if (piece == pieces.end()) {
                continue;
            }
            for (const RelocationRef& relocation : section.relocations()) {
                add_relocation(*piece, relocation);
            }
        }
    }

    void add_relocation(TextPiece& piece, const RelocationRef& relocation) const {
        PieceRelocation one{.offset = static_cast<std::uint32_t>(relocation.getOffset()),
                            .size = relocation_size(image_.machine, relocation.getType()),
                            .type = relocation.getType(),
                            .symbol = symbol_name(relocation)};
        llvm::Expected<std::int64_t> addend =
            llvm::object::ELFRelocationRef(relocation).getAddend();
        if (addend) {
            one.addend = *addend;
        } else {
            llvm::consumeError(addend.takeError());
            one.has_addend = false;
        }
        if (one.size != 0 && std::size_t{one.offset} + one.size <= piece.bytes.size()) {
            piece.relocations.push_back(std::move(one));
        }
    }

    [[nodiscard]] std::string symbol_name(const RelocationRef& relocation) const {
        const auto symbol = relocation.getSymbol();
        if (symbol == object_.symbol_end()) {
            return {};
        }
        llvm::Expected<llvm::StringRef> name = symbol->getName();
        llvm::Expected<llvm::object::section_iterator> section = symbol->getSection();
        if (!name || !section) {
            llvm::consumeError(name.takeError());
            llvm::consumeError(section.takeError());
            return {};
        }
        const bool is_section = name->empty() && *section != object_.section_end();
        return is_section ? name_of(**section) : name->str();
    }

    /// Where a relocation's symbol is in the debug file.
    [[nodiscard]] std::uint64_t address_of(const RelocationRef& relocation) const {
        const auto symbol = relocation.getSymbol();
        if (symbol == object_.symbol_end()) {
            return 0;
        }
        llvm::Expected<std::uint64_t> value = symbol->getValue();
        llvm::Expected<llvm::object::section_iterator> section = symbol->getSection();
        if (!value || !section) {
            llvm::consumeError(value.takeError());
            llvm::consumeError(section.takeError());
            return 0;
        }
        const auto base =
            *section == object_.section_end() ? bases_.end() : bases_.find((*section)->getIndex());
        const bool in_text = base != bases_.end();
        const std::uint64_t thumb = image_.machine == llvm::ELF::EM_ARM && in_text ? 1 : 0;
        return (*value & ~thumb) + (in_text ? base->second : 0);
    }

    Result<void> read_debug_section(const SectionRef& section, const std::string& name) {
        Result<std::vector<std::byte>> bytes = bytes_of(section);
        if (!bytes) {
            return std::unexpected(bytes.error());
        }
        for (const SectionRef& relocations : object_.sections()) {
            auto target = relocations.getRelocatedSection();
            if (!target) {
                llvm::consumeError(target.takeError());
                continue;
            }
            if (*target == object_.section_end() || **target != section) {
                continue;
            }
            for (const RelocationRef& relocation : relocations.relocations()) {
                if (Result<void> done = relocate(*bytes, relocation, name); !done) {
                    return done;
                }
            }
        }
        image_.sections.push_back({name, std::move(*bytes)});
        return {};
    }

    Result<void> relocate(std::vector<std::byte>& bytes, const RelocationRef& relocation,
                          const std::string& name) const {
        const auto [supports, resolve] = llvm::object::getRelocationResolver(object_);
        const std::uint64_t type = relocation.getType();
        if (image_.machine == llvm::ELF::EM_RISCV && type == llvm::ELF::R_RISCV_RELAX) {
            return {};
        }
        if (supports == nullptr || !supports(type)) {
            llvm::SmallString<32> text;
            relocation.getTypeName(text);
            return malformed("relocation " + std::string(text) + " in " + name + " is not known");
        }
        const std::uint64_t offset = relocation.getOffset();
        const std::size_t width = width_of(type);
        if (offset + width > bytes.size()) {
            return malformed("a relocation lies outside of " + name);
        }
        std::uint64_t before = 0;
        for (std::size_t each = 0; each < width; ++each) {
            before |= std::to_integer<std::uint64_t>(bytes[offset + each]) << (8 * each);
        }
        const std::uint64_t base = name == ".eh_frame" ? image_.frame_address : 0;
        const std::uint64_t value =
            llvm::object::resolveRelocation(resolve, relocation, address_of(relocation), before);
        // The resolver counts from the section's start where a relocation is relative.
        const std::uint64_t relative = is_relative(type) ? value - base : value;
        for (std::size_t each = 0; each < width; ++each) {
            bytes[offset + each] = static_cast<std::byte>(relative >> (8 * each));
        }
        return {};
    }

    [[nodiscard]] std::size_t width_of(std::uint64_t type) const {
        using namespace llvm::ELF;

        struct Row {
            std::uint16_t machine;
            std::uint64_t type;
            std::size_t width;
        };

        static constexpr Row rows[] = {
            {EM_X86_64, R_X86_64_64, 8},      {EM_X86_64, R_X86_64_PC64, 8},
            {EM_AARCH64, R_AARCH64_ABS64, 8}, {EM_AARCH64, R_AARCH64_PREL64, 8},
            {EM_RISCV, R_RISCV_64, 8},        {EM_RISCV, R_RISCV_ADD64, 8},
            {EM_RISCV, R_RISCV_SUB64, 8},     {EM_RISCV, R_RISCV_ADD16, 2},
            {EM_RISCV, R_RISCV_SUB16, 2},     {EM_RISCV, R_RISCV_SET16, 2},
            {EM_RISCV, R_RISCV_ADD8, 1},      {EM_RISCV, R_RISCV_SUB8, 1},
            {EM_RISCV, R_RISCV_SET8, 1},      {EM_RISCV, R_RISCV_SET6, 1},
            {EM_RISCV, R_RISCV_SUB6, 1},
        };
        for (const Row& row : rows) {
            if (row.machine == image_.machine && row.type == type) {
                return row.width;
            }
        }
        return 4;
    }

    [[nodiscard]] bool is_relative(std::uint64_t type) const {
        using namespace llvm::ELF;
        switch (image_.machine) {
        case EM_X86_64:
            return type == R_X86_64_PC32 || type == R_X86_64_PC64;
        case EM_386:
            return type == R_386_PC32;
        case EM_AARCH64:
            return type == R_AARCH64_PREL32 || type == R_AARCH64_PREL64;
        case EM_RISCV:
            return type == R_RISCV_32_PCREL;
        default:
            return false;
        }
    }

    const ELFObjectFileBase& object_;
    ObjectImage image_{};
    static constexpr std::uint64_t no_section = ~0ULL;
    std::map<std::uint64_t, std::uint64_t> bases_{}; ///< addresses of sections of text
    std::vector<std::pair<std::uint64_t, ObjectFunction>> in_sections_{}; ///< with the section
};

/// Gives `use` a reader of the object.
template <class Use>
auto with_reader(std::span<const char> bytes, Use use)
    -> decltype(use(std::declval<ObjectReader&>())) {
    const llvm::MemoryBufferRef buffer(llvm::StringRef(bytes.data(), bytes.size()), "object");
    llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> object =
        llvm::object::ObjectFile::createObjectFile(buffer);
    if (!object) {
        return malformed(llvm::toString(object.takeError()));
    }
    const auto* const elf = llvm::dyn_cast<ELFObjectFileBase>(object->get());
    if (elf == nullptr) {
        return malformed("it is no ELF file");
    }
    ObjectReader reader(*elf);
    return use(reader);
}

} // namespace

std::uint32_t relocation_size(std::uint16_t machine, std::uint64_t type) {
    for (const WideRelocation& row : wide_relocations) {
        if (row.machine == machine && row.type == type) {
            return row.size;
        }
    }
    constexpr std::uint32_t usual = 4;
    return usual;
}

Result<ObjectImage> read_object(std::span<const char> bytes) {
    return with_reader(bytes, [](ObjectReader& reader) { return reader.read(); });
}

Result<std::vector<TextPiece>> read_pieces(std::span<const char> bytes) {
    return with_reader(bytes, [](ObjectReader& reader) { return reader.read_pieces(); });
}

Result<ObjectImage> read_placed_object(std::span<const char> bytes, PlacedText placed) {
    return with_reader(bytes,
                       [&](ObjectReader& reader) { return reader.read_placed(std::move(placed)); });
}

} // namespace wdbg::compile
