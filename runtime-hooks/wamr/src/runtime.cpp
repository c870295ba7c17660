// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "aot_gate.h"
#include "engine.h"
#include "guest.h"
#include "hooks.h"
#include "interpreter_debuggee.h"
#include "mixed_imports.h"
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
        wasm_runtime_set_module_reader(read_import, free_import);
    }

    WamrRuntime(const WamrRuntime&) = delete;
    WamrRuntime& operator=(const WamrRuntime&) = delete;

    ~WamrRuntime() override {
        libraries_.clear();
        mixed_.reset();
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

    /// See wdbg_wants_other_kind().
    void note_other_kind(const std::string& name) { mixed_->note(name); }

    void wait_at_entry() override { Engine::instance().stop_at_entry(); }

    void share(bool has_main) override { Engine::instance().share(has_main); }

    void step_in(std::uint64_t system_id) override { Engine::instance().step_in(system_id); }

    [[nodiscard]] bool has_interpreted_code() const override { return has_interpreted_code_; }

  private:
    static bool read_import(package_type_t type, const char* name, std::uint8_t** buffer,
                            std::uint32_t* size);

    static void free_import(std::uint8_t* /*buffer*/, std::uint32_t /*size*/) {}

    /// A file that WAMR has loaded: it keeps running in `loaded`.
    struct Loaded {
        std::string path;
        std::string wasm_file{}; ///< what it was compiled from, if known
        std::vector<std::byte> original;
        std::vector<std::uint8_t> loaded;
        bool registered = false;
    };

    /// A loaded module that is not instantiated yet.
    struct Opened {
        wasm_module_t module = nullptr;
        std::vector<CodeRangeId> codes{};
    };

    [[nodiscard]] Result<ImportFile> import_file(const std::string& name, bool compiled) const;
    Result<void> register_imports(wasm_module_t module);
    /// `code` names the files only.
    Result<void> add_code(WASMModule* module, CodeRange code, std::vector<CodeRangeId>& codes);
    Result<void> add_import_codes(WASMModule* module, std::vector<CodeRangeId>& codes);
    Result<Opened> open(const std::filesystem::path& file, bool is_main);
    Result<void> tell_compiled(Opened& opened, const std::filesystem::path& file, bool is_main);
    Result<void> tell_interpreted(const Opened& opened, Loaded& loaded,
                                  std::vector<std::byte> original, bool is_main);
    Result<void> link_other_kind(wasm_module_t module);
    Result<wasm_module_inst_t> library(const std::string& name, bool importer_is_compiled);
    Result<GuestGate*> gate();

    RuntimeOptions options_;
    InterpreterDebuggee debuggee_{Engine::instance()};
    std::filesystem::path folder_; ///< where imported modules are looked for
    std::vector<std::pair<std::string, std::unique_ptr<Loaded>>> imports_;
    std::vector<std::unique_ptr<Loaded>> opened_files_;
    std::uint32_t next_code_module_ = 0;
    GuestGate* gate_ = nullptr;
    bool has_interpreted_code_ = false;

    struct Library {
        std::string name;
        std::unique_ptr<WamrGuest> guest; ///< nullptr while it is loaded
    };

    GuestOptions library_options_;
    /// Modules that others of the other kind import from, in the order in which they are needed.
    std::vector<Library> libraries_;
    std::unique_ptr<MixedImports> mixed_ = std::make_unique<MixedImports>();
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
    std::error_code error; // a name may be too long for a file's
    if (found && !std::filesystem::exists(found->file, error)) {
        const auto other = the_runtime->import_file(module_name, !compiled);
        if (other && std::filesystem::exists(other->file, error)) {
            the_runtime->mixed_->note(module_name);
            return false;
        }
    }
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
    if (!options_.aot_gate) {
        return {};
    }
    if (auto opened = gate(); !opened) {
        return std::unexpected(opened.error());
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

Result<GuestGate*> WamrRuntime::gate() {
    if (gate_ == nullptr) {
        auto made = options_.aot_gate();
        if (!made) {
            return made;
        }
        gate_ = *made;
        open_aot_gate(gate_);
    }
    return gate_;
}

Result<void> WamrRuntime::tell_compiled(Opened& opened, const std::filesystem::path& file,
                                        bool is_main) {
    auto* handle = reinterpret_cast<WASMModule*>(opened.module);
    auto added = add_code(handle,
                          {.range = {},
                           .module = {},
                           .debug_file = is_main ? options_.debug_file.string() : "",
                           .module_file = std::filesystem::absolute(file).string(),
                           .wasm_file = is_main ? options_.wasm_file.string() : ""},
                          opened.codes);
    return added ? add_import_codes(handle, opened.codes) : added;
}

Result<void> WamrRuntime::tell_interpreted(const Opened& opened, Loaded& loaded,
                                           std::vector<std::byte> original, bool is_main) {
    has_interpreted_code_ = true;
    auto added =
        Engine::instance().add_module(reinterpret_cast<WASMModule*>(opened.module), loaded.path,
                                      std::move(original), loaded.loaded, is_main);
    return added ? register_imports(opened.module) : added;
}

/// Loads a module of either kind with what it imports, and tells those who debug it.
Result<WamrRuntime::Opened> WamrRuntime::open(const std::filesystem::path& file, bool is_main) {
    auto bytes = read_module_file(file);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    const auto in_file = [&file](const Error& error) {
        return fail(error.code, file.string() + ": " + error.message);
    };
    const bool compiled = is_aot(*bytes);
    if (!compiled) {
        if (auto fits = check_interpretable(*bytes); !fits) {
            return in_file(fits.error());
        }
    }
    opened_files_.push_back(std::make_unique<Loaded>()); // WAMR keeps pointers to names in it
    Loaded& loaded = *opened_files_.back();
    loaded.path = std::filesystem::absolute(file).string();
    loaded.loaded.resize(bytes->size());
    std::memcpy(loaded.loaded.data(), bytes->data(), bytes->size());
    if (compiled) {
        *bytes = {};
    }
    const auto module = open_module(loaded.loaded, file.string());
    if (!module) {
        const bool of_import = module.error().message.contains("import");
        return fail(module.error().code,
                    module.error().message + (of_import ? mixed_->hint() : ""));
    }
    Opened opened{.module = *module};
    auto told = compiled ? tell_compiled(opened, file, is_main)
                         : tell_interpreted(opened, loaded, std::move(*bytes), is_main);
    if (told) {
        told = link_other_kind(opened.module);
    }
    if (told) {
        told = require_imports(opened.module);
    }
    if (!told) {
        std::ranges::for_each(opened.codes, remove_aot_code);
        Engine::instance().remove_module(reinterpret_cast<WASMModule*>(opened.module));
        wasm_runtime_unload(opened.module);
        return in_file(told.error());
    }
    return opened;
}

/// Of this module, and of those of its own kind that it imports from.
Result<void> WamrRuntime::link_other_kind(wasm_module_t module) {
    auto linked = mixed_->link(module, [this](const std::string& name, bool importer_is_compiled) {
        return library(name, importer_is_compiled);
    });
    const char* name = nullptr;
    auto* handle = reinterpret_cast<WASMModule*>(module);
    for (std::uint32_t i = 0; linked; ++i) {
        WASMModule* import = wdbg_module_import(handle, i, &name);
        if (import == nullptr) {
            break;
        }
        linked = link_other_kind(reinterpret_cast<wasm_module_t>(import));
    }
    return linked;
}

Result<wasm_module_inst_t> WamrRuntime::library(const std::string& name,
                                                bool importer_is_compiled) {
    const auto known = std::ranges::find(libraries_, name, &Library::name);
    if (known != libraries_.end() && known->guest == nullptr) {
        return fail(ErrorCode::Unsupported,
                    "'" + name + "' imports, by way of others, from itself");
    }
    if (known != libraries_.end()) {
        return known->guest->instance();
    }
    const auto file = import_file(name, !importer_is_compiled);
    if (!file) {
        return std::unexpected(file.error());
    }
    libraries_.push_back({.name = name, .guest = nullptr});
    auto opened = open(file->file, false);
    if (!opened) {
        std::erase_if(libraries_, [&](const Library& each) { return each.name == name; });
        return std::unexpected(opened.error());
    }
    auto guest = WamrGuest::create_library(opened->module, file->file.string(), library_options_,
                                           std::move(opened->codes));
    const auto made = std::ranges::find(libraries_, name, &Library::name);
    if (!guest) {
        libraries_.erase(made);
        return std::unexpected(guest.error());
    }
    made->guest = std::move(*guest);
    return made->guest->instance();
}

Result<std::unique_ptr<Guest>> WamrRuntime::load(const std::filesystem::path& module,
                                                 const GuestOptions& options) {
    folder_ = module.parent_path();
    library_options_ = options;
    auto opened = open(module, true);
    if (!opened) {
        return std::unexpected(opened.error());
    }
    return WamrGuest::create(opened->module, module.string(), options, std::move(opened->codes));
}

} // namespace

} // namespace wdbg::wamr

void wdbg_wants_other_kind(const char* name) {
    if (wdbg::wamr::the_runtime != nullptr) {
        wdbg::wamr::the_runtime->note_other_kind(name);
    }
}

namespace wdbg::wamr {

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
