// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/cli/run_options.h>
#include <wdbg/model/debuggee.h>
#include <wdbg/wamr/runtime.h>

#include <boost/asio/io_context.hpp>

#include <memory>

namespace wdbg::cli {

/// A runtime together with what makes its guest debuggable.
class GuestEngine {
  public:
    virtual ~GuestEngine() = default;

    [[nodiscard]] virtual wamr::Runtime& runtime() = 0;
    [[nodiscard]] virtual Debuggee& debuggee() = 0;
    /// The guest is loaded and about to run; the loop does not run yet. `wait`: it is to wait at
    /// its entry for a client.
    virtual void start(bool wait) = 0;
    /// The .wasm that the user's `module` is or was made from.
    [[nodiscard]] virtual std::filesystem::path
    wasm_file(const std::filesystem::path& module) const = 0;
    /// On the guest's main thread. Adds what the engine knows of the end, and tells the client.
    virtual void guest_ended(wamr::Outcome& outcome) = 0;
};

[[nodiscard]] Result<std::unique_ptr<GuestEngine>>
make_interpreter_engine(boost::asio::io_context& loop, const wamr::RuntimeOptions& options);

/// For .aot modules. Unavailable where libwdbg-dwarf.so is missing, or on hosts whose native code
/// wdbg cannot control.
[[nodiscard]] Result<std::unique_ptr<GuestEngine>>
make_aot_engine(boost::asio::io_context& loop, wamr::RuntimeOptions options, const RunOptions& run);

} // namespace wdbg::cli
