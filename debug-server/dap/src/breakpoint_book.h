// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "protocol/requests.h"

#include <wdbg/model/debuggee.h>
#include <wdbg/source/source_level.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace wdbg::dap {

/// The client's breakpoints: what it has set, under which numbers, and how that is put to the
/// source level. Numbers stay the same when a guest is started again.
class BreakpointBook {
  public:
    /// A watchpoint with what it needs beyond the machine model's.
    struct DataPoint {
        int id = 0;
        protocol::DataBreakpoint wanted{};
        MemoryAddress address{};
        std::uint64_t size = 0;
        std::optional<WatchpointId> watchpoint{};
        std::uint64_t hits = 0;
        std::string problem{};
    };

    // --- Setting: each replaces what it has been before; `level` may be nullptr (nothing runs) ---
    std::vector<protocol::Breakpoint> set_source(source::SourceLevel* level,
                                                 const std::string& path,
                                                 std::vector<source::SourceBreakpointSpec> specs);
    std::vector<protocol::Breakpoint>
    set_functions(source::SourceLevel* level, std::vector<source::FunctionBreakpointSpec> specs);
    /// `group` tells users of instruction breakpoints apart: "" the client's, else a listing's.
    std::vector<protocol::Breakpoint>
    set_instructions(source::SourceLevel* level, const std::string& group,
                     std::vector<source::InstructionBreakpointSpec> specs);
    std::vector<protocol::Breakpoint> set_data(source::SourceLevel* level,
                                               std::vector<protocol::DataBreakpoint> specs);

    /// A new guest: sets everything again. Gives what has changed for the client.
    std::vector<protocol::Breakpoint> apply_all(source::SourceLevel& level);

    /// The client's number of the source level's breakpoint; 0 if it is not known.
    [[nodiscard]] int client_id(source::BreakpointId id) const;
    /// The client's own path of a file of the debug information, where a breakpoint has shown that
    /// the two are the same file (its name is the same, the folder need not be); else `path`.
    [[nodiscard]] std::string client_path(const std::string& path) const;
    [[nodiscard]] DataPoint* find_data(WatchpointId id);
    [[nodiscard]] protocol::Breakpoint describe(const source::BreakpointInfo& info, int id) const;

  private:
    template <class Spec>
    struct Group {
        std::vector<Spec> specs{};
        std::vector<int> ids{}; ///< as many
    };

    template <class Spec>
    void replace(Group<Spec>& group, std::vector<Spec> specs);
    std::vector<protocol::Breakpoint> describe_all(const std::vector<source::BreakpointInfo>& infos,
                                                   const std::vector<int>& ids);
    std::vector<source::BreakpointInfo>
    apply_source(source::SourceLevel& level, const std::string& path,
                 const std::vector<source::SourceBreakpointSpec>& specs);
    std::vector<source::BreakpointInfo> apply_instructions(source::SourceLevel& level,
                                                           const std::string& group);
    void apply_data(source::SourceLevel& level, DataPoint& point);

    std::map<std::string, Group<source::SourceBreakpointSpec>> sources_{};
    Group<source::FunctionBreakpointSpec> functions_;
    std::map<std::string, Group<source::InstructionBreakpointSpec>> instructions_{};
    std::vector<DataPoint> data_{};
    std::map<source::BreakpointId, int> client_ids_{};
    std::map<std::string, std::string> client_paths_; ///< by the debug information's
    int last_id_ = 0;
};

/// "0/0/1024/4": instance, memory, offset, size.
[[nodiscard]] std::string data_id(const source::DataLocation& location);
[[nodiscard]] Result<source::DataLocation> parse_data_id(const std::string& text);

} // namespace wdbg::dap
