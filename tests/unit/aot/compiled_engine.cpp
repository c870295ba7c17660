// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/aot/aot_debuggee.h>
#include <wdbg/dwarf/loader.h>
#include <wdbg/native/process_target.h>

#include <atomic>
#include <filesystem>
#include <poll.h>
#include <semaphore>
#include <session.h>

namespace wdbg::test {

namespace {

/// The target's events, handed to the loop.
class Pump {
  public:
    Pump(native::ProcessTarget& target, EventLoop& loop)
        : thread_([this, &target, &loop] { run(target, loop); }) {}

    Pump(const Pump&) = delete;
    Pump& operator=(const Pump&) = delete;

    ~Pump() {
        ending_ = true;
        taken_.release();
        thread_.join();
    }

  private:
    void run(native::ProcessTarget& target, EventLoop& loop) {
        constexpr int look_again_ms = 20; // whether it is to end
        pollfd waiting{.fd = target.poll_fd(), .events = POLLIN, .revents = 0};
        while (!ending_) {
            if (::poll(&waiting, 1, look_again_ms) == 1) {
                loop.post([this, &target] {
                    target.process();
                    taken_.release();
                });
                taken_.acquire();
            }
        }
    }

    std::atomic<bool> ending_{false};
    std::counting_semaphore<> taken_{0};
    std::thread thread_;
};

class Compiled final : public TestEngine {
  public:
    explicit Compiled(EventLoop& loop)
        : loop_(loop)
        , decoder_(
              must(dwarf::load_instruction_decoder(Machine::X86_64, false, WDBG_DWARF_LIBRARY_DIR)))
        , target_(must(native::ProcessTarget::create(*decoder_)))
        , debuggee_(aot::AotDebuggee::create(
              *target_, {.load_debug_info =
                             [](const dwarf::AotDebugSource& source) {
                                 return dwarf::load_aot_debug_info(source, WDBG_DWARF_LIBRARY_DIR);
                             },
                         .post = [&loop](auto task) { loop.post(std::move(task)); },
                         .stops_at_entry = true,
                         .decides_hits = true,
                         .decoder = decoder_.get()}))
        , runtime_(must(wamr::Runtime::create(
              {.aot_gate = [this] { return Result<GuestGate*>(target_.get()); }}))) {}

    wamr::Runtime& runtime() override { return *runtime_; }

    Debuggee& debuggee() override { return *debuggee_; }

    [[nodiscard]] std::string guest_file(std::string_view guest) const override {
        return std::filesystem::path(guest_path(guest)).replace_extension(".aot");
    }

    void wait_at_entry() override {
        target_->process(); // what was loaded is known before anybody asks
        target_->stop_at_entry();
        pump_.emplace(*target_, loop_);
    }

    void guest_ended(const wamr::Outcome& outcome) override {
        loop_.post([this, code = outcome.exit_code] {
            target_->process(); // what went before
            debuggee_->guest_exited(code);
        });
    }

    void end_guest() override { debuggee_->detach(); }

  private:
    EventLoop& loop_;
    std::unique_ptr<InstructionDecoder> decoder_;
    std::unique_ptr<native::ProcessTarget> target_;
    std::unique_ptr<aot::AotDebuggee> debuggee_;
    std::unique_ptr<wamr::Runtime> runtime_;
    std::optional<Pump> pump_;
};

} // namespace

std::unique_ptr<TestEngine> make_engine(EventLoop& loop) {
    return std::make_unique<Compiled>(loop);
}

} // namespace wdbg::test
