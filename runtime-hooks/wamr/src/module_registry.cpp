// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "module_registry.h"

#include "wamr_access.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace wdbg::wamr {

const wasm::InstructionMap* ModuleRecord::instructions_at(CodeOffset offset) const {
    const wasm::FunctionBody* body = parsed->function_containing(offset);
    if (body == nullptr) {
        return nullptr;
    }
    const auto map = parsed->instructions(*body);
    return map ? *map : nullptr;
}

Result<ModuleRecord*> ModuleRegistry::add_module(WASMModule* handle, std::string path,
                                                 std::vector<std::byte> original,
                                                 std::span<std::uint8_t> loaded) {
    auto record = std::make_unique<ModuleRecord>();
    record->original = std::move(original);
    auto parsed = wasm::Module::parse(record->original);
    if (!parsed) {
        return std::unexpected(parsed.error());
    }
    record->parsed.emplace(std::move(*parsed));
    record->id = ModuleId{next_module_++};
    record->handle = handle;
    record->name = std::filesystem::path(path).filename().string();
    record->path = std::move(path);
    record->loaded = loaded;
    modules_.push_back(std::move(record));
    return modules_.back().get();
}

void ModuleRegistry::remove_module(WASMModule* handle) {
    std::erase_if(modules_, [&](const auto& module) { return module->handle == handle; });
}

ModuleRecord* ModuleRegistry::find_module(const WASMModule* handle) const {
    const auto found = std::ranges::find_if(
        modules_, [&](const auto& module) { return module->handle == handle; });
    return found == modules_.end() ? nullptr : found->get();
}

std::string ModuleRegistry::unique_name(const std::string& name, InstanceId id) const {
    const bool taken = std::ranges::any_of(
        instances_, [&](const auto& instance) { return instance->name == name; });
    return taken ? name + "@" + std::to_string(id.value) : name;
}

ModuleRegistry::Found ModuleRegistry::add_instance(WASMModuleInstance* instance) {
    if (InstanceRecord* known = find(instance)) {
        return {known, false};
    }
    ModuleRecord* module = find_module(wdbg_instance_module(instance));
    if (module == nullptr) {
        return {};
    }
    const bool is_main = !main_taken_ && module->handle == main_;
    main_taken_ = main_taken_ || is_main;
    auto record = std::make_unique<InstanceRecord>();
    record->id = is_main ? InstanceId{0} : InstanceId{next_instance_++};
    record->module = module;
    record->primary = instance;
    record->name = unique_name(module->name, record->id);
    instances_.push_back(std::move(record));
    InstanceRecord* added = instances_.back().get();
    std::ranges::sort(instances_, {}, [](const auto& entry) { return entry->id; });
    for (std::uint32_t i = 0; WASMModuleInstance* import = wdbg_instance_import(instance, i); ++i) {
        add_instance(import);
    }
    return {added, true};
}

ModuleRegistry::Found ModuleRegistry::discover(WASMExecEnv* env) {
    WASMModuleInstance* instance = wdbg_env_instance(env);
    const void* cluster = wdbg_env_cluster(env);
    if (InstanceRecord* known = find(instance)) {
        known->cluster = cluster;
        return {known, false};
    }
    // A thread's clone of an instance that runs in the same cluster?
    const WASMModule* module = wdbg_instance_module(instance);
    const auto original = std::ranges::find_if(instances_, [&](const auto& record) {
        return record->cluster == cluster && record->module->handle == module;
    });
    if (original != instances_.end()) {
        add_clone(**original, instance);
        return {original->get(), false};
    }
    const Found added = add_instance(instance);
    if (added.instance != nullptr) {
        added.instance->cluster = cluster;
    }
    return added;
}

void ModuleRegistry::forget_cluster(const void* cluster) {
    for (const auto& record : instances_) {
        if (record->cluster == cluster) {
            record->cluster = nullptr;
        }
    }
}

/// What a clone imports from are clones as well.
void ModuleRegistry::add_clone(InstanceRecord& original, WASMModuleInstance* clone) {
    original.clones.push_back(clone);
    for (std::uint32_t i = 0;; ++i) {
        WASMModuleInstance* import = wdbg_instance_import(clone, i);
        const WASMModuleInstance* cloned = wdbg_instance_import(original.primary, i);
        if (import == nullptr || cloned == nullptr) {
            return;
        }
        if (InstanceRecord* record = find(cloned); record != nullptr && find(import) == nullptr) {
            add_clone(*record, import);
        }
    }
}

void ModuleRegistry::remove_instance(WASMModuleInstance* instance) {
    for (auto& record : instances_) {
        std::erase(record->clones, instance);
    }
    std::erase_if(instances_, [&](const auto& record) { return record->primary == instance; });
}

InstanceRecord* ModuleRegistry::find(InstanceId id) const {
    const auto found =
        std::ranges::find_if(instances_, [&](const auto& record) { return record->id == id; });
    return found == instances_.end() ? nullptr : found->get();
}

InstanceRecord* ModuleRegistry::find(const WASMModuleInstance* instance) const {
    const auto found = std::ranges::find_if(instances_, [&](const auto& record) {
        return record->primary == instance ||
               std::ranges::find(record->clones, instance) != record->clones.end();
    });
    return found == instances_.end() ? nullptr : found->get();
}

ModuleRecord* ModuleRegistry::find_code(const std::uint8_t* ip) const {
    const auto found =
        std::ranges::find_if(modules_, [&](const auto& module) { return module->contains(ip); });
    return found == modules_.end() ? nullptr : found->get();
}

std::optional<ModuleRegistry::FunctionOwner>
ModuleRegistry::find_function(const WASMFunctionInstance* function) const {
    FunctionOwner owner;
    for (const auto& record : instances_) {
        owner.record = record.get();
        owner.instance = record->primary;
        if (wdbg_instance_has_function(owner.instance, function, &owner.index)) {
            return owner;
        }
        for (WASMModuleInstance* clone : record->clones) {
            owner.instance = clone;
            if (wdbg_instance_has_function(clone, function, &owner.index)) {
                return owner;
            }
        }
    }
    return std::nullopt;
}

} // namespace wdbg::wamr
