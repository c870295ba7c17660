// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "table_modules.h"

#include <wdbg/model/hex.h>

#include <algorithm>

namespace wdbg::bridge {

namespace {

std::string stem_of(std::string_view name) {
    return std::filesystem::path(name).stem().string();
}

bool is_named(const KnownModule& module, const TableEntry& entry) {
    return !entry.name.empty() && stem_of(entry.name) == module.files.module.stem().string();
}

bool has_entry(const ModuleTable& table, std::uint32_t serial) {
    return std::ranges::find(table.entries, serial, &TableEntry::serial) != table.entries.end();
}

} // namespace

/// A table only ever counts up: one that says less, or the same though it has changed, has begun
/// anew.
bool TableModules::was_reset(const ModuleTable& table, bool told) const {
    return table.generation < generation_ || (told && table.generation == generation_);
}

/// True if code was removed.
bool TableModules::remove_missing(const ModuleTable& table) {
    std::erase_if(passed_, [&](std::uint32_t serial) { return !has_entry(table, serial); });
    const auto ranges = target_.code_ranges();
    std::erase_if(loaded_, [&](const Loaded& loaded) { // the target was found to have other code
        return std::ranges::find(ranges, loaded.range, &std::pair<CodeRangeId, CodeRange>::first) ==
               ranges.end();
    });
    std::size_t removed = 0;
    for (Loaded& loaded : loaded_) {
        std::erase_if(loaded.serials,
                      [&](std::uint32_t serial) { return !has_entry(table, serial); });
        if (loaded.serials.empty()) {
            target_.remove_code(loaded.range);
            ++removed;
        }
    }
    std::erase_if(loaded_, [](const Loaded& loaded) { return loaded.serials.empty(); });
    return removed != 0;
}

bool TableModules::is_handled(const TableEntry& entry) const {
    return passed_.contains(entry.serial) || std::ranges::any_of(loaded_, [&](const auto& loaded) {
               return loaded.serials.contains(entry.serial);
           });
}

/// By build id; by its code where the table has none. nullptr if it is none of those that are
/// debugged.
Result<const KnownModule*> TableModules::known_module(const TableEntry& entry) const {
    const KnownModule* of_that_name = nullptr;
    for (const KnownModule& module : known_) {
        const auto build_id = module.info->file().build_id();
        if (!entry.build_id.empty() && std::ranges::equal(build_id, entry.build_id)) {
            return &module;
        }
        if (entry.build_id.empty() && entry.code_size >= module.info->file().text_size() &&
            read_text(target_, module, entry.code)) {
            return &module;
        }
        of_that_name = is_named(module, entry) ? &module : of_that_name;
    }
    if (of_that_name == nullptr) {
        return nullptr;
    }
    const std::string theirs =
        entry.build_id.empty() ? "has other code" : "has build id " + hex_of(entry.build_id);
    return fail(ErrorCode::InvalidArgument, "the target's " + entry.name + " " + theirs + ", " +
                                                of_that_name->files.debug_file.string() +
                                                " has build id " +
                                                hex_of(of_that_name->info->file().build_id()));
}

void TableModules::add_instances(Loaded& loaded, const TableEntry& entry) {
    for (const NativeAddress instance : entry.instances) {
        if (instance.value != 0 && loaded.instances.insert(instance).second) {
            target_.add_instance({.module = loaded.id, .address = instance});
        }
    }
}

/// True if there is new code.
Result<bool> TableModules::add(const TableEntry& entry) {
    const auto known = known_module(entry);
    if (!known || *known == nullptr) {
        passed_.insert(entry.serial);
        return known ? Result<bool>(false) : std::unexpected(known.error());
    }
    const auto same = std::ranges::find(loaded_, entry.code, &Loaded::code);
    if (same != loaded_.end()) {
        same->serials.insert(entry.serial);
        add_instances(*same, entry);
        return false;
    }
    auto text = read_text(target_, **known, entry.code);
    if (!text) {
        passed_.insert(entry.serial);
        return std::unexpected(text.error());
    }
    Loaded loaded{.range = {}, .id = ModuleId{next_id_++}, .code = entry.code};
    loaded.range = target_.add_code(code_range(**known, entry.code, loaded.id),
                                    std::move(text->bytes), (*known)->thumb);
    loaded.serials.insert(entry.serial);
    add_instances(loaded, entry);
    loaded_.push_back(std::move(loaded));
    return true;
}

/// The table's own news. True if code was removed.
bool TableModules::take_over(const ModuleTable& table, bool told) {
    bool removed = false;
    if (generation_ != 0 && was_reset(table, told)) {
        warn_("the target was reset");
        removed = remove_missing({});
    }
    removed = remove_missing(table) || removed;
    generation_ = table.generation;
    if (table.dropped > dropped_) {
        warn_("the target's table of modules is full: not all of its modules are in it");
    }
    dropped_ = table.dropped;
    return removed;
}

void TableModules::update_instances(const TableEntry& entry) {
    for (Loaded& loaded : loaded_) {
        if (loaded.serials.contains(entry.serial)) {
            add_instances(loaded, entry);
        }
    }
}

/// True if code was added.
Result<bool> TableModules::add_new(const ModuleTable& table) {
    bool changed = false;
    std::optional<Error> refused;
    for (const TableEntry& entry : table.entries) {
        if (is_handled(entry)) {
            update_instances(entry);
            continue;
        }
        const Result<bool> added = add(entry);
        if (!added) {
            refused = added.error();
        }
        changed = (added && *added) || changed;
    }
    return refused ? std::unexpected(*refused) : Result<bool>(changed);
}

Result<bool> TableModules::update(bool told) {
    if (!address_) {
        return false;
    }
    const Result<ModuleTable> table = read_module_table(target_, *address_);
    if (!table && table.error().code != ErrorCode::NotFound) {
        return std::unexpected(table.error());
    }
    if (!table) {
        return take_over({}, told);
    }
    changed_ = table->changed;
    const bool removed = take_over(*table, told);
    const Result<bool> added = add_new(*table);
    return added ? Result<bool>(*added || removed) : added;
}

bool TableModules::look(bool told) {
    const Result<bool> changed = update(told);
    if (!changed) {
        warn_(changed.error().message);
        return true;
    }
    return *changed;
}

} // namespace wdbg::bridge
