// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "call_frame.h"
#include "dwarf_sections.h"
#include "frame_rules.h"
#include "machine_traits.h"
#include "native_reader.h"

#include <wdbg/dwarf/host_file.h>

#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Object/ObjectFile.h>

#include <limits>
#include <vector>

namespace wdbg::dwarf {
namespace {

namespace object = llvm::object;

struct Segment {
    std::uint64_t file_offset = 0;
    std::uint64_t size = 0;
    std::uint64_t address = 0;
};

template <class Elf>
std::vector<Segment> segments_of(const object::ELFObjectFile<Elf>& file) {
    std::vector<Segment> segments;
    auto headers = file.getELFFile().program_headers();
    if (!headers) {
        llvm::consumeError(headers.takeError());
        return segments;
    }
    for (const auto& header : *headers) {
        if (header.p_type == llvm::ELF::PT_LOAD) {
            segments.push_back({.file_offset = header.p_offset,
                                .size = header.p_filesz,
                                .address = header.p_vaddr});
        }
    }
    return segments;
}

std::vector<Segment> segments_of(const object::ObjectFile& file) {
    if (const auto* wide = llvm::dyn_cast<object::ELF64LEObjectFile>(&file)) {
        return segments_of(*wide);
    }
    const auto* narrow = llvm::dyn_cast<object::ELF32LEObjectFile>(&file);
    return narrow != nullptr ? segments_of(*narrow) : std::vector<Segment>();
}

/// A section with unwind tables, if it is not compressed.
FrameSource frames_of(const object::ObjectFile& file, llvm::StringRef wanted) {
    FrameSource source{.text_size = std::numeric_limits<std::uint32_t>::max()};
    for (const object::SectionRef& section : file.sections()) {
        llvm::Expected<llvm::StringRef> name = section.getName();
        if (!name || *name != wanted || section.isCompressed()) {
            llvm::consumeError(name.takeError());
            continue;
        }
        llvm::Expected<llvm::StringRef> contents = section.getContents();
        if (!contents) {
            llvm::consumeError(contents.takeError());
            continue;
        }
        source.bytes = std::as_bytes(std::span(contents->data(), contents->size()));
        source.address = section.getAddress();
        source.is_eh = wanted == ".eh_frame";
        break;
    }
    return source;
}

class LlvmHostFile final : public HostFile {
  public:
    LlvmHostFile(std::unique_ptr<object::ObjectFile> file, const MachineTraits& machine)
        : file_(std::move(file))
        , machine_(machine)
        , segments_(segments_of(*file_))
        , rules_(frames_of(*file_, ".eh_frame"), machine_)
        , debug_rules_(frames_of(*file_, ".debug_frame"), machine_) {}

    [[nodiscard]] Machine machine() const override { return machine_.machine; }

    [[nodiscard]] Result<std::uint64_t> symbol(std::string_view name) const override;

    [[nodiscard]] std::optional<std::uint64_t>
    address_of_offset(std::uint64_t file_offset) const override {
        for (const Segment& segment : segments_) {
            if (file_offset >= segment.file_offset &&
                file_offset - segment.file_offset < segment.size) {
                return segment.address + (file_offset - segment.file_offset);
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] Result<NativeRegisters> unwind(std::uint64_t pc, AddressKind kind,
                                                 const NativeRegisters& registers,
                                                 const NativeMemoryReader& memory) const override;

  private:
    [[nodiscard]] static std::optional<std::uint64_t> address_in(const object::SymbolRef& symbol,
                                                                 llvm::StringRef name);

    std::unique_ptr<object::ObjectFile> file_;
    MachineTraits machine_;
    std::vector<Segment> segments_;
    FrameRules rules_;
    FrameRules debug_rules_; ///< where the others say nothing: firmwares have one or the other
};

/// nullopt if the symbol is another one, or not defined here.
std::optional<std::uint64_t> LlvmHostFile::address_in(const object::SymbolRef& symbol,
                                                      llvm::StringRef name) {
    llvm::Expected<llvm::StringRef> own = symbol.getName();
    if (!own || *own != name) {
        llvm::consumeError(own.takeError());
        return std::nullopt;
    }
    llvm::Expected<std::uint32_t> flags = symbol.getFlags();
    llvm::Expected<std::uint64_t> address = symbol.getAddress();
    if (!flags || !address) {
        llvm::consumeError(flags.takeError());
        llvm::consumeError(address.takeError());
        return std::nullopt;
    }
    const bool undefined = (*flags & object::BasicSymbolRef::SF_Undefined) != 0;
    return undefined ? std::nullopt : std::optional(*address);
}

Result<std::uint64_t> LlvmHostFile::symbol(std::string_view name) const {
    const llvm::StringRef wanted(name.data(), name.size());
    for (const object::SymbolRef& symbol : file_->symbols()) {
        if (const auto address = address_in(symbol, wanted)) {
            return *address;
        }
    }
    const auto* elf = llvm::dyn_cast<object::ELFObjectFileBase>(file_.get());
    if (elf != nullptr) {
        for (const object::SymbolRef symbol : elf->getDynamicSymbolIterators()) {
            if (const auto address = address_in(symbol, wanted)) {
                return *address;
            }
        }
    }
    return fail(ErrorCode::NotFound, "no symbol " + std::string(name));
}

Result<NativeRegisters> LlvmHostFile::unwind(std::uint64_t pc, AddressKind kind,
                                             const NativeRegisters& registers,
                                             const NativeMemoryReader& memory) const {
    if (pc > std::numeric_limits<std::uint32_t>::max()) {
        return fail(ErrorCode::Unavailable, "no unwind table covers this code");
    }
    const TextOffset offset{static_cast<std::uint32_t>(pc)};
    const TextOffset at = lookup_offset(offset, kind);
    Result<const FrameTable*> table = rules_.table_at(at);
    table = table ? table : debug_rules_.table_at(at);
    if (!table) {
        return std::unexpected(table.error());
    }
    const FrameRow* const row = (*table)->row_at(at);
    if (row == nullptr) {
        return fail(ErrorCode::Unavailable, "no unwind table covers this code");
    }
    const NativeActivation activation{
        .pc = offset, .kind = kind, .registers = registers, .memory = memory};
    return CallFrame(activation, machine_, **table, *row).caller();
}

} // namespace

Result<std::unique_ptr<HostFile>> make_host_file(std::span<const std::byte> elf) {
    auto opened =
        object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef(to_string_ref(elf), "host"));
    if (!opened) {
        return fail(ErrorCode::Malformed, llvm::toString(opened.takeError()));
    }
    const auto* file = llvm::dyn_cast<object::ELFObjectFileBase>(opened->get());
    const auto machine = file == nullptr
                             ? std::nullopt
                             : machine_traits(file->getEMachine(), file->getBytesInAddress() == 8);
    if (!machine) {
        return fail(ErrorCode::Unsupported, "an ELF file of an unknown machine");
    }
    return std::make_unique<LlvmHostFile>(std::move(*opened), *machine);
}

} // namespace wdbg::dwarf
