// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "aot_gate.h"
#include "engine.h"
#include "guest.h"
#include "hooks.h"
#include "interpreter_debuggee.h"
#include "module_file.h"
#include "wamr_access.h"

#include <wdbg/wamr/runtime.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <wasm_export.h>

namespace wdbg::wamr {

namespace {

class WamrRuntime;
WamrRuntime* the_runtime = nullptr; // WAMR's callbacks carry no context

class WamrRuntime final : public Runtime {
  public:
    explicit WamrRuntime(RuntimeOptions options) : options_(std::move(options)) {
        the_runtime = this;
        open_aot_gate(options_.aot_gate);
        wasm_runtime_set_module_reader(read_import, free_import);
    }

    WamrRuntime(const WamrRuntime&) = delete;
    WamrRuntime& operator=(const WamrRuntime&) = delete;

    ~WamrRuntime() override {
        wasm_runtime_destroy();
        the_runtime = nullptr;
        wdbg_hooks_enabled = false;
        open_aot_gate(nullptr);
    }

    Result<std::unique_ptr<Guest>> load(const std::filesystem::path& module,
                                        const GuestOptions& options) override;

    Result<Debuggee*> debuggee(Post post) override {
        if (!options_.debug_hooks) {
            return fail(ErrorCode::Unsupported, "the runtime was made without debug hooks");
        }
        Engine::instance().set_post(std::move(post));
        return &debuggee_;
    }

    void wait_at_entry() override { Engine::instance().stop_at_entry(); }

  private:
    static bool read_import(package_type_t type, const char* name, std::uint8_t** buffer,
                            std::uint32_t* size);

    static void free_import(std::uint8_t* /*buffer*/, std::uint32_t /*size*/) {}

    [[nodiscard]] Result<ImportFile> import_file(const std::string& name, bool compiled) const;
    Result<void> register_imports(wasm_module_t module);
    /// `code` names the files only.
    Result<void> add_code(WASMModule* module, CodeRange code, std::vector<CodeRangeId>& codes);
    Result<void> add_import_codes(WASMModule* module, std::vector<CodeRangeId>& codes);
    Result<std::unique_ptr<Guest>> load_aot(std::vector<std::byte> bytes,
                                            const std::filesystem::path& module,
                                            const GuestOptions& options);

    /// A file that WAMR has loaded: it keeps running in `loaded`.
    struct Loaded {
        std::string path;
        std::string wasm_file{}; ///< what it was compiled from, if known
        std::vector<std::byte> original;
        std::vector<std::uint8_t> loaded;
        bool registered = false;
    };

    RuntimeOptions options_;
    InterpreterDebuggee debuggee_{Engine::instance()};
    std::filesystem::path folder_; ///< where imported modules are looked for
    std::vector<std::pair<std::string, std::unique_ptr<Loaded>>> imports_;
    std::vector<std::unique_ptr<Loaded>> mains_;
    std::uint32_t next_code_module_ = 0;
};

Result<ImportFile> WamrRuntime::import_file(const std::string& name, bool compiled) const {
    return options_.find_import
               ? options_.find_import(name)
               : ImportFile{.file = folder_ / (name + (compiled ? ".aot" : ".wasm"))};
}

bool WamrRuntime::read_import(package_type_t type, const char* name, std::uint8_t** buffer,
                              std::uint32_t* size) {
    const std::string module_name(name);
    // A name from inside a module must not lead out of the folder that the user named.
    if (module_name.empty() || module_name.find('/') != std::string::npos ||
        module_name.starts_with('.')) {
        return false;
    }
    const bool compiled = type == Wasm_Module_AoT;
    const auto found = the_runtime->import_file(module_name, compiled);
    auto bytes = found ? read_module_file(found->file) : std::unexpected(found.error());
    if (!bytes || (compiled ? !is_aot(*bytes) : !check_interpretable(*bytes).has_value())) {
        return false;
    }
    auto loaded = std::make_unique<Loaded>();
    loaded->path = std::filesystem::absolute(found->file).string();
    loaded->wasm_file = found->wasm_file.string();
    loaded->loaded.resize(bytes->size());
    std::memcpy(loaded->loaded.data(), bytes->data(), bytes->size());
    loaded->original = std::move(*bytes);
    *buffer = loaded->loaded.data();
    *size = static_cast<std::uint32_t>(loaded->loaded.size());
    the_runtime->imports_.emplace_back(module_name, std::move(loaded));
    return true;
}

/// Tells the engine of the modules that this one imports from, at every depth.
Result<void> WamrRuntime::register_imports(wasm_module_t module) {
    auto* handle = reinterpret_cast<WASMModule*>(module);
    const char* name = nullptr;
    for (std::uint32_t i = 0; WASMModule* import = wdbg_module_import(handle, i, &name); ++i) {
        const auto found =
            std::ranges::find_if(imports_, [&](const auto& entry) { return entry.first == name; });
        if (found == imports_.end() || found->second->registered) {
            continue;
        }
        Loaded& loaded = *found->second;
        loaded.registered = true;
        auto added = Engine::instance().add_module(import, loaded.path, loaded.original,
                                                   loaded.loaded, false);
        if (!added) {
            return added;
        }
        if (auto nested = register_imports(reinterpret_cast<wasm_module_t>(import)); !nested) {
            return nested;
        }
    }
    return {};
}

/// Without a gate there is nobody to tell.
Result<void> WamrRuntime::add_code(WASMModule* module, CodeRange code,
                                   std::vector<CodeRangeId>& codes) {
    if (options_.aot_gate == nullptr) {
        return {};
    }
    const void* start = nullptr;
    std::uint64_t size = 0;
    wdbg_module_aot_code(module, &start, &size);
    const NativeAddress begin{reinterpret_cast<std::uint64_t>(start)};
    code.range = {.begin = begin, .end = {begin.value + size}};
    code.imported_functions = wdbg_module_aot_imports(module);
    code.module = ModuleId{next_code_module_++};
    const auto added = add_aot_code(std::move(code));
    if (!added) {
        return std::unexpected(added.error());
    }
    codes.push_back(*added);
    return {};
}

Result<void> WamrRuntime::add_import_codes(WASMModule* module, std::vector<CodeRangeId>& codes) {
    const char* name = nullptr;
    for (std::uint32_t i = 0; WASMModule* import = wdbg_module_import(module, i, &name); ++i) {
        const auto found =
            std::ranges::find_if(imports_, [&](const auto& entry) { return entry.first == name; });
        if (found == imports_.end() || std::exchange(found->second->registered, true)) {
            continue;
        }
        auto added = add_code(import,
                              {.range = {},
                               .module = {},
                               .module_file = found->second->path,
                               .wasm_file = found->second->wasm_file},
                              codes);
        if (added) {
            added = add_import_codes(import, codes);
        }
        if (!added) {
            return added;
        }
    }
    return {};
}

Result<std::unique_ptr<Guest>> WamrRuntime::load_aot(std::vector<std::byte> bytes,
                                                     const std::filesystem::path& module,
                                                     const GuestOptions& options) {
    // WAMR keeps pointers to names in it.
    auto kept = std::make_unique<Loaded>();
    kept->original = std::move(bytes);
    const std::span all(reinterpret_cast<std::uint8_t*>(kept->original.data()),
                        kept->original.size());
    mains_.push_back(std::move(kept));
    auto opened = open_module(all, module.string());
    if (!opened) {
        return std::unexpected(opened.error());
    }
    auto* handle = reinterpret_cast<WASMModule*>(*opened);
    std::vector<CodeRangeId> codes;
    auto added = add_code(handle,
                          {.range = {},
                           .module = {},
                           .debug_file = options_.debug_file.string(),
                           .module_file = std::filesystem::absolute(module).string(),
                           .wasm_file = options_.wasm_file.string()},
                          codes);
    if (added) {
        added = add_import_codes(handle, codes);
    }
    if (!added) {
        std::ranges::for_each(codes, remove_aot_code);
        wasm_runtime_unload(*opened);
        return fail(added.error().code, module.string() + ": " + added.error().message);
    }
    return WamrGuest::create(*opened, module.string(), options, std::move(codes));
}

Result<std::unique_ptr<Guest>> WamrRuntime::load(const std::filesystem::path& module,
                                                 const GuestOptions& options) {
    auto bytes = read_module_file(module);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    folder_ = module.parent_path();
    if (is_aot(*bytes)) {
        return load_aot(std::move(*bytes), module, options);
    }
    if (auto fits = check_interpretable(*bytes); !fits) {
        return fail(fits.error().code, module.string() + ": " + fits.error().message);
    }
    auto loaded = std::make_unique<Loaded>();
    loaded->path = std::filesystem::absolute(module).string();
    loaded->loaded.resize(bytes->size());
    std::memcpy(loaded->loaded.data(), bytes->data(), bytes->size());
    auto opened = open_module(loaded->loaded, module.string());
    if (!opened) {
        return std::unexpected(opened.error());
    }
    auto added = Engine::instance().add_module(reinterpret_cast<WASMModule*>(*opened), loaded->path,
                                               std::move(*bytes), loaded->loaded, true);
    if (added) {
        added = register_imports(*opened);
    }
    if (!added) {
        wasm_runtime_unload(*opened);
        return fail(ErrorCode::Malformed, module.string() + ": " + added.error().message);
    }
    mains_.push_back(std::move(loaded));
    return WamrGuest::create(*opened, module.string(), options);
}

} // namespace

Result<std::unique_ptr<Runtime>> Runtime::create(const RuntimeOptions& options) {
    if (the_runtime != nullptr) {
        return fail(ErrorCode::Busy, "there is a runtime in this process already");
    }
    // NOLINTNEXTLINE(bugprone-invalid-enum-default-initialization): all its enums are set below
    RuntimeInitArgs arguments{};
    arguments.mem_alloc_type = Alloc_With_System_Allocator;
    arguments.max_thread_num = options.max_threads;
    arguments.running_mode = Mode_Interp;
    if (!wasm_runtime_full_init(&arguments)) {
        return fail(ErrorCode::Internal, "WAMR could not be initialised");
    }
    // WAMR writes its log to stdout, which is the guest's.
    wasm_runtime_set_log_level(WASM_LOG_LEVEL_FATAL);
    Engine::instance().reset();
    wdbg_hooks_enabled = options.debug_hooks;
    return std::make_unique<WamrRuntime>(options);
}

} // namespace wdbg::wamr
