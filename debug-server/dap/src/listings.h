// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "protocol/types.h"

#include <wdbg/model/debuggee.h>
#include <wdbg/wasm/module.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace wdbg::dap {

/// Modules of a guest, parsed once, and their functions as text where there is no source: one
/// "file" for each function that somebody has looked at.
///
///     (func $add (param i32 i32) (result i32)      line 1
///       (local i32)                                line 2, if there are any
///       local.get 0                                one line for each instruction
///       …
///     )
class Listings {
  public:
    struct Listing {
        InstanceId instance{};
        std::uint32_t function = 0;
        std::string name{}; ///< "add.wat"
        std::string text{};
        std::vector<CodeOffset> lines{}; ///< of line first_line + i
        std::uint32_t first_line = 0;
    };

    /// Another guest: all is forgotten, and old references are errors.
    void reset();

    /// NotFound if there is no such instance; Malformed.
    [[nodiscard]] Result<const wasm::Module*> module(Debuggee& debuggee, InstanceId instance);

    /// The listing around a code address: its reference (from 1). NotFound outside of functions.
    [[nodiscard]] Result<int> at(Debuggee& debuggee, CodeAddress address);
    /// nullptr for an unknown reference.
    [[nodiscard]] const Listing* find(int reference) const;
    /// The line (from 1) of an address in the listing; 0 if it is not in there.
    [[nodiscard]] static std::uint32_t line_of(const Listing& listing, CodeOffset offset);
    /// The instruction on a line, or the next one behind it.
    [[nodiscard]] static std::optional<CodeOffset> offset_of(const Listing& listing,
                                                             std::uint32_t line);
    [[nodiscard]] static protocol::Source source_of(const Listing& listing, int reference);

  private:
    struct Loaded {
        std::unique_ptr<wasm::Module> module;
        std::size_t size = 0;
    };

    std::map<InstanceId, Loaded> modules_{};
    std::vector<Listing> listings_{};
    int first_reference_ = 1; ///< references of earlier guests are below
};

} // namespace wdbg::dap
