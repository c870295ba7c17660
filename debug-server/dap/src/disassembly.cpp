// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "disassembly.h"

#include "wasm_text.h"

#include <wdbg/rsp/text.h>

#include <algorithm>
#include <optional>

namespace wdbg::dap {

namespace {

/// Goes through a module's instructions in both directions, over the borders of functions.
class Walker {
  public:
    Walker(const wasm::Module& module, CodeOffset from) : module_(module) {
        const auto bodies = module.bodies();
        const auto found = std::ranges::find_if(
            bodies, [from](const wasm::FunctionBody& body) { return from < body.end; });
        body_ = static_cast<std::size_t>(found - bodies.begin());
        if (found != bodies.end()) {
            at_ = next(std::max(from, found->first_instruction));
        }
    }

    /// nullopt beyond either end.
    [[nodiscard]] std::optional<CodeOffset> at() const { return at_; }

    [[nodiscard]] const wasm::FunctionBody& body() const { return module_.bodies()[body_]; }

    /// Only where there is an instruction.
    void forward(CodeOffset behind) {
        at_ = next(behind);
        while (!at_ && body_ + 1 < module_.bodies().size()) {
            ++body_;
            at_ = next(body().first_instruction);
        }
    }

    /// False at the first instruction of all.
    bool back() {
        const CodeOffset here =
            at_.value_or(body_ < module_.bodies().size() ? body().end : CodeOffset{});
        if (body_ < module_.bodies().size()) {
            if (const auto before = ending(here)) {
                at_ = before;
                return true;
            }
        }
        while (body_ > 0) {
            --body_;
            if (const auto last = ending(body().end)) {
                at_ = last;
                return true;
            }
        }
        return false;
    }

  private:
    /// A body that does not decode is one without instructions.
    [[nodiscard]] std::optional<CodeOffset> next(CodeOffset offset) const {
        const auto map = module_.instructions(body());
        return map ? (*map)->next_at_or_after(offset) : std::nullopt;
    }

    [[nodiscard]] std::optional<CodeOffset> ending(CodeOffset offset) const {
        const auto map = module_.instructions(body());
        return map ? (*map)->ending_at(offset) : std::nullopt;
    }

    const wasm::Module& module_;
    std::size_t body_ = 0;
    std::optional<CodeOffset> at_;
};

DisassemblyLine describe(const wasm::Module& module, const Walker& walker,
                         const wasm::Instruction& instruction) {
    DisassemblyLine line{.offset = instruction.offset, .valid = true};
    line.text = instruction_text(module, instruction);
    line.bytes = bytes_text(module.bytes().subspan(instruction.offset.value, instruction.size));
    if (instruction.offset == walker.body().first_instruction) {
        line.symbol = module.function_name(walker.body().index);
    }
    return line;
}

} // namespace

std::string bytes_text(std::span<const std::byte> bytes) {
    std::string text(3 * bytes.size(), ' ');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        rsp::encode_hex(bytes.subspan(i, 1), text.data() + 3 * i);
    }
    return text.empty() ? text : text.substr(0, text.size() - 1);
}

std::vector<DisassemblyLine> disassemble(const wasm::Module& module, CodeOffset from,
                                         std::int64_t skip, std::size_t count) {
    std::vector<DisassemblyLine> lines;
    if (module.bodies().empty()) {
        return {count, DisassemblyLine{.offset = from, .text = "(no code)"}};
    }
    Walker walker(module, from);
    for (; skip < 0 && walker.back(); ++skip) {
    }
    for (; skip < 0 && lines.size() < count; ++skip) { // beyond the first one
        lines.push_back({.offset = {}, .text = "(no code)"});
    }
    while (lines.size() < count) {
        const auto at = walker.at();
        const auto instruction =
            at ? wasm::decode(module.bytes().first(walker.body().end.value), *at)
               : Result<wasm::Instruction>(fail(ErrorCode::NotFound, ""));
        if (!instruction) {
            lines.push_back({.offset = module.bodies().back().end, .text = "(no code)"});
            continue;
        }
        if (skip > 0) {
            --skip;
        } else {
            lines.push_back(describe(module, walker, *instruction));
        }
        walker.forward(instruction->end());
    }
    return lines;
}

} // namespace wdbg::dap
