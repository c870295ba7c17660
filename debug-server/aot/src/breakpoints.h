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

    struct Owner {
        CodeAddress address;
        std::vector<dwarf::WasmPosition> positions; ///< see BreakpointSite; may be empty
    };

    /// `return_sites` are native return addresses that the address also stands for.
    Result<void> plant(const AotInstance& instance, CodeAddress address,
                       dwarf::BreakpointReach reach, std::vector<NativeAddress> return_sites);
    /// NotFound if it is not planted.
    Result<void> unplant(CodeAddress address);
    /// The target has none any more.
    void forget_all();
    void forget_module(const CodeModule& module);

    /// The owner of the site with the least address behind `address`, in its instance; nullptr if
    /// there is none. From the address itself on if `inclusive`.
    [[nodiscard]] const Owner* next_owner(NativeAddress site, CodeAddress address,
                                          bool inclusive) const;

  private:
    struct Planted {
        std::uint32_t count = 0;
        std::vector<NativeAddress> sites;
    };

    Result<void> add_site(NativeAddress site, Owner owner);
    void remove_site(NativeAddress site, CodeAddress owner);

    NativeTarget& target_;
    std::map<CodeAddress, Planted> planted_;
    std::map<NativeAddress, std::vector<Owner>> sites_; ///< owners by address
};

} // namespace wdbg::aot
