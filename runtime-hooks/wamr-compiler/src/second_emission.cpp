// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "second_emission.h"

#include "wamr_headers.h"

#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <string>

namespace wdbg::compile {

SecondEmission::SecondEmission(AOTCompContext& context) : context_(context) {
    // The order of uses decides the order of instructions here and there; a clone would lose it.
    llvm::raw_svector_ostream out(bitcode_);
    llvm::WriteBitcodeToFile(*llvm::unwrap(context.module), out, true);
}

Result<std::vector<char>> SecondEmission::emit() {
    const llvm::MemoryBufferRef bitcode(llvm::StringRef(bitcode_.data(), bitcode_.size()),
                                        "module");
    auto module = llvm::parseBitcodeFile(bitcode, llvm::unwrap(context_.module)->getContext());
    if (!module) {
        return fail(ErrorCode::Internal, llvm::toString(module.takeError()));
    }
    auto* const machine = reinterpret_cast<llvm::TargetMachine*>(context_.target_machine);
    machine->Options.FunctionSections = true;
    char* message = nullptr;
    LLVMMemoryBufferRef buffer = nullptr;
    if (LLVMTargetMachineEmitToMemoryBuffer(context_.target_machine, llvm::wrap(module->get()),
                                            LLVMObjectFile, &message, &buffer) != 0) {
        std::string text = message == nullptr ? "LLVM emits no object" : message;
        LLVMDisposeMessage(message);
        return fail(ErrorCode::Internal, std::move(text));
    }
    const char* const begin = LLVMGetBufferStart(buffer);
    std::vector<char> object(begin, begin + LLVMGetBufferSize(buffer));
    LLVMDisposeMemoryBuffer(buffer);
    return object;
}

} // namespace wdbg::compile
