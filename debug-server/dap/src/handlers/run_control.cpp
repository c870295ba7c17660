// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The guest runs: continue, pause, next, stepIn, stepOut, the calls that stepIn can choose, goto.
#include "../protocol/requests.h"
#include "../references.h"
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

/// A target's id is its address: numbers of clients are exact up to 2^53.
constexpr unsigned instance_shift = 32;

class GotoTargets final : public RequestHandler<GotoTargetsArguments, GotoTargetsBody> {
  public:
    GotoTargets() : RequestHandler("gotoTargets", Needs::Stopped, "supportsGotoTargetsRequest") {}

  protected:
    Result<GotoTargetsBody> run(Session& session, const GotoTargetsArguments& args) override {
        const std::uint32_t line = session.client().from_client_line(args.line);
        GotoTargetsBody body;
        if (const auto* listing =
                session.listings().find(args.source.sourceReference.value_or(0))) {
            if (const auto offset = Listings::offset_of(*listing, line)) {
                body.targets.push_back(
                    target_at({listing->instance, *offset}, listing->name, args.line));
            }
            return body;
        }
        const auto targets = session.level().jump_targets(args.source.path.value_or(""), line);
        if (!targets) {
            return std::unexpected(targets.error());
        }
        for (const source::JumpTarget& each : *targets) {
            body.targets.push_back(
                target_at(each.address, each.function, session.client().to_client_line(each.line)));
            if (each.column != 0) {
                body.targets.back().column = session.client().to_client_column(each.column);
            }
        }
        return body;
    }

  private:
    static GotoTarget target_at(CodeAddress address, std::string label, std::int64_t line) {
        const std::uint64_t id =
            std::uint64_t{address.instance.value} << instance_shift | address.offset.value;
        return {.id = static_cast<std::int64_t>(id),
                .label = std::move(label),
                .line = line,
                .instructionPointerReference = reference_of(address)};
    }
};

class Goto final : public DeferredHandler<GotoArguments> {
  public:
    Goto() : DeferredHandler("goto", Needs::Stopped) {}

  protected:
    void start(Session& session, const GotoArguments& args, Reply reply) override {
        const auto id = static_cast<std::uint64_t>(args.targetId);
        const CodeAddress to{InstanceId{static_cast<std::uint32_t>(id >> instance_shift)},
                             CodeOffset{static_cast<std::uint32_t>(id)}};
        const auto thread = thread_of(session, args.threadId);
        const auto jumped =
            thread ? session.level().jump(*thread, to, [&reply] { reply.give(Json::object()); })
                   : Result<void>(std::unexpected(thread.error()));
        if (!jumped) {
            reply.give(std::unexpected(jumped.error()));
        }
    }
};

} // namespace

void add_run_control_handlers(Handlers& handlers) {
    add<Continue, Pause, Next, StepIn, StepOut, StepInTargets, GotoTargets, Goto>(handlers);
}

} // namespace wdbg::dap
