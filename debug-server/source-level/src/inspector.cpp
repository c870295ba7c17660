// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "inspector.h"

#include <algorithm>
#include <cstdlib>

namespace wdbg::source {

namespace {

constexpr std::uint64_t no_limit = UINT64_MAX;

Presentation presentation_of(const FormatSpecifier& specifier, const FormatOptions& options) {
    Presentation how;
    how.format = specifier.format != '\0' ? specifier.format : options.hex ? 'x' : '\0';
    how.raw = specifier.raw;
    return how;
}

/// `path` with the parent's expression for its `$`.
std::string join(const std::string& parent, const std::string& path) {
    if (parent.empty() || path.empty()) {
        return "";
    }
    std::string result;
    for (const char c : path) {
        if (c == '$') {
            result += parent;
        } else {
            result += c;
        }
    }
    return result;
}

/// The name of what a pointer points to, or of the type itself.
std::string target_name(const TypedValue& value) {
    const TypeRef type = stripped(value.type);
    return (is_pointer(type) ? stripped(target_of(type)) : type)->name;
}

} // namespace

void Inspector::clear() {
    stacks_.clear();
    frames_.clear();
    nodes_.clear();
}

InstanceId Inspector::main_instance() const {
    const auto instances = debuggee_.instances();
    return instances.empty() ? InstanceId{} : instances.front().id;
}

Result<std::optional<FrameRef>> Inspector::frame_or_none(FrameHandle handle) const {
    if (handle.value == 0) {
        return std::optional<FrameRef>{};
    }
    auto found = frames_.find(handle, "frame");
    if (!found) {
        return std::unexpected(found.error());
    }
    return std::optional<FrameRef>(*found);
}

Result<FrameRef> Inspector::top_frame(ThreadId thread) const {
    const auto frames = debuggee_.frames(thread, 0, 1);
    if (!frames) {
        return std::unexpected(frames.error());
    }
    if (frames->frames.empty()) {
        return fail(ErrorCode::NotFound, "the thread has no frame");
    }
    const Frame& top = frames->frames.front();
    return FrameRef{.thread = thread,
                    .frame = 0,
                    .pc = top.pc,
                    .pc_is_return_address = top.pc_is_return_address};
}

// --- Expressions --------------------------------------------------------------------------------

Result<Inspector::Evaluated> Inspector::run(const std::optional<FrameRef>& frame,
                                            std::string_view expression, const TypeRef* expected) {
    const InstanceId instance = frame ? frame->pc.instance : main_instance();
    FrameNames names(presenter_, frame, instance);
    if (expected != nullptr) {
        names.expect(*expected);
    }
    auto parsed = parse_expression(expression, names);
    if (!parsed) {
        return std::unexpected(parsed.error());
    }
    Evaluator evaluator(access_, names, instance);
    auto value = evaluator.evaluate(*parsed->root);
    if (!value) {
        return std::unexpected(value.error());
    }
    Evaluated result{.value = std::move(*value), .format = parsed->format};
    if (result.format.count) { // `pointer,10`: as an array
        const TypedValue base = access_.followed(result.value);
        auto first = access_.pointee(base);
        if (!first || !first->address) {
            return fail(ErrorCode::InvalidArgument,
                        "a number of elements needs a pointer or an array");
        }
        result.value = memory_value(array_of(first->type, *result.format.count), first->instance,
                                    *first->address);
    }
    return result;
}

Result<VariableView> Inspector::evaluate(FrameHandle handle, std::string_view expression,
                                         const FormatOptions& format) {
    const auto frame = frame_or_none(handle);
    if (!frame) {
        return std::unexpected(frame.error());
    }
    auto result = run(*frame, expression);
    if (!result) {
        return std::unexpected(result.error());
    }
    if (!result->value.available()) {
        return fail(ErrorCode::Unavailable, result->value.reason);
    }
    std::string path = "(" + std::string(expression.substr(0, expression.find(','))) + ")";
    const bool simple = expression.find_first_not_of(
                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:.$") ==
                        std::string_view::npos;
    const NamedValue named{.name = std::string(expression),
                           .value = std::move(result->value),
                           .path = simple ? std::string(expression) : std::move(path)};
    return view(named, presentation_of(result->format, format), *frame);
}

Result<bool> Inspector::holds(ThreadId thread, const std::string& condition) {
    const auto frame = top_frame(thread);
    if (!frame) {
        return std::unexpected(frame.error());
    }
    auto result = run(*frame, condition);
    if (!result) {
        return std::unexpected(result.error());
    }
    const auto scalar = access_.scalar(access_.followed(std::move(result->value)));
    if (!scalar) {
        return std::unexpected(scalar.error());
    }
    return scalar->truth();
}

std::string Inspector::expand(ThreadId thread, const std::string& text) {
    const auto frame = top_frame(thread);
    std::string result;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t open = text.find('{', at);
        const std::size_t close = open == std::string::npos ? open : text.find('}', open);
        if (close == std::string::npos) {
            break;
        }
        result += text.substr(at, open - at);
        at = close + 1;
        auto value = frame ? run(*frame, text.substr(open + 1, close - open - 1))
                           : Result<Evaluated>(std::unexpected(frame.error()));
        if (!value) {
            result += "<" + value.error().message + ">";
            continue;
        }
        const auto characters = presenter_.characters(value->value);
        result += characters && value->format.format == '\0'
                      ? *characters
                      : presenter_.text(value->value, presentation_of(value->format, {}));
    }
    return result + text.substr(at);
}

// --- Variables ----------------------------------------------------------------------------------

VariableView Inspector::view(const NamedValue& child, const Presentation& how,
                             const std::optional<FrameRef>& frame) {
    VariableView view;
    Presentation shown = how;
    shown.raw = how.raw || child.raw;
    const TypedValue value = child.raw ? child.value : access_.followed(child.value);
    view.name = child.name;
    view.type = display_name(child.value.type->name);
    const TypeRef actual = presenter_.actual_type(value);
    if (actual->name != target_name(value)) {
        view.type += " (" + display_name(actual->name) + ")";
    }
    view.available = value.available();
    view.synthetic = child.synthetic;
    view.value = child.raw ? "" : presenter_.text(value, shown);
    view.evaluate_name = child.path;
    const ChildCount count = presenter_.count(value, shown);
    view.named_children = count.named;
    view.indexed_children = count.indexed;
    if (count.named + count.indexed > 0) {
        view.children = nodes_.add(ValueNode{value, child.path, shown, frame});
    }
    const TypeRef type = stripped(value.type);
    const std::uint64_t size = size_of(value.type);
    if (value.address && value.bit_size == 0) {
        view.address =
            MemoryAddress{.instance = value.instance, .memory = 0, .offset = *value.address};
        view.size = size != 0 ? std::optional(size) : std::nullopt;
    }
    view.writable = is_scalar(type) && value.available() && (value.address || value.place);
    view.declared = place(value.instance, child.file, child.line);
    view.is_pointer = is_pointer(type);
    if (view.is_pointer) {
        view.points_to = function_place(value);
        if (const auto target = access_.pointer(value)) {
            view.pointee =
                MemoryAddress{.instance = value.instance, .memory = 0, .offset = *target};
        }
    }
    return view;
}

std::vector<VariableView> Inspector::scope_views(const ScopeNode& scope, std::uint64_t start,
                                                 std::uint64_t limit, const FormatOptions& format) {
    std::vector<VariableView> views;
    const auto all = scope_variables(scope);
    for (std::uint64_t i = start; i < all.size() && i - start < limit; ++i) {
        views.push_back(view(all[i], presentation_of({}, format), scope.frame));
    }
    return views;
}

std::vector<VariableView> Inspector::value_views(const ValueNode& parent, ChildFilter filter,
                                                 std::uint64_t start, std::uint64_t limit,
                                                 const FormatOptions& format) {
    std::vector<VariableView> views;
    Presentation how = parent.how;
    how.format = how.format == '\0' && format.hex ? 'x' : how.format;
    const ChildCount counts = presenter_.count(parent.value, how);
    const auto append = [&](bool indexed, std::uint64_t from, std::uint64_t number) {
        for (Child& each : presenter_.children(parent.value, how, indexed, from, number)) {
            const NamedValue named{.name = each.name,
                                   .value = std::move(each.value),
                                   .path = each.raw ? parent.path : join(parent.path, each.path),
                                   .synthetic = each.synthetic,
                                   .raw = each.raw};
            Presentation inner = how;
            inner.raw = false;
            views.push_back(view(named, inner, parent.frame));
        }
    };
    if (filter == ChildFilter::Named) {
        append(false, start, limit);
    } else if (filter == ChildFilter::Indexed) {
        append(true, start, limit);
    } else { // indexed ones first, as one list
        if (start < counts.indexed) {
            append(true, start, limit);
        }
        const std::uint64_t taken = views.size();
        if (taken < limit) {
            append(false, start > counts.indexed ? start - counts.indexed : 0, limit - taken);
        }
    }
    return views;
}

Result<std::vector<VariableView>> Inspector::variables(VariableHandle handle, ChildFilter filter,
                                                       std::uint64_t start, std::uint64_t count,
                                                       const FormatOptions& format) {
    const auto node = nodes_.find(handle, "variable");
    if (!node) {
        return std::unexpected(node.error());
    }
    const std::uint64_t limit = count == 0 ? no_limit : count;
    if (const auto* scope = std::get_if<ScopeNode>(&*node)) {
        return filter == ChildFilter::Indexed ? std::vector<VariableView>{}
                                              : scope_views(*scope, start, limit, format);
    }
    return value_views(std::get<ValueNode>(*node), filter, start, limit, format);
}

Result<Inspector::NamedValue> Inspector::child(const Node& node, std::string_view name) {
    const auto* scope = std::get_if<ScopeNode>(&node);
    return scope != nullptr ? scope_child(*scope, name)
                            : value_child(std::get<ValueNode>(node), name);
}

Result<Inspector::NamedValue> Inspector::scope_child(const ScopeNode& scope,
                                                     std::string_view name) {
    for (NamedValue& each : scope_variables(scope)) {
        if (each.name == name) {
            return std::move(each);
        }
    }
    return fail(ErrorCode::NotFound, "no variable is called '" + std::string(name) + "' here");
}

Result<Inspector::NamedValue> Inspector::value_child(const ValueNode& parent,
                                                     std::string_view name) {
    const bool indexed = presenter_.count(parent.value, parent.how).indexed > 0;
    std::uint64_t start = 0;
    if (indexed && name.starts_with('[')) {
        start = static_cast<std::uint64_t>(
            std::strtoll(std::string(name.substr(1)).c_str(), nullptr, 10));
        const TypeRef type = stripped(parent.value.type);
        if (!type->dimensions.empty()) {
            start -= static_cast<std::uint64_t>(type->dimensions.front().lower);
        }
    }
    for (const bool kind : {indexed, false}) {
        for (Child& each : presenter_.children(parent.value, parent.how, kind, kind ? start : 0,
                                               kind ? 1 : no_limit)) {
            if (each.name == name && !each.raw) {
                return NamedValue{.name = each.name,
                                  .value = std::move(each.value),
                                  .path = join(parent.path, each.path)};
            }
        }
    }
    return fail(ErrorCode::NotFound, "no child is called '" + std::string(name) + "'");
}

Result<VariableView> Inspector::assign(const NamedValue& target, std::string_view value,
                                       const std::optional<FrameRef>& frame,
                                       const Presentation& how) {
    const TypedValue place = access_.followed(target.value);
    const auto result = run(frame, value, &place.type);
    if (!result) {
        return std::unexpected(result.error());
    }
    FrameNames names(presenter_, frame, place.instance);
    Evaluator evaluator(access_, names, place.instance);
    if (auto done = evaluator.assign(place, result->value); !done) {
        return std::unexpected(done.error());
    }
    NamedValue changed = target;
    if (!place.address && place.place) { // what was read of the local is old now
        const auto scalar = access_.scalar(access_.followed(result->value));
        if (scalar) {
            changed.value.bytes = scalar_value(place.type, place.instance, *scalar).bytes;
        }
    }
    stacks_.clear();
    return view(changed, how, frame);
}

Result<VariableView> Inspector::set_variable(VariableHandle handle, std::string_view name,
                                             std::string_view value, const FormatOptions& format) {
    const auto node = nodes_.find(handle, "variable");
    if (!node) {
        return std::unexpected(node.error());
    }
    const auto target = child(*node, name);
    if (!target) {
        return std::unexpected(target.error());
    }
    const auto* scope = std::get_if<ScopeNode>(&*node);
    const auto frame =
        scope != nullptr ? std::optional(scope->frame) : std::get<ValueNode>(*node).frame;
    return assign(*target, value, frame, presentation_of({}, format));
}

Result<VariableView> Inspector::set_expression(FrameHandle handle, std::string_view expression,
                                               std::string_view value,
                                               const FormatOptions& format) {
    const auto frame = frame_or_none(handle);
    if (!frame) {
        return std::unexpected(frame.error());
    }
    auto target = run(*frame, expression);
    if (!target) {
        return std::unexpected(target.error());
    }
    const NamedValue named{.name = std::string(expression),
                           .value = std::move(target->value),
                           .path = std::string(expression)};
    return assign(named, value, *frame, presentation_of(target->format, format));
}

DataLocation Inspector::describe(const NamedValue& value, std::uint64_t size) {
    DataLocation location;
    location.address = {
        .instance = value.value.instance, .memory = 0, .offset = value.value.address.value_or(0)};
    location.size = size;
    location.description = value.name + " (" + std::to_string(size) + " bytes at " +
                           to_hex(*value.value.address, 4, false) + ")";
    return location;
}

Result<DataLocation> Inspector::data_location(VariableHandle handle, FrameHandle frame_handle,
                                              std::string_view name) {
    Result<NamedValue> found = fail(ErrorCode::NotFound, "no such variable");
    if (handle.value != 0) {
        const auto node = nodes_.find(handle, "variable");
        if (!node) {
            return std::unexpected(node.error());
        }
        found = child(*node, name);
    } else {
        const auto frame = frame_or_none(frame_handle);
        if (!frame) {
            return std::unexpected(frame.error());
        }
        auto result = run(*frame, name);
        if (!result) {
            return std::unexpected(result.error());
        }
        found =
            NamedValue{.name = std::string(name), .value = std::move(result->value), .path = {}};
    }
    if (!found) {
        return std::unexpected(found.error());
    }
    found->value = access_.followed(std::move(found->value));
    const TypedValue& value = found->value;
    if (!value.available()) {
        return fail(ErrorCode::Unavailable, value.reason);
    }
    if (!value.address) {
        return fail(ErrorCode::Unavailable,
                    "'" + std::string(name) + "' is in a wasm local, not in memory");
    }
    const std::uint64_t size =
        value.bit_size != 0 ? (value.bit_offset + value.bit_size + 7) / 8 : size_of(value.type);
    if (size == 0) {
        return fail(ErrorCode::Unavailable, "its size is not known");
    }
    return describe(*found, size);
}

} // namespace wdbg::source
