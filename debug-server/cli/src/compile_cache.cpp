// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compile_cache.h"

#include "module_files.h"

#include <wdbg/cli/report.h>
#include <wdbg/wasm/module.h>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace wdbg::cli {
namespace {

namespace fs = std::filesystem;

fs::path compiler_path() {
    std::error_code error;
    return fs::read_symlink("/proc/self/exe", error).parent_path() / "wdbg-compile";
}

Result<fs::path> cache_folder() {
    struct Place {
        const char* variable;
        const char* below;
    };

    static constexpr std::array places{Place{"WDBG_AOT_CACHE", ""},
                                       Place{"XDG_CACHE_HOME", "wdbg/aot"},
                                       Place{"HOME", ".cache/wdbg/aot"}};
    for (const Place& place : places) {
        const char* value = std::getenv(place.variable);
        if (value != nullptr && *value != '\0') {
            return fs::path(value) / place.below;
        }
    }
    return fail(ErrorCode::Io, "there is no folder for compiled modules; set WDBG_AOT_CACHE");
}

std::string hash_of(const void* bytes, std::size_t size) {
    return to_string(boost::uuids::name_generator_sha1(boost::uuids::ns::oid())(bytes, size));
}

/// Builds of the compiler differ: the start of its file has its build id.
std::string compiler_id(const fs::path& compiler) {
    std::array<char, 4096> start{};
    std::ifstream(compiler, std::ios::binary).read(start.data(), start.size());
    std::error_code error;
    return hash_of(start.data(), start.size()) + std::to_string(fs::file_size(compiler, error));
}

/// Files beside the module whose debug information decides where its code keeps variables and
/// lines: that of external_debug_info and packed .dwo files. (The ids of .dwo files are in the
/// module itself.)
std::string debug_files_key(const wasm::Module& module, const fs::path& path) {
    std::vector<fs::path> files{path.string() + ".dwp"};
    if (const auto name = module.external_debug_info(); name && !module.has_debug_sections()) {
        const fs::path named = fs::path(*name).lexically_normal();
        const bool leads_out = named.is_absolute() || named.string().starts_with("..");
        files.push_back(path.parent_path() / (leads_out ? named.filename() : named));
        files.emplace_back(files.back().string() + ".dwp");
    }
    std::string text;
    for (const fs::path& file : files) {
        if (const auto bytes = read_file(file)) {
            text += hash_of(bytes->data(), bytes->size());
        }
    }
    return text;
}

/// This machine's processor as its system tells it: code is compiled for all that it can do, and
/// the folder may be another machine's as well.
std::string processor_key() {
    std::ifstream file("/proc/cpuinfo");
    std::string text;
    for (std::string line; std::getline(file, line) && !line.empty();) { // of the first
        for (const std::string_view what : {"vendor_id", "cpu family", "model", "flags",
                                            "CPU implementer", "CPU part", "Features", "isa"}) {
            if (line.starts_with(what)) {
                text += line + '\n';
                break;
            }
        }
    }
    return hash_of(text.data(), text.size());
}

/// What the compiled code depends on.
std::string key_of(const wasm::Module& module, const fs::path& path,
                   const std::vector<std::string>& arguments) {
    const std::span<const std::byte> bytes = module.bytes();
    std::string text = hash_of(bytes.data(), bytes.size()) + compiler_id(arguments.front()) +
                       debug_files_key(module, path) + processor_key();
    for (const std::string& option : std::span(arguments).subspan(1)) {
        text += '\n' + option;
    }
    return hash_of(text.data(), text.size());
}

bool has_shared_memory(const wasm::Module& module) {
    return std::ranges::any_of(module.memories(),
                               [](const wasm::MemoryType& memory) { return memory.limits.shared; });
}

/// Shows a progress line at once, and takes it out.
void show_progress(std::string& said) {
    constexpr std::string_view end_of_progress = " …\n";
    const std::size_t end = said.find(end_of_progress);
    if (end != std::string::npos) {
        const std::size_t size = end + end_of_progress.size();
        std::fwrite(said.data(), 1, size, stderr);
        said.erase(0, size);
    }
}

/// One process compiles, the others wait and find what it has made. The compiler inherits the lock,
/// so that it holds while it runs, whatever becomes of its parent.
class EntryLock {
  public:
    EntryLock(const fs::path& folder, const fs::path& module)
        : file_(::open((folder / "lock").c_str(), O_RDWR | O_CREAT, S_IRUSR | S_IWUSR)) {
        if (file_ >= 0 && ::flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            report("another process compiles " + module.string() + " already; waiting …");
            while (::flock(file_, LOCK_EX) != 0 && errno == EINTR) {
            }
        }
    }

    EntryLock(const EntryLock&) = delete;
    EntryLock& operator=(const EntryLock&) = delete;

    ~EntryLock() {
        if (file_ >= 0) {
            ::close(file_);
        }
    }

  private:
    int file_; ///< -1 where there can be none: then all compile
};

/// The compiler puts the debug file in place first, the .aot last, each whole or not at all.
bool is_there(const fs::path& aot) {
    std::error_code error;
    return fs::is_regular_file(aot, error) && fs::is_regular_file(aot.string() + ".debug", error);
}

/// Runs the compiler; what it says goes into the error.
Result<void> run_compiler(std::vector<std::string> arguments) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail(ErrorCode::Io, std::string("pipe: ") + std::strerror(errno));
    }
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) {
        argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    pid_t child = 0;
    const int problem = ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    std::string said;
    std::array<char, 4096> chunk{};
    ssize_t count = 0;
    while (problem == 0 && (count = ::read(ends[0], chunk.data(), chunk.size())) > 0) {
        said.append(chunk.data(), static_cast<std::size_t>(count));
        show_progress(said);
    }
    ::close(ends[0]);
    if (problem != 0) {
        return fail(ErrorCode::Io, "cannot start " + arguments[0] + ": " + std::strerror(problem));
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return {};
    }
    // Its last line says why.
    while (!said.empty() && said.back() == '\n') {
        said.pop_back();
    }
    said.erase(0, said.rfind('\n') + 1);
    constexpr std::string_view prefix = "wdbg: ";
    if (said.starts_with(prefix)) {
        said.erase(0, prefix.size());
    }
    return fail(ErrorCode::Malformed, said.empty() ? "the compiler failed" : said);
}

/// WAMR links compiled code to the functions of other modules only, and says nothing of what else
/// it imports: a memory would be another one than theirs.
Result<void> require_imports_of_functions(const wasm::Module& module, const fs::path& path) {
    for (const wasm::Import& import : module.imports()) {
        const auto provider = path.parent_path() / (std::string(import.module) + ".wasm");
        std::error_code error; // a name may be too long for a file's
        if (import.kind != wasm::ExternKind::Function && fs::exists(provider, error)) {
            return fail(ErrorCode::Unsupported,
                        path.string() +
                            ": compiled code can import functions of other modules "
                            "only, not " +
                            std::string(import.module) + "." + std::string(import.name) +
                            "; run it interpreted");
        }
    }
    return {};
}

} // namespace

Result<fs::path> compile_cached(const fs::path& module, const std::string& optimisation,
                                const std::string& processor) {
    const auto bytes = read_file(module);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    const auto parsed = wasm::Module::parse(*bytes);
    if (!parsed) {
        return fail(parsed.error().code, module.string() + ": " + parsed.error().message);
    }
    const fs::path path = fs::absolute(module).lexically_normal();
    if (const auto imports = require_imports_of_functions(*parsed, path); !imports) {
        return std::unexpected(imports.error());
    }
    const auto cache = cache_folder();
    if (!cache) {
        return std::unexpected(cache.error());
    }
    std::vector<std::string> arguments{compiler_path().string(), "-O" + optimisation};
    if (!processor.empty()) {
        arguments.push_back("--cpu=" + processor);
    }
    if (has_shared_memory(*parsed)) {
        arguments.emplace_back("--enable-multi-thread");
    }
    const fs::path folder = *cache / key_of(*parsed, path, arguments);
    fs::path aot = folder / path.filename().replace_extension(".aot");
    if (is_there(aot)) {
        return aot;
    }
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        return fail(ErrorCode::Io, folder.string() + ": " + error.message());
    }
    const EntryLock lock(folder, module);
    if (is_there(aot)) {
        return aot;
    }
    arguments.insert(arguments.end(), {path.string(), "-o", aot.string()});
    if (auto compiled = run_compiler(std::move(arguments)); !compiled) {
        return std::unexpected(compiled.error());
    }
    return aot;
}

} // namespace wdbg::cli
