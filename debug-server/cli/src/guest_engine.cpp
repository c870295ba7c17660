// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_engine.h"

#include <wdbg/aot/aot_debuggee.h>
#include <wdbg/cli/report.h>
#include <wdbg/dwarf/loader.h>
#include <wdbg/native/process_target.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace wdbg::cli {
namespace {

auto post_to(boost::asio::io_context& loop) {
    return [&loop](std::function<void()> task) { boost::asio::post(loop, std::move(task)); };
}

class InterpreterEngine final : public GuestEngine {
  public:
    InterpreterEngine(std::unique_ptr<wamr::Runtime> runtime, Debuggee& debuggee)
        : runtime_(std::move(runtime))
        , debuggee_(debuggee) {}

    wamr::Runtime& runtime() override { return *runtime_; }

    Debuggee& debuggee() override { return debuggee_; }

    void start(bool wait) override {
        if (wait) {
            runtime_->wait_at_entry();
        }
    }

    [[nodiscard]] std::filesystem::path
    wasm_file(const std::filesystem::path& module) const override {
        return module;
    }

    void guest_ended(wamr::Outcome& /*outcome*/) override {} // the runtime has told the client

  private:
    std::unique_ptr<wamr::Runtime> runtime_;
    Debuggee& debuggee_;
};

/// Compiled code under control of this process: WAMR passes the target's gate, the mapping makes
/// wasm of what the target sees.
class AotEngine final : public GuestEngine {
  public:
    AotEngine(boost::asio::io_context& loop, std::unique_ptr<InstructionDecoder> decoder)
        : loop_(loop)
        , decoder_(std::move(decoder)) {}

    AotEngine(const AotEngine&) = delete;
    AotEngine& operator=(const AotEngine&) = delete;

    ~AotEngine() override {
        if (events_.is_open()) {
            events_.release(); // the target's own
        }
    }

    Result<void> open(wamr::RuntimeOptions options, bool wait) {
        auto target = native::ProcessTarget::create(*decoder_);
        if (!target) {
            return std::unexpected(target.error());
        }
        target_ = std::move(*target);
        debuggee_ = aot::AotDebuggee::create(
            *target_, {.load_debug_info =
                           [](const dwarf::AotDebugSource& source) {
                               return dwarf::load_aot_debug_info(source);
                           },
                       .post = post_to(loop_),
                       .warn = [](const std::string& text) { report(text); },
                       .stops_at_entry = wait,
                       .decides_hits = true,
                       .load_printer = [] { return dwarf::load_instruction_printer(); },
                       .decoder = decoder_.get()});
        options.aot_gate = target_.get();
        auto runtime = wamr::Runtime::create(options);
        if (!runtime) {
            return std::unexpected(runtime.error());
        }
        runtime_ = std::move(*runtime);
        return {};
    }

    wamr::Runtime& runtime() override { return *runtime_; }

    Debuggee& debuggee() override { return *debuggee_; }

    void start(bool wait) override {
        target_->process(); // what was loaded is known before a client can ask
        if (const auto instances = debuggee_->instances(); !instances.empty()) {
            wasm_file_ = instances.front().path;
        }
        if (wait) {
            target_->stop_at_entry();
        }
        events_.assign(target_->poll_fd());
        wait_for_events();
    }

    [[nodiscard]] std::filesystem::path
    wasm_file(const std::filesystem::path& module) const override {
        return wasm_file_.empty() ? module : wasm_file_;
    }

    void guest_ended(wamr::Outcome& outcome) override {
        if (!outcome.trap.empty()) {
            outcome.trap_pc = debuggee_->trap_pc();
        }
        debuggee_->guest_exited(outcome.exit_code);
    }

  private:
    void wait_for_events() {
        events_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [this](const boost::system::error_code& error) {
                               if (!error) {
                                   target_->process();
                                   wait_for_events();
                               }
                           });
    }

    boost::asio::io_context& loop_;
    std::unique_ptr<InstructionDecoder> decoder_;
    std::unique_ptr<native::ProcessTarget> target_;
    std::unique_ptr<aot::AotDebuggee> debuggee_;
    std::unique_ptr<wamr::Runtime> runtime_;
    std::filesystem::path wasm_file_;
    boost::asio::posix::stream_descriptor events_{loop_};
};

} // namespace

Result<std::unique_ptr<GuestEngine>> make_interpreter_engine(boost::asio::io_context& loop,
                                                             const wamr::RuntimeOptions& options) {
    auto runtime = wamr::Runtime::create(options);
    if (!runtime) {
        return std::unexpected(runtime.error());
    }
    const auto debuggee = (*runtime)->debuggee(post_to(loop));
    if (!debuggee) {
        return std::unexpected(debuggee.error());
    }
    return std::make_unique<InterpreterEngine>(std::move(*runtime), **debuggee);
}

Result<std::unique_ptr<GuestEngine>> make_aot_engine(boost::asio::io_context& loop,
                                                     wamr::RuntimeOptions options,
                                                     const RunOptions& run) {
    auto decoder = dwarf::load_instruction_decoder();
    if (!decoder) {
        return std::unexpected(decoder.error());
    }
    auto engine = std::make_unique<AotEngine>(loop, std::move(*decoder));
    if (auto opened = engine->open(std::move(options), run.wait); !opened) {
        return std::unexpected(opened.error());
    }
    return engine;
}

} // namespace wdbg::cli
