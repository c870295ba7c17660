// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "shared_debuggee.h"

#include <wdbg/cli/run_options.h>
#include <wdbg/model/debuggee.h>
#include <wdbg/model/instruction_decoder.h>
#include <wdbg/wamr/runtime.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <filesystem>
#include <memory>

namespace wdbg::native {
class ProcessTarget;
}

namespace wdbg::aot {
class AotDebuggee;
}

namespace wdbg::cli {

/// A runtime together with what makes its guest debuggable: the interpreter's engine, the one of
/// compiled code, or both, as the guest's modules need it.
class GuestEngine {
  public:
    [[nodiscard]] static Result<std::unique_ptr<GuestEngine>>
    create(boost::asio::io_context& loop, wamr::RuntimeOptions options, const RunOptions& run);

    GuestEngine(const GuestEngine&) = delete;
    GuestEngine& operator=(const GuestEngine&) = delete;
    ~GuestEngine();

    [[nodiscard]] wamr::Runtime& runtime() { return *runtime_; }

    /// Not to be asked for anything before start().
    [[nodiscard]] Debuggee& debuggee() { return front_; }

    /// The guest is loaded and about to run; the loop does not run yet.
    Result<void> start();
    /// The .wasm that the user's `module` is or was made from.
    [[nodiscard]] std::filesystem::path wasm_file(const std::filesystem::path& module) const;
    /// On the guest's main thread. Adds what the engines know of the end, and tells the client.
    void guest_ended(wamr::Outcome& outcome);

  private:
    GuestEngine(boost::asio::io_context& loop, bool waits);

    Result<GuestGate*> open_gate();
    void start_compiled();
    void wait_for_events();

    boost::asio::io_context& loop_;
    bool waits_; ///< the guest does, at its entry, for a client
    // Of compiled code, once a module of it has been loaded.
    std::unique_ptr<InstructionDecoder> decoder_;
    std::unique_ptr<native::ProcessTarget> target_;
    std::unique_ptr<aot::AotDebuggee> compiled_;
    std::unique_ptr<wamr::Runtime> runtime_;
    bool main_is_compiled_ = false;
    std::unique_ptr<Debuggee> mixed_;
    std::filesystem::path wasm_file_; ///< of compiled code
    boost::asio::posix::stream_descriptor events_;
    SharedDebuggee front_;
};

} // namespace wdbg::cli
