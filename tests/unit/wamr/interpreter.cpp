// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

namespace wdbg::test {

namespace {

class Interpreter final : public TestEngine {
  public:
    explicit Interpreter(EventLoop& loop)
        : runtime_(must(wamr::Runtime::create({.debug_hooks = true})))
        , debuggee_(must(runtime_->debuggee([&loop](auto task) { loop.post(std::move(task)); }))) {}

    wamr::Runtime& runtime() override { return *runtime_; }

    Debuggee& debuggee() override { return *debuggee_; }

    [[nodiscard]] std::string guest_file(std::string_view guest) const override {
        return guest_path(guest);
    }

    void wait_at_entry() override { runtime_->wait_at_entry(); }

    void guest_ended(const wamr::Outcome& /*outcome*/) override {} // the runtime tells it

    void end_guest() override { debuggee_->kill(); }

  private:
    std::unique_ptr<wamr::Runtime> runtime_;
    Debuggee* debuggee_;
};

} // namespace

std::unique_ptr<TestEngine> make_engine(EventLoop& loop) {
    return std::make_unique<Interpreter>(loop);
}

} // namespace wdbg::test
