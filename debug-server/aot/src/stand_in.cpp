// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "stand_in.h"

#include <wdbg/wasm/module.h>

#include <string_view>
#include <utility>

namespace wdbg::aot {

namespace {

using Bytes = std::vector<std::byte>;

constexpr std::byte nop{0x01};
constexpr std::byte end_of_body{0x0B};
constexpr std::byte no_locals{0};

/// Writes in the wasm binary format (wasm core §5).
class Writer {
  public:
    void byte(std::byte value) { bytes_.push_back(value); }

    void number(std::uint64_t value) {
        constexpr unsigned bits = 7;
        for (; value >> bits != 0; value >>= bits) {
            byte(static_cast<std::byte>(value) | std::byte{0x80});
        }
        byte(static_cast<std::byte>(value));
    }

    void text(std::string_view text) {
        number(text.size());
        const auto all = std::as_bytes(std::span(text));
        bytes_.insert(bytes_.end(), all.begin(), all.end());
    }

    void sized(const Bytes& contents) {
        number(contents.size());
        bytes_.insert(bytes_.end(), contents.begin(), contents.end());
    }

    void section(wasm::SectionId id, const Writer& contents) {
        byte(static_cast<std::byte>(id));
        sized(contents.bytes_);
    }

    void repeat(std::byte value, std::size_t count) { bytes_.insert(bytes_.end(), count, value); }

    Bytes take() { return std::move(bytes_); }

  private:
    Bytes bytes_;
};

Writer types() {
    constexpr std::byte function_type{0x60};
    Writer section;
    section.number(1);
    section.byte(function_type);
    section.number(0);
    section.number(0);
    return section;
}

/// Without names: nobody knows them.
Writer imports(std::uint32_t count) {
    Writer section;
    section.number(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        section.text("");
        section.text("");
        section.byte(static_cast<std::byte>(wasm::ExternKind::Function));
        section.number(0);
    }
    return section;
}

Writer declarations(std::size_t count) {
    Writer section;
    section.number(count);
    section.repeat(std::byte{0}, count);
    return section;
}

Writer code(std::span<const StandInFunction> functions) {
    Writer section;
    section.number(functions.size());
    for (const StandInFunction& function : functions) {
        section.number(std::uint64_t{function.size} + 2);
        section.byte(no_locals);
        section.repeat(nop, function.size);
        section.byte(end_of_body);
    }
    return section;
}

Writer names(std::uint32_t imported, std::span<const StandInFunction> functions) {
    constexpr std::byte of_functions{1};
    Writer map;
    map.number(functions.size());
    for (std::size_t i = 0; i < functions.size(); ++i) {
        map.number(imported + i);
        map.text(functions[i].name);
    }
    Writer section;
    section.text("name");
    section.byte(of_functions);
    section.sized(map.take());
    return section;
}

} // namespace

std::vector<std::byte> make_stand_in(std::uint32_t imported_functions,
                                     std::span<const StandInFunction> functions) {
    Writer module;
    for (const char c : std::string_view("\0asm\1\0\0\0", 8)) {
        module.byte(static_cast<std::byte>(c));
    }
    module.section(wasm::SectionId::Type, types());
    module.section(wasm::SectionId::Import, imports(imported_functions));
    module.section(wasm::SectionId::Function, declarations(functions.size()));
    module.section(wasm::SectionId::Code, code(functions));
    module.section(wasm::SectionId::Custom, names(imported_functions, functions));
    return module.take();
}

} // namespace wdbg::aot
