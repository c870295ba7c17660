// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// A module of any bytes: its lines, functions, variables, locations and types are asked for.
#include <wdbg/dwarf/llvm_source_info.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

namespace {

using namespace wdbg;
using namespace wdbg::dwarf;

class FlatFrame final : public FrameState {
  public:
    [[nodiscard]] Result<Value> local(std::uint32_t index) const override {
        return Value::of(ValueType::I32, index);
    }

    [[nodiscard]] Result<Value> global(std::uint32_t index) const override {
        return Value::of(ValueType::I64, std::uint64_t{index});
    }

    [[nodiscard]] Result<Value> stack_value(std::uint32_t) const override {
        return fail(ErrorCode::OutOfRange, "empty");
    }

    [[nodiscard]] Result<void> read_memory(std::uint64_t address,
                                           std::span<std::byte> into) const override {
        if (address > 65536) {
            return fail(ErrorCode::OutOfRange, "behind the end");
        }
        std::ranges::fill(into, std::byte{1});
        return {};
    }
};

/// Types from `id` on, a bounded number of them.
void walk_types(SourceInfo& info, TypeId id) {
    std::vector<TypeId> queue{id};
    std::set<TypeId> seen;
    while (!queue.empty() && seen.size() < 50) {
        const TypeId next = queue.back();
        queue.pop_back();
        const auto type = info.type(next);
        if (!type || !seen.insert(next).second) {
            continue;
        }
        queue.push_back((*type)->target);
        queue.push_back((*type)->container);
        for (const Member& member : (*type)->members) {
            queue.push_back(member.type);
        }
    }
}

void look_at(SourceInfo& info, CodeOffset offset) {
    const FlatFrame frame;
    static_cast<void>(info.row_at(offset));
    static_cast<void>(info.step_range(offset));
    const auto frames = info.frames_at(offset, AddressKind::Instruction);
    for (std::uint32_t level = 0; level < std::min<std::size_t>(frames.size(), 4); ++level) {
        auto variables = info.variables_at(offset, AddressKind::Instruction, level);
        variables.resize(std::min<std::size_t>(variables.size(), 20));
        for (const Variable& variable : variables) {
            static_cast<void>(info.locate(variable.entry, offset, AddressKind::Instruction, frame));
            walk_types(info, variable.type);
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto opened = make_source_info({.bytes = bytes, .path = "/nonexistent/app"});
    if (!opened) {
        return 0;
    }
    SourceInfo& info = **opened;
    const std::size_t files = std::min<std::size_t>(info.files().size(), 8);
    for (FileIndex file = 0; file < files; ++file) {
        for (std::uint32_t line = 1; line < 12; ++line) {
            static_cast<void>(info.find_line(file, line));
        }
        static_cast<void>(info.line_locations(file, 1, 20));
    }
    for (const char* name : {"add", "main", "ns::f(int)", "int", "Point", ""}) {
        static_cast<void>(info.find_functions(name));
        static_cast<void>(info.find_globals(name, std::nullopt));
        static_cast<void>(info.find_enumerator(name));
        if (const auto type = info.find_type(name)) {
            walk_types(info, *type);
        }
    }
    for (std::uint32_t at = 0; at < size && at < 4096; at += 7) {
        look_at(info, CodeOffset{at});
    }
    return 0;
}
