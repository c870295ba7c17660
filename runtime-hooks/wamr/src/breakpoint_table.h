// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "module_registry.h"

#include <wdbg/agent/program.h>

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace wdbg::wamr {

/// Planted bytes and whom they belong to. Needs the engine's lock.
///
/// A site is one byte in the code that all instances of a module share; an owner is an address that
/// a client asked for in one instance. The byte stays in place as long as any owner does: a thread
/// that meets it executes the original instruction from the table, so that no other thread slips
/// past meanwhile.
class BreakpointTable {
  public:
    Result<void> plant(InstanceRecord& instance, CodeOffset requested);
    /// NotFound if that address is not planted in that instance.
    Result<void> unplant(InstanceRecord& instance, CodeOffset requested);
    void unplant_all();

    /// Forgets them; the code is gone.
    void clear() { sites_.clear(); }

    void forget_instance(InstanceId instance);

    /// Replaces the conditions of an address that is planted; none: every hit counts. NotFound if
    /// it is not planted.
    Result<void> set_conditions(InstanceRecord& instance, CodeOffset requested,
                                std::vector<agent::Program> any_of);

    /// What stood at `ip` before it was planted; nullopt if it is not planted.
    [[nodiscard]] std::optional<std::uint8_t> original(const std::uint8_t* ip) const;
    /// The requested addresses of `instance` that resolved to `ip` and whose conditions hold; empty
    /// if there is none. Evaluates all conditions.
    [[nodiscard]] std::vector<CodeAddress> hits(const std::uint8_t* ip, InstanceId instance,
                                                const agent::Surroundings& surroundings) const;

  private:
    struct Owner {
        CodeAddress requested;
        std::uint32_t count = 0;
        std::vector<agent::Program> conditions{};

        [[nodiscard]] bool is_hit(const agent::Surroundings& surroundings) const;
    };

    [[nodiscard]] Owner* find_owner(InstanceRecord& instance, CodeOffset requested);

    struct Site {
        std::uint8_t original = 0;
        std::vector<Owner> owners;
    };

    static void write(std::uint8_t* ip, std::uint8_t byte);

    std::unordered_map<std::uint8_t*, Site> sites_;
};

} // namespace wdbg::wamr
