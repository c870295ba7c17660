// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>
#include <wdbg/model/ids.h>
#include <wdbg/model/value.h>
#include <wdbg/wasm/instruction_map.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// Reader of the wasm binary format (wasm core §5). Bytes come from outside: nothing here trusts a
/// length or count before it is checked against what is there; every error names the section and
/// the offset from the start of the file. All offsets are from the start of the .wasm file.
namespace wdbg::wasm {

/// Numbers of the binary format (§5.5.2).
enum class SectionId : std::uint8_t {
    Custom = 0,
    Type = 1,
    Import = 2,
    Function = 3,
    Table = 4,
    Memory = 5,
    Global = 6,
    Export = 7,
    Start = 8,
    Element = 9,
    Code = 10,
    Data = 11,
    DataCount = 12,
    Tag = 13,
};

struct Section {
    SectionId id = SectionId::Custom;
    std::string_view name{}; ///< of a custom section; otherwise empty
    CodeOffset header{};     ///< of the id byte
    CodeOffset contents{};   ///< behind id and size; a custom section's name begins here
    CodeOffset payload{};    ///< = contents, but behind the name of a custom section
    CodeOffset end{};
};

/// Reference types other than funcref and externref are given as FuncRef where they point into the
/// function hierarchy and as ExternRef otherwise: to a debugger they are opaque handles alike.
struct FunctionType {
    std::vector<ValueType> params{};
    std::vector<ValueType> results{};

    friend bool operator==(const FunctionType&, const FunctionType&) = default;
};

struct Limits {
    std::uint64_t min = 0;
    std::optional<std::uint64_t> max{};
    bool shared = false;
    bool is_64 = false;
};

struct TableType {
    ValueType element = ValueType::FuncRef;
    Limits limits{}; ///< in elements
};

struct MemoryType {
    Limits limits{}; ///< in pages of 64 KiB
};

struct GlobalType {
    ValueType type = ValueType::I32;
    bool is_mutable = false;
};

/// Numbers of the binary format (§5.5.5).
enum class ExternKind : std::uint8_t { Function = 0, Table = 1, Memory = 2, Global = 3, Tag = 4 };

/// Imports come first in each index space, in this order: the n-th import of a kind has index n.
struct Import {
    std::string_view module{};
    std::string_view name{};
    ExternKind kind = ExternKind::Function;
    std::uint32_t index = 0; ///< in the index space of its kind
};

struct Export {
    std::string_view name{};
    ExternKind kind = ExternKind::Function;
    std::uint32_t index = 0;
};

struct ElementSegment {
    CodeOffset offset{}; ///< of its flags
    std::uint32_t count = 0;
    bool passive = false;
};

struct DataSegment {
    CodeOffset offset{}; ///< of its flags
    CodeOffset bytes{};  ///< of its first byte
    std::uint32_t size = 0;
    std::uint32_t memory = 0;
    bool passive = false;
    /// The address it is copied to, where that is a plain constant.
    std::optional<std::uint64_t> address{};
};

/// One function that is defined (not imported) in the module.
///
///     size_field     begin            first_instruction          end
///     | size (LEB)   | declarations   | instructions … end (0x0B) |
///
/// `begin` is where DWARF (DW_AT_low_pc, through R_WASM_FUNCTION_OFFSET) and LLDB ≤ 23 (symbols
/// made from the Code section) say that the function starts. LLDB 24 uses first_instruction.
struct FunctionBody {
    std::uint32_t index = 0;      ///< in the function index space
    std::uint32_t type_index = 0; ///< its type
    CodeOffset size_field{};
    CodeOffset begin{};
    CodeOffset first_instruction{};
    CodeOffset end{};
    std::uint32_t declared_locals = 0; ///< without parameters, expanded
    std::uint32_t first_run = 0;       ///< see Module::local_runs()
    std::uint32_t run_count = 0;
};

struct LocalRun {
    std::uint32_t count = 0;
    ValueType type = ValueType::I32;
};

/// Contents of the "name" section (§7.4.1). Names point into the module's bytes. A damaged
/// subsection is dropped with those behind it: names are a help, never a reason to refuse.
struct Names {
    std::string_view module{};
    std::unordered_map<std::uint32_t, std::string_view> functions;
    std::unordered_map<std::uint32_t, std::string_view> globals;
    std::unordered_map<std::uint32_t, std::string_view> memories;
    std::unordered_map<std::uint32_t, std::string_view> tables;
    std::unordered_map<std::uint32_t, std::string_view> data_segments;
    /// function index << 32 | local index
    std::unordered_map<std::uint64_t, std::string_view> locals;
};

/// One entry of "producers": {"processed-by", "clang", "22.1.8"}.
struct Producer {
    std::string_view field{};
    std::string_view name{};
    std::string_view version{};
};

/// A parsed module. Cheap to move, not copied. Const members may be called from any thread.
class Module {
  public:
    /// Expanded locals of one function (parameters included) and of one type's parameters.
    static constexpr std::uint32_t max_locals = 50'000;

    /// Views the caller's bytes, which must stay alive and unchanged as long as the Module.
    [[nodiscard]] static Result<Module> parse(std::span<const std::byte> bytes);
    /// Keeps the bytes.
    [[nodiscard]] static Result<Module> parse_owned(std::vector<std::byte> bytes);

    Module(Module&&) noexcept;
    Module& operator=(Module&&) noexcept;
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    ~Module();

    [[nodiscard]] std::span<const std::byte> bytes() const;
    [[nodiscard]] std::span<const Section> sections() const;
    /// The first section of this id (not for custom ones); nullptr if there is none.
    [[nodiscard]] const Section* section(SectionId id) const;
    [[nodiscard]] const Section* custom_section(std::string_view name) const;
    [[nodiscard]] std::span<const std::byte> payload(const Section& section) const;

    [[nodiscard]] std::span<const FunctionType> types() const;
    [[nodiscard]] std::span<const Import> imports() const;
    [[nodiscard]] std::span<const Export> exports() const;
    /// Whole index spaces, imports first.
    [[nodiscard]] std::span<const TableType> tables() const;
    [[nodiscard]] std::span<const MemoryType> memories() const;
    [[nodiscard]] std::span<const GlobalType> globals() const;
    [[nodiscard]] std::span<const std::uint32_t> tag_types() const; ///< type indices
    [[nodiscard]] std::optional<std::uint32_t> start_function() const;
    [[nodiscard]] std::span<const ElementSegment> element_segments() const;
    [[nodiscard]] std::span<const DataSegment> data_segments() const;
    [[nodiscard]] std::optional<std::uint32_t> data_count() const;

    /// Size of the function index space, imports included.
    [[nodiscard]] std::uint32_t function_count() const;
    [[nodiscard]] std::uint32_t imported_function_count() const;
    /// nullptr if there is no such function or its type is not a function type.
    [[nodiscard]] const FunctionType* function_type(std::uint32_t function) const;
    /// The import of an imported function, nullptr for others.
    [[nodiscard]] const Import* function_import(std::uint32_t function) const;
    /// Ordered by function index and by offset.
    [[nodiscard]] std::span<const FunctionBody> bodies() const;
    /// nullptr for an imported function or one that does not exist.
    [[nodiscard]] const FunctionBody* body(std::uint32_t function) const;
    /// Declared locals behind the parameters, run-length encoded as in the file.
    [[nodiscard]] std::span<const LocalRun> local_runs(const FunctionBody& body) const;
    /// Types of parameters and locals, by local index.
    [[nodiscard]] std::vector<ValueType> local_types(const FunctionBody& body) const;

    /// What DWARF's code offsets count from: the first byte behind the Code section's id and size.
    [[nodiscard]] std::optional<CodeOffset> code_section_start() const;

    /// The function whose bytes (size field included) contain `offset`; nullptr if none.
    [[nodiscard]] const FunctionBody* function_containing(CodeOffset offset) const;
    /// Built when first asked for, then kept. Malformed if the body does not decode. The pointer
    /// lives as long as the Module.
    [[nodiscard]] Result<const InstructionMap*> instructions(const FunctionBody& body) const;
    /// The instruction a breakpoint at `offset` stands for: itself if one begins there, the first
    /// one for the function's size and locals header, the next one from within an instruction
    /// (from within the final one: that one). NotFound outside of all function bodies.
    [[nodiscard]] Result<CodeOffset> resolve_breakpoint(CodeOffset offset) const;

    /// Parsed when first asked for.
    [[nodiscard]] const Names& names() const;
    /// Name section, else export, else "module.field" of an import, else "function[7]".
    [[nodiscard]] std::string function_name(std::uint32_t function) const;

    /// The global that C's stack pointer is in: "__stack_pointer" by name or as an import, else the
    /// first i32 that can change, where the linker puts it. nullopt if there is none.
    [[nodiscard]] std::optional<std::uint32_t> stack_pointer() const;

    /// Contents of the section "external_debug_info": a path or URL, relative to the module.
    [[nodiscard]] std::optional<std::string_view> external_debug_info() const;
    [[nodiscard]] std::span<const std::byte> build_id() const; ///< empty if there is none
    [[nodiscard]] bool has_debug_sections() const;             ///< any ".debug_*"
    [[nodiscard]] std::vector<Producer> producers() const;
    /// Of "target_features", with their prefix: "+bulk-memory".
    [[nodiscard]] std::vector<std::string> target_features() const;

  private:
    struct State;
    friend class ModuleParser;
    explicit Module(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace wdbg::wasm
