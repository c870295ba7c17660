// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "deployed.h"

#include "ir_passes.h"

#include <llvm/BinaryFormat/ELF.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

namespace wdbg::compile {
namespace {

using dwarf::AotFile;
using dwarf::AotRelocation;

/// Where pieces are put that are not in the text: behind it in every debug file, far enough that
/// nothing else is there.
constexpr std::uint64_t nowhere = debug_text_address + 0x4000'0000;

std::string_view code_of(const AotFile& file) {
    const std::span<const std::byte> text = file.text();
    return {reinterpret_cast<const char*>(text.data()), text.size()};
}

bool is_same_relocation(const AotRelocation& one, const AotRelocation& other) {
    return one.offset == other.offset && one.type == other.type && one.symbol == other.symbol &&
           one.addend == other.addend;
}

std::string symbol_of(const ObjectFunction& function) {
    return (function.internal ? "aot_func_internal#" : "aot_func#") +
           std::to_string(function.index);
}

/// The relocations of a text, by offset.
using Relocations = std::map<std::uint64_t, const AotRelocation*>;

class Fitter {
  public:
    Fitter(std::span<const TextPiece> pieces, const AotFile& deployed)
        : pieces_(pieces)
        , deployed_(deployed)
        , text_(deployed.text()) {
        for (const AotRelocation& each : deployed.text_relocations()) {
            if (relocation_size(deployed.machine(), each.type) != 0) {
                relocations_.emplace(each.offset, &each);
            }
        }
        for (std::uint32_t each = 0; each < deployed.functions().size(); ++each) {
            // The lowest bit marks Thumb code.
            const std::uint64_t thumb = deployed.machine() == llvm::ELF::EM_ARM ? 1 : 0;
            places_[symbol_of({.index = each})] = deployed.functions()[each] & ~thumb;
        }
    }

    Fitting run() {
        place_internal_functions();
        Fitting fitting;
        fitting.placed.text.assign(text_.begin(), text_.end());
        fill_masks(fitting.placed);
        std::uint64_t elsewhere = nowhere;
        for (const TextPiece& piece : pieces_) {
            const auto place = places_.find(symbol_of(piece.function));
            if (place != places_.end() && is_at(piece, place->second)) {
                ObjectFunction function = piece.function;
                function.offset = static_cast<std::uint32_t>(place->second);
                fitting.placed.functions.push_back(function);
                fitting.placed.addresses[piece.section] = debug_text_address + place->second;
                continue;
            }
            fitting.differing.push_back(piece.function.index);
            fitting.placed.addresses[piece.section] = elsewhere;
            elsewhere += piece.bytes.size();
        }
        std::ranges::sort(fitting.placed.functions, {}, &ObjectFunction::offset);
        std::ranges::sort(fitting.differing);
        const auto same = std::ranges::unique(fitting.differing);
        fitting.differing.erase(same.begin(), same.end());
        return fitting;
    }

  private:
    /// The .aot does not tell where they are: behind the piece that comes before them, in the order
    /// of the object.
    void place_internal_functions() {
        std::optional<std::uint64_t> end = 0;
        for (const TextPiece& piece : pieces_) {
            const std::string symbol = symbol_of(piece.function);
            if (piece.function.internal && end) {
                places_[symbol] = (*end + piece.alignment - 1) / piece.alignment * piece.alignment;
            }
            const auto place = places_.find(symbol);
            end = place == places_.end() ? std::nullopt
                                         : std::optional(place->second + piece.bytes.size());
        }
        place_thrower();
        for (const auto& [symbol, place] : places_) {
            begins_.push_back(place);
        }
        begins_.push_back(text_.size());
        std::ranges::sort(begins_);
    }

    /// What all trap blocks call is one jump to WAMR's function, the only relocation that names it.
    void place_thrower() {
        const AotRelocation* only = nullptr;
        for (const auto& [offset, relocation] : relocations_) {
            if (relocation->symbol == outside_thrower) {
                if (only != nullptr) {
                    return;
                }
                only = relocation;
            }
        }
        constexpr std::uint64_t opcode_size = 1; // of x86's jump
        const std::uint64_t before = deployed_.machine() == llvm::ELF::EM_X86_64 ? opcode_size : 0;
        if (only != nullptr && only->offset >= before && only->offset < text_.size()) {
            places_[shared_thrower] = only->offset - before;
        }
    }

    void fill_masks(PlacedText& placed) const {
        for (const auto& [offset, relocation] : relocations_) {
            const std::uint32_t size = relocation_size(deployed_.machine(), relocation->type);
            if (offset + size <= text_.size()) {
                placed.masks.push_back({static_cast<std::uint32_t>(offset), size});
            }
        }
    }

    /// Whether the code at `offset` of the text is that of `piece`.
    [[nodiscard]] bool is_at(const TextPiece& piece, std::uint64_t offset) const {
        if (offset > text_.size() || piece.bytes.size() > text_.size() - offset ||
            !ends_there(offset + piece.bytes.size(), piece.alignment)) {
            return false;
        }
        const auto there = text_.subspan(offset, piece.bytes.size());
        std::vector<std::byte> ours = piece.bytes;
        std::vector<std::byte> theirs(there.begin(), there.end());
        std::ptrdiff_t matched = 0;
        for (const PieceRelocation& each : piece.relocations) {
            const auto found = relocations_.find(offset + each.offset);
            if (found == relocations_.end()) {
                if (!leads_there(each, offset)) {
                    return false;
                }
            } else if (!is_alike(each, *found->second)) {
                return false;
            }
            matched += found == relocations_.end() ? 0 : 1;
            std::fill_n(ours.begin() + each.offset, each.size, std::byte{0});
            std::fill_n(theirs.begin() + each.offset, each.size, std::byte{0});
        }
        const auto first = relocations_.lower_bound(offset);
        const auto behind = relocations_.lower_bound(offset + piece.bytes.size());
        return matched >= std::distance(first, behind) && ours == theirs;
    }

    /// Whether at most padding is between `end` and what comes next.
    [[nodiscard]] bool ends_there(std::uint64_t end, std::uint64_t alignment) const {
        constexpr std::uint64_t least = 16;
        const auto next = std::ranges::lower_bound(begins_, end);
        return next != begins_.end() && *next - end < std::max(alignment, least);
    }

    /// Both lead to the same function or helper. The sections of constants differ in name, as each
    /// function has its own here.
    static bool is_alike(const PieceRelocation& ours, const AotRelocation& theirs) {
        const bool is_section = ours.symbol.starts_with('.') && theirs.symbol.starts_with('.');
        const bool is_same = theirs.symbol.ends_with(ours.symbol) &&
                             theirs.symbol.size() - ours.symbol.size() <= 1; // perhaps a dot before
        return ours.type == theirs.type &&
               (is_section || (is_same && (!ours.has_addend || ours.addend == theirs.addend)));
    }

    /// What the assembler has resolved where all functions are in one section. Only x86's is
    /// decoded; elsewhere its mask has to do.
    [[nodiscard]] bool leads_there(const PieceRelocation& ours, std::uint64_t offset) const {
        using namespace llvm::ELF;
        // A section's name and a function's are the same here, but for the prefix.
        const std::string_view symbol = ours.symbol;
        const std::size_t begin = std::min(symbol.find("aot_func"), symbol.find(shared_thrower));
        const auto target =
            begin == std::string_view::npos ? places_.end() : places_.find(symbol.substr(begin));
        if (target == places_.end()) {
            return false;
        }
        const bool is_relative = deployed_.machine() == EM_X86_64 &&
                                 (ours.type == R_X86_64_PC32 || ours.type == R_X86_64_PLT32);
        if (!is_relative) {
            return true;
        }
        const std::uint64_t at = offset + ours.offset;
        std::uint32_t value = 0;
        for (std::uint32_t each = 0; each < sizeof value; ++each) {
            value |= std::to_integer<std::uint32_t>(text_[at + each]) << (8 * each);
        }
        return value == static_cast<std::uint32_t>(target->second +
                                                   static_cast<std::uint64_t>(ours.addend) - at);
    }

    std::span<const TextPiece> pieces_;
    const AotFile& deployed_;
    std::span<const std::byte> text_;
    Relocations relocations_{};
    std::map<std::string, std::uint64_t, std::less<>> places_{}; ///< of functions, in the text
    std::vector<std::uint64_t> begins_{}; ///< of functions, and the text's end
};

} // namespace

bool is_same_code(const AotFile& one, const AotFile& other) {
    return code_of(one) == code_of(other) &&
           std::ranges::equal(one.text_relocations(), other.text_relocations(),
                              is_same_relocation) &&
           std::ranges::equal(one.functions(), other.functions());
}

Result<void> check_comparable(const AotFile& deployed, const AotFile& fresh) {
    if (deployed.machine() != fresh.machine() || deployed.is_64() != fresh.is_64()) {
        return fail(ErrorCode::InvalidArgument,
                    "it is for " + std::string(deployed.architecture()) +
                        ", and this would be for " + std::string(fresh.architecture()) +
                        "; give its --target");
    }
    if (deployed.functions().size() != fresh.functions().size()) {
        return fail(ErrorCode::InvalidArgument, "it has " +
                                                    std::to_string(deployed.functions().size()) +
                                                    " functions, and the module has " +
                                                    std::to_string(fresh.functions().size()) +
                                                    ": it was made from another module");
    }
    return {};
}

Fitting fit_pieces(std::span<const TextPiece> pieces, const AotFile& deployed) {
    return Fitter(pieces, deployed).run();
}

} // namespace wdbg::compile
