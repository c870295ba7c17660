// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "module_table.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace wdbg::bridge {

namespace {

constexpr std::array<unsigned char, 8> magic{'w', 'd', 'b', 'g', 0xA5, 'm', 't', 0x1A};

// Offsets in bytes, of the header and of an entry.
constexpr std::size_t at_version = 8;
constexpr std::size_t at_header_size = 10;
constexpr std::size_t at_entry_size = 12;
constexpr std::size_t at_byte_order = 15;
constexpr std::size_t at_capacity = 16;
constexpr std::size_t at_generation = 20;
constexpr std::size_t at_self = 24;
constexpr std::size_t at_changed = 32;
constexpr std::size_t at_dropped = 40;

constexpr std::size_t entry_at_state = 0;
constexpr std::size_t entry_at_serial = 4;
constexpr std::size_t entry_at_code = 8;
constexpr std::size_t entry_at_code_size = 16;
constexpr std::size_t entry_at_build_id_size = 32;
constexpr std::size_t entry_at_instance_count = 36;
constexpr std::size_t entry_at_build_id = 40;
constexpr std::size_t entry_at_instances = 72;
constexpr std::size_t entry_at_name = 104;
constexpr std::size_t entry_size = 160;

constexpr std::uint32_t most_build_id = 32;
constexpr std::uint32_t most_instances = 4;
constexpr std::size_t most_name = 56;
constexpr std::size_t largest_table = std::size_t{1} << 20U; // bytes
constexpr std::uint16_t version = 1;
constexpr std::uint8_t little_endian = 1;
constexpr std::uint32_t compiled_code = 1;

template <class T>
T number_at(std::span<const std::byte> bytes, std::size_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

bool has_magic(std::span<const std::byte> bytes) {
    return bytes.size() >= table_header_size &&
           std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

TableEntry parse_entry(std::span<const std::byte> bytes) {
    TableEntry entry{.serial = number_at<std::uint32_t>(bytes, entry_at_serial),
                     .code = {number_at<std::uint64_t>(bytes, entry_at_code)},
                     .code_size = number_at<std::uint64_t>(bytes, entry_at_code_size)};
    const auto id = bytes.subspan(
        entry_at_build_id,
        std::min(number_at<std::uint32_t>(bytes, entry_at_build_id_size), most_build_id));
    entry.build_id.assign(id.begin(), id.end());
    const std::uint32_t instances =
        std::min(number_at<std::uint32_t>(bytes, entry_at_instance_count), most_instances);
    for (std::uint32_t i = 0; i < instances; ++i) {
        entry.instances.push_back(
            {number_at<std::uint64_t>(bytes, entry_at_instances + i * sizeof(std::uint64_t))});
    }
    for (const std::byte each : bytes.subspan(entry_at_name, most_name)) {
        if (each == std::byte{0}) {
            break;
        }
        entry.name += static_cast<char>(each);
    }
    return entry;
}

} // namespace

Result<TableHeader> parse_table_header(std::span<const std::byte> bytes, NativeAddress address) {
    if (!has_magic(bytes) || number_at<std::uint64_t>(bytes, at_self) != address.value) {
        return fail(ErrorCode::NotFound, "there is no table of modules");
    }
    if (number_at<std::uint16_t>(bytes, at_version) != version ||
        number_at<std::uint8_t>(bytes, at_byte_order) != little_endian) {
        return fail(ErrorCode::Unsupported,
                    "the target's table of modules is of a kind that wdbg does not know");
    }
    const TableHeader header{.header_size = number_at<std::uint16_t>(bytes, at_header_size),
                             .entry_size = number_at<std::uint16_t>(bytes, at_entry_size),
                             .capacity = number_at<std::uint32_t>(bytes, at_capacity)};
    if (header.header_size < table_header_size || header.entry_size < entry_size ||
        header.capacity > largest_table / header.entry_size) {
        return fail(ErrorCode::Malformed, "the target's table of modules is damaged");
    }
    return header;
}

Result<ModuleTable> parse_module_table(std::span<const std::byte> bytes, NativeAddress address) {
    const Result<TableHeader> header = parse_table_header(bytes, address);
    if (!header) {
        return std::unexpected(header.error());
    }
    if (bytes.size() < header->size()) {
        return fail(ErrorCode::Malformed, "the target's table of modules is damaged");
    }
    ModuleTable table{.generation = number_at<std::uint32_t>(bytes, at_generation),
                      .changed = {number_at<std::uint64_t>(bytes, at_changed)},
                      .dropped = number_at<std::uint32_t>(bytes, at_dropped)};
    if (table.generation % 2 != 0) {
        return fail(ErrorCode::Busy, "the target is changing its table of modules");
    }
    for (std::size_t i = 0; i < header->capacity; ++i) {
        const auto entry =
            bytes.subspan(header->header_size + i * header->entry_size, header->entry_size);
        if (number_at<std::uint32_t>(entry, entry_at_state) == compiled_code) {
            table.entries.push_back(parse_entry(entry));
        }
    }
    return table;
}

std::optional<NativeAddress> find_module_table(std::span<const std::byte> memory,
                                               NativeAddress begin) {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(memory.data());
    const std::span<const unsigned char> rest(bytes, memory.size());
    for (auto from = rest.begin(); from != rest.end(); ++from) {
        from = std::search(from, rest.end(), magic.begin(), magic.end());
        if (from == rest.end()) {
            break;
        }
        const auto offset = static_cast<std::size_t>(from - rest.begin());
        const NativeAddress address{begin.value + offset};
        if (parse_table_header(memory.subspan(offset), address)) {
            return address;
        }
    }
    return std::nullopt;
}

std::optional<NativeAddress> find_table_in(const remote::RemoteNativeTarget& target,
                                           const std::vector<MemoryArea>& areas) {
    for (const MemoryArea& area : areas) {
        std::vector<std::byte> memory(std::min(area.size, largest_area));
        const auto found = target.read_memory(area.begin, memory)
                               ? find_module_table(memory, area.begin)
                               : std::nullopt;
        if (found) {
            return found;
        }
    }
    return std::nullopt;
}

Result<ModuleTable> read_module_table(const remote::RemoteNativeTarget& target,
                                      NativeAddress address) {
    std::vector<std::byte> bytes(table_header_size);
    if (auto read = target.read_memory(address, bytes); !read) {
        return std::unexpected(read.error());
    }
    const Result<TableHeader> header = parse_table_header(bytes, address);
    if (!header) {
        return std::unexpected(header.error());
    }
    bytes.resize(header->size());
    if (auto read = target.read_memory(address, bytes); !read) {
        return std::unexpected(read.error());
    }
    return parse_module_table(bytes, address);
}

} // namespace wdbg::bridge
