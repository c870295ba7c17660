// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "native_flow.h"
#include "native_lines.h"
#include "native_scopes.h"

#include <wdbg/wasm/control_flow.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace wdbg::dwarf {

/// The flow of the function around an offset; nullptr where it is not known.
using FlowOf = std::function<const wasm::ControlFlow*(CodeOffset offset)>;
/// That of the native function; nullptr where it is not known. Costs time: asked for only where it
/// makes a difference.
using NativeFlowOf = std::function<std::shared_ptr<const NativeFlow>()>;

/// A wasm instruction in one copy of its function.
struct InstructionPlace {
    std::uint32_t scope = 0; ///< index in FunctionScopes
    CodeOffset offset;

    friend auto operator<=>(const InstructionPlace&, const InstructionPlace&) = default;
};

/// Where the instructions' own code is in one native function, by its rows in the native line table
/// and by how control goes there.
class InstructionRows {
  public:
    InstructionRows(const NativeLines& lines, const FunctionScopes& scopes, const FlowOf& flow_of,
                    const NativeFlowOf& native_flow);

    /// Where the instruction begins to execute: once for each execution, as far as is known. Empty
    /// where it has no code of its own.
    [[nodiscard]] std::vector<TextOffset> pieces_of(const InstructionPlace& place) const;

    /// All pieces of its code.
    [[nodiscard]] std::vector<TextOffset> all_pieces_of(const InstructionPlace& place,
                                                        const NativeFlow& flow) const;

    /// nullptr where it is not known, and where the compiler has marked where statements begin:
    /// there the rows are exact.
    [[nodiscard]] std::shared_ptr<const NativeFlow> native_flow() const;

  private:
    [[nodiscard]] bool holds_places() const;
    [[nodiscard]] std::vector<std::uint32_t> rows_of(const InstructionPlace& place) const;
    [[nodiscard]] bool is_own(const NativeRow& row, std::uint32_t scope) const;
    [[nodiscard]] bool begins_somewhere(const InstructionPlace& place) const;
    [[nodiscard]] bool continues(std::size_t row, std::uint32_t scope) const;
    [[nodiscard]] std::vector<TextOffset> pieces_of_rows(const std::vector<std::uint32_t>& rows,
                                                         const NativeFlow& flow) const;
    [[nodiscard]] bool can_repeat(const InstructionPlace& place) const;
    [[nodiscard]] bool is_one_execution(const InstructionPlace& place,
                                        const NativeFlow::Arrival& arrival) const;

    const NativeLines& lines_;
    const FunctionScopes& scopes_;
    const FlowOf& flow_of_;
    const NativeFlowOf& native_flow_;
    mutable std::optional<bool> holds_places_{};
};

} // namespace wdbg::dwarf
