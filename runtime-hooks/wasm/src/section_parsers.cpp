// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One parser for each section (wasm core §5.5).
#include "module_parser.h"
#include "value_types.h"

#include <wdbg/wasm/instruction.h>

namespace wdbg::wasm {

namespace {

constexpr std::uint8_t has_max = 1;
constexpr std::uint8_t is_shared = 2;
constexpr std::uint8_t is_64 = 4;
constexpr std::uint8_t has_page_size = 8; // custom page sizes proposal

Limits read_limits(ByteReader& reader) {
    const std::uint8_t flags = reader.u8();
    if (flags > 0x0F) {
        reader.fail_here("unknown limits");
    }
    Limits limits{.shared = (flags & is_shared) != 0, .is_64 = (flags & is_64) != 0};
    limits.min = reader.u64();
    if ((flags & has_max) != 0) {
        limits.max = reader.u64();
    }
    if ((flags & has_page_size) != 0) {
        reader.u32();
    }
    return limits;
}

TableType read_table_type(ByteReader& reader) {
    TableType type;
    type.element = read_value_type(reader);
    type.limits = read_limits(reader);
    return type;
}

GlobalType read_global_type(ByteReader& reader) {
    GlobalType type;
    type.type = read_value_type(reader);
    type.is_mutable = (reader.u8() & 1U) != 0;
    return type;
}

std::uint32_t read_tag_type(ByteReader& reader) {
    reader.u8(); // attribute: exception
    return reader.u32();
}

void read_value_type_list(ByteReader& reader, std::vector<ValueType>& types) {
    const std::uint32_t count = reader.count();
    types.reserve(count < 64 ? count : 0);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        types.push_back(read_value_type(reader));
    }
}

/// Storage type and mutability of a struct's or array's field.
void skip_field_type(ByteReader& reader) {
    constexpr std::uint8_t packed_i8 = 0x78;
    constexpr std::uint8_t packed_i16 = 0x77;
    if (reader.peek() == packed_i8 || reader.peek() == packed_i16) {
        reader.u8();
    } else {
        read_value_type(reader);
    }
    reader.u8();
}

} // namespace

// --- Type section (§5.5.4) -----------------------------------------------------------------------

void ModuleParser::parse_types(ByteReader& reader) {
    const std::uint32_t count = reader.count(2);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        parse_recursive_type(reader);
    }
}

void ModuleParser::parse_recursive_type(ByteReader& reader) {
    constexpr std::uint8_t recursive_group = 0x4E;
    if (reader.peek() != recursive_group) {
        parse_sub_type(reader);
        return;
    }
    reader.u8();
    const std::uint32_t count = reader.count(2);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        parse_sub_type(reader);
    }
}

void ModuleParser::parse_sub_type(ByteReader& reader) {
    constexpr std::uint8_t sub = 0x50;
    constexpr std::uint8_t sub_final = 0x4F;
    if (reader.peek() == sub || reader.peek() == sub_final) {
        reader.u8();
        const std::uint32_t supertypes = reader.count();
        for (std::uint32_t i = 0; i < supertypes && reader.ok(); ++i) {
            reader.u32();
        }
    }
    const std::size_t start = reader.position();
    state_.types.emplace_back();
    switch (reader.u8()) {
    case 0x60:
        state_.is_function_type.push_back(true);
        parse_function_type(reader);
        return;
    case 0x5F: { // struct
        const std::uint32_t fields = reader.count(2);
        for (std::uint32_t i = 0; i < fields && reader.ok(); ++i) {
            skip_field_type(reader);
        }
        break;
    }
    case 0x5E: // array
        skip_field_type(reader);
        break;
    default:
        reader.fail_at(start, "unknown type");
    }
    state_.is_function_type.push_back(false);
}

void ModuleParser::parse_function_type(ByteReader& reader) {
    const std::size_t start = reader.position();
    FunctionType& type = state_.types.back();
    read_value_type_list(reader, type.params);
    read_value_type_list(reader, type.results);
    if (type.params.size() > Module::max_locals || type.results.size() > Module::max_locals) {
        reader.fail_at(start, "too many parameters or results");
    }
}

// --- Imports, index spaces, exports (§5.5.5 – §5.5.11) -------------------------------------------

void ModuleParser::parse_imports(ByteReader& reader) {
    const std::uint32_t count = reader.count(4);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        parse_import(reader);
    }
}

void ModuleParser::parse_import(ByteReader& reader) {
    Import import;
    import.module = reader.name();
    import.name = reader.name();
    parse_import_description(reader, import);
    state_.imports.push_back(import);
}

void ModuleParser::parse_import_description(ByteReader& reader, Import& import) {
    const auto next_index = [](const auto& space) {
        return static_cast<std::uint32_t>(space.size());
    };
    const std::size_t start = reader.position();
    import.kind = static_cast<ExternKind>(reader.u8());
    switch (import.kind) {
    case ExternKind::Function:
        import.index = next_index(state_.function_types);
        state_.function_types.push_back(reader.u32());
        state_.function_imports.push_back(next_index(state_.imports));
        return;
    case ExternKind::Table:
        import.index = next_index(state_.tables);
        state_.tables.push_back(read_table_type(reader));
        return;
    case ExternKind::Memory:
        import.index = next_index(state_.memories);
        state_.memories.push_back({read_limits(reader)});
        return;
    case ExternKind::Global:
        import.index = next_index(state_.globals);
        state_.globals.push_back(read_global_type(reader));
        return;
    case ExternKind::Tag:
        import.index = next_index(state_.tags);
        state_.tags.push_back(read_tag_type(reader));
        return;
    }
    reader.fail_at(start, "unknown kind of import");
}

void ModuleParser::parse_functions(ByteReader& reader) {
    const std::uint32_t count = reader.count();
    state_.function_types.reserve(state_.function_types.size() + count);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        state_.function_types.push_back(reader.u32());
    }
}

void ModuleParser::parse_tables(ByteReader& reader) {
    const std::uint32_t count = reader.count(3);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        constexpr std::uint8_t with_initializer = 0x40; // 0x40 0x00, table type, expression
        const bool initialized = reader.peek() == with_initializer;
        if (initialized) {
            reader.skip(2);
        }
        state_.tables.push_back(read_table_type(reader));
        if (initialized) {
            skip_constant_expression(reader);
        }
    }
}

void ModuleParser::parse_memories(ByteReader& reader) {
    const std::uint32_t count = reader.count(2);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        state_.memories.push_back({read_limits(reader)});
    }
}

void ModuleParser::parse_globals(ByteReader& reader) {
    const std::uint32_t count = reader.count(3);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        state_.globals.push_back(read_global_type(reader));
        skip_constant_expression(reader);
    }
}

void ModuleParser::parse_tags(ByteReader& reader) {
    const std::uint32_t count = reader.count(2);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        state_.tags.push_back(read_tag_type(reader));
    }
}

void ModuleParser::parse_exports(ByteReader& reader) {
    const std::uint32_t count = reader.count(3);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        Export entry;
        entry.name = reader.name();
        entry.kind = static_cast<ExternKind>(reader.u8());
        entry.index = reader.u32();
        state_.exports.push_back(entry);
    }
}

void ModuleParser::parse_start(ByteReader& reader) {
    state_.start = reader.u32();
}

void ModuleParser::parse_data_count(ByteReader& reader) {
    state_.data_count = reader.u32();
}

// --- Segments (§5.5.12, §5.5.14) -----------------------------------------------------------------

void ModuleParser::skip_constant_expression(ByteReader& reader) {
    read_constant_address(reader);
}

std::optional<std::uint64_t> ModuleParser::read_constant_address(ByteReader& reader) {
    std::optional<std::uint64_t> value;
    for (std::uint32_t position = 0; reader.ok(); ++position) {
        const auto instruction =
            decode(state_.bytes.first(reader.position() + reader.remaining()), reader.offset());
        if (!instruction) {
            reader.fail_here("bad constant expression");
            return std::nullopt;
        }
        reader.skip(instruction->size);
        if (instruction->opcode == Opcode::End) {
            return position == 1 ? value : std::nullopt;
        }
        const Immediates kind = instruction->info->immediates;
        if (kind == Immediates::I64) {
            value = instruction->bits;
        } else if (kind == Immediates::I32) {
            value = static_cast<std::uint32_t>(instruction->bits);
        }
    }
    return std::nullopt;
}

void ModuleParser::parse_elements(ByteReader& reader) {
    const std::uint32_t count = reader.count(2);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        parse_element_segment(reader);
    }
}

void ModuleParser::parse_element_segment(ByteReader& reader) {
    ElementSegment segment{.offset = reader.offset()};
    const std::uint32_t flags = reader.u32();
    if (flags > 7) {
        reader.fail_at(segment.offset.value, "unknown kind of segment");
    }
    const bool passive_or_declared = (flags & 1U) != 0;
    const bool explicit_index = (flags & 2U) != 0;
    const bool expressions = (flags & 4U) != 0;
    segment.passive = passive_or_declared && !explicit_index;
    if (!passive_or_declared) {
        if (explicit_index) {
            reader.u32();
        }
        skip_constant_expression(reader);
    }
    if (passive_or_declared || explicit_index) { // element kind or type
        expressions ? static_cast<void>(read_value_type(reader)) : reader.skip(1);
    }
    segment.count = reader.count();
    for (std::uint32_t i = 0; i < segment.count && reader.ok(); ++i) {
        expressions ? skip_constant_expression(reader) : static_cast<void>(reader.u32());
    }
    state_.element_segments.push_back(segment);
}

void ModuleParser::parse_data(ByteReader& reader) {
    const std::uint32_t count = reader.count(2);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        parse_data_segment(reader);
    }
}

void ModuleParser::parse_data_segment(ByteReader& reader) {
    DataSegment segment{.offset = reader.offset()};
    const std::uint32_t flags = reader.u32();
    if (flags > 2) {
        reader.fail_at(segment.offset.value, "unknown kind of segment");
    }
    segment.passive = flags == 1;
    if (flags == 2) {
        segment.memory = reader.u32();
    }
    if (!segment.passive) {
        segment.address = read_constant_address(reader);
    }
    segment.size = reader.count();
    segment.bytes = reader.offset();
    reader.skip(segment.size);
    state_.data_segments.push_back(segment);
}

// --- Code section (§5.5.13) ----------------------------------------------------------------------

void ModuleParser::parse_code(ByteReader& reader) {
    const std::size_t start = reader.position();
    const std::uint32_t count = reader.count(2);
    if (count != state_.function_types.size() - state_.function_imports.size()) {
        reader.fail_at(start, "other number of bodies than of functions");
    }
    if (!reader.ok()) {
        return;
    }
    state_.bodies.reserve(count);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        parse_body(reader);
    }
}

void ModuleParser::parse_body(ByteReader& reader) {
    FunctionBody body{.size_field = reader.offset()};
    const std::size_t imported = state_.function_imports.size();
    body.index = static_cast<std::uint32_t>(imported + state_.bodies.size());
    body.type_index = state_.function_types[body.index];
    const std::uint32_t size = reader.count();
    body.begin = reader.offset();
    body.end = CodeOffset{body.begin.value + size};
    body.first_run = static_cast<std::uint32_t>(state_.local_runs.size());
    ByteReader code(state_.bytes, body.begin.value, body.end.value, "Code section");
    parse_locals(code, body);
    if (!code.ok()) {
        reader.fail_at(code.position(), "bad local declarations");
        return;
    }
    body.first_instruction = code.offset();
    if (code.at_end()) {
        reader.fail_at(code.position(), "function without instructions");
    }
    reader.skip(size);
    state_.bodies.push_back(body);
}

void ModuleParser::parse_locals(ByteReader& reader, FunctionBody& body) {
    std::size_t total = 0;
    if (body.type_index < state_.types.size()) {
        total = state_.types[body.type_index].params.size();
    }
    const std::size_t params = total;
    body.run_count = reader.count(2);
    for (std::uint32_t i = 0; i < body.run_count && reader.ok(); ++i) {
        LocalRun run;
        run.count = reader.u32();
        run.type = read_value_type(reader);
        total += run.count;
        if (run.count > Module::max_locals || total > Module::max_locals) {
            reader.fail_here("too many locals");
        }
        state_.local_runs.push_back(run);
    }
    body.declared_locals = static_cast<std::uint32_t>(total - params);
}

} // namespace wdbg::wasm
