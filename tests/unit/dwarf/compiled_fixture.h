// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "fixture.h"
#include "unit/wamr-compiler/program.h"

#include <wdbg/dwarf/llvm_aot_debug_info.h>

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace wdbg::test {

/// A guest compiled ahead of time, with its debug file.
struct AotFixture {
    AotFixture(const std::string& guest, const std::string& options) : wasm(guest + ".wasm") {
        const Folder folder;
        if (wasm.built() && compile(wasm.path.string() + " " + options + " --coverage=" +
                                    (folder / "coverage") + " -o " + (folder / "a"))
                                    .status == 0) {
            aot = read_bytes(folder / "a");
            debug = read_bytes(folder / "a.debug");
            const auto text = read_bytes(folder / "coverage");
            coverage.assign(reinterpret_cast<const char*>(text.data()), text.size());
        }
    }

    [[nodiscard]] bool built() const { return !debug.empty(); }

    [[nodiscard]] dwarf::AotDebugSource source() const {
        return {.debug_file = debug, .module = wasm.source()};
    }

    /// A figure of --coverage.
    [[nodiscard]] std::size_t figure(const std::string& name) const {
        const std::string key = "\"" + name + "\": ";
        const std::size_t at = coverage.find(key);
        return at == std::string::npos ? 0 : std::stoul(coverage.substr(at + key.size()));
    }

    Fixture wasm;
    std::vector<std::byte> aot;
    std::vector<std::byte> debug;
    std::string coverage; ///< JSON
};

/// Compiled once for all tests of the program.
inline const AotFixture& aot_fixture(const std::string& guest, const std::string& options) {
    static std::map<std::string, std::unique_ptr<AotFixture>> made;
    std::unique_ptr<AotFixture>& fixture = made[guest + " " + options];
    if (fixture == nullptr) {
        fixture = std::make_unique<AotFixture>(guest, options);
    }
    return *fixture;
}

/// Memory of a target that does not exist but for a stack.
class FakeStack {
  public:
    static constexpr std::uint64_t base = 0x7000'0000;
    static constexpr std::uint64_t size = 0x1'0000;

    dwarf::NativeMemoryReader reader() {
        return [this](NativeAddress address, std::span<std::byte> into) -> Result<void> {
            if (address.value < base || address.value - base > size - into.size()) {
                return fail(ErrorCode::OutOfRange, "no such memory");
            }
            std::memcpy(into.data(), bytes_.data() + (address.value - base), into.size());
            return {};
        };
    }

    void write(std::uint64_t address, std::uint64_t value) {
        std::memcpy(bytes_.data() + (address - base), &value, sizeof value);
    }

  private:
    std::vector<std::byte> bytes_ = std::vector<std::byte>(size);
};

} // namespace wdbg::test
