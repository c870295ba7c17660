// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "host_frames.h"

#include <wdbg/dwarf/loader.h>
#include <wdbg/remote/local_file.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

namespace wdbg::bridge {

namespace {

constexpr std::size_t largest_file = std::size_t{256} << 20U;

struct ChainRow {
    Machine machine;
    std::uint32_t frame_pointer;
    std::uint32_t stack_pointer;
    std::size_t word; ///< bytes
    bool only_in_assembly = false;
};

/// WAMR's assembly that calls host functions and guest code. Its size is less than that.
constexpr std::string_view assembly = "invokeNative";
constexpr std::uint64_t assembly_size = 512;

/// psABIs: the frame pointer points to the caller's, and the return address lies behind that. On
/// RISC-V only WAMR's assembly does it like that.
constexpr std::array chains{
    ChainRow{.machine = Machine::X86_64, .frame_pointer = 6, .stack_pointer = 7, .word = 8},
    ChainRow{.machine = Machine::AArch64, .frame_pointer = 29, .stack_pointer = 31, .word = 8},
    ChainRow{.machine = Machine::RiscV32,
             .frame_pointer = 8,
             .stack_pointer = 2,
             .word = 4,
             .only_in_assembly = true},
    ChainRow{.machine = Machine::RiscV64,
             .frame_pointer = 8,
             .stack_pointer = 2,
             .word = 8,
             .only_in_assembly = true}};

Result<NativeRegisters> follow_chain(const NativeRegisters& registers,
                                     const dwarf::NativeMemoryReader& memory, bool in_assembly) {
    const auto row = std::ranges::find(chains, registers.machine, &ChainRow::machine);
    if (row == chains.end() || (row->only_in_assembly && !in_assembly) ||
        ((registers.known >> row->frame_pointer) & 1U) == 0) {
        return fail(ErrorCode::Unavailable, "neither an unwind table nor a frame pointer");
    }
    constexpr std::uint64_t largest_frame = std::uint64_t{16} << 20U;
    const std::uint64_t frame = registers.general.at(row->frame_pointer);
    const std::uint64_t sp = registers.general.at(row->stack_pointer);
    std::array<std::byte, 2 * sizeof(std::uint64_t)> bytes{};
    if (frame < sp || frame - sp > largest_frame || frame % row->word != 0 ||
        !memory({frame}, std::span(bytes).first(2 * row->word))) {
        return fail(ErrorCode::Unavailable, "the frame pointer points to no frame");
    }
    std::array<std::uint64_t, 2> words{};
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::memcpy(&words.at(i), bytes.data() + i * row->word, row->word);
    }
    NativeRegisters caller;
    caller.machine = registers.machine;
    caller.pc = {words[1]};
    caller.known = std::uint64_t{1} << row->frame_pointer | std::uint64_t{1} << row->stack_pointer;
    caller.vectors_known = false;
    caller.general.at(row->frame_pointer) = words[0];
    caller.general.at(row->stack_pointer) = frame + 2 * row->word;
    return caller;
}

} // namespace

const std::vector<remote::NativeRegion>& HostFrames::map() {
    if (!map_) {
        auto told = target_.memory_map();
        map_ = told ? std::move(*told) : std::vector<remote::NativeRegion>();
    }
    return *map_;
}

const remote::NativeRegion* HostFrames::region_of(NativeAddress address) {
    const auto find = [&]() -> const remote::NativeRegion* {
        const auto found = std::ranges::find_if(map(), [address](const auto& region) {
            return region.executable && region.range.contains(address);
        });
        return found == map().end() ? nullptr : &*found;
    };
    if (const auto* found = find()) {
        return found;
    }
    forget_map();
    return find();
}

/// A file of that name may be another one here: what is mapped of its beginning decides (headers
/// and, mostly, the build id).
bool HostFrames::is_mapped_file(const std::string& path, std::span<const std::byte> bytes) {
    constexpr std::size_t compared = 1024;
    const auto first = std::ranges::find_if(map(), [&](const remote::NativeRegion& region) {
        return region.file == path && region.offset == 0;
    });
    std::array<std::byte, compared> mapped{};
    return first != map().end() && bytes.size() >= mapped.size() &&
           target_.read_memory(first->range.begin, mapped) &&
           std::ranges::equal(mapped, bytes.first(mapped.size()));
}

std::vector<std::byte> HostFrames::contents_of(const std::string& path) {
    std::vector<std::byte> local =
        remote::read_local_file(path, largest_file).value_or(std::vector<std::byte>());
    if (!local.empty() && is_mapped_file(path, local)) {
        return local;
    }
    auto remote = target_.read_file(path, largest_file);
    return remote ? std::move(*remote) : std::vector<std::byte>();
}

const HostFrames::OpenFile& HostFrames::open(const std::string& path) {
    const auto known = files_.find(path);
    if (known != files_.end()) {
        return known->second;
    }
    OpenFile& opened = files_[path];
    if (path.starts_with('/')) {
        opened.bytes = contents_of(path);
        if (auto file = dwarf::load_host_file(opened.bytes)) {
            opened.file = std::move(*file);
        }
    }
    return opened;
}

std::optional<std::uint64_t> HostFrames::bias_of(const remote::NativeRegion& region,
                                                 const dwarf::HostFile& file) {
    const auto address = file.address_of_offset(region.offset);
    return address ? std::optional(region.range.begin.value - *address) : std::nullopt;
}

Result<void> HostFrames::set_program(const std::string& path) {
    auto bytes = remote::read_local_file(path, largest_file);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    program_ = OpenFile{.bytes = std::move(*bytes), .file = nullptr};
    auto file = dwarf::load_host_file(program_->bytes);
    if (!file) {
        return fail(file.error().code, path + ": " + file.error().message);
    }
    program_->file = std::move(*file);
    return {};
}

std::optional<HostFrames::Place> HostFrames::place_of(NativeAddress pc) {
    const remote::NativeRegion* region = region_of(pc);
    const dwarf::HostFile* file =
        region == nullptr || region->file.empty() ? nullptr : open(region->file).file.get();
    const auto bias = file == nullptr ? std::nullopt : bias_of(*region, *file);
    if (bias) {
        return Place{.file = file, .bias = *bias};
    }
    return region == nullptr && program_ ? std::optional(Place{.file = program_->file.get()})
                                         : std::nullopt;
}

Result<NativeRegisters> HostFrames::caller_of(const NativeRegisters& registers, bool is_caller) {
    const dwarf::NativeMemoryReader memory = [this](NativeAddress address,
                                                    std::span<std::byte> into) {
        return target_.read_memory(address, into);
    };
    const std::uint64_t pc = registers.pc.value;
    if (const auto place = place_of({pc - (is_caller ? 1 : 0)})) {
        const auto kind =
            is_caller ? dwarf::AddressKind::ReturnAddress : dwarf::AddressKind::Instruction;
        auto caller = place->file->unwind(pc - place->bias, kind, registers, memory);
        if (caller || caller.error().code != ErrorCode::Unavailable) {
            return caller;
        }
    }
    const auto begin = symbol(assembly);
    return follow_chain(registers, memory, begin && pc - begin->value < assembly_size);
}

Result<NativeAddress> HostFrames::symbol(std::string_view name) {
    std::set<std::string> seen;
    const std::vector<remote::NativeRegion> regions = map();
    for (const remote::NativeRegion& region : regions) {
        if (region.file.empty() || !seen.insert(region.file).second) {
            continue;
        }
        const dwarf::HostFile* file = open(region.file).file.get();
        const auto bias = file == nullptr ? std::nullopt : bias_of(region, *file);
        if (const auto address = bias ? file->symbol(name) : fail(ErrorCode::NotFound, "")) {
            return NativeAddress{*address + *bias};
        }
    }
    if (const auto address =
            program_ ? program_->file->symbol(name) : fail(ErrorCode::NotFound, "")) {
        return NativeAddress{*address};
    }
    return fail(ErrorCode::NotFound, "the target has no symbol " + std::string(name));
}

} // namespace wdbg::bridge
