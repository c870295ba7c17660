// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "module_finder.h"

#include <wdbg/dwarf/loader.h>
#include <wdbg/model/hex.h>
#include <wdbg/remote/local_file.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

namespace wdbg::bridge {

namespace fs = std::filesystem;

namespace {

struct ElfMachineRow {
    std::uint16_t number; ///< e_machine
    bool is_64;
    Machine machine;
};

constexpr std::array elf_machines{
    ElfMachineRow{62, true, Machine::X86_64}, ElfMachineRow{183, true, Machine::AArch64},
    ElfMachineRow{40, false, Machine::Arm}, ElfMachineRow{243, false, Machine::RiscV32},
    ElfMachineRow{243, true, Machine::RiscV64}};

/// The .aot itself, where it is one of the files or beside them.
std::vector<std::byte> aot_of(const ModuleFiles& files) {
    fs::path path = files.module;
    if (path.extension() != ".aot") {
        path = files.debug_file;
        path.replace_extension(); // X.aot.debug
    }
    return remote::read_local_file(path).value_or(std::vector<std::byte>());
}

/// X.aot → X.aot.debug, X.wasm → X.aot.debug.
fs::path default_debug_file(const fs::path& module) {
    fs::path aot = module;
    if (module.extension() == ".wasm") {
        aot.replace_extension(".aot");
    }
    return aot += ".debug";
}

/// Executable memory that belongs to no file.
Result<std::vector<MemoryArea>> areas_of(const remote::RemoteNativeTarget& target) {
    const auto map = target.memory_map();
    if (!map) {
        return fail(map.error().code,
                    map.error().message +
                        "; give --load-address=ADDR, --search=ADDR+SIZE or --host-file=ELF");
    }
    std::vector<MemoryArea> areas;
    for (const remote::NativeRegion& region : *map) {
        if (!region.executable || region.file.starts_with('/') || region.file.starts_with('[')) {
            continue;
        }
        const std::uint64_t size = region.range.end.value - region.range.begin.value;
        // The system may tell one mapping in parts (large pages, for one).
        const bool goes_on = !areas.empty() && areas.back().begin.value + areas.back().size ==
                                                   region.range.begin.value;
        if (goes_on) {
            areas.back().size += size;
        } else {
            areas.push_back({.begin = region.range.begin, .size = size});
        }
    }
    return areas;
}

std::string in_hex(NativeAddress address) {
    return "0x" + hex_of(address.value);
}

/// Adds what is loaded there.
void find_in(const remote::RemoteNativeTarget& target, const KnownModule& module,
             const MemoryArea& area, std::vector<FoundText>& found,
             std::optional<Error>& mismatch) {
    std::vector<std::byte> memory(std::min(area.size, largest_area));
    if (memory.size() < module.info->file().text_size() ||
        !target.read_memory(area.begin, memory)) {
        return;
    }
    for (const std::size_t offset : module.info->find_text(memory)) {
        auto text = read_text(target, module, {area.begin.value + offset});
        if (!text) {
            mismatch = text.error();
        } else if (!module.info->is_not_loaded(text->bytes, module.aot)) {
            found.push_back(std::move(*text));
        }
    }
}

/// Behind one of the pointers that the runtime's description of the module holds.
Result<FoundText> find_behind(const remote::RemoteNativeTarget& target, const KnownModule& module,
                              NativeAddress handle) {
    constexpr std::size_t most_pointers = 128;
    const std::size_t width = module.info->file().is_64() ? 8 : 4;
    std::vector<std::byte> words(most_pointers * width);
    if (auto read = target.read_memory(handle, words); !read) {
        return std::unexpected(read.error());
    }
    std::set<std::uint64_t> tried;
    for (std::size_t at = 0; at < words.size(); at += width) {
        std::uint64_t pointer = 0;
        std::memcpy(&pointer, words.data() + at, width);
        constexpr std::uint64_t lowest = 0x1000;
        if (pointer < lowest || pointer % 4 != 0 || !tried.insert(pointer).second) {
            continue;
        }
        if (auto found = read_text(target, module, {pointer})) {
            return found;
        }
    }
    return fail(ErrorCode::NotFound, "not the module that was loaded last");
}

} // namespace

Result<FoundText> read_text(const remote::RemoteNativeTarget& target, const KnownModule& module,
                            NativeAddress address) {
    std::vector<std::byte> text(module.info->file().text_size());
    if (auto read = target.read_memory(address, text); !read) {
        return std::unexpected(read.error());
    }
    if (auto belongs = module.info->check_text(text); !belongs) {
        return fail(ErrorCode::InvalidArgument, module.files.debug_file.string() + " (build id " +
                                                    hex_of(module.info->file().build_id()) +
                                                    "): " + belongs.error().message);
    }
    return FoundText{.address = address, .bytes = std::move(text)};
}

CodeRange code_range(const KnownModule& module, NativeAddress address, ModuleId id) {
    const bool is_wasm = module.files.module.extension() == ".wasm";
    CodeRange code{
        .range = {.begin = address, .end = {address.value + module.info->file().text_size()}},
        .module = id};
    code.debug_file = module.files.debug_file.string();
    code.module_file = module.files.module.string();
    code.wasm_file = is_wasm ? module.files.module.string() : std::string();
    return code;
}

Result<KnownModule> open_module(ModuleFiles files) {
    if (files.debug_file.empty()) {
        files.debug_file = default_debug_file(files.module);
    }
    KnownModule module{.files = std::move(files), .debug_bytes = {}, .aot = {}, .info = nullptr};
    auto bytes = remote::read_local_file(module.files.debug_file);
    if (!bytes) {
        return fail(bytes.error().code, bytes.error().message + " (the debug file of " +
                                            module.files.module.string() +
                                            "); wdbg compile makes it");
    }
    module.debug_bytes = std::move(*bytes);
    module.aot = aot_of(module.files);
    auto info = dwarf::load_aot_debug_info({.debug_file = module.debug_bytes, .module = {}});
    if (!info) {
        return fail(info.error().code,
                    module.files.debug_file.string() + ": " + info.error().message);
    }
    module.info = std::move(*info);
    const dwarf::DebugFile& file = module.info->file();
    for (const ElfMachineRow& row : elf_machines) {
        if (row.number == file.machine() && row.is_64 == file.is_64()) {
            module.machine = row.machine;
        }
    }
    module.thumb = module.machine == Machine::Arm &&
                   module.info->fact("options").value_or("").contains("thumb");
    return module;
}

Result<FoundText> find_module(const remote::RemoteNativeTarget& target, const KnownModule& module,
                              const std::vector<MemoryArea>& search,
                              std::optional<NativeAddress> handle) {
    if (module.files.load_address) {
        return read_text(target, module, *module.files.load_address);
    }
    Result<std::vector<MemoryArea>> areas = search;
    if (search.empty()) {
        areas = areas_of(target);
    }
    if (!areas && handle) {
        return find_behind(target, module, *handle);
    }
    if (!areas) {
        return fail(ErrorCode::NotFound, areas.error().message);
    }
    std::vector<FoundText> found;
    std::optional<Error> mismatch;
    for (const MemoryArea& area : *areas) {
        find_in(target, module, area, found, mismatch);
    }
    if (found.size() > 1) {
        return fail(ErrorCode::InvalidArgument,
                    "the code of " + module.files.debug_file.string() + " is in several places, " +
                        in_hex(found[0].address) + " and " + in_hex(found[1].address) +
                        " among them; give --load-address=ADDR, or have the .aot beside it");
    }
    if (!found.empty()) {
        return std::move(found.front());
    }
    if (mismatch) {
        return std::unexpected(*mismatch);
    }
    return fail(ErrorCode::NotFound, "the code of " + module.files.debug_file.string() +
                                         " (build id " + hex_of(module.info->file().build_id()) +
                                         ") is not in the target's memory");
}

} // namespace wdbg::bridge
