// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_engine.h"

#include <wdbg/aot/aot_debuggee.h>
#include <wdbg/cli/report.h>
#include <wdbg/dwarf/loader.h>
#include <wdbg/mixed/mixed_debuggee.h>
#include <wdbg/native/process_target.h>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace wdbg::cli {
namespace {

auto post_to(boost::asio::io_context& loop) {
    return [&loop](std::function<void()> task) { boost::asio::post(loop, std::move(task)); };
}

} // namespace

GuestEngine::GuestEngine(boost::asio::io_context& loop, bool waits)
    : loop_(loop)
    , waits_(waits)
    , events_(loop) {
}

GuestEngine::~GuestEngine() {
    if (events_.is_open()) {
        events_.release(); // the target's own
    }
}

Result<std::unique_ptr<GuestEngine>> GuestEngine::create(boost::asio::io_context& loop,
                                                         wamr::RuntimeOptions options,
                                                         const RunOptions& run) {
    std::unique_ptr<GuestEngine> engine(new GuestEngine(loop, run.wait));
    options.debug_hooks = true;
    options.aot_gate = [engine = engine.get()] { return engine->open_gate(); };
    auto runtime = wamr::Runtime::create(options);
    if (!runtime) {
        return std::unexpected(runtime.error());
    }
    engine->runtime_ = std::move(*runtime);
    return engine;
}

/// Compiled code under control of this process: WAMR passes the target's gate, the mapping makes
/// wasm of what the target sees.
Result<GuestGate*> GuestEngine::open_gate() {
    auto decoder = dwarf::load_instruction_decoder();
    if (!decoder) {
        return std::unexpected(decoder.error());
    }
    decoder_ = std::move(*decoder);
    auto target = native::ProcessTarget::create(*decoder_);
    if (!target) {
        return std::unexpected(target.error());
    }
    target_ = std::move(*target);
    main_is_compiled_ = !runtime_->has_interpreted_code(); // the main module is the first
    compiled_ = aot::AotDebuggee::create(
        *target_,
        {.load_debug_info =
             [](const dwarf::AotDebugSource& source) { return dwarf::load_aot_debug_info(source); },
         .post = post_to(loop_),
         .warn = [](const std::string& text) { report(text); },
         .stops_at_entry = waits_ && main_is_compiled_,
         .decides_hits = true,
         .load_printer = [] { return dwarf::load_instruction_printer(); },
         .decoder = decoder_.get()});
    return target_.get();
}

void GuestEngine::start_compiled() {
    target_->process(); // what was loaded is known before a client can ask
    const auto instances = compiled_->instances();
    if (main_is_compiled_ && !instances.empty()) {
        wasm_file_ = instances.front().path;
    }
    if (waits_ && main_is_compiled_) {
        target_->stop_at_entry();
    }
    events_.assign(target_->poll_fd());
    wait_for_events();
}

Result<void> GuestEngine::start() {
    const bool is_mixed = compiled_ && runtime_->has_interpreted_code();
    if (compiled_) {
        start_compiled();
    }
    Debuggee* guest = compiled_.get();
    if (runtime_->has_interpreted_code()) {
        const auto interpreted = runtime_->debuggee(post_to(loop_));
        if (!interpreted) {
            return std::unexpected(interpreted.error());
        }
        guest = *interpreted;
    }
    if (waits_ && !main_is_compiled_) {
        runtime_->wait_at_entry();
    }
    if (is_mixed) {
        runtime_->share(!main_is_compiled_);
        mixed::Part interpreted{.debuggee = *guest, .step_in = [this](std::uint64_t thread) {
                                    runtime_->step_in(thread);
                                }};
        mixed::Part compiled{.debuggee = *compiled_, .step_in = [this](std::uint64_t thread) {
                                 target_->step_in(thread);
                                 compiled_->step_in(thread);
                             }};
        mixed_ = main_is_compiled_
                     ? mixed::make_mixed_debuggee(std::move(compiled), std::move(interpreted))
                     : mixed::make_mixed_debuggee(std::move(interpreted), std::move(compiled));
        guest = mixed_.get();
    }
    front_.set_guest(*guest);
    guest->set_event_handler([this](const Event& event) { front_.on_event(event); });
    return {};
}

std::filesystem::path GuestEngine::wasm_file(const std::filesystem::path& module) const {
    return wasm_file_.empty() ? module : wasm_file_;
}

void GuestEngine::guest_ended(wamr::Outcome& outcome) {
    if (!compiled_) {
        return; // the runtime has told the client
    }
    if (const auto pc = compiled_->trap_pc(); pc && !outcome.trap.empty()) {
        const auto all = compiled_->instances();
        const auto instance = std::ranges::find(all, pc->instance, &InstanceInfo::id);
        outcome.trap_pc = instance != all.end() ? pc : std::nullopt;
        outcome.trap_file = instance != all.end() ? instance->path : "";
    }
    compiled_->guest_exited(outcome.exit_code);
}

void GuestEngine::wait_for_events() {
    events_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                           if (!error) {
                               target_->process();
                               wait_for_events();
                           }
                       });
}

} // namespace wdbg::cli
