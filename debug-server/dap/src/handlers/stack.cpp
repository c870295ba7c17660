// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where a stopped guest is: threads, stackTrace, scopes, exceptionInfo.
#include "../protocol/requests.h"
#include "../protocol/state_requests.h"
#include "../references.h"
#include "../session.h"
#include "handlers.h"

#include <algorithm>

namespace wdbg::dap {

namespace {

using namespace protocol;

class Threads final : public RequestHandler<Empty, ThreadsBody> {
  public:
    Threads() : RequestHandler("threads", Needs::Initialized) {}

  protected:
    /// Clients ask at any time, also when there is no guest (any more).
    Result<ThreadsBody> run(Session& session, const Empty& /*args*/) override {
        ThreadsBody body;
        source::SourceLevel* level = session.level_or_null();
        if (level == nullptr) {
            return body;
        }
        for (const ThreadInfo& thread : level->debuggee().threads()) {
            body.threads.push_back({.id = thread.id.value,
                                    .name = thread.name.empty()
                                                ? "Thread " + std::to_string(thread.id.value)
                                                : thread.name});
        }
        return body;
    }
};

class StackTrace final : public RequestHandler<StackTraceArguments, StackTraceBody> {
  public:
    StackTrace()
        : RequestHandler("stackTrace", Needs::Stopped, "supportsDelayedStackTraceLoading") {}

  protected:
    Result<StackTraceBody> run(Session& session, const StackTraceArguments& args) override {
        const auto page = session.with_progress("stack", [&] {
            return session.level().stack(ThreadId{static_cast<std::uint32_t>(args.threadId)},
                                         args.startFrame.value_or(0), args.levels.value_or(0));
        });
        if (!page) {
            return std::unexpected(page.error());
        }
        StackTraceBody body{.totalFrames = page->total};
        for (const source::StackFrame& frame : page->frames) {
            body.stackFrames.push_back(describe(session, frame));
        }
        return body;
    }

  private:
    static StackFrame describe(Session& session, const source::StackFrame& frame) {
        StackFrame result{.id = frame.id.value, .name = frame.name};
        if (!frame.host_call) {
            result.instructionPointerReference = reference_of(frame.pc);
            result.moduleId = frame.pc.instance.value;
        } else {
            result.presentationHint = "subtle";
        }
        if (!frame.path.empty()) {
            result.source = source_of(session.breakpoints().client_path(frame.path));
            if (!frame.path.starts_with('/')) {
                result.source->presentationHint = "deemphasize"; // nowhere to be found
            }
            result.line = session.client().to_client_line(frame.line);
            result.column = session.client().to_client_column(frame.column);
        } else if (!frame.host_call) {
            add_listing(session, frame, result);
        }
        return result;
    }

    /// Without a source the function's WebAssembly text stands in.
    static void add_listing(Session& session, const source::StackFrame& frame, StackFrame& result) {
        const auto reference = session.listings().at(session.level().debuggee(), frame.pc);
        if (!reference) {
            return;
        }
        const Listings::Listing& listing = *session.listings().find(*reference);
        result.source = Listings::source_of(listing, *reference);
        result.source->presentationHint = "deemphasize";
        result.line = session.client().to_client_line(Listings::line_of(listing, frame.pc.offset));
    }
};

struct ScopeRow {
    source::ScopeKind kind;
    std::string_view hint; ///< DAP's presentationHint; may be empty
};

constexpr std::array scope_rows{
    ScopeRow{source::ScopeKind::Arguments, "arguments"},
    ScopeRow{source::ScopeKind::Locals, "locals"},
    ScopeRow{source::ScopeKind::WasmLocals, "registers"},
    ScopeRow{source::ScopeKind::WasmGlobals, "registers"},
    ScopeRow{source::ScopeKind::WasmStack, "registers"},
};

class Scopes final : public RequestHandler<FrameArguments, ScopesBody> {
  public:
    Scopes() : RequestHandler("scopes", Needs::Stopped) {}

  protected:
    Result<ScopesBody> run(Session& session, const FrameArguments& args) override {
        const auto scopes =
            session.level().scopes(source::FrameHandle{static_cast<std::uint32_t>(args.frameId)});
        if (!scopes) {
            return std::unexpected(scopes.error());
        }
        ScopesBody body;
        for (const source::ScopeView& scope : *scopes) {
            Scope& result = body.scopes.emplace_back();
            result = {.name = scope.name,
                      .variablesReference = scope.variables.value,
                      .namedVariables = scope.count,
                      .expensive = scope.expensive};
            const auto* row = std::ranges::find(scope_rows, scope.kind, &ScopeRow::kind);
            if (row != scope_rows.end()) {
                result.presentationHint = std::string(row->hint);
            }
        }
        return body;
    }
};

class ExceptionInfo final : public RequestHandler<ThreadArguments, ExceptionInfoBody> {
  public:
    ExceptionInfo()
        : RequestHandler("exceptionInfo", Needs::Stopped, "supportsExceptionInfoRequest") {}

  protected:
    Result<ExceptionInfoBody> run(Session& session, const ThreadArguments& args) override {
        const auto& threads = session.level().last_stop().threads;
        const auto stop = std::ranges::find_if(
            threads, [&args](const auto& each) { return each.thread.value == args.threadId; });
        const Trapped* trap = stop == threads.end() ? nullptr : std::get_if<Trapped>(&stop->reason);
        if (trap == nullptr) {
            return fail(ErrorCode::NotFound,
                        "thread " + std::to_string(args.threadId) + " is at no trap");
        }
        return ExceptionInfoBody{
            .exceptionId = "trap",
            .description = trap->message,
            .breakMode = "always",
            .details = ExceptionDetails{.message = trap->message, .typeName = "WebAssembly trap"}};
    }
};

} // namespace

void add_stack_handlers(Handlers& handlers) {
    add<Threads, StackTrace, Scopes, ExceptionInfo>(handlers);
}

} // namespace wdbg::dap
