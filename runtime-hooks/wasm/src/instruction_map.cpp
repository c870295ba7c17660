// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "byte_reader.h"

#include <wdbg/wasm/instruction.h>
#include <wdbg/wasm/instruction_map.h>

#include <bit>

namespace wdbg::wasm {

namespace {

constexpr std::uint32_t word_bits = 64;

/// How an instruction changes the number of open blocks. The function itself is one.
int nesting_change(Opcode opcode) {
    switch (opcode) {
    case Opcode::Block:
    case Opcode::Loop:
    case Opcode::If:
    case Opcode::Try:
    case Opcode::TryTable:
        return 1;
    case Opcode::End:
    case Opcode::Delegate: // ends its try
        return -1;
    default:
        return 0;
    }
}

} // namespace

InstructionMap::InstructionMap(CodeOffset first, CodeOffset end)
    : first_(first)
    , end_(end)
    , starts_((end.value - first.value + word_bits - 1) / word_bits) {
}

void InstructionMap::mark(CodeOffset offset) {
    const std::uint32_t bit = offset.value - first_.value;
    starts_[bit / word_bits] |= std::uint64_t{1} << (bit % word_bits);
    ++count_;
}

Result<InstructionMap> InstructionMap::build(std::span<const std::byte> bytes, CodeOffset first,
                                             CodeOffset end) {
    if (first >= end || end.value > bytes.size()) {
        return fail(ErrorCode::Malformed,
                    "Code section: no code in the function at file offset " + hex(first.value));
    }
    InstructionMap map(first, end);
    int depth = 1;
    CodeOffset at = first;
    while (at < end && depth > 0) {
        const auto instruction = decode(bytes.first(end.value), at);
        if (!instruction) {
            return std::unexpected(instruction.error());
        }
        map.mark(at);
        depth += nesting_change(instruction->opcode);
        at = instruction->end();
    }
    if (depth != 0 || at != end) {
        return fail(ErrorCode::Malformed,
                    "Code section: blocks do not nest up to file offset " + hex(at.value));
    }
    return map;
}

bool InstructionMap::is_start(CodeOffset offset) const {
    if (offset < first_ || offset >= end_) {
        return false;
    }
    const std::uint32_t bit = offset.value - first_.value;
    return ((starts_[bit / word_bits] >> (bit % word_bits)) & 1U) != 0;
}

std::optional<CodeOffset> InstructionMap::next_at_or_after(CodeOffset offset) const {
    if (offset >= end_) {
        return std::nullopt;
    }
    const std::uint32_t bit = offset < first_ ? 0 : offset.value - first_.value;
    std::size_t word = bit / word_bits;
    std::uint64_t bits = starts_[word] >> (bit % word_bits) << (bit % word_bits);
    while (bits == 0) {
        if (++word == starts_.size()) {
            return std::nullopt;
        }
        bits = starts_[word];
    }
    const auto found = static_cast<std::uint32_t>(word) * word_bits +
                       static_cast<std::uint32_t>(std::countr_zero(bits));
    return CodeOffset{first_.value + found};
}

std::optional<CodeOffset> InstructionMap::last_before(CodeOffset offset) const {
    if (offset <= first_ || offset > end_) {
        return std::nullopt;
    }
    const std::uint32_t bit = offset.value - first_.value - 1; // the last candidate
    std::size_t word = bit / word_bits;
    const std::uint32_t unwanted = word_bits - 1 - bit % word_bits;
    std::uint64_t bits = starts_[word] << unwanted >> unwanted;
    while (bits == 0) {
        bits = starts_[--word]; // the first instruction's bit is always set
    }
    const auto found = static_cast<std::uint32_t>(word) * word_bits + word_bits - 1 -
                       static_cast<std::uint32_t>(std::countl_zero(bits));
    return CodeOffset{first_.value + found};
}

std::optional<CodeOffset> InstructionMap::ending_at(CodeOffset offset) const {
    if (offset != end_ && !is_start(offset)) {
        return std::nullopt;
    }
    return last_before(offset);
}

std::optional<CodeOffset> InstructionMap::containing(CodeOffset offset) const {
    if (offset >= end_) {
        return std::nullopt;
    }
    return last_before(CodeOffset{offset.value + 1});
}

} // namespace wdbg::wasm
