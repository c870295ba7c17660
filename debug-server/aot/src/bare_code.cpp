// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "bare_code.h"

#include "stack_depths.h"
#include "stand_in.h"

#include <wdbg/dwarf/aot_file.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace wdbg::aot {

namespace {

using dwarf::AddressKind;
using dwarf::NativeFunction;
using dwarf::TextOffset;

constexpr std::size_t dwarf_rsp = 7; // x86-64 psABI figure 3.36
constexpr std::size_t dwarf_pc = 16;
constexpr std::uint64_t word = 8;

std::unexpected<Error> no_debug_file() {
    return fail(ErrorCode::Unavailable, "not known without a debug file");
}

/// The machine is x86-64.
class BareCodeInfo final : public dwarf::AotDebugInfo {
  public:
    BareCodeInfo(std::vector<NativeFunction> functions, std::vector<std::byte> text,
                 std::vector<wasm::FunctionBody> bodies, NativeAddress begin,
                 const InstructionDecoder& decoder)
        : text_(std::move(text))
        , bodies_(std::move(bodies))
        , begin_(begin)
        , decoder_(decoder)
        , file_(dwarf::DebugFile::of_functions(std::move(functions),
                                               static_cast<std::uint32_t>(text_.size()))) {}

    [[nodiscard]] const dwarf::DebugFile& file() const override { return file_; }

    [[nodiscard]] std::optional<std::string_view> fact(std::string_view /*key*/) const override {
        return std::nullopt;
    }

    [[nodiscard]] Result<void> check_module(std::span<const std::byte> /*wasm*/) const override {
        return no_debug_file();
    }

    [[nodiscard]] Result<void> check_text(std::span<const std::byte> /*text*/) const override {
        return no_debug_file();
    }

    [[nodiscard]] bool is_not_loaded(std::span<const std::byte> /*text*/,
                                     std::span<const std::byte> /*aot*/) const override {
        return false;
    }

    [[nodiscard]] std::vector<std::size_t>
    find_text(std::span<const std::byte> /*memory*/) const override {
        return {};
    }

    [[nodiscard]] std::vector<dwarf::WasmPosition> positions(TextOffset pc,
                                                             AddressKind kind) const override;
    [[nodiscard]] std::vector<CodeOffset> instructions_at(TextOffset pc) const override;
    [[nodiscard]] dwarf::BreakpointPlaces
    breakpoint(CodeOffset offset, const dwarf::BreakpointSeeker& seeker) const override;
    [[nodiscard]] std::vector<TextOffset> entries(std::uint32_t function) const override;

    /// None: a step is one native instruction.
    [[nodiscard]] std::vector<dwarf::TextRange>
    instruction_ranges(TextOffset /*pc*/) const override {
        return {};
    }

    [[nodiscard]] std::vector<dwarf::TextRange> step_ranges(TextOffset pc, CodeOffset begin,
                                                            CodeOffset end) const override;

    [[nodiscard]] Result<dwarf::LocalPlace> operand(const dwarf::NativeActivation& /*activation*/,
                                                    std::uint32_t /*depth*/,
                                                    std::uint32_t /*index*/) const override {
        return no_debug_file();
    }

    [[nodiscard]] Result<dwarf::LocalPlace> local(const dwarf::NativeActivation& /*activation*/,
                                                  std::uint32_t /*depth*/,
                                                  std::uint32_t /*index*/) const override {
        return no_debug_file();
    }

    [[nodiscard]] Result<NativeAddress>
    exec_env(const dwarf::NativeActivation& /*activation*/) const override {
        return no_debug_file();
    }

    [[nodiscard]] Result<NativeRegisters>
    unwind(const dwarf::NativeActivation& activation) const override;
    [[nodiscard]] Result<NativeAddress>
    frame_address(const dwarf::NativeActivation& activation) const override;

  private:
    /// A function and how far behind its entry something is.
    struct Place {
        const NativeFunction* function = nullptr;
        std::uint32_t offset = 0;
    };

    [[nodiscard]] std::optional<Place> place_of(TextOffset pc, AddressKind kind) const;
    [[nodiscard]] std::optional<Place> place_of(CodeOffset offset) const;

    [[nodiscard]] const wasm::FunctionBody& body_of(const NativeFunction& function) const {
        return bodies_[function.function - bodies_.front().index];
    }

    [[nodiscard]] const StackDepths& depths_of(const NativeFunction& function) const;

    std::vector<std::byte> text_;
    std::vector<wasm::FunctionBody> bodies_; ///< of the stand-in, by function
    NativeAddress begin_;
    const InstructionDecoder& decoder_;
    dwarf::DebugFile file_;
    mutable std::mutex mutex_;
    mutable std::map<std::uint32_t, StackDepths> depths_; ///< by the function's place, once asked
};

/// Code of one function may end with a call: the return address is behind it.
std::optional<BareCodeInfo::Place> BareCodeInfo::place_of(TextOffset pc, AddressKind kind) const {
    const bool behind_call = kind == AddressKind::ReturnAddress;
    const std::uint32_t at = pc.value - (behind_call ? 1 : 0);
    const auto functions = file_.functions();
    const auto behind = std::ranges::upper_bound(functions, at, {}, &NativeFunction::offset);
    if (behind == functions.begin() || at >= file_.text_size()) {
        return std::nullopt;
    }
    const NativeFunction& function = *std::prev(behind);
    return Place{.function = &function, .offset = pc.value - function.offset};
}

std::optional<BareCodeInfo::Place> BareCodeInfo::place_of(CodeOffset offset) const {
    const auto behind =
        std::ranges::upper_bound(bodies_, offset, {}, &wasm::FunctionBody::size_field);
    if (behind == bodies_.begin()) {
        return std::nullopt;
    }
    const wasm::FunctionBody& body = *std::prev(behind);
    const auto function =
        std::ranges::find(file_.functions(), body.index, &NativeFunction::function);
    if (offset >= body.end || function == file_.functions().end()) {
        return std::nullopt;
    }
    const std::uint32_t within =
        offset < body.first_instruction ? 0 : offset.value - body.first_instruction.value;
    return Place{.function = &*function, .offset = within};
}

const StackDepths& BareCodeInfo::depths_of(const NativeFunction& function) const {
    const std::lock_guard lock(mutex_);
    const auto known = depths_.find(function.offset);
    if (known != depths_.end()) {
        return known->second;
    }
    const auto code = std::span<const std::byte>(text_).subspan(function.offset, function.size);
    return depths_
        .emplace(
            std::piecewise_construct, std::forward_as_tuple(function.offset),
            std::forward_as_tuple(code, NativeAddress{begin_.value + function.offset}, decoder_))
        .first->second;
}

/// A caller is at the last byte of its call, so that the place behind it is where it goes on.
std::vector<dwarf::WasmPosition> BareCodeInfo::positions(TextOffset pc, AddressKind kind) const {
    const auto place = place_of(pc, kind);
    if (!place) {
        return {};
    }
    const bool behind_call = kind == AddressKind::ReturnAddress;
    const CodeOffset first = body_of(*place->function).first_instruction;
    return {{.function = place->function->function,
             .offset = {first.value + place->offset - (behind_call ? 1 : 0)},
             .exact = true}};
}

std::vector<CodeOffset> BareCodeInfo::instructions_at(TextOffset pc) const {
    const auto found = positions(pc, AddressKind::Instruction);
    return found.empty() ? std::vector<CodeOffset>{} : std::vector{found.front().offset};
}

dwarf::BreakpointPlaces BareCodeInfo::breakpoint(CodeOffset offset,
                                                 const dwarf::BreakpointSeeker& /*seeker*/) const {
    dwarf::BreakpointPlaces places{.resolved = offset, .sites = {}};
    const auto place = place_of(offset);
    if (!place || !depths_of(*place->function).is_instruction(place->offset)) {
        return places;
    }
    const TextOffset at{place->function->offset + place->offset};
    places.sites.push_back({.at = at, .positions = positions(at, AddressKind::Instruction)});
    places.resolved = places.sites.front().positions.front().offset;
    return places;
}

std::vector<TextOffset> BareCodeInfo::entries(std::uint32_t function) const {
    std::vector<TextOffset> found;
    for (const NativeFunction& each : file_.functions()) {
        if (each.function == function) {
            found.push_back({each.offset});
        }
    }
    return found;
}

std::vector<dwarf::TextRange> BareCodeInfo::step_ranges(TextOffset pc, CodeOffset begin,
                                                        CodeOffset end) const {
    const auto place = place_of(pc, AddressKind::Instruction);
    if (!place) {
        return {};
    }
    const CodeOffset first = body_of(*place->function).first_instruction;
    const auto native = [&](CodeOffset offset) {
        const std::uint32_t within = offset < first ? 0 : offset.value - first.value;
        return TextOffset{place->function->offset + std::min(within, place->function->size)};
    };
    const dwarf::TextRange range{.begin = native(begin), .end = native(end)};
    return range.begin < range.end ? std::vector{range} : std::vector<dwarf::TextRange>{};
}

Result<NativeAddress> BareCodeInfo::frame_address(const dwarf::NativeActivation& activation) const {
    const auto place = place_of(activation.pc, activation.kind);
    if (!place) {
        return no_debug_file();
    }
    const StackDepths& depths = depths_of(*place->function);
    const auto depth = activation.kind == AddressKind::ReturnAddress
                           ? depths.behind_call(place->offset)
                           : depths.at(place->offset);
    if (!depth) {
        return no_debug_file();
    }
    return NativeAddress{activation.registers.general[dwarf_rsp] +
                         static_cast<std::uint64_t>(std::int64_t{*depth}) + word};
}

Result<NativeRegisters> BareCodeInfo::unwind(const dwarf::NativeActivation& activation) const {
    const auto frame = frame_address(activation);
    if (!frame) {
        return std::unexpected(frame.error());
    }
    std::uint64_t return_address = 0;
    const auto into = std::as_writable_bytes(std::span(&return_address, 1));
    if (auto read = activation.memory({frame->value - word}, into); !read) {
        return std::unexpected(read.error());
    }
    NativeRegisters caller{.pc = {return_address}};
    caller.general[dwarf_rsp] = frame->value;
    caller.general[dwarf_pc] = return_address;
    caller.known = (std::uint64_t{1} << dwarf_rsp) | (std::uint64_t{1} << dwarf_pc);
    caller.vectors_known = false;
    return caller;
}

/// Name section, else export, else the symbol of WAMR's compiler.
std::vector<std::string> names_of(const dwarf::AotFile& aot, std::uint32_t imported) {
    std::vector<std::string> names(aot.functions().size());
    const auto name = [&](std::uint32_t function, std::string_view text) {
        const std::uint32_t index = function - imported;
        if (function >= imported && index < names.size() && names[index].empty()) {
            names[index] = text;
        }
    };
    for (const dwarf::AotFunctionName& each : aot.names()) {
        name(each.function, each.name);
    }
    for (const dwarf::AotExport& each : aot.exports()) {
        if (each.kind == static_cast<std::uint8_t>(wasm::ExternKind::Function)) {
            name(each.index, each.name);
        }
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i].empty()) {
            names[i] = "aot_func#" + std::to_string(i);
        }
    }
    return names;
}

/// Where the code of one begins, that of the one before ends: WAMR's compiler leaves out none. An
/// entry that checks the stack comes right before the body it calls, which is not listed: one.
std::vector<NativeFunction> functions_of(const dwarf::AotFile& aot, std::uint32_t imported,
                                         std::uint32_t text_size) {
    std::vector<NativeFunction> functions;
    for (std::size_t i = 0; i < aot.functions().size(); ++i) {
        functions.push_back({.function = imported + static_cast<std::uint32_t>(i),
                             .offset = static_cast<std::uint32_t>(aot.functions()[i])});
    }
    std::ranges::sort(functions, {}, [](const NativeFunction& function) {
        return std::pair(function.offset, function.function);
    });
    for (std::size_t i = 0; i < functions.size(); ++i) {
        const std::uint32_t end = i + 1 < functions.size() ? functions[i + 1].offset : text_size;
        functions[i].size = end - functions[i].offset;
    }
    return functions;
}

} // namespace

bool is_code_of(const dwarf::AotFile& aot, std::span<const std::byte> text) {
    constexpr std::uint64_t longest_relocation = 8;
    if (text.size() < aot.text().size()) {
        return false;
    }
    std::vector<std::uint64_t> filled_in;
    for (const dwarf::AotRelocation& each : aot.text_relocations()) {
        filled_in.push_back(each.offset);
    }
    std::ranges::sort(filled_in);
    std::uint64_t begin = 0;
    const auto is_equal_to = [&](std::uint64_t end) {
        return begin >= end || std::ranges::equal(text.subspan(begin, end - begin),
                                                  aot.text().subspan(begin, end - begin));
    };
    for (const std::uint64_t offset : filled_in) {
        if (offset >= aot.text().size() || !is_equal_to(offset)) {
            return false;
        }
        begin = offset + longest_relocation;
    }
    return is_equal_to(aot.text().size());
}

Result<BareCode> read_bare_code(std::span<const std::byte> aot, const NativeRange& range,
                                std::vector<std::byte> text, std::uint32_t imported_functions,
                                const InstructionDecoder& decoder) {
    const auto file = dwarf::AotFile::parse(aot);
    if (!file) {
        return std::unexpected(file.error());
    }
    if (file->functions().empty() || !is_code_of(*file, text)) {
        return fail(ErrorCode::NotFound, "the code in memory is not that of the .aot file");
    }
    text.resize(file->text().size());
    auto functions =
        functions_of(*file, imported_functions, static_cast<std::uint32_t>(text.size()));
    auto names = names_of(*file, imported_functions);
    std::vector<StandInFunction> described(names.size());
    for (const NativeFunction& function : functions) {
        const std::uint32_t index = function.function - imported_functions;
        described[index] = {.size = function.size, .name = std::move(names[index])};
    }
    auto stand_in = wasm::Module::parse_owned(make_stand_in(imported_functions, described));
    if (!stand_in) {
        return std::unexpected(stand_in.error());
    }
    const auto bodies = stand_in->bodies();
    auto info = std::make_unique<BareCodeInfo>(
        std::move(functions), std::move(text),
        std::vector<wasm::FunctionBody>(bodies.begin(), bodies.end()), range.begin, decoder);
    return BareCode{.stand_in = std::move(*stand_in), .info = std::move(info)};
}

} // namespace wdbg::aot
