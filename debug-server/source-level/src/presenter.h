// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "evaluator.h"
#include "formatter_table.h"
#include "typed_value.h"

#include <wdbg/source/views.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wdbg::source {

/// How a value is to be written.
struct Presentation {
    char format = '\0'; ///< x, d, b, o, c; none: by type
    bool raw = false;   ///< without formatters
};

/// A child of a value.
struct Child {
    std::string name{};
    TypedValue value{};
    /// An expression for it in terms of the parent's, with `$` for the parent: "$.x", "$[3]", "*$".
    std::string path{};
    bool synthetic = false;
    bool raw = false; ///< shows the parent itself without formatter
};

struct ChildCount {
    std::uint64_t named = 0;
    std::uint64_t indexed = 0;
};

/// Turns values into what a person reads: texts, and trees of children.
class Presenter {
  public:
    Presenter(ValueAccess& access, const FormatterTable& formatters)
        : access_(access)
        , formatters_(formatters) {}

    /// One line.
    [[nodiscard]] std::string text(const TypedValue& value, const Presentation& how);
    [[nodiscard]] ChildCount count(const TypedValue& value, const Presentation& how);
    /// Children [start, start + number), named or indexed.
    [[nodiscard]] std::vector<Child> children(const TypedValue& value, const Presentation& how,
                                              bool indexed, std::uint64_t start,
                                              std::uint64_t number);
    /// The characters of what reads as text. InvalidArgument for what does not.
    [[nodiscard]] Result<std::string> characters(const TypedValue& value);
    [[nodiscard]] std::optional<Result<TypedValue>> element(const TypedValue& value,
                                                            std::int64_t index);
    [[nodiscard]] std::optional<Result<TypedValue>> pointee(const TypedValue& value);
    /// A pointer or reference to a class with virtual functions, as the class that is really there.
    [[nodiscard]] TypedValue dynamic(const TypedValue& object);
    /// The dynamic type of an object, or of what a pointer points to; their static one otherwise.
    [[nodiscard]] TypeRef actual_type(const TypedValue& value);

    [[nodiscard]] ValueAccess& access() { return access_; }

  private:
    friend class FormatterScope;

    [[nodiscard]] const Formatter* formatter_for(const TypedValue& value, const Presentation& how);
    [[nodiscard]] std::string text_at(const TypedValue& value, const Presentation& how, int depth);
    [[nodiscard]] std::string scalar_text(const TypedValue& value, const Presentation& how);
    [[nodiscard]] std::string real_text(const TypedValue& value, double real,
                                        const Presentation& how);
    [[nodiscard]] std::string enum_text(const TypeRef& type, const Scalar& scalar);
    [[nodiscard]] std::string pointer_text(const TypedValue& value, const Presentation& how);
    [[nodiscard]] std::string function_text(const TypedValue& value, std::uint64_t index);
    [[nodiscard]] std::string record_text(const TypedValue& value, const Presentation& how,
                                          int depth);
    [[nodiscard]] std::string variant_text(const TypedValue& value, const dwarf::Variant& variant,
                                           const Presentation& how, int depth);
    [[nodiscard]] std::string array_text(const TypedValue& value, const Presentation& how,
                                         int depth);
    [[nodiscard]] std::string formatted_text(const TypedValue& value, const Formatter& formatter,
                                             const Presentation& how, int depth);
    [[nodiscard]] std::string summary_text(const TypedValue& value, const Formatter& formatter,
                                           const Presentation& how, int depth);
    [[nodiscard]] std::string items_text(const TypedValue& value, const Formatter& formatter,
                                         const Presentation& how, int depth);
    [[nodiscard]] std::string held_text(const TypedValue& value, const Formatter& formatter,
                                        const Presentation& how, int depth);
    [[nodiscard]] std::string list_text(const std::vector<Child>& children, bool names,
                                        const Presentation& how, int depth, bool more);

    [[nodiscard]] std::vector<Child> plain_named(const TypedValue& value);
    void add_members(const TypedValue& record, std::vector<Child>& into, int depth);
    [[nodiscard]] std::vector<Child> formatted_named(const TypedValue& value,
                                                     const Formatter& formatter);
    [[nodiscard]] std::uint64_t formatted_count(const TypedValue& value,
                                                const Formatter& formatter);
    [[nodiscard]] std::vector<Child> formatted_items(const TypedValue& value,
                                                     const Formatter& formatter,
                                                     std::uint64_t start, std::uint64_t number);
    [[nodiscard]] Result<TypedValue> stand_in(const TypedValue& value, const Formatter& formatter);
    [[nodiscard]] Result<TypedValue> variant_alternative(const TypedValue& value,
                                                         const Formatter& formatter);
    [[nodiscard]] std::vector<Child> leaves(const TypedValue& value, const Formatter& formatter);
    void name_entry(const TypedValue& container, const Formatter& formatter, Child& child);
    [[nodiscard]] Result<std::string> formatted_characters(const TypedValue& value,
                                                           const Formatter& formatter);
    [[nodiscard]] std::optional<TypeRef> class_of_vtable(const TypedValue& object,
                                                         std::uint64_t vtable);

    ValueAccess& access_;
    const FormatterTable& formatters_;
    int nesting_ = 0; ///< of formatters that use formatters
};

/// Quoted, with escapes for what cannot be printed; cut behind `limit` bytes.
[[nodiscard]] std::string quoted(std::string_view text, bool complete, std::size_t limit = 256);

} // namespace wdbg::source
