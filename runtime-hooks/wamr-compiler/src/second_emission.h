// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <llvm/ADT/SmallVector.h>

#include <vector>

struct AOTCompContext;

namespace wdbg::compile {

/// The same optimised code as an object with a section for each function, whose debug information
/// does not depend on where the functions are.
class SecondEmission {
  public:
    /// Before the first one, which changes the LLVM module. The context must outlive it.
    explicit SecondEmission(AOTCompContext& context);

    /// An ELF object. Internal carries LLVM's message.
    [[nodiscard]] Result<std::vector<char>> emit();

  private:
    AOTCompContext& context_;
    llvm::SmallVector<char, 0> bitcode_{};
};

} // namespace wdbg::compile
