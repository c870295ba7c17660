// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>

#include <memory>

namespace wdbg::cli {

/// rsp::ServerOptions::leaves_unseen for a debuggee, which must outlive it. Keeps the module and
/// the function that it has looked at last.
class UnseenExits {
  public:
    explicit UnseenExits(const Debuggee& debuggee);

    [[nodiscard]] bool operator()(const CodeAddressRange& range) const;

  private:
    struct Known;

    const Debuggee* debuggee_;
    std::shared_ptr<Known> known_;
};

} // namespace wdbg::cli
