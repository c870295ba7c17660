// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>
#include <wdbg/wasm/module.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

struct WASMExecEnv;
struct WASMFunctionInstance;
struct WASMModule;
struct WASMModuleInstance;

namespace wdbg::wamr {

/// A module as it was in its file, and where WAMR runs its code.
struct ModuleRecord {
    ModuleId id;
    WASMModule* handle = nullptr;
    std::string name;
    std::string path;
    std::vector<std::byte> original; ///< the file; WAMR rewrites its own copy in places
    std::optional<wasm::Module> parsed;
    std::span<std::uint8_t> loaded; ///< WAMR's copy, executed in place
    /// WAMR's copy without planted bytes, made before the first is planted.
    std::vector<std::uint8_t> unplanted;

    [[nodiscard]] bool contains(const std::uint8_t* ip) const {
        return ip >= loaded.data() && ip < loaded.data() + loaded.size();
    }

    [[nodiscard]] CodeOffset offset_of(const std::uint8_t* ip) const {
        return CodeOffset{static_cast<std::uint32_t>(ip - loaded.data())};
    }

    [[nodiscard]] std::uint8_t* address_of(CodeOffset offset) const {
        return loaded.data() + offset.value;
    }

    /// Map of the function at `offset`; nullptr if there is none or it does not decode.
    [[nodiscard]] const wasm::InstructionMap* instructions_at(CodeOffset offset) const;
};

/// An instance with those that WAMR cloned from it for other threads.
struct InstanceRecord {
    InstanceId id;
    ModuleRecord* module = nullptr;
    WASMModuleInstance* primary = nullptr;
    const void* cluster = nullptr; ///< the threads it was last seen to run in
    std::vector<WASMModuleInstance*> clones;
    std::string name;
};

/// All modules and instances that WAMR has in this process. Needs the engine's lock, except that a
/// ModuleRecord's `original`, `parsed` and `loaded` never change once it is added.
class ModuleRegistry {
  public:
    /// `original` must parse. Returns the error of the parser otherwise.
    Result<ModuleRecord*> add_module(WASMModule* handle, std::string path,
                                     std::vector<std::byte> original,
                                     std::span<std::uint8_t> loaded);
    void remove_module(WASMModule* handle);

    void clear() { *this = {}; }

    /// The next instance of this module gets id 0.
    void set_main(WASMModule* handle) { main_ = handle; }

    struct Found {
        InstanceRecord* instance = nullptr; ///< nullptr: a module that was never added
        bool is_new = false;
    };

    /// The record of the instance that runs in `env`; made if this is the first sight of it.
    Found discover(WASMExecEnv* env);
    /// The cluster is gone: another may come to be at the same address.
    void forget_cluster(const void* cluster);
    Found add_instance(WASMModuleInstance* instance);
    /// What it imports from is not removed with it.
    void remove_instance(WASMModuleInstance* instance);

    [[nodiscard]] InstanceRecord* find(InstanceId id) const;
    [[nodiscard]] InstanceRecord* find(const WASMModuleInstance* instance) const;
    [[nodiscard]] ModuleRecord* find_code(const std::uint8_t* ip) const;

    struct FunctionOwner {
        InstanceRecord* record = nullptr;
        WASMModuleInstance* instance = nullptr; ///< the primary or a clone
        std::uint32_t index = 0;
    };

    [[nodiscard]] std::optional<FunctionOwner>
    find_function(const WASMFunctionInstance* function) const;

    [[nodiscard]] const std::vector<std::unique_ptr<InstanceRecord>>& instances() const {
        return instances_;
    }

  private:
    void add_clone(InstanceRecord& original, WASMModuleInstance* clone);
    [[nodiscard]] ModuleRecord* find_module(const WASMModule* handle) const;
    [[nodiscard]] std::string unique_name(const std::string& name, InstanceId id) const;

    std::vector<std::unique_ptr<ModuleRecord>> modules_;
    std::vector<std::unique_ptr<InstanceRecord>> instances_;
    WASMModule* main_ = nullptr;
    std::uint32_t next_module_ = 0;
    std::uint32_t next_instance_ = 1;
    bool main_taken_ = false;
};

} // namespace wdbg::wamr
