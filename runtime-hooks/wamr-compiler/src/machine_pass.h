// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <llvm/CodeGen/MachineFunctionPass.h>

namespace wdbg::compile {

/// What our passes over machine code have in common: `Derived` derives from it. None of them makes
/// wrong what LLVM's analyses know.
template <typename Derived>
class MachinePass : public llvm::MachineFunctionPass {
  public:
    void getAnalysisUsage(llvm::AnalysisUsage& usage) const override {
        usage.setPreservesAll();
        MachineFunctionPass::getAnalysisUsage(usage);
    }

  private:
    friend Derived;

    MachinePass() : MachineFunctionPass(identity) {}

    static inline char identity = 0;
};

} // namespace wdbg::compile
