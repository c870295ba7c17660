// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "debug_data.h"

#include <string>
#include <string_view>

namespace wdbg::dwarf {

/// DW_AT_name, through specifications and abstract origins; empty if there is none.
[[nodiscard]] std::string name_of(const llvm::DWARFDie& die);
[[nodiscard]] std::string linkage_name_of(const llvm::DWARFDie& die);
/// With its namespaces and classes; inline namespaces of standard libraries (std::__1) left out.
[[nodiscard]] std::string qualified_name_of(DebugData& data, const llvm::DWARFDie& die);
/// The end of the chain of specifications and abstract origins.
[[nodiscard]] llvm::DWARFDie declaration_of(DebugData& data, llvm::DWARFDie die);
[[nodiscard]] SourceLanguage language_of(const llvm::DWARFDie& die);

/// "std::__2::vector<int, std::__2::allocator<int> >" → "std::vector<int, std::allocator<int> >".
[[nodiscard]] std::string without_inline_namespaces(std::string name);
/// "repeat<int, 3>" → "repeat"; operators keep their names.
[[nodiscard]] std::string_view without_template(std::string_view name);
/// The last component of a qualified name, "ns::f(int)" → "f"; parameters and templates removed.
[[nodiscard]] std::string_view last_component(std::string_view name);
/// "f(int)" → "f"; an `operator()` keeps its own parentheses.
[[nodiscard]] std::string_view without_parameters(std::string_view name);
/// True if `qualified` is `wanted` or ends with "::" + wanted.
[[nodiscard]] bool ends_with_component(std::string_view qualified, std::string_view wanted);

} // namespace wdbg::dwarf
