// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "debug_info.h"

#include <wdbg/dwarf/guest_dwarf.h>

#include <cstdint>

namespace wdbg::compile {

/// WAMR's function that throws a trap, and that of the module's own through which trap blocks call
/// it.
inline constexpr const char* outside_thrower = "aot_set_exception_with_id";
inline constexpr const char* shared_thrower = "wdbg_throw";

/// What is done to WAMR's LLVM module before WAMR's pipeline optimises it.
struct PassOptions {
    bool debug_info = true;        ///< false: all of it is taken out
    bool trap_blocks = true;       ///< one block per trap site, each with its own location
    bool patchable = true;         ///< room for a jump at each entry
    bool keep_environment = false; ///< a slot for exec_env
    bool all_frames = false;       ///< neither inlining nor calls that are jumps
    enum class Slots : std::uint8_t { None, Frame, Named, All } slots = Slots::None;
    const dwarf::GuestDwarf* guest = nullptr; ///< for slots; may be nullptr
    const DebugInfo* info = nullptr;

    /// Whether values that a guest's variable consists of have slots.
    [[nodiscard]] bool has_slots() const { return slots == Slots::Named || slots == Slots::All; }
};

/// For the one compilation of this process; set before aot_compile_wasm().
void set_pass_options(const PassOptions& options);

} // namespace wdbg::compile
