// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "path_map.h"

#include <wdbg/dwarf/source_info.h>
#include <wdbg/model/debuggee.h>
#include <wdbg/source/source_level.h>
#include <wdbg/wasm/module.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wdbg::source {

/// One instance with what is known of it; debug information is opened when first needed.
class LoadedModule {
  public:
    using Open =
        std::function<Result<std::unique_ptr<dwarf::SourceInfo>>(const dwarf::ModuleSource&)>;

    LoadedModule(InstanceInfo info, std::span<const std::byte> code, const Open* open)
        : info_(std::move(info))
        , code_(code)
        , open_(open) {}

    [[nodiscard]] const InstanceInfo& info() const { return info_; }

    /// nullptr without debug information; problem() says why.
    [[nodiscard]] dwarf::SourceInfo* source();

    [[nodiscard]] bool opened() const { return opened_; }

    [[nodiscard]] const std::string& problem() const { return problem_; }

    /// nullptr if the bytes are no module.
    [[nodiscard]] const wasm::Module* wasm();

    [[nodiscard]] std::span<const std::byte> code() const { return code_; }

    /// The code of the function that contains `offset`.
    [[nodiscard]] std::optional<dwarf::CodeRange> body_at(CodeOffset offset);
    [[nodiscard]] std::string function_name(std::uint32_t index);

  private:
    InstanceInfo info_;
    std::span<const std::byte> code_;
    const Open* open_;
    bool opened_ = false;
    std::string problem_;
    std::unique_ptr<dwarf::SourceInfo> source_;
    bool parsed_ = false;
    std::optional<wasm::Module> wasm_;
};

/// The instances of a guest.
class ModuleTable {
  public:
    ModuleTable(Debuggee& debuggee, LoadedModule::Open open, PathMap paths)
        : debuggee_(debuggee)
        , open_(std::move(open))
        , paths_(std::move(paths)) {}

    /// Looks for instances that came or went; true if some did.
    bool refresh();
    /// nullptr for an instance that does not exist.
    [[nodiscard]] LoadedModule* find(InstanceId id);
    [[nodiscard]] std::vector<LoadedModule*> all();

    [[nodiscard]] const PathMap& paths() const { return paths_; }

    /// Path of a file of the debug information on this machine; empty for no_file.
    [[nodiscard]] std::string local_path(dwarf::SourceInfo& source, dwarf::FileIndex file) const;

  private:
    Debuggee& debuggee_;
    LoadedModule::Open open_;
    PathMap paths_;
    std::map<InstanceId, std::unique_ptr<LoadedModule>> modules_;
};

} // namespace wdbg::source
