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
    /// The AOTModuleInstance whose hits count, with its clones, which have the same memory; 0: all.
    /// It may be gone already.
    NativeAddress instance{};
    NativeAddress memory{};
    std::optional<FixedPlace> exec_env{};
    std::vector<ConditionInput> inputs{};
    std::vector<agent::Program> conditions{}; ///< none: always
};

/// Where to look for the values that `conditions` read, in code at `site`. Unsupported where one is
/// not kept in one place that needs nothing but registers and the stack.
[[nodiscard]] Result<HitRule> make_hit_rule(const CodeModule& module, dwarf::TextOffset site,
                                            std::uint32_t function, CodeAddress address,
                                            const AotInstance& instance,
                                            std::vector<agent::Program> conditions);

/// Decides at a native site, on the thread that is there, in a signal handler. Rules are changed
/// while others decide; old ones are kept until the filter goes.
class SiteFilter {
  public:
    explicit SiteFilter(agent::Variables& variables) : variables_(variables) {}

    SiteFilter(const SiteFilter&) = delete;
    SiteFilter& operator=(const SiteFilter&) = delete;
    ~SiteFilter() = default;

    /// No rules: all hits count.
    void set_rules(std::vector<HitRule> rules);

    [[nodiscard]] HitFilter filter() { return {.accept = accept, .data = this}; }

    /// The address whose rule has let a hit through last; nullopt if it was not one with rules.
    [[nodiscard]] std::optional<CodeAddress> last_accepted() const;

  private:
    using Rules = std::vector<HitRule>;

    static bool accept(const NativeRegisters& registers, void* data);

    agent::Variables& variables_;
    std::atomic<const Rules*> rules_{nullptr};
    std::atomic<const HitRule*> accepted_{nullptr};
    std::vector<std::unique_ptr<const Rules>> kept_{};
};

} // namespace wdbg::aot
