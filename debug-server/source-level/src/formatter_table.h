// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wdbg::source {

enum class FormatterKind : std::uint8_t {
    Members,   ///< named children only
    Text,      ///< `data`, `size`: characters
    Items,     ///< `size`, `item` (an expression with $i)
    Linked,    ///< `size`, `first`, `next`, `value`: the last two see `$node`
    Tree,      ///< `size`, `first`: a red-black tree of libc++; `value` sees `$node`
    Hashbrown, ///< `size`, `control`, `mask`: Rust's hash tables; `value` sees `$slot`
    BTree,   ///< `size`, `height`, `first`, `count`, `child`, `value`: Rust's; see `$node`, `$slot`
    Pointer, ///< `pointee`, a pointer that stands for this value
    Optional, ///< `has`, `value`
    Variant,  ///< `index`, `union`: libc++'s variant
    Leaves,   ///< `of`: the bases of a tuple's implementation
    Value,    ///< `value` is shown instead
};

/// How values of some types read. All strings are expressions over the value's members; of several
/// alternatives the first that can be evaluated counts (libraries differ by version).
struct Formatter {
    using Alternatives = std::vector<std::string>;

    std::vector<std::string> types; ///< globs: `*` is any text
    FormatterKind kind = FormatterKind::Members;
    std::map<std::string, Alternatives> fields;
    std::vector<std::pair<std::string, Alternatives>> members; ///< named children
    std::string summary; ///< text with {expressions}; empty: made from the kind
    /// `$name` → a member whose type's first template argument the name stands for.
    std::map<std::string, std::string> type_names;
    std::string key;    ///< of an item: its name becomes "[key]"
    std::string mapped; ///< of an item: what is shown for it
};

/// The table of formatters: rows of the user's files before the built-in ones.
class FormatterTable {
  public:
    /// With the built-in rows.
    FormatterTable();

    /// Puts the rows of a JSON file in front. Io or Malformed, with the row that is wrong.
    Result<void> load(const std::filesystem::path& file);
    /// The same from text; `origin` names it in errors.
    Result<void> add(std::string_view json, const std::string& origin);

    /// nullptr if there is none. `type` without inline namespaces: "std::vector<int, …>".
    [[nodiscard]] const Formatter* find(const std::string& type) const;

  private:
    std::vector<Formatter> rows_;
    mutable std::map<std::string, const Formatter*> found_;
};

[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view text);
[[nodiscard]] bool matches_type(std::string_view pattern, std::string_view type);

extern const char* const builtin_formatters; ///< JSON

} // namespace wdbg::source
