// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "byte_reader.h"
#include "module_parser.h"
#include "module_state.h"

#include <wdbg/wasm/module.h>

#include <algorithm>

namespace wdbg::wasm {

Module::Module(std::unique_ptr<State> state) : state_(std::move(state)) {
}

Module::Module(Module&&) noexcept = default;
Module& Module::operator=(Module&&) noexcept = default;
Module::~Module() = default;

namespace {

template <class State>
Result<void> fill(State& state) {
    if (auto parsed = ModuleParser(state).parse(); !parsed) {
        return parsed;
    }
    state.maps.resize(state.bodies.size());
    return {};
}

} // namespace

Result<Module> Module::parse(std::span<const std::byte> bytes) {
    auto state = std::make_unique<State>();
    state->bytes = bytes;
    if (auto filled = fill(*state); !filled) {
        return std::unexpected(filled.error());
    }
    return Module(std::move(state));
}

Result<Module> Module::parse_owned(std::vector<std::byte> bytes) {
    auto state = std::make_unique<State>();
    state->owned = std::move(bytes);
    state->bytes = state->owned;
    if (auto filled = fill(*state); !filled) {
        return std::unexpected(filled.error());
    }
    return Module(std::move(state));
}

// --- Structure -----------------------------------------------------------------------------------

std::span<const std::byte> Module::bytes() const {
    return state_->bytes;
}

std::span<const Section> Module::sections() const {
    return state_->sections;
}

std::span<const FunctionType> Module::types() const {
    return state_->types;
}

std::span<const Import> Module::imports() const {
    return state_->imports;
}

std::span<const Export> Module::exports() const {
    return state_->exports;
}

std::span<const TableType> Module::tables() const {
    return state_->tables;
}

std::span<const MemoryType> Module::memories() const {
    return state_->memories;
}

std::span<const GlobalType> Module::globals() const {
    return state_->globals;
}

std::span<const std::uint32_t> Module::tag_types() const {
    return state_->tags;
}

std::optional<std::uint32_t> Module::start_function() const {
    return state_->start;
}

std::optional<std::uint32_t> Module::data_count() const {
    return state_->data_count;
}

std::span<const FunctionBody> Module::bodies() const {
    return state_->bodies;
}

std::span<const ElementSegment> Module::element_segments() const {
    return state_->element_segments;
}

std::span<const DataSegment> Module::data_segments() const {
    return state_->data_segments;
}

const Section* Module::section(SectionId id) const {
    const auto found = std::ranges::find(state_->sections, id, &Section::id);
    return found == state_->sections.end() ? nullptr : &*found;
}

const Section* Module::custom_section(std::string_view name) const {
    const auto found = std::ranges::find_if(state_->sections, [name](const Section& section) {
        return section.id == SectionId::Custom && section.name == name;
    });
    return found == state_->sections.end() ? nullptr : &*found;
}

std::span<const std::byte> Module::payload(const Section& section) const {
    return state_->bytes.subspan(section.payload.value, section.end.value - section.payload.value);
}

// --- Functions -----------------------------------------------------------------------------------

std::uint32_t Module::function_count() const {
    return static_cast<std::uint32_t>(state_->function_types.size());
}

std::uint32_t Module::imported_function_count() const {
    return static_cast<std::uint32_t>(state_->function_imports.size());
}

const FunctionType* Module::function_type(std::uint32_t function) const {
    if (function >= state_->function_types.size()) {
        return nullptr;
    }
    const std::uint32_t type = state_->function_types[function];
    const bool valid = type < state_->types.size() && state_->is_function_type[type];
    return valid ? &state_->types[type] : nullptr;
}

const Import* Module::function_import(std::uint32_t function) const {
    if (function >= state_->function_imports.size()) {
        return nullptr;
    }
    return &state_->imports[state_->function_imports[function]];
}

const FunctionBody* Module::body(std::uint32_t function) const {
    const std::uint32_t imported = imported_function_count();
    if (function < imported || function - imported >= state_->bodies.size()) {
        return nullptr;
    }
    return &state_->bodies[function - imported];
}

std::span<const LocalRun> Module::local_runs(const FunctionBody& body) const {
    return std::span(state_->local_runs).subspan(body.first_run, body.run_count);
}

std::vector<ValueType> Module::local_types(const FunctionBody& body) const {
    std::vector<ValueType> types;
    if (const FunctionType* type = function_type(body.index); type != nullptr) {
        types = type->params;
    }
    types.reserve(types.size() + body.declared_locals);
    for (const LocalRun& run : local_runs(body)) {
        types.insert(types.end(), run.count, run.type);
    }
    return types;
}

// --- Code ----------------------------------------------------------------------------------------

std::optional<CodeOffset> Module::code_section_start() const {
    const Section* code = section(SectionId::Code);
    return code == nullptr ? std::nullopt : std::optional(code->contents);
}

const FunctionBody* Module::function_containing(CodeOffset offset) const {
    const auto behind =
        std::ranges::upper_bound(state_->bodies, offset, {}, &FunctionBody::size_field);
    if (behind == state_->bodies.begin()) {
        return nullptr;
    }
    const FunctionBody& body = *std::prev(behind);
    return offset < body.end ? &body : nullptr;
}

Result<const InstructionMap*> Module::instructions(const FunctionBody& body) const {
    const std::size_t position = body.index - imported_function_count();
    const std::lock_guard lock(state_->maps_mutex);
    auto& map = state_->maps.at(position);
    if (!map) {
        auto built = InstructionMap::build(state_->bytes, body.first_instruction, body.end);
        if (!built) {
            return std::unexpected(built.error());
        }
        map = std::make_unique<const InstructionMap>(std::move(*built));
    }
    return map.get();
}

Result<CodeOffset> Module::resolve_breakpoint(CodeOffset offset) const {
    const FunctionBody* body = function_containing(offset);
    if (body == nullptr) {
        return fail(ErrorCode::NotFound, "no code at file offset " + hex(offset.value));
    }
    if (offset <= body->first_instruction) {
        return body->first_instruction;
    }
    const auto map = instructions(*body);
    if (!map) {
        return std::unexpected(map.error());
    }
    // Nothing can follow the final `end`, which is one byte long.
    return (*map)->next_at_or_after(offset).value_or(CodeOffset{body->end.value - 1});
}

} // namespace wdbg::wasm
