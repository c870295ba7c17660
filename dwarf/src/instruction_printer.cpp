// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "machine_code.h"

#include <wdbg/dwarf/instruction_printer.h>

#include <llvm/MC/MCInstPrinter.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/raw_ostream.h>

#include <mutex>
#include <string>
#include <utility>

namespace wdbg::dwarf {
namespace {

class LlvmPrinter final : public InstructionPrinter {
  public:
    explicit LlvmPrinter(Machine machine) : machine_(machine) {}

    [[nodiscard]] bool open(bool thumb);

    [[nodiscard]] Result<PrintedInstruction> print(std::span<const std::byte> bytes,
                                                   NativeAddress address) const override;

  private:
    Machine machine_;
    MachineCode code_;
    std::unique_ptr<llvm::MCInstPrinter> printer_;
    mutable std::mutex mutex_; // LLVM does not say that its disassemblers may run in parallel
};

bool LlvmPrinter::open(bool thumb) {
    if (!code_.open(machine_, thumb)) {
        return false;
    }
#if LLVM_VERSION_MAJOR >= 22
    const llvm::Triple name(code_.triple);
#else
    const std::string& name = code_.triple;
#endif
    std::string error;
    const llvm::Target* const target = llvm::TargetRegistry::lookupTarget(name, error);
    const unsigned variant =
        machine_ == Machine::X86_64 ? 1 : code_.asm_info->getAssemblerDialect();
    printer_.reset(target->createMCInstPrinter(llvm::Triple(code_.triple), variant, *code_.asm_info,
                                               *code_.instructions, *code_.registers));
    if (printer_ == nullptr) {
        return false;
    }
    printer_->setPrintImmHex(true);
    printer_->setPrintBranchImmAsAddress(true);
    return true;
}

/// On one line, with single blanks.
std::string tidy(const std::string& text) {
    std::string result;
    for (const char c : text) {
        const bool blank = c == ' ' || c == '\t' || c == '\n';
        if (!blank) {
            result += c;
        } else if (!result.empty() && result.back() != ' ') {
            result += ' ';
        }
    }
    while (result.ends_with(' ')) {
        result.pop_back();
    }
    return result;
}

Result<PrintedInstruction> LlvmPrinter::print(std::span<const std::byte> bytes,
                                              NativeAddress address) const {
    const std::lock_guard lock(mutex_);
    const auto read = code_.read(bytes, address);
    if (!read) {
        return std::unexpected(read.error());
    }
    const auto& [inst, size] = *read;
    std::string text;
    llvm::raw_string_ostream out(text);
    // x86's printer counts branches from the end of the instruction.
    const std::uint64_t from = address.value + (machine_ == Machine::X86_64 ? size : 0);
    printer_->printInst(&inst, from, "", *code_.subtarget, out);
    PrintedInstruction result{.length = static_cast<std::uint8_t>(size), .text = tidy(text)};
    const bool direct = code_.analysis->isCall(inst) || code_.analysis->isBranch(inst);
    std::uint64_t target = 0;
    if (direct && code_.analysis->evaluateBranch(inst, address.value, size, target)) {
        result.target = NativeAddress{target};
    }
    return result;
}

} // namespace

Result<std::unique_ptr<InstructionPrinter>> make_instruction_printer(Machine machine, bool thumb) {
    auto printer = std::make_unique<LlvmPrinter>(machine);
    if (!printer->open(thumb)) {
        return fail(ErrorCode::Unsupported, "this LLVM library cannot show the target's code");
    }
    return printer;
}

} // namespace wdbg::dwarf
