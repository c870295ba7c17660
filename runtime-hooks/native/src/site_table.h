// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "code_patch.h"
#include "code_tables.h"

#include <wdbg/model/instruction_decoder.h>
#include <wdbg/model/native_target.h>
#include <wdbg/native/step_plan.h>

#include <span>
#include <vector>

namespace wdbg::native {

/// Where a thread stands.
struct ParkedPlace {
    std::uint64_t pc = 0;
    std::uint64_t original = 0; ///< what that stands for, if it is in a slot
};

/// Plants traps and takes them out, while threads run. For one thread at a time.
class SiteTable {
  public:
    SiteTable(CodeTables& tables, const CodePatch& patch, const InstructionDecoder& decoder)
        : tables_(tables)
        , patch_(patch)
        , decoder_(decoder) {}

    /// All or none; errors as NativeTarget::plant_all().
    Result<void> plant(std::span<const NativeAddress> addresses, HitFilter filter);
    /// When this returns, no handler uses the filter any more. NotFound if it is not planted.
    Result<void> unplant(NativeAddress address);
    /// Sites of users and of steps, in [begin, end).
    void unplant_all(std::uint64_t begin, std::uint64_t end);

    /// NativeTarget::set_probe().
    Result<void> set_probe(NativeAddress address, std::span<const std::byte> body,
                           const ProbeSurroundings& surroundings);
    /// Probes do what traps do. All threads stand still, those in guest code at `parked`.
    void start_probes(std::span<const ParkedPlace> parked);
    /// While a thread steps, or runs a call, traps do it.
    void stop_probes();
    /// No thread is in a probe's code.
    void release_old_probes();

    /// Traps for the exits of a step, whose hits count for nobody. All or none.
    Result<void> plant_exits(const StepPlan& plan);
    void unplant_exits(const StepPlan& plan);

    /// Memory as it is without traps; OutOfRange if some of it does not exist.
    [[nodiscard]] Result<void> read(std::uint64_t address, std::span<std::byte> into) const;

  private:
    Result<Site*> find_or_make(std::uint64_t address);
    Result<void> prepare(Site& site);
    Result<void> set_trap(Site& site);
    /// Takes the trap out unless somebody still needs it; synchronize() comes after.
    void clear_trap(Site& site);
    Result<void> plant_one(NativeAddress address, HitFilter filter);
    Result<void> add_step_user(std::uint64_t address);
    static void deactivate(Site& site);
    [[nodiscard]] bool may_jump(const Site& site) const;
    void start_jump(Site& site);
    void stop_jump(Site& site);
    void put_back(Site& site);
    void write_window(Site& site);
    Result<void> make_window(Site& site, const ProbeSurroundings& surroundings);
    [[nodiscard]] Result<void> check_nobody_enters(const Site& site,
                                                   const ProbeSurroundings& surroundings) const;
    [[nodiscard]] bool may_cover(const Site& site, std::span<const ParkedPlace> parked) const;
    void uncover(std::uint64_t address);
    void drop_probe(Site& site);

    CodeTables& tables_;
    const CodePatch& patch_;
    const InstructionDecoder& decoder_;
    bool probes_allowed_ = true;
    std::vector<Site*> probed_;

    struct OldProbe {
        SlotArena* arena;
        std::uint64_t begin;
        std::size_t size;
    };

    std::vector<OldProbe> old_probes_;
};

} // namespace wdbg::native
