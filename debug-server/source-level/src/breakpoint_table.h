// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "hit_condition.h"
#include "module_table.h"

#include <wdbg/source/breakpoints.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace wdbg::source {

/// What the user asked for: a line of a file, a function, an instruction.
struct LineRequest {
    std::string path;
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    friend bool operator==(const LineRequest&, const LineRequest&) = default;
};

struct FunctionRequest {
    std::string name;

    friend bool operator==(const FunctionRequest&, const FunctionRequest&) = default;
};

struct InstructionRequest {
    CodeAddress address;
    std::optional<NativeAddress> native{}; ///< instead of `address`

    friend bool operator==(const InstructionRequest&, const InstructionRequest&) = default;
};

using BreakpointRequest = std::variant<LineRequest, FunctionRequest, InstructionRequest>;

struct Breakpoint {
    BreakpointInfo info;
    BreakpointRequest request;
    BreakpointOptions options;
    HitCondition hit_condition;
    std::uint64_t passes = 0; ///< hits whose condition held
    /// By location: the condition as the guest's side can decide it. None for an unconditional one.
    std::map<CodeAddress, std::vector<std::uint8_t>> programs{};
    /// Of one at a native instruction that is planted: where its hits are told.
    std::optional<CodeAddress> native_told{};

    [[nodiscard]] bool conditional() const {
        return !options.condition.empty() || !hit_condition.always();
    }
};

/// All breakpoints of the user: resolves them to locations in every instance and plants these.
class BreakpointTable {
  public:
    BreakpointTable(Debuggee& debuggee, ModuleTable& modules)
        : debuggee_(debuggee)
        , modules_(modules) {}

    std::vector<BreakpointInfo> set_lines(const std::string& path,
                                          std::span<const SourceBreakpointSpec> specs);
    std::vector<BreakpointInfo> set_functions(std::span<const FunctionBreakpointSpec> specs);
    std::vector<BreakpointInfo> set_instructions(std::span<const InstructionBreakpointSpec> specs);

    /// Resolves anew, after instances came or went. Returns those that changed.
    std::vector<BreakpointInfo> resolve_all();
    /// Breakpoints with a location at this address.
    [[nodiscard]] std::vector<Breakpoint*> at(CodeAddress address);

    /// The number of this hit of `breakpoint`, whose condition holds: counted where it was hit, or
    /// here.
    std::uint64_t count_pass(Breakpoint& breakpoint, CodeAddress address);

    /// Whether hits of this address are filtered where they are made.
    [[nodiscard]] bool filtered(CodeAddress address) const { return filters_.contains(address); }

    /// Every hit of the address is told, until resume_filter(); nothing if it is not filtered.
    void suspend_filter(CodeAddress address);
    void resume_filter(CodeAddress address);

    [[nodiscard]] bool planted(CodeAddress address) const { return planted_.contains(address); }

    /// Nothing is planted any more (after detach).
    void forget_planted() {
        for (Breakpoint& breakpoint : breakpoints_) {
            breakpoint.native_told.reset();
        }
        planted_.clear();
        filters_.clear();
    }

  private:
    using Wanted = std::vector<std::pair<BreakpointRequest, BreakpointOptions>>;

    /// Replaces all breakpoints of which `in_group` is true; equal ones keep their ids and hits.
    template <class InGroup>
    std::vector<BreakpointInfo> replace(const Wanted& wanted, InGroup in_group);
    [[nodiscard]] Breakpoint make(const BreakpointRequest& request,
                                  const BreakpointOptions& options);
    void resolve(Breakpoint& breakpoint);
    void resolve_line(const LineRequest& request, BreakpointInfo& info);
    void resolve_function(const FunctionRequest& request, BreakpointInfo& info);
    void resolve_instruction(const InstructionRequest& request, BreakpointInfo& info);
    void resolve_native(Breakpoint& breakpoint, NativeAddress native, BreakpointInfo& info);
    void add_location(BreakpointInfo& info, LoadedModule& module, CodeOffset offset,
                      const dwarf::LineLocation* line);
    void compile(Breakpoint& breakpoint);
    /// Tells the guest's side the conditions of all addresses at which every breakpoint has one.
    void update_filters();
    [[nodiscard]] std::vector<std::vector<std::uint8_t>> filter_for(CodeAddress address);
    void plant_difference(const std::vector<CodeAddress>& before,
                          const std::vector<CodeAddress>& after);

    Debuggee& debuggee_;
    ModuleTable& modules_;
    std::vector<Breakpoint> breakpoints_;
    std::map<CodeAddress, unsigned> planted_; ///< with the number of breakpoints there
    std::map<CodeAddress, std::vector<std::vector<std::uint8_t>>> filters_; ///< empty: suspended
    std::uint32_t next_id_ = 1;
};

} // namespace wdbg::source
