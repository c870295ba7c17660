// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "module_parser.h"

#include <algorithm>
#include <array>
#include <limits>

namespace wdbg::wasm {

struct ModuleParser::SectionRow {
    SectionId id;
    std::string_view name;
    SectionParser parser;
};

const ModuleParser::SectionRow* ModuleParser::find_row(SectionId id) {
    // In the order in which a module has them (§5.5.16).
    static constexpr std::array rows{
        SectionRow{SectionId::Custom, "custom section", nullptr},
        SectionRow{SectionId::Type, "Type section", &ModuleParser::parse_types},
        SectionRow{SectionId::Import, "Import section", &ModuleParser::parse_imports},
        SectionRow{SectionId::Function, "Function section", &ModuleParser::parse_functions},
        SectionRow{SectionId::Table, "Table section", &ModuleParser::parse_tables},
        SectionRow{SectionId::Memory, "Memory section", &ModuleParser::parse_memories},
        SectionRow{SectionId::Tag, "Tag section", &ModuleParser::parse_tags},
        SectionRow{SectionId::Global, "Global section", &ModuleParser::parse_globals},
        SectionRow{SectionId::Export, "Export section", &ModuleParser::parse_exports},
        SectionRow{SectionId::Start, "Start section", &ModuleParser::parse_start},
        SectionRow{SectionId::Element, "Element section", &ModuleParser::parse_elements},
        SectionRow{SectionId::DataCount, "DataCount section", &ModuleParser::parse_data_count},
        SectionRow{SectionId::Code, "Code section", &ModuleParser::parse_code},
        SectionRow{SectionId::Data, "Data section", &ModuleParser::parse_data},
    };
    const auto* row = std::ranges::find(rows, id, &SectionRow::id);
    return row == rows.end() ? nullptr : row;
}

Result<void> ModuleParser::parse() {
    if (auto header = parse_header(); !header) {
        return header;
    }
    ByteReader file(state_.bytes, 8, state_.bytes.size(), "module");
    while (!file.at_end()) {
        if (auto section = parse_section(file); !section) {
            return section;
        }
    }
    return check_counts();
}

Result<void> ModuleParser::parse_header() {
    if (state_.bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
        return fail(ErrorCode::Unsupported, "module: larger than 4 GiB");
    }
    ByteReader reader(state_.bytes, 0, state_.bytes.size(), "module header");
    constexpr std::uint64_t magic = 0x6D736100; // "\0asm"
    if (reader.fixed(4) != magic || !reader.ok()) {
        return fail(ErrorCode::Malformed, "module header: not a WebAssembly module ('\\0asm' is "
                                          "missing at file offset 0x0)");
    }
    const std::uint64_t version = reader.fixed(4);
    if (!reader.ok()) {
        return std::unexpected(reader.error());
    }
    if (version == 0x0001000D) {
        return fail(ErrorCode::Unsupported, "module header: this is a component, not a module");
    }
    if (version != 1) {
        return fail(ErrorCode::Unsupported,
                    "module header: unknown version " + std::to_string(version));
    }
    return {};
}

Result<void> ModuleParser::parse_section(ByteReader& file) {
    Section section{.header = file.offset()};
    section.id = static_cast<SectionId>(file.u8());
    const std::uint32_t size = file.u32();
    section.contents = file.offset();
    section.payload = file.offset();
    const SectionRow* row = find_row(section.id);
    if (file.ok() && row == nullptr) {
        file.fail_at(section.header.value, "unknown section");
    }
    if (file.ok() && size > file.remaining()) {
        return fail(ErrorCode::Malformed, std::string(row->name) + " at file offset " +
                                              hex(section.header.value) +
                                              " reaches behind the end of the file");
    }
    file.skip(size);
    if (!file.ok()) {
        return std::unexpected(file.error());
    }
    section.end = file.offset();
    if (section.id == SectionId::Custom) {
        ByteReader reader(state_.bytes, section.contents.value, section.end.value, row->name);
        section.name = reader.name();
        section.payload = reader.offset();
        state_.sections.push_back(section);
        return reader.ok() ? Result<void>() : std::unexpected(reader.error());
    }
    return parse_contents(section);
}

Result<void> ModuleParser::parse_contents(const Section& section) {
    const SectionRow* row = find_row(section.id);
    ByteReader reader(state_.bytes, section.contents.value, section.end.value, row->name);
    for (const Section& earlier : state_.sections) {
        if (earlier.id == section.id) {
            reader.fail_at(section.header.value, "second section of this kind");
        } else if (earlier.id != SectionId::Custom && find_row(earlier.id) > row) {
            reader.fail_at(section.header.value, "section in the wrong place");
        }
    }
    state_.sections.push_back(section);
    (this->*row->parser)(reader);
    if (reader.ok() && !reader.at_end()) {
        reader.fail_here("bytes left over");
    }
    return reader.ok() ? Result<void>() : std::unexpected(reader.error());
}

Result<void> ModuleParser::check_counts() const {
    const std::size_t defined = state_.function_types.size() - state_.function_imports.size();
    if (defined != state_.bodies.size()) {
        return fail(ErrorCode::Malformed, "Code section: " + std::to_string(state_.bodies.size()) +
                                              " bodies for " + std::to_string(defined) +
                                              " functions of the Function section");
    }
    return {};
}

} // namespace wdbg::wasm
