// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "module_finder.h"
#include "module_table.h"

#include <functional>
#include <optional>
#include <set>
#include <vector>

namespace wdbg::bridge {

/// Keeps a target's code ranges as its table of modules says: what is loaded is added, what is
/// unloaded is removed, and all of it after a reset.
class TableModules {
  public:
    using Warn = std::function<void(const std::string&)>;

    /// All three must outlive it. `next_id` counts the modules that the target has been told of.
    TableModules(remote::RemoteNativeTarget& target, const std::vector<KnownModule>& known,
                 std::uint32_t& next_id, Warn warn)
        : target_(target)
        , known_(known)
        , next_id_(next_id)
        , warn_(std::move(warn)) {}

    /// Where the table is, or will be once the target has loaded its first module.
    void set_address(NativeAddress address) { address_ = address; }

    [[nodiscard]] bool has_address() const { return address_.has_value(); }

    /// Where the target calls after each change; nullopt before its first module.
    [[nodiscard]] std::optional<NativeAddress> changed_function() const { return changed_; }

    /// Reads the table, with the target standing still. True if code was added or removed. A table
    /// that is not there yet has no modules; other errors: Unsupported, Malformed, Io.
    /// InvalidArgument, with both build ids, for a module that has a debug file's name but is
    /// another one, or whose code differs: all others are taken over nevertheless.
    /// `told`: the target has just called the function for changes.
    Result<bool> update(bool told);
    /// As update() for one that nobody waits for: tells errors by `warn`.
    bool look(bool told);

    [[nodiscard]] bool any_loaded() const { return !loaded_.empty(); }

  private:
    /// A text in the target. Several entries of the table may lead to it, one for each instance.
    struct Loaded {
        CodeRangeId range;
        ModuleId id;
        NativeAddress code;
        std::set<std::uint32_t> serials{};
        std::set<NativeAddress> instances{};
    };

    [[nodiscard]] bool was_reset(const ModuleTable& table, bool told) const;
    bool take_over(const ModuleTable& table, bool told);
    Result<bool> add_new(const ModuleTable& table);
    void update_instances(const TableEntry& entry);
    bool remove_missing(const ModuleTable& table);
    [[nodiscard]] bool is_handled(const TableEntry& entry) const;
    Result<bool> add(const TableEntry& entry);
    [[nodiscard]] Result<const KnownModule*> known_module(const TableEntry& entry) const;
    void add_instances(Loaded& loaded, const TableEntry& entry);

    remote::RemoteNativeTarget& target_;
    const std::vector<KnownModule>& known_;
    std::uint32_t& next_id_;
    Warn warn_;
    std::optional<NativeAddress> address_;
    std::optional<NativeAddress> changed_;
    std::uint32_t generation_ = 0;
    std::uint32_t dropped_ = 0;
    std::vector<Loaded> loaded_;
    std::set<std::uint32_t> passed_; ///< serials of what is none of our modules
};

} // namespace wdbg::bridge
