// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "byte_reader.h"

#include <wdbg/wasm/loaded_names.h>
#include <wdbg/wasm/module.h>

#include <algorithm>
#include <string_view>

namespace wdbg::wasm {

namespace {

constexpr std::string_view part = "names in WAMR's memory";
constexpr std::size_t header_size = 8;
constexpr std::size_t longest_short = 127; ///< bytes of a name whose length is one byte
constexpr std::size_t longest = 0x3FFF;    ///< … two bytes

class NameRestorer {
  public:
    explicit NameRestorer(std::span<std::byte> module) : module_(module) {}

    void section(SectionId id, std::size_t begin, std::size_t end) {
        ByteReader reader(module_, begin, end, part);
        const std::uint32_t count = reader.count();
        for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
            if (id == SectionId::Import) {
                name(reader, end);
                name(reader, end);
                skip_import(reader);
            } else {
                name(reader, end);
                reader.u8(); // kind
                reader.u32();
            }
        }
    }

  private:
    ///     file:    length     n  a  m  e           length'  length  n  a  m  e
    ///     memory:  n  a  m  e  0                   length'  n  a  m  e  0
    void name(ByteReader& reader, std::size_t end) {
        const std::size_t begin = reader.position();
        const auto bytes = module_.subspan(begin, reader.ok() ? end - begin : 0);
        const auto zero = std::ranges::find(bytes, std::byte{0});
        const auto size = static_cast<std::size_t>(zero - bytes.begin());
        if (zero == bytes.end() || size > longest + 1) {
            reader.fail_here("no end of a name");
            return;
        }
        const std::size_t long_size = size == 0 ? 0 : size - 1; // behind the first byte of a length
        const bool is_long = long_size > longest_short &&
                             bytes.front() == static_cast<std::byte>((long_size & 0x7FU) | 0x80U);
        const auto text = bytes.subspan(is_long ? 1 : 0, is_long ? long_size : size);
        std::ranges::copy_backward(text, zero + 1);
        bytes[is_long ? 1 : 0] = static_cast<std::byte>(is_long ? long_size >> 7U : size);
        reader.name();
    }

    static void skip_limits(ByteReader& reader) {
        const bool has_maximum = (reader.u8() & 1U) != 0;
        reader.u64();
        if (has_maximum) {
            reader.u64();
        }
    }

    static void skip_import(ByteReader& reader) {
        switch (static_cast<ExternKind>(reader.u8())) {
        case ExternKind::Function:
            reader.u32();
            break;
        case ExternKind::Table:
            reader.u8();
            skip_limits(reader);
            break;
        case ExternKind::Memory:
            skip_limits(reader);
            break;
        case ExternKind::Global:
            reader.skip(2);
            break;
        case ExternKind::Tag:
            reader.u8();
            reader.u32();
            break;
        }
    }

    std::span<std::byte> module_;
};

} // namespace

void restore_loaded_names(std::span<std::byte> module) {
    if (module.size() < header_size) {
        return;
    }
    ByteReader reader(module, header_size, module.size(), part);
    while (reader.ok() && !reader.at_end()) {
        const auto id = static_cast<SectionId>(reader.u8());
        const std::uint32_t size = reader.count();
        const std::size_t begin = reader.position();
        if (reader.ok() && (id == SectionId::Import || id == SectionId::Export)) {
            NameRestorer(module).section(id, begin, begin + size);
        }
        reader.skip(size);
    }
}

} // namespace wdbg::wasm
