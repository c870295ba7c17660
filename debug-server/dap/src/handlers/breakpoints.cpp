// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Breakpoints of all kinds. Those that are set before a guest runs are set when it does.
#include "../protocol/requests.h"
#include "../references.h"
#include "../session.h"
#include "handlers.h"

namespace wdbg::dap {

namespace {

using namespace protocol;

template <class Wanted>
source::BreakpointOptions options_of(const Wanted& wanted) {
    source::BreakpointOptions options{.condition = wanted.condition.value_or(""),
                                      .hit_condition = wanted.hitCondition.value_or("")};
    if constexpr (requires { wanted.logMessage; }) {
        options.log_message = wanted.logMessage.value_or("");
    }
    return options;
}

std::vector<Breakpoint> to_client(const Session& session, std::vector<Breakpoint> breakpoints) {
    for (Breakpoint& each : breakpoints) {
        if (each.line) {
            each.line = session.client().to_client_line(static_cast<std::uint32_t>(*each.line));
        }
        if (each.column) {
            each.column =
                session.client().to_client_column(static_cast<std::uint32_t>(*each.column));
        }
    }
    return breakpoints;
}

std::vector<SourceBreakpoint> wanted_of(const SetBreakpointsArguments& args) {
    if (args.breakpoints) {
        return *args.breakpoints;
    }
    std::vector<SourceBreakpoint> wanted; // the protocol's older form
    for (const std::int64_t line : args.lines.value_or(std::vector<std::int64_t>())) {
        wanted.push_back({.line = line});
    }
    return wanted;
}

class SetBreakpoints final : public RequestHandler<SetBreakpointsArguments, BreakpointsBody> {
  public:
    SetBreakpoints() : RequestHandler("setBreakpoints", Needs::Initialized) {}

    void announce(Json& capabilities) const override {
        capabilities["supportsConditionalBreakpoints"] = true;
        capabilities["supportsHitConditionalBreakpoints"] = true;
        capabilities["supportsLogPoints"] = true;
    }

  protected:
    Result<BreakpointsBody> run(Session& session, const SetBreakpointsArguments& args) override {
        if (args.source.sourceReference.value_or(0) != 0) {
            return in_listing(session, args);
        }
        if (!args.source.path || args.source.path->empty()) {
            return fail(ErrorCode::InvalidArgument, "setBreakpoints: the source has no path");
        }
        std::vector<source::SourceBreakpointSpec> specs;
        for (const SourceBreakpoint& wanted : wanted_of(args)) {
            specs.push_back({.line = session.client().from_client_line(wanted.line),
                             .column = session.client().from_client_column(wanted.column.value_or(
                                 session.client().columns_start_at_1 ? 0 : -1)),
                             .options = options_of(wanted)});
        }
        return session.with_progress("lines", [&] {
            return BreakpointsBody{to_client(
                session, session.breakpoints().set_source(session.level_or_null(),
                                                          *args.source.path, std::move(specs)))};
        });
    }

  private:
    /// Lines of a function's WebAssembly text stand for instructions.
    static Result<BreakpointsBody> in_listing(Session& session,
                                              const SetBreakpointsArguments& args) {
        const int reference = *args.source.sourceReference;
        const Listings::Listing* listing = session.listings().find(reference);
        if (listing == nullptr) {
            return fail(ErrorCode::NotFound, "setBreakpoints: the source is not there any more");
        }
        std::vector<source::InstructionBreakpointSpec> specs;
        for (const SourceBreakpoint& wanted : wanted_of(args)) {
            const auto offset =
                Listings::offset_of(*listing, session.client().from_client_line(wanted.line));
            const CodeOffset last = listing->lines.empty() ? CodeOffset{} : listing->lines.back();
            specs.push_back(
                {.address = {.instance = listing->instance, .offset = offset.value_or(last)},
                 .options = options_of(wanted)});
        }
        std::vector<Breakpoint> set = session.breakpoints().set_instructions(
            session.level_or_null(), "listing " + std::to_string(reference), specs);
        for (std::size_t i = 0; i < set.size() && i < specs.size(); ++i) {
            set[i].source = Listings::source_of(*listing, reference);
            set[i].line = Listings::line_of(*listing, specs[i].address.offset);
        }
        return BreakpointsBody{to_client(session, std::move(set))};
    }
};

class SetFunctionBreakpoints final
    : public RequestHandler<SetFunctionBreakpointsArguments, BreakpointsBody> {
  public:
    SetFunctionBreakpoints()
        : RequestHandler("setFunctionBreakpoints", Needs::Initialized,
                         "supportsFunctionBreakpoints") {}

  protected:
    Result<BreakpointsBody> run(Session& session,
                                const SetFunctionBreakpointsArguments& args) override {
        std::vector<source::FunctionBreakpointSpec> specs;
        specs.reserve(args.breakpoints.size());
        for (const FunctionBreakpoint& wanted : args.breakpoints) {
            specs.push_back({.name = wanted.name, .options = options_of(wanted)});
        }
        return session.with_progress("names", [&] {
            return BreakpointsBody{
                to_client(session, session.breakpoints().set_functions(session.level_or_null(),
                                                                       std::move(specs)))};
        });
    }
};

class SetInstructionBreakpoints final
    : public RequestHandler<SetInstructionBreakpointsArguments, BreakpointsBody> {
  public:
    SetInstructionBreakpoints()
        : RequestHandler("setInstructionBreakpoints", Needs::Initialized,
                         "supportsInstructionBreakpoints") {}

  protected:
    Result<BreakpointsBody> run(Session& session,
                                const SetInstructionBreakpointsArguments& args) override {
        std::vector<source::InstructionBreakpointSpec> specs;
        for (const InstructionBreakpoint& wanted : args.breakpoints) {
            const auto reference =
                parse_reference(wanted.instructionReference, wanted.offset.value_or(0));
            if (!reference) {
                return std::unexpected(reference.error());
            }
            if (const auto* native = std::get_if<NativeAddress>(&*reference)) {
                specs.push_back({.options = options_of(wanted), .native = *native});
                continue;
            }
            const auto* code = std::get_if<CodeAddress>(&*reference);
            if (code == nullptr) {
                return fail(ErrorCode::InvalidArgument,
                            wanted.instructionReference + " is no address of code");
            }
            specs.push_back({.address = *code, .options = options_of(wanted)});
        }
        return BreakpointsBody{
            to_client(session, session.breakpoints().set_instructions(session.level_or_null(), "",
                                                                      std::move(specs)))};
    }
};

class SetExceptionBreakpoints final
    : public RequestHandler<SetExceptionBreakpointsArguments, Empty> {
  public:
    SetExceptionBreakpoints() : RequestHandler("setExceptionBreakpoints", Needs::Initialized) {}

    void announce(Json& capabilities) const override {
        capabilities["exceptionBreakpointFilters"] = write(std::vector<ExceptionFilter>{
            {.filter = "trap",
             .label = "Traps",
             .description = "Stop where the guest traps: unreachable, memory out of bounds, "
                            "division by zero …",
             .default_ = true}});
    }

  protected:
    Result<Empty> run(Session& session, const SetExceptionBreakpointsArguments& args) override {
        session.set_exception_filters(args.filters);
        return Empty{};
    }
};

class DataBreakpointInfo final
    : public RequestHandler<DataBreakpointInfoArguments, DataBreakpointInfoBody> {
  public:
    DataBreakpointInfo()
        : RequestHandler("dataBreakpointInfo", Needs::Stopped, "supportsDataBreakpoints") {}

    void announce(Json& capabilities) const override {
        Handler::announce(capabilities);
        capabilities["supportsDataBreakpointBytes"] = true;
    }

  protected:
    Result<DataBreakpointInfoBody> run(Session& session,
                                       const DataBreakpointInfoArguments& args) override {
        if (session.level().debuggee().watchpoints() == nullptr) {
            return DataBreakpointInfoBody{.description = "this engine has no data breakpoints"};
        }
        Result<source::DataLocation> location = locate(session, args);
        if (!location) {
            return DataBreakpointInfoBody{.description = location.error().message};
        }
        if (args.bytes && *args.bytes > 0) {
            location->size = static_cast<std::uint64_t>(*args.bytes);
        }
        return DataBreakpointInfoBody{.dataId = data_id(*location),
                                      .description = location->description,
                                      .accessTypes =
                                          std::vector<std::string>{"read", "write", "readWrite"},
                                      .canPersist = false};
    }

  private:
    static Result<source::DataLocation> locate(Session& session,
                                               const DataBreakpointInfoArguments& args) {
        if (args.asAddress.value_or(false)) {
            const auto reference = parse_reference(args.name);
            const auto* memory = reference ? std::get_if<MemoryAddress>(&*reference) : nullptr;
            if (memory == nullptr) {
                return fail(ErrorCode::InvalidArgument,
                            "\"" + args.name + "\" is no address of memory");
            }
            return source::DataLocation{
                .address = *memory, .size = 1, .description = "memory at " + args.name};
        }
        return session.level().data_location(
            source::VariableHandle{static_cast<std::uint32_t>(args.variablesReference.value_or(0))},
            source::FrameHandle{static_cast<std::uint32_t>(args.frameId.value_or(0))}, args.name);
    }
};

class SetDataBreakpoints final
    : public RequestHandler<SetDataBreakpointsArguments, BreakpointsBody> {
  public:
    SetDataBreakpoints() : RequestHandler("setDataBreakpoints", Needs::Initialized) {}

  protected:
    Result<BreakpointsBody> run(Session& session,
                                const SetDataBreakpointsArguments& args) override {
        return BreakpointsBody{
            session.breakpoints().set_data(session.level_or_null(), args.breakpoints)};
    }
};

class BreakpointLocations final
    : public RequestHandler<BreakpointLocationsArguments, BreakpointLocationsBody> {
  public:
    BreakpointLocations()
        : RequestHandler("breakpointLocations", Needs::Guest,
                         "supportsBreakpointLocationsRequest") {}

  protected:
    Result<BreakpointLocationsBody> run(Session& session,
                                        const BreakpointLocationsArguments& args) override {
        BreakpointLocationsBody body;
        const std::int64_t end = args.endLine.value_or(args.line);
        if (const auto* listing =
                session.listings().find(args.source.sourceReference.value_or(0))) {
            for (std::int64_t line = args.line; line <= end && line < args.line + 10000; ++line) {
                if (Listings::offset_of(*listing, session.client().from_client_line(line))) {
                    body.breakpoints.push_back({.line = line});
                }
            }
            return body;
        }
        const auto found = session.level().breakpoint_locations(
            args.source.path.value_or(""), session.client().from_client_line(args.line),
            session.client().from_client_line(end));
        for (const source::PossibleLocation& each : found) {
            BreakpointLocation location{.line = session.client().to_client_line(each.line)};
            if (each.column != 0) {
                location.column = session.client().to_client_column(each.column);
            }
            body.breakpoints.push_back(location);
        }
        return body;
    }
};

} // namespace

void add_breakpoint_handlers(Handlers& handlers) {
    add<SetBreakpoints, SetFunctionBreakpoints, SetInstructionBreakpoints, SetExceptionBreakpoints,
        DataBreakpointInfo, SetDataBreakpoints, BreakpointLocations>(handlers);
}

} // namespace wdbg::dap
