// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "hit_filter.h"
#include "stack.h"

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace wdbg::aot {

/// Which addresses were asked for, and the native sites that stand for them. A site may have
/// several owners, and an address several sites.
class AotBreakpoints {
  public:
    explicit AotBreakpoints(NativeTarget& target) : target_(target) {}

    AotBreakpoints(const AotBreakpoints&) = delete;
    AotBreakpoints& operator=(const AotBreakpoints&) = delete;
    /// Takes out what is still planted: the target's sites refer to this object's filters.
    ~AotBreakpoints();

    struct Owner {
        CodeAddress address;
        std::vector<dwarf::WasmPosition> positions; ///< see BreakpointSite; may be empty
        std::vector<dwarf::ValuesAhead> ahead{};    ///< likewise
        bool native = false; ///< one native instruction was asked for, see plant_native()
    };

    /// A native return address that a wasm address stands for as well.
    struct ReturnSite {
        NativeAddress site;
        std::vector<dwarf::WasmPosition> positions;
    };

    /// `others`: instances that run the same code. Hits are told from theirs on the thread that is
    /// hit, where possible.
    Result<void> plant(const AotInstance& instance, CodeAddress address,
                       const dwarf::BreakpointSeeker& seeker, std::vector<ReturnSite> return_sites,
                       const std::vector<InstanceMark>& others);
    /// NotFound if it is not planted.
    Result<void> unplant(CodeAddress address);
    /// A trap at `site` alone, told as a hit of `owner.address`.
    Result<void> plant_native(NativeAddress site, Owner owner);
    /// NotFound if it is not planted.
    Result<void> unplant_native(NativeAddress site);
    /// See ConditionSupport; Unsupported where they cannot be decided at the hit.
    Result<void> set_conditions(const AotInstance& instance, CodeAddress address,
                                const std::vector<agent::Program>& any_of,
                                const std::vector<InstanceMark>& others);
    /// Who shares code with whom is not as it was.
    void instances_changed(const AotInstances& instances);

    [[nodiscard]] agent::Variables& condition_variables() { return variables_; }

    /// Takes all out of the target.
    void unplant_all();
    /// The target has none any more.
    void forget_all();
    void forget_module(const CodeModule& module);
    void forget_instance(InstanceId id);

    // --- Those of an instance that is gone but may return ---
    /// As forget_module(), but what was asked for is kept.
    void put_by(const CodeModule& module);

    void plant_later(CodeAddress address) { ++put_by_[address]; }

    /// Plants what was put by for this instance. Gives the addresses where that was not possible.
    std::vector<CodeAddress> plant_again(const AotInstance& instance);

    /// The owner whose conditions have let the last hit through, else the first one of the site in
    /// this instance or of the native instruction itself; nullptr if there is none.
    [[nodiscard]] const Owner* first_owner(NativeAddress site, InstanceId instance) const;
    /// The first one whose instruction this instance does not execute before that of `owner`.
    [[nodiscard]] const Owner* owner_from(NativeAddress site, const Owner& owner,
                                          InstanceId instance) const;
    /// The one whose instruction this instance executes next behind that of `owner`.
    [[nodiscard]] const Owner* owner_behind(NativeAddress site, const Owner& owner,
                                            InstanceId instance) const;

    /// Whether only a hit there shows if it counts.
    [[nodiscard]] bool decides_at(NativeAddress site) const;

  private:
    template <typename Test>
    [[nodiscard]] const Owner* find_owner(NativeAddress site, InstanceId instance,
                                          const Test& test) const;

    struct Planted {
        std::uint32_t count = 0;
        std::vector<NativeAddress> sites;
    };

    struct Site {
        std::vector<Owner> owners;            ///< as executed
        std::map<CodeAddress, HitRule> rules; ///< of those owners whose hits do not all count
        std::unique_ptr<SiteFilter> filter;
        const CodeModule* module = nullptr; ///< nullptr where only a native instruction is meant
    };

    [[nodiscard]] dwarf::ValuesAhead ahead_at(NativeAddress site, CodeAddress address) const;
    Result<void> add_site(NativeAddress site, Owner owner);
    void remove_site(NativeAddress site, CodeAddress owner, bool native = false);
    void tell_instance_at_hits(const AotInstance& instance, CodeAddress address,
                               const std::vector<InstanceMark>& others);
    void update_filter(NativeAddress address, Site& site);
    void set_probe(NativeAddress address, const Site& site, std::span<const std::byte> code);

    NativeTarget& target_;
    std::map<CodeAddress, Planted> planted_;
    std::map<CodeAddress, std::uint32_t> put_by_;           ///< how often each is wanted
    std::map<NativeAddress, std::uint32_t> planted_native_; ///< owners
    std::map<NativeAddress, Site> sites_;
    agent::Variables variables_;
};

} // namespace wdbg::aot
