// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values: variables, setVariable, setExpression, evaluate, completions.
#include "../protocol/state_requests.h"
#include "../references.h"
#include "../session.h"
#include "handlers.h"

namespace wdbg::dap {

namespace {

using namespace protocol;

source::FormatOptions format_of(const std::optional<ValueFormat>& format) {
    return {.hex = format && format->hex.value_or(false)};
}

source::FrameHandle frame_of(const std::optional<std::int64_t>& id) {
    return source::FrameHandle{static_cast<std::uint32_t>(id.value_or(0))};
}

std::optional<std::string> memory_of(const source::VariableView& view) {
    const auto& address = view.is_pointer && view.pointee ? view.pointee : view.address;
    return address ? std::optional(reference_of(*address)) : std::nullopt;
}

std::optional<std::int64_t> count_of(std::uint64_t count) {
    return count == 0 ? std::nullopt : std::optional(static_cast<std::int64_t>(count));
}

VariablePresentationHint hint_of(const source::VariableView& view) {
    VariablePresentationHint hint;
    if (view.synthetic) {
        hint.kind = "virtual";
    }
    if (!view.writable) {
        hint.attributes = std::vector<std::string>{"readOnly"};
    }
    return hint;
}

/// What is common to a result of evaluate, setVariable and setExpression.
template <class Body>
Body result_of(const source::VariableView& view) {
    Body body;
    body.variablesReference = view.children.value;
    body.namedVariables = count_of(view.named_children);
    body.indexedVariables = count_of(view.indexed_children);
    body.memoryReference = memory_of(view);
    if (!view.type.empty()) {
        body.type = view.type;
    }
    return body;
}

Variable variable_of(Session& session, const source::VariableView& view) {
    auto variable = result_of<Variable>(view);
    if (view.declared) {
        variable.declarationLocationReference = session.places().add(*view.declared);
    }
    if (view.points_to) {
        variable.valueLocationReference = session.places().add(*view.points_to);
    }
    variable.name = view.name;
    variable.value = view.value;
    variable.presentationHint = hint_of(view);
    if (!view.evaluate_name.empty()) {
        variable.evaluateName = view.evaluate_name;
    }
    return variable;
}

SetValueBody set_value_of(const source::VariableView& view) {
    auto body = result_of<SetValueBody>(view);
    body.value = view.value;
    return body;
}

class Variables final : public RequestHandler<VariablesArguments, VariablesBody> {
  public:
    Variables() : RequestHandler("variables", Needs::Stopped) {}

    void announce(Json& capabilities) const override {
        capabilities["supportsValueFormattingOptions"] = true;
    }

  protected:
    Result<VariablesBody> run(Session& session, const VariablesArguments& args) override {
        auto filter = source::ChildFilter::All;
        if (args.filter) {
            filter = *args.filter == "indexed" ? source::ChildFilter::Indexed
                                               : source::ChildFilter::Named;
        }
        const auto found = session.level().variables(
            source::VariableHandle{static_cast<std::uint32_t>(args.variablesReference)}, filter,
            args.start.value_or(0), args.count.value_or(0), format_of(args.format));
        if (!found) {
            return std::unexpected(found.error());
        }
        VariablesBody body;
        for (const source::VariableView& view : *found) {
            body.variables.push_back(variable_of(session, view));
        }
        return body;
    }
};

/// A value was changed: other views of the client may show it too.
void tell_change(Session& session, const source::VariableView& view) {
    if (view.address && session.client().memory_events) {
        session.dispatcher().after_response([&session, view] {
            session.send(MemoryEvent{.memoryReference = reference_of(*view.address),
                                     .offset = 0,
                                     .count = static_cast<std::int64_t>(view.size.value_or(1))});
        });
    }
    if (session.client().invalidated) {
        session.dispatcher().after_response(
            [&session] { session.send(InvalidatedEvent{.areas = {"variables"}}); });
    }
}

class Locations final : public RequestHandler<LocationsArguments, LocationsBody> {
  public:
    Locations() : RequestHandler("locations", Needs::Stopped) {}

  protected:
    Result<LocationsBody> run(Session& session, const LocationsArguments& args) override {
        const source::SourcePlace* place = session.places().find(args.locationReference);
        if (place == nullptr) {
            return fail(ErrorCode::NotFound, "location " + std::to_string(args.locationReference) +
                                                 " is of another stop");
        }
        return LocationsBody{.source = source_of(place->path),
                             .line = session.client().to_client_line(place->line)};
    }
};

class SetVariable final : public RequestHandler<SetVariableArguments, SetValueBody> {
  public:
    SetVariable() : RequestHandler("setVariable", Needs::Stopped, "supportsSetVariable") {}

  protected:
    Result<SetValueBody> run(Session& session, const SetVariableArguments& args) override {
        const auto view = session.level().set_variable(
            source::VariableHandle{static_cast<std::uint32_t>(args.variablesReference)}, args.name,
            args.value, format_of(args.format));
        if (!view) {
            return std::unexpected(view.error());
        }
        tell_change(session, *view);
        return set_value_of(*view);
    }
};

class SetExpression final : public RequestHandler<SetExpressionArguments, SetValueBody> {
  public:
    SetExpression() : RequestHandler("setExpression", Needs::Stopped, "supportsSetExpression") {}

  protected:
    Result<SetValueBody> run(Session& session, const SetExpressionArguments& args) override {
        const auto view = session.level().set_expression(frame_of(args.frameId), args.expression,
                                                         args.value, format_of(args.format));
        if (!view) {
            return std::unexpected(view.error());
        }
        tell_change(session, *view);
        return set_value_of(*view);
    }
};

class Evaluate final : public RequestHandler<EvaluateArguments, EvaluateBody> {
  public:
    Evaluate() : RequestHandler("evaluate", Needs::Stopped, "supportsEvaluateForHovers") {}

    void announce(Json& capabilities) const override {
        Handler::announce(capabilities);
        capabilities["supportsClipboardContext"] = true;
    }

  protected:
    Result<EvaluateBody> run(Session& session, const EvaluateArguments& args) override {
        const auto view = session.level().evaluate(frame_of(args.frameId), args.expression,
                                                   format_of(args.format));
        if (!view) {
            return std::unexpected(view.error());
        }
        if (!view->available && args.context == "hover") {
            return fail(ErrorCode::Unavailable, view->value);
        }
        if (args.context == "repl") {
            tell_change(session, *view); // it may have been an assignment
        }
        auto body = result_of<EvaluateBody>(*view);
        body.result = view->value;
        body.presentationHint = hint_of(*view);
        return body;
    }
};

class Completions final : public RequestHandler<CompletionsArguments, CompletionsBody> {
  public:
    Completions() : RequestHandler("completions", Needs::Stopped, "supportsCompletionsRequest") {}

    void announce(Json& capabilities) const override {
        Handler::announce(capabilities);
        capabilities["completionTriggerCharacters"] = {".", ":", ">"};
    }

  protected:
    Result<CompletionsBody> run(Session& session, const CompletionsArguments& args) override {
        const std::uint32_t column = session.client().from_client_column(args.column);
        const auto found = session.level().completions(frame_of(args.frameId), args.text, column);
        if (!found) {
            return std::unexpected(found.error());
        }
        CompletionsBody body;
        for (const source::Completion& each : *found) {
            const bool function = each.type == "function";
            body.targets.push_back({.label = each.label,
                                    .type = each.type.empty() ? "text" : each.type,
                                    .start = each.start,
                                    .length = each.length});
            if (function) {
                body.targets.back().text = each.label + "(";
            }
        }
        return body;
    }
};

} // namespace

void add_variable_handlers(Handlers& handlers) {
    add<Variables, Locations, SetVariable, SetExpression, Evaluate, Completions>(handlers);
}

} // namespace wdbg::dap
