// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wdbg::test {
namespace {

using source::ScopeKind;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

std::string find(const std::vector<source::VariableView>& views, const std::string& name) {
    for (const auto& view : views) {
        if (view.name == name) {
            return view.value;
        }
    }
    return "[missing]";
}

TEST(Values, ShowEveryScalarOfC) {
    for (const char* variant : {"types-O0.wasm", "types-O0-dwarf4.wasm", "types-O0-dwarf5.wasm"}) {
        REQUIRE_FIXTURE(variant);
        GuestSession guest(variant, "c/types.c");
        guest.run_to("scalars");
        const auto locals = guest.scope(ScopeKind::Locals);
        EXPECT_EQ(find(locals, "yes"), "true");
        EXPECT_EQ(find(locals, "letter"), "119 'w'");
        EXPECT_THAT(find(locals, "tiny"), StartsWith("-7"));
        EXPECT_THAT(find(locals, "byte"), StartsWith("200"));
        EXPECT_EQ(find(locals, "small"), "-3000");
        EXPECT_EQ(find(locals, "word"), "60000");
        EXPECT_EQ(find(locals, "number"), "-58");
        EXPECT_EQ(find(locals, "natural"), "4000000000");
        EXPECT_EQ(find(locals, "big"), "-9000000000000");
        EXPECT_EQ(find(locals, "huge"), "18000000000000000000");
        EXPECT_EQ(find(locals, "single"), "1.5");
        EXPECT_EQ(find(locals, "real"), "-2.25");
        EXPECT_EQ(find(guest.scope(ScopeKind::Arguments), "seed"), "42");
    }
}

TEST(Values, ShowAggregatesPointersAndText) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("aggregates");
    EXPECT_EQ(guest.value("list"), "{10, 20, 30, 40, 50}");
    EXPECT_EQ(guest.value("grid"), "{{1, 2, 3}, {4, 5, 6}}");
    EXPECT_EQ(guest.value("point"), "{x = 7, y = -8}");
    EXPECT_EQ(guest.value("bits"), "{low = 5, middle = 100, sign = -3}");
    EXPECT_EQ(guest.value("color"), "BLUE");
    EXPECT_THAT(guest.value("text"), HasSubstr("\"hello\""));
    EXPECT_THAT(guest.value("function"), HasSubstr("scalars"));
    EXPECT_EQ(guest.value("nothing"), "0x0");
    EXPECT_EQ(guest.value("number.real"), "1");
    EXPECT_EQ(guest.value("number.whole"), "1065353216");
    const auto first = guest.evaluate("first").value();
    EXPECT_THAT(guest.children(first), Contains("value=1"));
    EXPECT_EQ(guest.value("first.next->next->value"), "3");
}

TEST(Values, ShowGlobalsStaticsAndWasmScopes) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("main");
    EXPECT_EQ(find(guest.scope(ScopeKind::Globals), "global_int"), "1234");
    EXPECT_EQ(find(guest.scope(ScopeKind::Globals), "static_long"), "-5000000000");
    EXPECT_EQ(find(guest.scope(ScopeKind::Statics), "calls"), "1");
    EXPECT_FALSE(guest.scope(ScopeKind::WasmLocals).empty());
    EXPECT_FALSE(guest.scope(ScopeKind::WasmGlobals).empty());
    EXPECT_EQ(guest.value("global_points[1].y"), "4");
}

TEST(Values, PageLargeArrays) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("main");
    // Any memory as an array of half a million elements.
    const auto array = guest.evaluate("(char*)1024,60000");
    ASSERT_TRUE(array) << array.error().message;
    EXPECT_EQ(array->indexed_children, 60000U);
    const auto page = guest->variables(array->children, source::ChildFilter::Indexed, 59990, 10, {});
    ASSERT_TRUE(page);
    ASSERT_THAT(*page, SizeIs(10));
    EXPECT_EQ(page->front().name, "[59990]");
}

TEST(Values, CanBeChanged) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("aggregates");
    const auto frame = guest.stack().at(0).id;
    const auto scopes = guest->scopes(frame).value();
    source::VariableHandle locals{};
    for (const auto& scope : scopes) {
        locals = scope.kind == ScopeKind::Locals ? scope.variables : locals;
    }
    EXPECT_EQ(guest->set_variable(locals, "color", "GREEN", {})->value, "GREEN");
    EXPECT_EQ(guest.value("color"), "GREEN");
    EXPECT_EQ(guest->set_expression(frame, "point.x", "2 + 3", {})->value, "5");
    EXPECT_EQ(guest.value("point.x"), "5");
    EXPECT_EQ(guest->set_expression(frame, "bits.middle", "3", {})->value, "3");
    EXPECT_EQ(guest.value("bits"), "{low = 5, middle = 3, sign = -3}");
    EXPECT_FALSE(guest->set_expression(frame, "1", "2", {}));
}

TEST(Values, HandlesOfAnEarlierStopAreRefused) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("aggregates");
    const auto frame = guest.stack().at(0).id;
    const auto scope = guest->scopes(frame)->at(0).variables;
    guest.step(source::StepKind::Over);
    const auto scopes = guest->scopes(frame);
    ASSERT_FALSE(scopes);
    EXPECT_THAT(scopes.error().message, HasSubstr("earlier stop"));
    EXPECT_FALSE(guest->variables(scope, source::ChildFilter::All, 0, 0, {}));
}

TEST(Values, ShowOptimisedCodeWithoutInventingAnything) {
    REQUIRE_FIXTURE("control-O2.wasm");
    GuestSession guest("control-O2.wasm", "c/control.c");
    guest.run_to("main");
    for (const auto& frame : guest.stack()) {
        const auto scopes = guest->scopes(frame.id).value();
        for (const auto& scope : scopes) {
            const auto views =
                guest->variables(scope.variables, source::ChildFilter::All, 0, 0, {}).value();
            for (const auto& view : views) {
                EXPECT_TRUE(view.available || view.value.starts_with("<")) << view.value;
            }
        }
    }
}

TEST(Values, ShowVirtualClassesByTheirDynamicType) {
    REQUIRE_FIXTURE("shapes-O0.wasm");
    GuestSession guest("shapes-O0.wasm", "cpp/shapes.cpp");
    guest.run_to("virtual");
    EXPECT_THAT(guest.value("shapes[0]"), HasSubstr("width_ = 3, height_ = 4"));
    EXPECT_THAT(guest.evaluate("*shape")->type, HasSubstr("(geometry::Rectangle)"));
    EXPECT_EQ(guest.value("shape->width_"), "3");
    EXPECT_THAT(guest.value("shapes"), StartsWith("size=2"));
    EXPECT_EQ(guest.value("shapes[0]->name_"), "\"rectangle\"");
}

TEST(Values, OfMethodsSeeTheMembersOfThis) {
    REQUIRE_FIXTURE("shapes-O0.wasm");
    GuestSession guest("shapes-O0.wasm", "cpp/shapes.cpp");
    guest.run_to("rectangle");
    EXPECT_EQ(guest.value("width_ * height_"), "12");
    EXPECT_EQ(guest.value("this->name_"), "\"rectangle\"");
    EXPECT_EQ(guest.function(), "geometry::Rectangle::area");
    EXPECT_EQ(guest.value("geometry::detail::offset"), "3");
}

} // namespace
} // namespace wdbg::test
