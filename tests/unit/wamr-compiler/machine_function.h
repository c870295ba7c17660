// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <llvm/CodeGen/MIRParser/MIRParser.h>
#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/InitializePasses.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/PassRegistry.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace wdbg::compile {

/// What one looks at when the passes are done.
class MachineReader : public llvm::MachineFunctionPass {
  public:
    using Look = std::function<void(llvm::MachineFunction& function)>;

    explicit MachineReader(Look look) : MachineFunctionPass(identity), look_(std::move(look)) {}

    bool runOnMachineFunction(llvm::MachineFunction& function) override {
        look_(function);
        return false;
    }

  private:
    static inline char identity = 0;
    Look look_;
};

/// Before any pass is made by its id.
inline void prepare_llvm() {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    llvm::initializeCodeGen(*llvm::PassRegistry::getPassRegistry());
}

/// Runs `passes`, which it takes, over the one function of `mir` (LLVM's Machine IR, x86-64),
/// behind prepare_llvm().
inline void run_on_machine_code(const std::string& mir, const std::vector<llvm::Pass*>& passes,
                                const MachineReader::Look& look,
                                llvm::CodeGenOptLevel level = llvm::CodeGenOptLevel::Default) {
    const llvm::Triple triple("x86_64-unknown-linux-gnu");
    std::string error;
    const llvm::Target* const target = llvm::TargetRegistry::lookupTarget(triple, error);
    const std::unique_ptr<llvm::TargetMachine> machine(
        target->createTargetMachine(triple, "", "", {}, std::nullopt, std::nullopt, level));
    llvm::LLVMContext context;
    auto parser = llvm::createMIRParser(llvm::MemoryBuffer::getMemBufferCopy(mir), context);
    const std::unique_ptr<llvm::Module> module = parser->parseIRModule();
    module->setDataLayout(machine->createDataLayout());
    llvm::legacy::PassManager manager;
    auto* const info = new llvm::MachineModuleInfoWrapperPass(machine.get());
    manager.add(machine->createPassConfig(manager));
    manager.add(info);
    if (parser->parseMachineFunctions(*module, info->getMMI())) {
        throw std::runtime_error("no machine code");
    }
    for (llvm::Pass* const pass : passes) {
        manager.add(pass);
    }
    manager.add(new MachineReader(look));
    manager.run(*module);
}

/// Machine IR of a function `f` with these blocks.
inline std::string function_of(const std::string& blocks, const std::string& attributes = "") {
    return R"(--- |
  target triple = "x86_64-unknown-linux-gnu"
  declare void @g()
  define void @f() )" +
           attributes + R"( {
    ret void
  }
...
---
name: f
tracksRegLiveness: false
body: |
)" + blocks +
           "...\n";
}

/// Machine IR of a function `f` with a variable, !6, whose one block has these instructions behind
/// `begin`; all of them are of line 1.
inline std::string function_with_variable(const std::string& begin,
                                          const std::vector<std::string>& instructions,
                                          const std::string& attributes = "") {
    std::string text = R"(--- |
  target triple = "x86_64-unknown-linux-gnu"
  define void @f() )" + attributes +
                       R"( !dbg !4 {
    ret void
  }
  !llvm.dbg.cu = !{!0}
  !llvm.module.flags = !{!2}
  !0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: FullDebug)
  !1 = !DIFile(filename: "f.wasm", directory: "")
  !2 = !{i32 2, !"Debug Info Version", i32 3}
  !4 = distinct !DISubprogram(name: "f", file: !1, line: 1, type: !5, unit: !0,
                              spFlags: DISPFlagDefinition)
  !5 = !DISubroutineType(types: !{null})
  !6 = !DILocalVariable(name: "local0", scope: !4, file: !1, type: !7)
  !7 = !DIBasicType(name: "i32", size: 32, encoding: DW_ATE_signed)
...
---
name: f
tracksRegLiveness: true
debugInstrRef: true
body: |
  bb.0:
)" + begin;
    for (const std::string& each : instructions) {
        text += "    " + each + ", debug-location !DILocation(line: 1, scope: !4)\n";
    }
    return text + "    RET64\n...\n";
}

} // namespace wdbg::compile
