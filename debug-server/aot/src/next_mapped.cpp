// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "next_mapped.h"

#include <wdbg/wasm/instruction.h>

#include <algorithm>
#include <map>
#include <set>

namespace wdbg::aot {

namespace {

constexpr std::uint8_t opcode_block = 0x02;
constexpr std::uint8_t opcode_loop = 0x03;
constexpr std::uint8_t opcode_if = 0x04;
constexpr std::uint8_t opcode_else = 0x05;
constexpr std::uint8_t opcode_end = 0x0B;
constexpr std::uint8_t opcode_br = 0x0C;
constexpr std::uint8_t opcode_br_if = 0x0D;
constexpr std::uint8_t opcode_br_table = 0x0E;
constexpr std::uint8_t opcode_return = 0x0F;
constexpr std::uint8_t opcode_unreachable = 0x00;

struct Block {
    CodeOffset begin{};
    std::optional<CodeOffset> otherwise{}; ///< behind its `else`
    CodeOffset end{};                      ///< behind its `end`
    bool is_loop = false;
};

/// Control flow within one function, as far as it is structured: labels and where they lead.
class FunctionFlow {
  public:
    FunctionFlow(std::span<const std::byte> bytes, const wasm::FunctionBody& body)
        : bytes_(bytes.first(body.end.value)) {
        read(body);
    }

    /// Where control can be after the instruction; empty where it leaves the function.
    [[nodiscard]] std::vector<CodeOffset> successors(CodeOffset offset) const {
        const auto found = instructions_.find(offset);
        if (found == instructions_.end()) {
            return {};
        }
        const auto instruction = wasm::decode(bytes_, offset);
        return instruction ? successors(*instruction, found->second) : std::vector<CodeOffset>{};
    }

  private:
    /// The blocks around an instruction, outermost first, by index.
    using Nest = std::vector<std::size_t>;

    void read(const wasm::FunctionBody& body) {
        Nest open{0};
        blocks_.push_back({.begin = body.first_instruction, .end = body.end});
        for (CodeOffset at = body.first_instruction; at < body.end;) {
            const auto instruction = wasm::decode(bytes_, at);
            if (!instruction || open.empty()) {
                return;
            }
            note(*instruction, open);
            at = instruction->end();
        }
    }

    void note(const wasm::Instruction& instruction, Nest& open) {
        const std::uint8_t first = std::to_integer<std::uint8_t>(bytes_[instruction.offset.value]);
        instructions_[instruction.offset] = open;
        switch (first) {
        case opcode_block:
        case opcode_loop:
        case opcode_if:
            block_at_[instruction.offset] = blocks_.size();
            open.push_back(blocks_.size());
            blocks_.push_back({.begin = instruction.end(), .is_loop = first == opcode_loop});
            break;
        case opcode_else:
            blocks_[open.back()].otherwise = instruction.end();
            break;
        case opcode_end:
            blocks_[open.back()].end = instruction.end();
            open.pop_back();
            break;
        default:
            break;
        }
    }

    [[nodiscard]] CodeOffset label(const Nest& nest, std::uint64_t depth) const {
        if (depth >= nest.size()) {
            return blocks_.front().end;
        }
        const Block& block = blocks_[nest[nest.size() - 1 - depth]];
        return block.is_loop ? block.begin : block.end;
    }

    [[nodiscard]] std::vector<CodeOffset> successors(const wasm::Instruction& instruction,
                                                     const Nest& nest) const {
        switch (std::to_integer<std::uint8_t>(bytes_[instruction.offset.value])) {
        case opcode_if: {
            const Block& block = blocks_[block_at_.at(instruction.offset)];
            return {instruction.end(), block.otherwise.value_or(block.end)};
        }
        case opcode_else:
            return {blocks_[nest.back()].end};
        case opcode_br:
            return {label(nest, instruction.index)};
        case opcode_br_if:
            return {instruction.end(), label(nest, instruction.index)};
        case opcode_br_table:
            return table_labels(instruction, nest);
        case opcode_return:
        case opcode_unreachable:
            return {};
        default:
            return {instruction.end()};
        }
    }

    [[nodiscard]] std::vector<CodeOffset> table_labels(const wasm::Instruction& instruction,
                                                       const Nest& nest) const {
        std::vector<CodeOffset> result{label(nest, instruction.index)};
        for (std::uint32_t i = 0; i < instruction.list_count; ++i) {
            if (const auto depth = wasm::br_table_label(bytes_, instruction, i)) {
                result.push_back(label(nest, *depth));
            }
        }
        return result;
    }

    std::span<const std::byte> bytes_;
    std::vector<Block> blocks_;
    std::map<CodeOffset, std::size_t> block_at_;
    std::map<CodeOffset, Nest> instructions_;
};

void append(std::vector<dwarf::TextOffset>& sites, const std::vector<dwarf::TextOffset>& more) {
    for (const dwarf::TextOffset site : more) {
        if (std::ranges::find(sites, site) == sites.end()) {
            sites.push_back(site);
        }
    }
}

} // namespace

std::vector<dwarf::TextOffset> breakpoint_sites(const CodeModule& module, CodeOffset offset) {
    auto own = module.info->breakpoint(offset).sites;
    const wasm::FunctionBody* body =
        module.wasm ? module.wasm->function_containing(offset) : nullptr;
    if (!own.empty() || body == nullptr) {
        return own;
    }
    constexpr std::size_t limit = 10'000; // instructions looked at
    const FunctionFlow flow(module.wasm->bytes(), *body);
    const auto start = module.wasm->resolve_breakpoint(offset);
    std::vector<CodeOffset> pending{start.value_or(offset)};
    std::set<CodeOffset> seen(pending.begin(), pending.end());
    while (!pending.empty() && seen.size() < limit) {
        const CodeOffset at = pending.back();
        pending.pop_back();
        for (const CodeOffset next : flow.successors(at)) {
            if (next >= body->end || !seen.insert(next).second) {
                continue;
            }
            const auto sites = module.info->breakpoint(next).sites;
            sites.empty() ? pending.push_back(next) : append(own, sites);
        }
    }
    return own;
}

} // namespace wdbg::aot
