// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "byte_reader.h"
#include "module_state.h"

namespace wdbg::wasm {

/// Fills a Module::State, one member function for each section. They report through the reader.
class ModuleParser {
  public:
    explicit ModuleParser(Module::State& state) : state_(state) {}

    [[nodiscard]] Result<void> parse();

  private:
    using SectionParser = void (ModuleParser::*)(ByteReader&);
    struct SectionRow;
    [[nodiscard]] static const SectionRow* find_row(SectionId id);

    [[nodiscard]] Result<void> parse_header();
    [[nodiscard]] Result<void> parse_section(ByteReader& file);
    [[nodiscard]] Result<void> parse_contents(const Section& section);
    [[nodiscard]] Result<void> check_counts() const;

    void parse_types(ByteReader& reader);
    void parse_imports(ByteReader& reader);
    void parse_functions(ByteReader& reader);
    void parse_tables(ByteReader& reader);
    void parse_memories(ByteReader& reader);
    void parse_globals(ByteReader& reader);
    void parse_exports(ByteReader& reader);
    void parse_start(ByteReader& reader);
    void parse_elements(ByteReader& reader);
    void parse_code(ByteReader& reader);
    void parse_data(ByteReader& reader);
    void parse_data_count(ByteReader& reader);
    void parse_tags(ByteReader& reader);

    void parse_recursive_type(ByteReader& reader);
    void parse_sub_type(ByteReader& reader);
    void parse_function_type(ByteReader& reader);
    void parse_import(ByteReader& reader);
    void parse_import_description(ByteReader& reader, Import& import);
    void parse_element_segment(ByteReader& reader);
    void parse_data_segment(ByteReader& reader);
    void parse_body(ByteReader& reader);
    void parse_locals(ByteReader& reader, FunctionBody& body);
    void skip_constant_expression(ByteReader& reader);
    std::optional<std::uint64_t> read_constant_address(ByteReader& reader);

    Module::State& state_;
};

} // namespace wdbg::wasm
