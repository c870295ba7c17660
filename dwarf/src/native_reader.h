// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "call_frame.h"
#include "frame_rules.h"
#include "machine_traits.h"
#include "native_flow.h"
#include "native_lines.h"
#include "native_scopes.h"
#include "packed_rows.h"

#include <wdbg/dwarf/aot_debug_info.h>
#include <wdbg/dwarf/debug_file.h>
#include <wdbg/dwarf/module_image.h>
#include <wdbg/wasm/control_flow.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <variant>
#include <vector>

namespace wdbg::dwarf {

/// AotDebugInfo on LLVM's DWARF library. Every table is read when first needed.
class NativeReader : public AotDebugInfo {
  public:
    /// What is known of the module: with debug information, without, or nothing at all.
    using Guest = std::variant<std::monostate, wasm::Module, ModuleImage>;

    NativeReader(DebugFile file, const MachineTraits& machine, Guest guest, NativeText text);

    const DebugFile& file() const override { return file_; }

    std::optional<std::string_view> fact(std::string_view key) const override {
        return file_.fact(key);
    }

    Result<void> check_module(std::span<const std::byte> wasm) const override {
        return file_.check_module(wasm);
    }

    Result<void> check_text(std::span<const std::byte> text) const override {
        return file_.check_text(text);
    }

    bool is_not_loaded(std::span<const std::byte> text,
                       std::span<const std::byte> aot) const override {
        return file_.is_not_loaded(text, aot);
    }

    std::vector<std::size_t> find_text(std::span<const std::byte> memory) const override {
        return file_.find_text(memory);
    }

    std::vector<WasmPosition> positions(TextOffset pc, AddressKind kind) const override;
    BreakpointPlaces breakpoint(CodeOffset offset, const BreakpointSeeker& seeker) const override;
    std::vector<CodeOffset> instructions_at(TextOffset pc) const override;
    std::vector<TextOffset> entries(std::uint32_t function) const override;
    std::vector<TextRange> instruction_ranges(TextOffset pc) const override;
    std::vector<TextRange> step_ranges(TextOffset pc, CodeOffset begin,
                                       CodeOffset end) const override;
    Result<LocalPlace> local(const NativeActivation& activation, std::uint32_t depth,
                             std::uint32_t index) const override;
    Result<LocalPlace> operand(const NativeActivation& activation, std::uint32_t depth,
                               std::uint32_t index) const override;
    Result<NativeAddress> exec_env(const NativeActivation& activation) const override;
    Result<NativeRegisters> unwind(const NativeActivation& activation) const override;
    Result<NativeAddress> frame_address(const NativeActivation& activation) const override;

  private:
    friend class LocationContext;

    [[nodiscard]] const NativeLines& lines() const;
    [[nodiscard]] const PackedNumbers& guest_rows() const;
    [[nodiscard]] const wasm::Module* module() const;

    // Positions
    [[nodiscard]] const NativeFunction* native_function_at(TextOffset pc) const;
    [[nodiscard]] CodeOffset body_begin(std::uint32_t function) const;
    [[nodiscard]] std::optional<std::size_t>
    row_in(const NativeFunction& function, const FunctionScopes* scopes, TextOffset pc) const;

    // Ranges: the pieces of a function's text that have one row and one scope.
    using PieceVisitor =
        std::function<bool(TextRange range, std::uint32_t line, std::uint32_t scope)>;
    [[nodiscard]] std::vector<TextRange> pieces_where(const NativeFunction& function,
                                                      const FunctionScopes& scopes,
                                                      const PieceVisitor& wanted) const;
    [[nodiscard]] std::optional<std::uint32_t>
    scope_of_offset(const FunctionScopes& scopes, TextOffset pc, CodeOffset offset) const;

    // Breakpoints
    [[nodiscard]] CodeOffset first_instruction(CodeOffset offset) const;
    [[nodiscard]] CodeOffset end_of_guest_row(CodeOffset offset) const;
    [[nodiscard]] const wasm::ControlFlow* flow_of(CodeOffset offset) const;
    [[nodiscard]] std::shared_ptr<const NativeFlow> native_flow(TextRange function) const;
    [[nodiscard]] std::vector<BreakpointSite> sites_by_lines(CodeOffset offset) const;

    // Locals and frames
    struct Frame {
        const FunctionScopes& scopes; ///< of the native function
        const NativeScope& scope;
    };

    /// The frame `depth` calls outside the innermost one that was inlined there.
    [[nodiscard]] Result<Frame> frame_of(const NativeActivation& activation,
                                         std::uint32_t depth) const;
    [[nodiscard]] Result<ValueType> local_type(std::uint32_t function, std::uint32_t index,
                                               const NativeVariable* variable) const;
    [[nodiscard]] TextOffset prologue_end(TextOffset function) const;
    [[nodiscard]] Result<Place> place_of(const NativeVariable& variable, std::size_t size,
                                         const NativeActivation& activation,
                                         const FunctionScopes& scopes) const;
    template <class Use>
    auto with_frame(const NativeActivation& activation, Use use) const
        -> decltype(use(std::declval<const CallFrame&>()));

    struct KnownFlow {
        TextRange function{};
        std::shared_ptr<const NativeFlow> flow;
    };

    DebugFile file_;
    MachineTraits machine_;
    Guest guest_;
    NativeText text_;
    NativeScopes scopes_;
    FrameRules frames_;
    mutable std::once_flag lines_once_;
    mutable NativeLines lines_;
    mutable std::once_flag guest_once_;
    mutable PackedNumbers guest_rows_;
    mutable std::mutex flows_mutex_; ///< guards what follows
    mutable std::map<std::uint32_t, std::unique_ptr<wasm::ControlFlow>> flows_; ///< by function
    mutable std::vector<KnownFlow> native_flows_; ///< the last one asked for first
};

/// The address of the instruction that an activation is at.
[[nodiscard]] inline TextOffset lookup_offset(TextOffset pc, AddressKind kind) {
    return kind == AddressKind::ReturnAddress && pc.value != 0 ? TextOffset{pc.value - 1} : pc;
}

} // namespace wdbg::dwarf
