// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/host_file.h>
#include <wdbg/remote/native_target.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wdbg::bridge {

/// Frames and symbols of the runtime that runs the modules: by the files that the target has
/// mapped, read here if they are the same, else through the server.
class HostFrames {
  public:
    explicit HostFrames(const remote::RemoteNativeTarget& target) : target_(target) {}

    /// The runtime's program, for servers that do not tell what is mapped; it is loaded where its
    /// headers say. NotFound if it cannot be read.
    [[nodiscard]] Result<void> set_program(const std::string& path);
    /// As remote::UnwindHostFrame: by unwind tables, else along the chain of frame pointers.
    [[nodiscard]] Result<NativeRegisters> caller_of(const NativeRegisters& registers,
                                                    bool is_caller);
    /// Address of a function in the target. NotFound if no mapped file names it.
    [[nodiscard]] Result<NativeAddress> symbol(std::string_view name);

    /// Something may have been loaded.
    void forget_map() { map_.reset(); }

  private:
    struct OpenFile {
        std::vector<std::byte> bytes;
        std::unique_ptr<dwarf::HostFile> file; ///< nullptr if it cannot be read
    };

    [[nodiscard]] const std::vector<remote::NativeRegion>& map();
    [[nodiscard]] const remote::NativeRegion* region_of(NativeAddress address);
    const OpenFile& open(const std::string& path);
    [[nodiscard]] std::vector<std::byte> contents_of(const std::string& path);
    [[nodiscard]] bool is_mapped_file(const std::string& path, std::span<const std::byte> bytes);

    struct Place {
        const dwarf::HostFile* file = nullptr;
        std::uint64_t bias = 0; ///< address in the target − address in the file
    };

    [[nodiscard]] std::optional<Place> place_of(NativeAddress pc);
    [[nodiscard]] static std::optional<std::uint64_t> bias_of(const remote::NativeRegion& region,
                                                              const dwarf::HostFile& file);

    const remote::RemoteNativeTarget& target_;
    std::optional<std::vector<remote::NativeRegion>> map_;
    std::map<std::string, OpenFile> files_;
    std::optional<OpenFile> program_;
};

} // namespace wdbg::bridge
