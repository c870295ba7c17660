// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "own_guest.h"

namespace wdbg::cli {

namespace {

class OwnTarget final : public dap::Target {
  public:
    explicit OwnTarget(SharedDebuggee& guest) : guest_(guest) {}

    OwnTarget(const OwnTarget&) = delete;
    OwnTarget& operator=(const OwnTarget&) = delete;

    ~OwnTarget() override { guest_.set_event_handler({}); }

    Debuggee* debuggee() override { return &guest_; }

    [[nodiscard]] std::optional<std::int64_t> process_id() const override { return std::nullopt; }

    /// Killing the debuggee is all there is.
    void terminate() override {}

    [[nodiscard]] std::string lost() const override { return {}; }

  private:
    SharedDebuggee& guest_;
};

} // namespace

Result<std::unique_ptr<dap::Target>> OwnGuestHost::launch(const dap::LaunchSettings& settings,
                                                          dap::TargetHandlers /*handlers*/) {
    if (settings.no_debug) {
        return fail(ErrorCode::Unsupported,
                    "noDebug: this server debugs the guest that `wdbg run --dap` was given");
    }
    return std::make_unique<OwnTarget>(guest_);
}

Result<dap::TerminalLaunch>
OwnGuestHost::launch_in_terminal(const dap::LaunchSettings& /*settings*/,
                                 dap::TargetHandlers /*handlers*/) {
    return fail(ErrorCode::Unsupported,
                "console: the guest runs already, where `wdbg run --dap` was started");
}

Result<std::unique_ptr<dap::Target>> OwnGuestHost::attach(const dap::AttachSettings& /*settings*/,
                                                          dap::TargetHandlers /*handlers*/) {
    return std::make_unique<OwnTarget>(guest_);
}

} // namespace wdbg::cli
