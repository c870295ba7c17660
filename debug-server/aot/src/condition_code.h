// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "hit_filter.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace wdbg::aot {

/// x86-64 code that decides as SiteFilter does for one rule, for NativeTarget::set_probe(). nullopt
/// where only the filter can: several instances share the code, or more than one condition counts.
/// `variables` must outlive the code.
[[nodiscard]] std::optional<std::vector<std::byte>> condition_code(const HitRule& rule,
                                                                   agent::Variables& variables);

} // namespace wdbg::aot
