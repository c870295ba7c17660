// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/wamr/runtime.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>
#include <wasm_export.h>

namespace wdbg::wamr {

/// A module instantiated in WAMR. Owns the module and the instance.
class WamrGuest final : public Guest {
  public:
    /// Takes over `module`, also when it fails.
    /// `codes` are the ranges of compiled code that end with this guest.
    [[nodiscard]] static Result<std::unique_ptr<Guest>> create(wasm_module_t module,
                                                               const std::string& name,
                                                               const GuestOptions& options,
                                                               std::vector<CodeRangeId> codes = {});

    /// The same for a module that others call: it needs no entry.
    [[nodiscard]] static Result<std::unique_ptr<WamrGuest>>
    create_library(wasm_module_t module, const std::string& name, const GuestOptions& options,
                   std::vector<CodeRangeId> codes);

    [[nodiscard]] wasm_module_inst_t instance() const { return instance_; }

    WamrGuest(const WamrGuest&) = delete;
    WamrGuest& operator=(const WamrGuest&) = delete;
    ~WamrGuest() override;

    Outcome run() override;

  private:
    WamrGuest(wasm_module_t module, std::string name, GuestOptions options,
              std::vector<CodeRangeId> codes);

    void announce_instance() const;
    void set_wasi_arguments();
    Result<void> instantiate();
    Result<void> check_entry() const;
    void run_main(Outcome& outcome);
    void run_export(Outcome& outcome);
    void finish(Outcome& outcome) const;
    [[nodiscard]] std::optional<std::uint32_t> trap_text_offset() const;

    wasm_module_t module_;
    wasm_module_inst_t instance_ = nullptr;
    std::string name_;
    std::vector<CodeRangeId> codes_;
    GuestOptions options_;
    // WAMR keeps these pointers.
    std::vector<char*> arguments_;
    std::vector<const char*> environment_;
    std::vector<std::string> mappings_; ///< "guest::host"
    std::vector<const char*> mapping_pointers_;
};

} // namespace wdbg::wamr
