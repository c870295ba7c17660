// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The session's beginning and end: initialize, launch, attach, configurationDone, restart,
// terminate, disconnect, cancel.
#include "../protocol/requests.h"
#include "../session.h"
#include "../settings.h"
#include "handlers.h"

namespace wdbg::dap {

namespace {

using namespace protocol;

class Initialize final : public RequestHandler<InitializeArguments, Json> {
  public:
    Initialize() : RequestHandler("initialize", Needs::Nothing) {}

  protected:
    Result<Json> run(Session& session, const InitializeArguments& args) override {
        if (args.pathFormat && *args.pathFormat != "path") {
            return fail(ErrorCode::Unsupported,
                        "pathFormat \"" + *args.pathFormat + R"(": only "path" is understood)");
        }
        session.initialize(args);
        return session.dispatcher().capabilities();
    }
};

class Launch final : public DeferredHandler<LaunchArguments> {
  public:
    Launch() : DeferredHandler("launch", Needs::NoGuest) {}

    void announce(Json& capabilities) const override { capabilities["supportsANSIStyling"] = true; }

  protected:
    void start(Session& session, const LaunchArguments& args, Reply reply) override {
        Result<StartRequest> request = read_launch(args, session.client().run_in_terminal);
        if (!request) {
            reply.give(std::unexpected(request.error()));
            return;
        }
        session.start(std::move(*request), std::move(reply));
    }
};

class Attach final : public DeferredHandler<AttachArguments> {
  public:
    Attach() : DeferredHandler("attach", Needs::NoGuest) {}

  protected:
    void start(Session& session, const AttachArguments& args, Reply reply) override {
        Result<StartRequest> request = read_attach(args);
        if (!request) {
            reply.give(std::unexpected(request.error()));
            return;
        }
        session.start(std::move(*request), std::move(reply));
    }
};

class ConfigurationDone final : public RequestHandler<Empty, Empty> {
  public:
    ConfigurationDone()
        : RequestHandler("configurationDone", Needs::Initialized,
                         "supportsConfigurationDoneRequest") {}

  protected:
    Result<Empty> run(Session& session, const Empty& /*args*/) override {
        session.dispatcher().after_response([&session] { session.configuration_done(); });
        return Empty{};
    }
};

class Restart final : public DeferredHandler<RestartArguments> {
  public:
    Restart() : DeferredHandler("restart", Needs::Initialized, "supportsRestartRequest") {}

  protected:
    void start(Session& session, const RestartArguments& args, Reply reply) override {
        if (session.start_request().attached || session.start_request().launch.program.empty()) {
            reply.give(fail(ErrorCode::Unsupported,
                            "restart: only a guest that was launched can be started again"));
            return;
        }
        StartRequest request = session.start_request();
        if (args.arguments && args.arguments->program) {
            Result<StartRequest> fresh =
                read_launch(*args.arguments, session.client().run_in_terminal);
            if (!fresh) {
                reply.give(std::unexpected(fresh.error()));
                return;
            }
            request = std::move(*fresh);
        }
        session.restart(std::move(request), std::move(reply));
    }
};

class Terminate final : public RequestHandler<Empty, Empty> {
  public:
    Terminate() : RequestHandler("terminate", Needs::Initialized, "supportsTerminateRequest") {}

  protected:
    Result<Empty> run(Session& session, const Empty& /*args*/) override {
        session.set_ends_guest(true);
        session.dispatcher().after_response([&session] { session.terminate(); });
        return Empty{};
    }
};

class Disconnect final : public RequestHandler<DisconnectArguments, Empty> {
  public:
    Disconnect() : RequestHandler("disconnect", Needs::Nothing, "supportTerminateDebuggee") {}

    void announce(Json& capabilities) const override {
        Handler::announce(capabilities);
        capabilities["supportSuspendDebuggee"] = true;
    }

  protected:
    Result<Empty> run(Session& session, const DisconnectArguments& args) override {
        if (args.suspendDebuggee.value_or(false)) {
            return suspend(session);
        }
        const bool terminate = args.terminateDebuggee.value_or(!session.start_request().attached);
        session.set_ends_guest(terminate);
        session.dispatcher().after_response(
            [&session, terminate] { session.disconnect(terminate); });
        return Empty{};
    }

  private:
    /// Only of a guest that somebody else holds: one that we have launched ends with us.
    static Result<Empty> suspend(Session& session) {
        if (!session.start_request().attached || session.level_or_null() == nullptr) {
            return fail(ErrorCode::Unsupported,
                        "only a guest that was attached to can be left suspended");
        }
        if (const auto left = session.level().detach_stopped(); !left) {
            return std::unexpected(left.error());
        }
        session.dispatcher().after_response([&session] { session.leave(); });
        return Empty{};
    }
};

class Cancel final : public RequestHandler<CancelArguments, Empty> {
  public:
    Cancel() : RequestHandler("cancel", Needs::Nothing, "supportsCancelRequest") {}

  protected:
    /// A request that has been answered meanwhile is no failure.
    Result<Empty> run(Session& session, const CancelArguments& args) override {
        if (args.requestId) {
            [[maybe_unused]] const auto canceled = session.dispatcher().cancel(*args.requestId);
        }
        return Empty{};
    }
};

} // namespace

void add_lifecycle_handlers(Handlers& handlers) {
    add<Initialize, Launch, Attach, ConfigurationDone, Restart, Terminate, Disconnect, Cancel>(
        handlers);
}

} // namespace wdbg::dap
