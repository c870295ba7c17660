// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Expressions of any text, evaluated over a few variables of a fake guest.
#include "evaluator.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <support/fake_debuggee.h>

namespace {

using namespace wdbg;
using namespace wdbg::source;

class FewNames final : public ExpressionNames {
  public:
    [[nodiscard]] bool is_type(const std::string& name) override { return type(name).has_value(); }

    [[nodiscard]] std::optional<TypedValue> variable(const std::string& name) override {
        if (name == "i") {
            return memory_value(builtin(Builtin::Int), InstanceId{0}, 16);
        }
        if (name == "p") {
            return scalar_value(pointer_to(builtin(Builtin::Char)), InstanceId{0},
                                Scalar::of_unsigned(32));
        }
        if (name == "a") {
            return memory_value(array_of(builtin(Builtin::Double), 4), InstanceId{0}, 64);
        }
        if (name == "gone") {
            return unavailable_value(builtin(Builtin::Long), "optimized out");
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<TypeRef> type(const std::string& name) override {
        return builtin_named(name);
    }

    [[nodiscard]] bool is_function(const std::string& name) override { return name == "f"; }

    [[nodiscard]] Result<std::string> text(const TypedValue&) override { return "text"; }

    [[nodiscard]] std::optional<Result<TypedValue>> container_element(const TypedValue&,
                                                                      std::int64_t) override {
        return std::nullopt;
    }

    [[nodiscard]] std::optional<Result<TypedValue>> smart_pointee(const TypedValue&) override {
        return std::nullopt;
    }

    [[nodiscard]] TypedValue dynamic(const TypedValue& object) override { return object; }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    test::FakeDebuggee debuggee;
    static_cast<void>(debuggee.attach());
    ModuleTable modules(debuggee, {}, PathMap{});
    ValueAccess access(debuggee, modules);
    FewNames names;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = parse_expression(text, names);
    if (!parsed) {
        return 0;
    }
    Evaluator evaluator(access, names, InstanceId{0});
    const auto value = evaluator.evaluate(*parsed->root);
    if (value) {
        static_cast<void>(access.scalar(*value));
    }
    return 0;
}
