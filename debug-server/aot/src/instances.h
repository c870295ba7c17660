// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "modules.h"

#include <wdbg/model/aot_layout.h>

#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <type_traits>
#include <vector>

namespace wdbg::aot {

/// Reads a number or a pointer of the target.
template <class T>
[[nodiscard]] Result<T> read_value(const NativeTarget& target, NativeAddress address) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::array<std::byte, sizeof(T)> bytes{};
    if (auto read = target.read_memory(address, bytes); !read) {
        return std::unexpected(read.error());
    }
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
}

/// What an AOTModuleInstance is known by, as are the clones that the runtime makes for threads.
struct InstanceMark {
    NativeAddress address{};
    NativeAddress memory{}; ///< the runtime's first memory, which they share; 0: none, or not made
};

/// An instance together with those that the runtime cloned from it for other threads.
struct AotInstance {
    InstanceId id;
    CodeModule* module = nullptr;
    NativeAddress address{}; ///< the first one's AOTModuleInstance; 0 while it is not known
    NativeAddress memory{}; ///< what it shares with its clones: the runtime's first memory; 0: none
    std::string name;
    std::string made_from{}; ///< the module's files: the same for the same module loaded again
    bool is_seen = false;    ///< in this stop, where the target does not tell the address

    [[nodiscard]] InstanceMark mark() const { return {.address = address, .memory = memory}; }
};

/// A linear memory as the target has it now.
struct NativeMemory {
    NativeAddress data{};
    std::uint64_t size = 0; ///< bytes
    bool shared = false;
};

/// Where a global is among the packed values of an instance, in bytes; nullopt if there is none.
[[nodiscard]] std::optional<std::uint64_t> packed_global_offset(const wasm::Module& module,
                                                                std::uint32_t index);

/// All instances of compiled modules. What a target tells are instances of their own; others are
/// clones that the runtime has made for threads, known by the memory that they share.
///
/// A module whose instances no target tells has one, whose address is that of a frame.
class AotInstances {
  public:
    /// `may_go`: one that the target tells no more is gone, also while its module is there.
    /// Otherwise another one takes its place.
    AotInstances(NativeTarget& target, const CodeModules& modules, bool may_go)
        : target_(target)
        , modules_(modules)
        , may_go_(may_go) {}

    /// Takes over what the target tells; true if there are others than before.
    bool refresh();
    /// As refresh(), but an instance that vanishes now has its id again when its module returns.
    void keep_ids();
    /// One that has vanished and may return.
    [[nodiscard]] bool may_return(InstanceId id) const;

    [[nodiscard]] const std::vector<std::unique_ptr<AotInstance>>& all() const {
        return instances_;
    }

    [[nodiscard]] AotInstance* find(InstanceId id) const;
    /// The instance whose AOTModuleInstance (or a clone's) is at `address`; the module's first one
    /// where that is not known; nullptr if there is none.
    [[nodiscard]] AotInstance* of(const CodeModule& module, NativeAddress address) const;
    /// A frame's own, for an instance that the target does not tell: the first one of a stop
    /// counts, for an earlier one may have been that of a thread that has ended.
    void seen(AotInstance& instance, NativeAddress address) const;
    void begin_stop();
    /// The other instances of its module, as far as their addresses are known.
    [[nodiscard]] std::vector<InstanceMark> others_of(const AotInstance& instance) const;

    // --- What an AOTModuleInstance has ---------------------------------------------------------
    /// Errors: Unavailable where the instance is not known yet, OutOfRange for an index.
    [[nodiscard]] Result<std::uint32_t> memory_count(NativeAddress instance) const;
    [[nodiscard]] Result<NativeMemory> memory(NativeAddress instance, std::uint32_t index) const;
    [[nodiscard]] Result<NativeAddress> global(const CodeModule& module, NativeAddress instance,
                                               std::uint32_t index) const;
    [[nodiscard]] Result<Value> table_element(NativeAddress instance, std::uint32_t table,
                                              std::uint64_t index) const;
    [[nodiscard]] Result<NativeAddress> of_exec_env(NativeAddress exec_env) const;

  private:
    bool remove_gone(const std::vector<NativeInstance>& told);
    bool add_told(const std::vector<NativeInstance>& told);
    bool add_untold();
    void add(CodeModule& module, NativeAddress address);
    [[nodiscard]] AotInstance* first_of(const CodeModule& module) const;
    [[nodiscard]] NativeAddress first_memory(NativeAddress instance) const;
    [[nodiscard]] InstanceMark mark_of(const AotInstance& instance) const;
    [[nodiscard]] Result<NativeAddress> pointer(NativeAddress at) const;
    [[nodiscard]] std::uint32_t pointer_size() const;
    [[nodiscard]] std::string unique_name(const std::string& name, InstanceId id) const;
    [[nodiscard]] InstanceId id_for(const std::string& made_from);

    NativeTarget& target_;
    const CodeModules& modules_;
    bool may_go_;
    std::vector<std::unique_ptr<AotInstance>> instances_;
    std::set<CodeRangeId> told_; ///< modules whose instances the target tells
    std::uint32_t next_id_ = 0;

    struct Former {
        InstanceId id;
        std::string made_from;
    };

    std::vector<Former> former_;
};

} // namespace wdbg::aot
