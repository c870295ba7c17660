// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/bridge/bridge.h>
#include <wdbg/dwarf/aot_debug_info.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wdbg::bridge {

/// A module with what its debug file says of the code.
struct KnownModule {
    ModuleFiles files;
    std::vector<std::byte> debug_bytes;
    std::vector<std::byte> aot; ///< empty if it was not found
    std::unique_ptr<dwarf::AotDebugInfo> info;
    Machine machine = Machine::X86_64;
    bool thumb = false;
};

/// Io or NotFound if the debug file is not there (with the name that was looked for), else as
/// load_aot_debug_info().
[[nodiscard]] Result<KnownModule> open_module(ModuleFiles files);

/// Where a module's text is, and its bytes as they are there.
struct FoundText {
    NativeAddress address;
    std::vector<std::byte> bytes;
};

/// The text at `address`. InvalidArgument if the debug file does not belong to it, with the build
/// id.
[[nodiscard]] Result<FoundText> read_text(const remote::RemoteNativeTarget& target,
                                          const KnownModule& module, NativeAddress address);

/// What the target's code range of a module is.
[[nodiscard]] CodeRange code_range(const KnownModule& module, NativeAddress address, ModuleId id);

/// In `search`, else in executable memory that belongs to no file, else where pointers in the
/// runtime's description of it lead (`handle`: an AOTModule, whatever its layout).
/// NotFound if there is nothing like it, or only what nobody has loaded yet (the loader's input);
/// InvalidArgument if there is code that the debug file does not belong to, with the build ids, or
/// more than one of which none can be preferred.
[[nodiscard]] Result<FoundText> find_module(const remote::RemoteNativeTarget& target,
                                            const KnownModule& module,
                                            const std::vector<MemoryArea>& search,
                                            std::optional<NativeAddress> handle);

} // namespace wdbg::bridge
