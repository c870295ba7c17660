// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The types of a program as its debug information has them: nodes that name each other by id, so
/// that a node can be copied, and a cycle (a list's node) costs nothing.
namespace wdbg::dwarf {

/// An entry of one module's debug information. Only SourceInfo gives out and reads these; 0 is
/// none. Stays valid as long as its SourceInfo.
struct EntryId {
    std::uint64_t value = 0;

    [[nodiscard]] explicit operator bool() const { return value != 0; }

    friend constexpr auto operator<=>(const EntryId&, const EntryId&) = default;
};

/// EntryId{} is `void`.
using TypeId = EntryId;

enum class TypeKind : std::uint8_t {
    Unknown, ///< a kind that we do not read; `name` says which, `size` may be known
    Void,
    Base,
    Pointer,
    Reference,
    RvalueReference,
    MemberPointer, ///< `target`: the member's type, `container`: the class
    Array,
    Struct,
    Class,
    Union,
    Enum,
    Typedef,
    Const,
    Volatile,
    Restrict,
    Atomic,
    Function,
};

/// DW_AT_encoding (DWARF 5 §7.8), as far as a value's form depends on it.
enum class Encoding : std::uint8_t {
    None,
    Boolean,
    Signed,
    Unsigned,
    SignedChar,   ///< `char` and friends: shown as a character too
    UnsignedChar, ///< also Rust's u8, Zig's u8
    Utf,          ///< char8_t, char16_t, char32_t, Rust's char
    Float,
    ComplexFloat,
    Address,
};

enum class SourceLanguage : std::uint8_t { Unknown, C, Cpp, Rust, Zig, Other };

struct Member {
    std::string name{}; ///< empty: anonymous struct or union, whose members count as the outer's
    TypeId type;
    std::uint64_t offset = 0; ///< bytes from the start of the object
    /// Bit-fields: size in bits, 0 for others; `bit_offset` counts from the least significant bit
    /// of the byte at `offset`.
    std::uint32_t bit_size = 0;
    std::uint32_t bit_offset = 0;
    bool is_base = false;    ///< a base class
    bool is_virtual = false; ///< a virtual base: `offset` must be looked up in the vtable
    bool is_artificial = false;
    /// A static member: no offset; its value is a global of this entry.
    bool is_static = false;
    EntryId entry;
};

/// One alternative of a variant part (DWARF 5 §5.7.10; Rust's enums).
struct Variant {
    /// The discriminant's value; nullopt: the one that all others leave.
    std::optional<std::uint64_t> discriminant;
    Member member;
};

struct VariantPart {
    std::optional<Member> discriminant; ///< missing if there is one alternative only
    std::vector<Variant> variants;
};

struct Enumerator {
    std::string name;
    std::int64_t value = 0; ///< an unsigned enum's bits reinterpreted
};

struct Dimension {
    std::int64_t lower = 0;
    std::optional<std::uint64_t> count; ///< nullopt: `int values[]`
};

struct TemplateArgument {
    std::string name;
    TypeId type;
    std::optional<std::int64_t> value; ///< of a value parameter
};

struct Type {
    TypeId id;
    TypeKind kind = TypeKind::Unknown;
    std::string name{};           ///< as a user reads it, qualified: "geometry::Square", "const char *"
    std::string base_name{};      ///< unqualified; empty for anonymous ones
    std::optional<std::uint64_t> size{}; ///< bytes; nullopt for incomplete and unsized types
    Encoding encoding = Encoding::None;
    SourceLanguage language = SourceLanguage::Unknown;
    TypeId target{};              ///< pointee, element, aliased, underlying (enum) or result type
    TypeId container{};           ///< MemberPointer; Rust vtables: the type they belong to
    std::vector<Dimension> dimensions{};
    std::vector<Member> members{}; ///< bases first; without functions
    std::optional<VariantPart> variant_part{};
    std::vector<Enumerator> enumerators{};
    bool is_enum_class = false;
    std::vector<TypeId> parameters{}; ///< of a function
    std::vector<TemplateArgument> template_arguments{};
    bool is_declaration = false; ///< no definition is anywhere in this module
    bool has_vtable = false;     ///< a class with virtual functions, its own or a base's
};

using TypePointer = std::shared_ptr<const Type>;

} // namespace wdbg::dwarf
