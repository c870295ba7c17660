// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "module_table.h"

#include <algorithm>

namespace wdbg::source {

dwarf::SourceInfo* LoadedModule::source() {
    if (!opened_) {
        opened_ = true;
        auto opened = (*open_)({.bytes = code_, .path = info_.path});
        if (opened) {
            source_ = std::move(*opened);
        } else {
            problem_ = opened.error().message;
        }
    }
    return source_.get();
}

const wasm::Module* LoadedModule::wasm() {
    if (!parsed_) {
        parsed_ = true;
        if (auto module = wasm::Module::parse(code_)) {
            wasm_ = std::move(*module);
        }
    }
    return wasm_ ? &*wasm_ : nullptr;
}

std::optional<dwarf::CodeRange> LoadedModule::body_at(CodeOffset offset) {
    const wasm::Module* module = wasm();
    const wasm::FunctionBody* body =
        module == nullptr ? nullptr : module->function_containing(offset);
    return body == nullptr ? std::nullopt : std::optional(dwarf::CodeRange{body->begin, body->end});
}

std::string LoadedModule::function_name(std::uint32_t index) {
    const wasm::Module* module = wasm();
    return module == nullptr ? "function[" + std::to_string(index) + "]"
                             : module->function_name(index);
}

bool ModuleTable::refresh() {
    const std::vector<InstanceInfo> instances = debuggee_.instances();
    bool changed =
        0 != std::erase_if(modules_, [&](const auto& entry) {
            return std::ranges::find(instances, entry.first, &InstanceInfo::id) == instances.end();
        });
    for (const InstanceInfo& instance : instances) {
        if (modules_.contains(instance.id)) {
            continue;
        }
        if (const auto code = debuggee_.code(instance.id)) {
            modules_.emplace(instance.id, std::make_unique<LoadedModule>(instance, *code, &open_));
            changed = true;
        }
    }
    return changed;
}

LoadedModule* ModuleTable::find(InstanceId id) {
    const auto found = modules_.find(id);
    return found == modules_.end() ? nullptr : found->second.get();
}

std::vector<LoadedModule*> ModuleTable::all() {
    std::vector<LoadedModule*> modules;
    modules.reserve(modules_.size());
    for (const auto& [id, module] : modules_) {
        modules.push_back(module.get());
    }
    return modules;
}

std::string ModuleTable::local_path(dwarf::SourceInfo& source, dwarf::FileIndex file) const {
    const auto& files = source.files();
    return file < files.size() ? paths_.to_local(files[file].path) : std::string();
}

} // namespace wdbg::source
