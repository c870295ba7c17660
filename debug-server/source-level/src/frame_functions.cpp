// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The functions of the guest that expressions call: which one is meant, and what it takes.
#include "frame_names.h"

#include <algorithm>

namespace wdbg::source {

namespace {

using namespace std::chrono_literals;

/// How long a function may run. Its end, where it must be enforced, takes as long again at most,
/// and a remote server's answer has to come within five seconds.
constexpr auto call_limit = 2s;

TypeRef builtin_for(ValueType type) {
    switch (type) {
    case ValueType::I64:
        return builtin(Builtin::Long);
    case ValueType::F32:
        return builtin(Builtin::Float);
    case ValueType::F64:
        return builtin(Builtin::Double);
    default:
        return builtin(Builtin::Int);
    }
}

bool is_real(ValueType type) {
    return type == ValueType::F32 || type == ValueType::F64;
}

/// Whether a value of this source type is passed as that WebAssembly type.
bool fits(const TypeRef& type, ValueType wasm) {
    const TypeRef plain = stripped(type);
    if (is_reference(plain)) {
        return wasm == ValueType::I32;
    }
    if (!is_scalar(plain)) {
        return false;
    }
    const bool real = plain->encoding == dwarf::Encoding::Float;
    const bool wide = size_of(plain) > 4;
    return real == is_real(wasm) && wide == (wasm == ValueType::I64 || wasm == ValueType::F64);
}

/// Whether C++ would take the value for a parameter of that type, roughly: enough to tell overloads
/// apart.
bool takes(const TypeRef& parameter, const TypedValue& value) {
    const TypeRef to = stripped(parameter);
    const TypeRef from = stripped(value.type);
    if (is_reference(to)) {
        return stripped(target_of(to))->name == from->name;
    }
    if (is_pointer(to)) {
        return is_pointer(from) || from->kind == dwarf::TypeKind::Array;
    }
    return is_scalar(from) && !is_pointer(from);
}

/// How many parameters are of exactly the argument's type.
std::ptrdiff_t exact(const GuestFunction& function, const std::vector<TypedValue>& arguments) {
    std::ptrdiff_t count = 0;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        count +=
            stripped(function.parameters[i])->name == stripped(arguments[i].type)->name ? 1 : 0;
    }
    return count;
}

} // namespace

/// `known`: what the debug information has of it; nullptr: the WebAssembly signature is all there
/// is.
Result<GuestFunction> FrameNames::with_code(std::string name, std::uint32_t index,
                                            const dwarf::FunctionInfo* known) {
    LoadedModule* module = presenter_.access().modules().find(instance_);
    const wasm::Module* wasm = module == nullptr ? nullptr : module->wasm();
    const wasm::FunctionType* type = wasm == nullptr ? nullptr : wasm->function_type(index);
    if (type == nullptr) {
        return fail(ErrorCode::NotFound, "'" + name + "' has no code");
    }
    GuestFunction function{.name = std::move(name),
                           .index = index,
                           .wasm_parameters = type->params,
                           .wasm_results = type->results,
                           .parameters = {},
                           .result = *builtin_named("void")};
    const TypeRef declared =
        known == nullptr ? TypeRef{} : type_of(*module->source(), known->entry);
    const bool has_types = declared && declared->kind == dwarf::TypeKind::Function;
    if (!has_types) {
        std::ranges::transform(type->params, std::back_inserter(function.parameters), builtin_for);
        function.result = type->results.empty() ? function.result : builtin_for(type->results[0]);
        return function;
    }
    for (const dwarf::TypeId parameter : declared->parameters) {
        function.parameters.push_back(type_of(*module->source(), parameter));
    }
    const bool same =
        std::ranges::equal(function.parameters, type->params, fits) && type->results.size() <= 1;
    function.result = target_of(declared);
    const bool returns = stripped(function.result)->kind != dwarf::TypeKind::Void;
    const bool same_result = returns
                                 ? !type->results.empty() && fits(function.result, type->results[0])
                                 : type->results.empty();
    if (!same || !same_result) {
        return fail(ErrorCode::Unsupported,
                    "'" + function.name +
                        "' does not take and return scalars and pointers only, or the "
                        "compiler has changed what it takes");
    }
    return function;
}

/// The best of those that the debug information has; NotFound if there is none of that name, and
/// the reason if there are some but none can be called so.
Result<GuestFunction> FrameNames::overload(const std::string& name,
                                           const std::vector<TypedValue>& arguments) {
    LoadedModule* module = presenter_.access().modules().find(instance_);
    Result<GuestFunction> best = fail(ErrorCode::NotFound, "no function is called '" + name + "'");
    std::ptrdiff_t score = -1;
    bool ambiguous = false;
    dwarf::SourceInfo* info = source();
    const auto found =
        info == nullptr ? std::vector<dwarf::FunctionInfo>() : info->find_functions(name);
    for (const dwarf::FunctionInfo& each : found) {
        const wasm::FunctionBody* body = module->wasm()->function_containing(each.entry_offset);
        if (each.inlined || body == nullptr) {
            continue;
        }
        auto candidate = with_code(each.name, body->index, &each);
        const bool fitting =
            candidate && std::ranges::equal(candidate->parameters, arguments, takes);
        const std::ptrdiff_t points = fitting ? exact(*candidate, arguments) : -1;
        ambiguous = fitting && points >= score ? points == score : ambiguous;
        if (points > score || (!best && best.error().code == ErrorCode::NotFound)) {
            best = std::move(candidate);
            score = points;
        }
    }
    if (ambiguous) {
        return fail(ErrorCode::InvalidArgument,
                    "several functions are called '" + name + "' and take such arguments");
    }
    return best;
}

Result<GuestFunction> FrameNames::function(const std::string& name,
                                           const std::vector<TypedValue>& arguments) {
    LoadedModule* module = presenter_.access().modules().find(instance_);
    const wasm::Module* wasm = module == nullptr ? nullptr : module->wasm();
    if (wasm == nullptr) {
        return fail(ErrorCode::NotFound, "no function is called '" + name + "'");
    }
    auto found = overload(name, arguments);
    if (found || found.error().code != ErrorCode::NotFound) {
        return found;
    }
    for (const wasm::FunctionBody& body : wasm->bodies()) { // without debug information
        if (wasm->function_name(body.index) == name) {
            return with_code(name, body.index, nullptr);
        }
    }
    return found;
}

Result<GuestFunction> FrameNames::function_at(const TypedValue& pointer) {
    const TypeRef type = stripped(pointer.type);
    const auto slot = presenter_.access().pointer(pointer);
    if (!slot || !is_pointer(type) ||
        stripped(target_of(type))->kind != dwarf::TypeKind::Function) {
        return fail(ErrorCode::InvalidArgument, "this is no function");
    }
    const auto element = presenter_.access().debuggee().table_element(instance_, 0, *slot);
    if (!element) {
        return std::unexpected(element.error());
    }
    return with_code("*" + pointer.type->name, element->as<std::uint32_t>(), nullptr);
}

Result<std::vector<Value>> FrameNames::call(const GuestFunction& function,
                                            const std::vector<Value>& arguments) {
    CallSupport* calls = presenter_.access().debuggee().call_support();
    if (calls == nullptr) {
        return fail(ErrorCode::Unsupported,
                    "functions of the guest cannot be called with this engine or server");
    }
    if (!frame_) {
        return fail(ErrorCode::InvalidArgument, "a function is called in a frame");
    }
    return calls->call({.thread = frame_->thread,
                        .instance = instance_,
                        .function = function.index,
                        .arguments = arguments,
                        .limit = call_limit});
}

} // namespace wdbg::source
