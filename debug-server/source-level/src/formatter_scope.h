// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "evaluator.h"
#include "formatter_table.h"
#include "presenter.h"

#include <map>
#include <string>

namespace wdbg::source {

/// The names that a formatter's expressions see: members of the value, its template arguments
/// ($T0, $V1, and by their own names), `$i`, `$node` and the like.
class FormatterScope final : public ExpressionNames {
  public:
    FormatterScope(Presenter& presenter, const TypedValue& value, const Formatter& formatter)
        : presenter_(presenter)
        , value_(value)
        , formatter_(formatter) {}

    void set(const std::string& name, TypedValue value) { extra_[name] = std::move(value); }

    void set(const std::string& name, std::int64_t number);

    /// The first alternative of a field that can be evaluated; its error otherwise.
    [[nodiscard]] Result<TypedValue> field(const std::string& name);
    [[nodiscard]] Result<TypedValue> any(const Formatter::Alternatives& alternatives);
    [[nodiscard]] Result<TypedValue> evaluate(const std::string& expression);
    [[nodiscard]] Result<std::uint64_t> number(const std::string& field_name);

    [[nodiscard]] bool is_type(const std::string& name) override;
    [[nodiscard]] std::optional<TypedValue> variable(const std::string& name) override;
    [[nodiscard]] std::optional<TypeRef> type(const std::string& name) override;
    [[nodiscard]] bool is_function(const std::string&) override { return false; }
    [[nodiscard]] Result<std::string> text(const TypedValue& value) override;
    [[nodiscard]] std::optional<Result<TypedValue>> container_element(const TypedValue& value,
                                                                      std::int64_t index) override;
    [[nodiscard]] std::optional<Result<TypedValue>> smart_pointee(const TypedValue& value) override;
    [[nodiscard]] TypedValue dynamic(const TypedValue& object) override;

  private:
    [[nodiscard]] std::optional<TypeRef> template_argument(const TypeRef& type, std::size_t index);

    Presenter& presenter_;
    const TypedValue& value_;
    const Formatter& formatter_;
    std::map<std::string, TypedValue> extra_;
    std::map<std::string, TypeRef> types_;
};

} // namespace wdbg::source
