// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "instances.h"

#include <algorithm>

namespace wdbg::aot {

namespace layout = aot_layout;

namespace {

NativeAddress operator+(NativeAddress address, std::uint64_t offset) {
    return {address.value + offset};
}

/// How many bytes a global takes among the packed values.
std::uint32_t packed_size(ValueType type) {
    return static_cast<std::uint32_t>(size_of(type));
}

std::unexpected<Error> not_known_yet() {
    return fail(ErrorCode::Unavailable, "the instance has not run yet");
}

} // namespace

std::optional<std::uint64_t> packed_global_offset(const wasm::Module& module, std::uint32_t index) {
    const auto globals = module.globals();
    if (index >= globals.size()) {
        return std::nullopt;
    }
    std::uint64_t offset = 0;
    for (const wasm::GlobalType& global : globals.first(index)) {
        offset += packed_size(global.type);
    }
    return offset;
}

std::uint32_t AotInstances::pointer_size() const {
    const Machine machine = target_.machine();
    return machine == Machine::Arm || machine == Machine::RiscV32 ? 4 : 8;
}

Result<NativeAddress> AotInstances::pointer(NativeAddress at) const {
    if (pointer_size() == 4) {
        const auto value = read_value<std::uint32_t>(target_, at);
        return value ? Result<NativeAddress>(NativeAddress{*value})
                     : std::unexpected(value.error());
    }
    const auto value = read_value<std::uint64_t>(target_, at);
    return value ? Result<NativeAddress>(NativeAddress{*value}) : std::unexpected(value.error());
}

std::string AotInstances::unique_name(const std::string& name, InstanceId id) const {
    const bool taken = std::ranges::any_of(
        instances_, [&](const auto& instance) { return instance->name == name; });
    return taken ? name + "@" + std::to_string(id.value) : name;
}

void AotInstances::keep_ids() {
    for (const auto& instance : instances_) {
        const bool is_there = std::ranges::any_of(
            modules_.all(), [&](const auto& module) { return module.get() == instance->module; });
        if (!is_there) {
            former_.push_back({.id = instance->id, .made_from = instance->made_from});
        }
    }
    refresh();
}

bool AotInstances::may_return(InstanceId id) const {
    return std::ranges::find(former_, id, &Former::id) != former_.end();
}

InstanceId AotInstances::id_for(const std::string& made_from) {
    const auto former = std::ranges::find(former_, made_from, &Former::made_from);
    if (former == former_.end()) {
        return InstanceId{next_id_++};
    }
    const InstanceId id = former->id;
    former_.erase(former);
    return id;
}

void AotInstances::add(CodeModule& module, NativeAddress address) {
    const std::string made_from = module.code.debug_file + '\n' + module.wasm_path;
    const InstanceId id = id_for(made_from);
    instances_.push_back(
        std::make_unique<AotInstance>(AotInstance{.id = id,
                                                  .module = &module,
                                                  .address = address,
                                                  .memory = first_memory(address),
                                                  .name = unique_name(module.name, id),
                                                  .made_from = made_from}));
}

bool AotInstances::remove_gone(const std::vector<NativeInstance>& told) {
    const auto is_gone = [&](const auto& instance) {
        const bool has_module = std::ranges::any_of(
            modules_.all(), [&](const auto& module) { return module.get() == instance->module; });
        return !has_module ||
               (may_go_ && told_.contains(instance->module->id) && instance->address.value != 0 &&
                std::ranges::find(told, instance->address, &NativeInstance::address) == told.end());
    };
    return std::erase_if(instances_, is_gone) != 0;
}

/// Where one is listed whose address is not known, or is nothing any more, it is that one.
bool AotInstances::add_told(const std::vector<NativeInstance>& told) {
    const auto is_told = [&](NativeAddress address) {
        return std::ranges::find(told, address, &NativeInstance::address) != told.end();
    };
    bool changed = false;
    for (const NativeInstance& each : told) {
        CodeModule* module = modules_.of(each.module);
        if (module == nullptr) {
            continue;
        }
        told_.insert(module->id);
        const auto of_module = [&](const auto& instance) { return instance->module == module; };
        const auto known = std::ranges::find_if(instances_, [&](const auto& instance) {
            return of_module(instance) && instance->address == each.address;
        });
        const auto waiting = std::ranges::find_if(instances_, [&](const auto& instance) {
            return of_module(instance) && !is_told(instance->address);
        });
        if (known == instances_.end() && waiting != instances_.end()) {
            (*waiting)->address = each.address;
            (*waiting)->memory = first_memory(each.address);
        } else if (known == instances_.end()) {
            add(*module, each.address);
            changed = true;
        }
    }
    return changed;
}

bool AotInstances::add_untold() {
    bool changed = false;
    for (const auto& module : modules_.all()) {
        if (!told_.contains(module->id) && first_of(*module) == nullptr) {
            add(*module, {});
            changed = true;
        }
    }
    return changed;
}

bool AotInstances::refresh() {
    const std::vector<NativeInstance> told = target_.instances();
    std::erase_if(told_, [this](CodeRangeId id) {
        return std::ranges::find(modules_.all(), id, [](const auto& module) {
                   return module->id;
               }) == modules_.all().end();
    });
    const bool removed = remove_gone(told);
    const bool listed = add_untold(); // in the order of the modules, so that the main one is first
    return add_told(told) || listed || removed;
}

AotInstance* AotInstances::first_of(const CodeModule& module) const {
    const auto found = std::ranges::find_if(
        instances_, [&](const auto& instance) { return instance->module == &module; });
    return found == instances_.end() ? nullptr : found->get();
}

AotInstance* AotInstances::find(InstanceId id) const {
    const auto found =
        std::ranges::find_if(instances_, [id](const auto& instance) { return instance->id == id; });
    return found == instances_.end() ? nullptr : found->get();
}

AotInstance* AotInstances::of(const CodeModule& module, NativeAddress address) const {
    const auto find = [&](const auto& is_it) {
        return std::ranges::find_if(
            instances_, [&](const auto& each) { return each->module == &module && is_it(*each); });
    };
    if (!told_.contains(module.id)) {
        return first_of(module);
    }
    auto found = instances_.end();
    if (address.value != 0) {
        found = find([&](const AotInstance& each) { return each.address == address; });
    }
    if (address.value != 0 && found == instances_.end()) { // a clone?
        const NativeAddress memory = first_memory(address);
        found = find([&](const AotInstance& each) {
            return memory.value != 0 && mark_of(each).memory == memory;
        });
    }
    return found != instances_.end() ? found->get() : first_of(module);
}

void AotInstances::seen(AotInstance& instance, NativeAddress address) const {
    if (address.value != 0 && !instance.is_seen && !told_.contains(instance.module->id)) {
        instance.address = address;
        instance.is_seen = true;
    }
}

void AotInstances::begin_stop() {
    for (const auto& instance : instances_) {
        instance->is_seen = false;
    }
}

InstanceMark AotInstances::mark_of(const AotInstance& instance) const {
    const bool is_missing = instance.memory.value == 0; // told before it had one?
    return {.address = instance.address,
            .memory = is_missing ? first_memory(instance.address) : instance.memory};
}

std::vector<InstanceMark> AotInstances::others_of(const AotInstance& instance) const {
    std::vector<InstanceMark> others;
    for (const auto& each : instances_) {
        if (each.get() != &instance && each->module == instance.module &&
            each->address.value != 0) {
            others.push_back(mark_of(*each));
        }
    }
    return others;
}

NativeAddress AotInstances::first_memory(NativeAddress instance) const {
    const auto count = memory_count(instance);
    if (!count || *count == 0) {
        return {};
    }
    const auto memories = pointer(instance + layout::instance_memories);
    return memories ? pointer(*memories).value_or(NativeAddress{}) : NativeAddress{};
}

Result<NativeAddress> AotInstances::of_exec_env(NativeAddress exec_env) const {
    return pointer(exec_env + std::uint64_t{layout::exec_env_instance} * pointer_size());
}

// --- Memories, globals, tables ------------------------------------------------------------------

Result<std::uint32_t> AotInstances::memory_count(NativeAddress instance) const {
    if (instance.value == 0) {
        return not_known_yet();
    }
    return read_value<std::uint32_t>(target_, instance + layout::instance_memory_count);
}

Result<NativeMemory> AotInstances::memory(NativeAddress instance, std::uint32_t index) const {
    const auto count = memory_count(instance);
    if (!count) {
        return std::unexpected(count.error());
    }
    if (index >= *count) {
        return fail(ErrorCode::NotFound, "there is no such memory");
    }
    const auto memories = pointer(instance + layout::instance_memories);
    const auto memory =
        memories ? pointer(*memories + std::uint64_t{index} * pointer_size()) : memories;
    if (!memory) {
        return std::unexpected(memory.error());
    }
    const auto data = pointer(*memory + layout::memory_data);
    const auto size = read_value<std::uint64_t>(target_, *memory + layout::memory_size);
    const auto shared = read_value<std::uint8_t>(target_, *memory + layout::memory_is_shared);
    if (!data || !size || !shared) {
        return fail(ErrorCode::Io, "the memory's description cannot be read");
    }
    return NativeMemory{.data = *data, .size = *size, .shared = *shared != 0};
}

Result<NativeAddress> AotInstances::global(const CodeModule& module, NativeAddress instance,
                                           std::uint32_t index) const {
    if (instance.value == 0) {
        return not_known_yet();
    }
    if (!module.wasm) {
        return fail(ErrorCode::Unavailable, "the module's .wasm was not found");
    }
    const auto offset = packed_global_offset(*module.wasm, index);
    if (!offset) {
        return fail(ErrorCode::OutOfRange, "there is no global " + std::to_string(index));
    }
    const auto size = read_value<std::uint32_t>(target_, instance + layout::instance_global_size);
    const auto values = pointer(instance + layout::instance_globals);
    if (!size || !values || *offset + packed_size(module.wasm->globals()[index].type) > *size) {
        return fail(ErrorCode::Io, "the instance's globals cannot be read");
    }
    return *values + *offset;
}

Result<Value> AotInstances::table_element(NativeAddress instance, std::uint32_t table,
                                          std::uint64_t index) const {
    if (instance.value == 0) {
        return not_known_yet();
    }
    const auto count = read_value<std::uint32_t>(target_, instance + layout::instance_table_count);
    if (!count || table >= *count) {
        return fail(ErrorCode::OutOfRange, "there is no such table element");
    }
    const auto tables = pointer(instance + layout::instance_tables);
    const auto place = tables ? pointer(*tables + std::uint64_t{table} * pointer_size()) : tables;
    if (!place) {
        return std::unexpected(place.error());
    }
    const auto size = read_value<std::uint32_t>(target_, *place + layout::table_size);
    const auto type = read_value<std::uint8_t>(target_, *place + layout::table_element_type);
    if (!size || !type || index >= *size) {
        return fail(ErrorCode::OutOfRange, "there is no such table element");
    }
    const auto element = pointer(*place + layout::table_elements + index * pointer_size());
    if (!element) {
        return std::unexpected(element.error());
    }
    if (element->value == layout::null_element) {
        return fail(ErrorCode::Unavailable, "the element is a null reference");
    }
    return Value::of(static_cast<ValueType>(*type), static_cast<std::uint32_t>(element->value));
}

} // namespace wdbg::aot
