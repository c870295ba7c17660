// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

namespace wdbg::compile {

/// From now on each code generation of this process mends what LLVM says of its code (LLVM 22 and
/// newer; older ones let no pass in): make_stale_locations_pass(), make_stack_offsets_pass().
void add_machine_passes();

} // namespace wdbg::compile
