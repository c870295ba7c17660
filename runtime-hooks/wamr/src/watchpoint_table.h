// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "guest_thread.h"

#include <cstdint>
#include <optional>
#include <vector>

struct WASMMemoryInstance;

namespace wdbg::wamr {

/// Watched ranges of linear memory. Needs the engine's lock.
///
/// The guest's accesses are found by looking at each instruction before it executes: its operands
/// tell which bytes it will touch, so that the bytes before are known, no access is missed, and the
/// report comes right behind the instruction. Writes that the host makes are found by comparing
/// with a copy (shadow) when a host call returns.
class WatchpointTable {
  public:
    Result<WatchpointId> add(const ModuleRegistry& modules, const WatchpointSpec& spec);
    Result<void> remove(WatchpointId id);

    void forget_instance(InstanceId id) {
        std::erase_if(watches_,
                      [id](const Watch& watch) { return watch.spec.address.instance == id; });
    }

    void clear() {
        watches_.clear();
        in_flight_.clear();
    }

    [[nodiscard]] bool empty() const { return watches_.empty(); }

    /// What the instruction at the top frame of `frame` is about to do to a watched range: a hit
    /// whose `after` is still empty. `opcode_byte` stands at the instruction where it is planted.
    [[nodiscard]] std::optional<WatchpointHit> before_instruction(const FrameRef& frame);
    /// Completes the hit once the instruction has executed. False if the watchpoint is gone.
    [[nodiscard]] bool after_instruction(WatchpointHit& hit);
    /// The instruction did not execute (it trapped).
    void abandon(const WatchpointHit& hit);

    /// A range that changed while nobody of the guest was writing it, i.e. by the host.
    [[nodiscard]] std::optional<WatchpointHit> changed_by_host();
    /// The debugger itself wrote memory.
    void refresh();

  private:
    struct Watch {
        WatchpointId id;
        WatchpointSpec spec;
        WASMMemoryInstance* memory = nullptr;
        std::vector<std::byte> shadow{};
    };

    struct MemoryWrite {
        MemoryAddress address;
        std::uint64_t size = 0;
        friend bool operator==(const MemoryWrite&, const MemoryWrite&) = default;
    };

    struct Access {
        WASMMemoryInstance* memory = nullptr;
        std::uint64_t begin = 0;
        std::uint64_t size = 0;
        AccessKind kind = AccessKind::Read;
    };

    [[nodiscard]] static std::vector<Access> accesses_of(const FrameRef& frame);
    [[nodiscard]] Watch* find(WatchpointId id);
    static void copy_current(Watch& watch);

    [[nodiscard]] bool being_written(const Watch& watch) const;

    std::vector<Watch> watches_;
    std::vector<MemoryWrite> in_flight_; ///< writes to watched ranges by instructions executing now
    std::uint32_t next_id_ = 1;
};

} // namespace wdbg::wamr
