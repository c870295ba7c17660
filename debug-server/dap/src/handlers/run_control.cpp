// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The guest runs: continue, pause, next, stepIn, stepOut and the calls that stepIn can choose.
#include "../protocol/requests.h"
#include "../session.h"
#include "handlers.h"

#include <utility>

namespace wdbg::dap {

namespace {

using namespace protocol;
using source::StepGranularity;
using source::StepKind;

Result<ThreadId> thread_of(Session& session, std::int64_t id) {
    for (const ThreadInfo& thread : session.level().debuggee().threads()) {
        if (std::cmp_equal(thread.id.value, id)) {
            return thread.id;
        }
    }
    return fail(ErrorCode::NotFound, "no thread " + std::to_string(id));
}

class Continue final : public RequestHandler<ThreadArguments, ContinueBody> {
  public:
    Continue()
        : RequestHandler("continue", Needs::Stopped, "supportsSingleThreadExecutionRequests") {}

  protected:
    Result<ContinueBody> run(Session& session, const ThreadArguments& args) override {
        const bool single = args.singleThread.value_or(false);
        const auto thread = single ? thread_of(session, args.threadId) : Result<ThreadId>();
        if (!thread) {
            return std::unexpected(thread.error());
        }
        const auto resumed = session.level().resume(single ? std::optional(*thread) : std::nullopt);
        if (!resumed) {
            return std::unexpected(resumed.error());
        }
        return ContinueBody{.allThreadsContinued = !single};
    }
};

class Pause final : public RequestHandler<ThreadArguments, Empty> {
  public:
    Pause() : RequestHandler("pause", Needs::Guest) {}

  protected:
    Result<Empty> run(Session& session, const ThreadArguments& /*args*/) override {
        const auto paused = session.level().pause();
        return paused ? Result<Empty>(Empty{}) : std::unexpected(paused.error());
    }
};

/// next, stepIn and stepOut differ in the kind of step only.
template <StepKind Kind>
class Step : public RequestHandler<StepArguments, Empty> {
  public:
    using RequestHandler<StepArguments, Empty>::RequestHandler;

  protected:
    Result<Empty> run(Session& session, const StepArguments& args) override {
        const auto thread = thread_of(session, args.threadId);
        if (!thread) {
            return std::unexpected(thread.error());
        }
        const auto stepped =
            session.level().step(*thread, Kind, granularity(args.granularity.value_or("statement")),
                                 static_cast<std::uint32_t>(args.targetId.value_or(0)),
                                 args.singleThread.value_or(false));
        return stepped ? Result<Empty>(Empty{}) : std::unexpected(stepped.error());
    }

  private:
    static StepGranularity granularity(const std::string& word) {
        if (word == "instruction") {
            return StepGranularity::Instruction;
        }
        return word == "line" ? StepGranularity::Line : StepGranularity::Statement;
    }
};

class Next final : public Step<StepKind::Over> {
  public:
    Next() : Step("next", Needs::Stopped, "supportsSteppingGranularity") {}
};

class StepIn final : public Step<StepKind::Into> {
  public:
    StepIn() : Step("stepIn", Needs::Stopped) {}
};

class StepOut final : public Step<StepKind::Out> {
  public:
    StepOut() : Step("stepOut", Needs::Stopped) {}
};

class StepInTargets final : public RequestHandler<FrameArguments, StepInTargetsBody> {
  public:
    StepInTargets()
        : RequestHandler("stepInTargets", Needs::Stopped, "supportsStepInTargetsRequest") {}

  protected:
    Result<StepInTargetsBody> run(Session& session, const FrameArguments& args) override {
        const auto targets = session.level().step_targets(
            source::FrameHandle{static_cast<std::uint32_t>(args.frameId)});
        if (!targets) {
            return std::unexpected(targets.error());
        }
        StepInTargetsBody body;
        for (const source::StepTarget& target : *targets) {
            StepInTarget& each = body.targets.emplace_back();
            each = {.id = target.id, .label = target.name};
            if (target.line != 0) {
                each.line = session.client().to_client_line(target.line);
                each.column = session.client().to_client_column(target.column);
            }
        }
        return body;
    }
};

} // namespace

void add_run_control_handlers(Handlers& handlers) {
    add<Continue, Pause, Next, StepIn, StepOut, StepInTargets>(handlers);
}

} // namespace wdbg::dap
