// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Custom sections: "name" (wasm core §7.4.1), "external_debug_info", "build_id", "producers" and
// "target_features" (tool conventions).
#include "byte_reader.h"
#include "module_state.h"

#include <algorithm>

namespace wdbg::wasm {

namespace {

using NameMap = std::unordered_map<std::uint32_t, std::string_view>;

void read_name_map(ByteReader& reader, NameMap& names) {
    const std::uint32_t count = reader.count(2);
    names.reserve(count);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        const std::uint32_t index = reader.u32();
        const std::string_view name = reader.name();
        if (reader.ok()) {
            names.emplace(index, name);
        }
    }
}

void read_local_names(ByteReader& reader, Names& names) {
    const std::uint32_t functions = reader.count(2);
    for (std::uint32_t i = 0; i < functions && reader.ok(); ++i) {
        const std::uint64_t function = reader.u32();
        const std::uint32_t count = reader.count(2);
        for (std::uint32_t k = 0; k < count && reader.ok(); ++k) {
            const std::uint32_t local = reader.u32();
            const std::string_view name = reader.name();
            if (reader.ok()) {
                names.locals.emplace((function << 32U) | local, name);
            }
        }
    }
}

void read_name_subsection(std::uint8_t id, ByteReader& reader, Names& names) {
    switch (id) {
    case 0:
        names.module = reader.name();
        return;
    case 1:
        return read_name_map(reader, names.functions);
    case 2:
        return read_local_names(reader, names);
    case 5:
        return read_name_map(reader, names.tables);
    case 6:
        return read_name_map(reader, names.memories);
    case 7:
        return read_name_map(reader, names.globals);
    case 9:
        return read_name_map(reader, names.data_segments);
    default:
        return;
    }
}

ByteReader section_reader(const Module& module, const Section& section) {
    return {module.bytes(), section.payload.value, section.end.value, section.name};
}

Names read_names(const Module& module) {
    Names names;
    const Section* section = module.custom_section("name");
    if (section == nullptr) {
        return names;
    }
    ByteReader reader = section_reader(module, *section);
    while (reader.ok() && !reader.at_end()) {
        const std::uint8_t id = reader.u8();
        const std::uint32_t size = reader.count();
        const std::size_t begin = reader.position();
        ByteReader part(module.bytes(), begin, begin + size, section->name);
        read_name_subsection(id, part, names);
        reader.skip(size);
        if (!part.ok()) {
            break;
        }
    }
    return names;
}

void read_producer_field(ByteReader& reader, std::vector<Producer>& producers) {
    const std::string_view field = reader.name();
    const std::uint32_t count = reader.count(2);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        Producer producer{.field = field};
        producer.name = reader.name();
        producer.version = reader.name();
        if (reader.ok()) {
            producers.push_back(producer);
        }
    }
}

} // namespace

const Names& Module::names() const {
    std::call_once(state_->names_once, [this] { state_->names = read_names(*this); });
    return state_->names;
}

std::string Module::function_name(std::uint32_t function) const {
    const Names& known = names();
    if (const auto found = known.functions.find(function); found != known.functions.end()) {
        return std::string(found->second);
    }
    const auto exported = std::ranges::find_if(state_->exports, [function](const Export& entry) {
        return entry.kind == ExternKind::Function && entry.index == function;
    });
    if (exported != state_->exports.end()) {
        return std::string(exported->name);
    }
    if (const Import* import = function_import(function); import != nullptr) {
        return std::string(import->module) + "." + std::string(import->name);
    }
    return "function[" + std::to_string(function) + "]";
}

std::optional<std::uint32_t> Module::stack_pointer() const {
    static constexpr std::string_view name = "__stack_pointer";
    for (const auto& [index, known] : names().globals) {
        if (known == name) {
            return index;
        }
    }
    const auto imported = std::ranges::find_if(state_->imports, [](const Import& entry) {
        return entry.kind == ExternKind::Global && entry.name == name;
    });
    if (imported != state_->imports.end()) {
        return imported->index;
    }
    const auto all = globals();
    const auto first = std::ranges::find_if(all, [](const GlobalType& global) {
        return global.is_mutable && global.type == ValueType::I32;
    });
    return first == all.end() ? std::nullopt
                              : std::optional(static_cast<std::uint32_t>(first - all.begin()));
}

std::optional<std::string_view> Module::external_debug_info() const {
    const Section* section = custom_section("external_debug_info");
    if (section == nullptr) {
        return std::nullopt;
    }
    ByteReader reader = section_reader(*this, *section);
    const std::string_view path = reader.name();
    return reader.ok() ? std::optional(path) : std::nullopt;
}

std::span<const std::byte> Module::build_id() const {
    const Section* section = custom_section("build_id");
    if (section == nullptr) {
        return {};
    }
    ByteReader reader = section_reader(*this, *section);
    const std::string_view id = reader.name();
    return reader.ok() ? std::as_bytes(std::span(id)) : std::span<const std::byte>();
}

bool Module::has_debug_sections() const {
    return std::ranges::any_of(state_->sections, [](const Section& section) {
        return section.id == SectionId::Custom && section.name.starts_with(".debug_");
    });
}

std::vector<Producer> Module::producers() const {
    std::vector<Producer> producers;
    if (const Section* section = custom_section("producers"); section != nullptr) {
        ByteReader reader = section_reader(*this, *section);
        const std::uint32_t fields = reader.count(2);
        for (std::uint32_t i = 0; i < fields && reader.ok(); ++i) {
            read_producer_field(reader, producers);
        }
    }
    return producers;
}

std::vector<std::string> Module::target_features() const {
    std::vector<std::string> features;
    if (const Section* section = custom_section("target_features"); section != nullptr) {
        ByteReader reader = section_reader(*this, *section);
        const std::uint32_t count = reader.count(2);
        for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
            const char prefix = static_cast<char>(reader.u8());
            const std::string_view name = reader.name();
            if (reader.ok()) {
                features.push_back(prefix + std::string(name));
            }
        }
    }
    return features;
}

} // namespace wdbg::wasm
