// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "stack.h"

#include <map>
#include <vector>

namespace wdbg::aot {

/// Which addresses were asked for, and the native sites that stand for them. A site may have
/// several owners, and an address several sites.
class AotBreakpoints {
  public:
    explicit AotBreakpoints(NativeTarget& target) : target_(target) {}

    /// `return_sites` are native return addresses that the address also stands for.
    Result<void> plant(const AotInstance& instance, CodeAddress address,
                       std::vector<NativeAddress> return_sites);
    /// NotFound if it is not planted.
    Result<void> unplant(CodeAddress address);
    /// The target has none any more.
    void forget_all();
    void forget_module(const CodeModule& module);

    /// Owners of the site that belong to the instance.
    [[nodiscard]] std::vector<CodeAddress> requested(NativeAddress site, InstanceId instance) const;

  private:
    struct Planted {
        std::uint32_t count = 0;
        std::vector<NativeAddress> sites;
    };

    Result<void> add_site(NativeAddress site, CodeAddress owner);
    void remove_site(NativeAddress site, CodeAddress owner);

    NativeTarget& target_;
    std::map<CodeAddress, Planted> planted_;
    std::map<NativeAddress, std::vector<CodeAddress>> sites_;
};

} // namespace wdbg::aot
