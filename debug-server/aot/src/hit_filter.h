// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "instances.h"

#include <wdbg/agent/program.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace wdbg::aot {

/// Where code at one place keeps a value, whatever thread runs it.
struct FixedPlace {
    enum class Kind : std::uint8_t {
        Register,
        Memory, ///< `offset` bytes behind what a register holds
        Global, ///< `offset` bytes behind the start of the instance's globals
    };

    Kind kind = Kind::Register;
    std::uint32_t number = 0; ///< DWARF number of the register
    std::uint64_t offset = 0;
};

/// A wasm local or global that a condition reads.
struct ConditionInput {
    std::uint16_t number = 0; ///< agent::encode()
    std::uint8_t size = 0;    ///< bytes, 4 or 8
    FixedPlace place{};
};

/// What decides whether a hit of one native site counts for one address that was asked for.
struct HitRule {
    CodeAddress address;
    InstanceMark instance{}; ///< it may be gone already
    /// Instances of the same code whose hits do not count. What is none of them counts: a clone of
    /// a module that others import has a memory of its own.
    std::vector<InstanceMark> others{};
    std::optional<FixedPlace> exec_env{};
    std::vector<ConditionInput> inputs{};
    std::vector<agent::Program> conditions{}; ///< none: always
};

/// Adds where to look for the values that the rule's conditions read, in code at `site`, where
/// those of `ahead` are others already. Unsupported where one is not kept in one place that needs
/// nothing but registers and the stack.
[[nodiscard]] Result<HitRule> with_places(HitRule rule, const CodeModule& module,
                                          dwarf::TextOffset site, std::uint32_t function,
                                          const dwarf::ValuesAhead& ahead);

/// Decides at a native site, on the thread that is there, in a signal handler. Rules are changed
/// while others decide: old ones go when rules are changed and nobody is deciding.
class SiteFilter {
  public:
    explicit SiteFilter(agent::Variables& variables) : variables_(variables) {}

    SiteFilter(const SiteFilter&) = delete;
    SiteFilter& operator=(const SiteFilter&) = delete;
    ~SiteFilter() = default;

    /// No rules: all hits count.
    void set_rules(std::vector<HitRule> rules);

    [[nodiscard]] HitFilter filter() { return {.accept = accept, .data = this, .probed = probed}; }

    /// The address whose rule has let a hit through last; nullopt if it was not one with rules.
    [[nodiscard]] std::optional<CodeAddress> last_accepted() const;

  private:
    using Rules = std::vector<HitRule>;

    static bool accept(const NativeRegisters& registers, void* data);
    static void probed(void* data);

    bool decide(const NativeRegisters& registers);

    agent::Variables& variables_;
    std::atomic<const Rules*> rules_{nullptr};
    std::atomic<std::uint32_t> deciding_{0}; ///< threads
    std::atomic<std::uint64_t> accepted_{0}; ///< a CodeAddress, packed; 0: none yet
    std::vector<std::unique_ptr<const Rules>> kept_{};
};

} // namespace wdbg::aot
