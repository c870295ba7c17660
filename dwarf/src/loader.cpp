// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugin.h"

#include <wdbg/dwarf/loader.h>

#include <dlfcn.h>
#include <mutex>
#include <system_error>

namespace wdbg::dwarf {

namespace {

namespace fs = std::filesystem;

constexpr const char* library_name = "libwdbg-dwarf.so";

std::vector<fs::path> candidate_files(const fs::path& directory) {
    if (!directory.empty()) {
        return {directory / library_name};
    }
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
    std::vector<fs::path> files;
    for (const fs::path& base : {program, program.parent_path()}) {
        for (const char* folder : {"lib", "lib/wdbg", "."}) {
            files.push_back((base / folder / library_name).lexically_normal());
        }
    }
    return files;
}

Result<fs::path> find_library(const fs::path& directory) {
    const std::vector<fs::path> candidates = candidate_files(directory);
    for (const fs::path& file : candidates) {
        std::error_code error;
        if (fs::is_regular_file(file, error)) {
            return file;
        }
    }
    return fail(ErrorCode::Unavailable, std::string("source positions need ") + library_name +
                                            ", which is not installed (looked for " +
                                            candidates.front().string() + ")");
}

template <class Function>
Function* find_symbol(void* library, const char* name) {
    return reinterpret_cast<Function*>(::dlsym(library, name));
}

struct Plugin {
    PluginOpenFunction* open = nullptr;
    PluginDecoderFunction* make_decoder = nullptr;
    PluginAotFunction* open_aot = nullptr;
    PluginSourceInfoFunction* open_source_info = nullptr;
    PluginHostFileFunction* open_host_file = nullptr;
    PluginSummaryFunction* summarize = nullptr;
    PluginPrinterFunction* make_printer = nullptr;
};

Result<Plugin> open_library(const fs::path& file) {
    // Never closed: symbolizers and LLVM's own state live in it.
    void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* reason = ::dlerror();
        return fail(ErrorCode::Unavailable,
                    "cannot load " + file.string() + ": " + (reason != nullptr ? reason : "?"));
    }
    auto* version = find_symbol<PluginVersionFunction>(library, plugin_version_symbol);
    const Plugin plugin{
        .open = find_symbol<PluginOpenFunction>(library, plugin_open_symbol),
        .make_decoder = find_symbol<PluginDecoderFunction>(library, plugin_decoder_symbol),
        .open_aot = find_symbol<PluginAotFunction>(library, plugin_aot_symbol),
        .open_source_info =
            find_symbol<PluginSourceInfoFunction>(library, plugin_source_info_symbol),
        .open_host_file = find_symbol<PluginHostFileFunction>(library, plugin_host_file_symbol),
        .summarize = find_symbol<PluginSummaryFunction>(library, plugin_summary_symbol),
        .make_printer = find_symbol<PluginPrinterFunction>(library, plugin_printer_symbol)};
    if (version == nullptr || plugin.open == nullptr || plugin.make_decoder == nullptr ||
        plugin.open_aot == nullptr || plugin.open_source_info == nullptr ||
        plugin.open_host_file == nullptr || plugin.summarize == nullptr ||
        plugin.make_printer == nullptr || version() != plugin_version) {
        return fail(ErrorCode::Unavailable,
                    file.string() + " belongs to another version of wdbg; install both together");
    }
    return plugin;
}

/// Keeps the first library that could be loaded.
Result<Plugin> plugin_in(const fs::path& directory) {
    static std::mutex mutex;
    static Plugin plugin;
    const std::lock_guard lock(mutex);
    if (plugin.open == nullptr) {
        const Result<fs::path> file = find_library(directory);
        if (!file) {
            return std::unexpected(file.error());
        }
        const Result<Plugin> opened = open_library(*file);
        if (!opened) {
            return std::unexpected(opened.error());
        }
        plugin = *opened;
    }
    return plugin;
}

} // namespace

Result<std::unique_ptr<Symbolizer>> load_symbolizer(const ModuleSource& source,
                                                    const std::filesystem::path& directory) {
    const Result<Plugin> plugin = plugin_in(directory);
    if (!plugin) {
        return std::unexpected(plugin.error());
    }
    SymbolizerResult result = fail(ErrorCode::Internal, "libwdbg-dwarf.so gave no answer");
    plugin->open(source, result);
    return result;
}

Result<std::unique_ptr<InstructionDecoder>>
load_instruction_decoder(Machine machine, bool thumb, const std::filesystem::path& directory) {
    const Result<Plugin> plugin = plugin_in(directory);
    if (!plugin) {
        return std::unexpected(plugin.error());
    }
    DecoderResult result = fail(ErrorCode::Internal, "libwdbg-dwarf.so gave no answer");
    plugin->make_decoder(machine, thumb, result);
    return result;
}

Result<std::unique_ptr<InstructionPrinter>>
load_instruction_printer(Machine machine, bool thumb, const std::filesystem::path& directory) {
    const Result<Plugin> plugin = plugin_in(directory);
    if (!plugin) {
        return std::unexpected(plugin.error());
    }
    PrinterResult result = fail(ErrorCode::Internal, "libwdbg-dwarf.so gave no answer");
    plugin->make_printer(machine, thumb, result);
    return result;
}

Result<std::unique_ptr<AotDebugInfo>> load_aot_debug_info(const AotDebugSource& source,
                                                          const std::filesystem::path& directory) {
    const Result<Plugin> plugin = plugin_in(directory);
    if (!plugin) {
        return std::unexpected(plugin.error());
    }
    AotDebugInfoResult result = fail(ErrorCode::Internal, "libwdbg-dwarf.so gave no answer");
    plugin->open_aot(source, result);
    return result;
}

Result<std::unique_ptr<SourceInfo>> load_source_info(const ModuleSource& source,
                                                     const std::filesystem::path& directory) {
    const Result<Plugin> plugin = plugin_in(directory);
    if (!plugin) {
        return std::unexpected(plugin.error());
    }
    SourceInfoResult result = fail(ErrorCode::Internal, "libwdbg-dwarf.so gave no answer");
    plugin->open_source_info(source, result);
    return result;
}

Result<std::unique_ptr<HostFile>> load_host_file(std::span<const std::byte> elf,
                                                 const std::filesystem::path& directory) {
    const Result<Plugin> plugin = plugin_in(directory);
    if (!plugin) {
        return std::unexpected(plugin.error());
    }
    HostFileResult result = fail(ErrorCode::Internal, "libwdbg-dwarf.so gave no answer");
    plugin->open_host_file(elf, result);
    return result;
}

Result<DebugSummary> load_debug_summary(const ModuleSource& module,
                                        std::span<const std::byte> debug_file,
                                        const std::filesystem::path& directory) {
    const Result<Plugin> plugin = plugin_in(directory);
    if (!plugin) {
        return std::unexpected(plugin.error());
    }
    SummaryResult result = fail(ErrorCode::Internal, "libwdbg-dwarf.so gave no answer");
    plugin->summarize(module, debug_file, result);
    return result;
}

} // namespace wdbg::dwarf
