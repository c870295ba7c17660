# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""C++ with libc++."""
import pytest

from harness.limitations import expected_difference

SHAPES = ("shapes-O0", "cpp/shapes.cpp")


def test_members_and_this(debug):
    session = debug(*SHAPES)
    session.run_to("rectangle")
    assert session.evaluate("width_") == "3"
    assert session.evaluate("this->height_ * 2") == "8"
    assert session.frames()[0].endswith("Rectangle::area() const")


def test_virtual_call_goes_to_the_override(debug):
    session = debug(*SHAPES)
    session.run_to("virtual")
    stop = session.step_in()
    while "main" in stop.function or "unique_ptr" in stop.function:
        stop = session.step_in() if "main" in stop.function else session.step_out()
    assert "geometry::Rectangle::area" in stop.function


def test_base_class_members(debug):
    session = debug(*SHAPES)
    session.break_at("rectangle")
    session.go()
    session.go()
    assert session.path("this->name_") == '"square"'
    assert session.evaluate("width_ + height_") == "10"


@pytest.mark.parametrize("expression, value", [
    ("geometry::detail::offset", "3"), ("total", "3"),
])
def test_namespaces(debug, expression, value):
    session = debug(*SHAPES)
    session.run_to("main")
    session.step_over()
    assert session.evaluate(expression) == value


def test_templates(debug):
    session = debug(*SHAPES)
    breakpoint = session.break_at("sum", locations=2)
    session.go()
    assert session.evaluate("first + second") == "42"
    session.go()
    assert session.evaluate("first") == "0.5"
    assert breakpoint.GetHitCount() == 2


def test_template_functions_by_name(debug):
    session = debug(*SHAPES)
    session.target.BreakpointCreateByRegex("^(int|double) repeat<")
    assert "repeat<int, 3>" in session.go().function
    assert "repeat<double, 2>" in session.go().function


def test_overloads_are_told_apart(debug):
    session = debug(*SHAPES)
    breakpoint = session.target.BreakpointCreateByName("overloaded")
    assert breakpoint.GetNumLocations() == 2
    assert "overloaded(int)" in session.go().function
    assert session.integer("value") == 1
    assert "string" in session.go().function


def test_standard_containers(debug):
    session = debug(*SHAPES)
    session.run_to("containers")
    numbers = session.local("numbers")
    assert numbers.GetNumChildren() == 5
    assert [numbers.GetChildAtIndex(i).GetValueAsSigned() for i in range(5)] == [3, 1, 4, 1, 5]
    assert session.path("greeting") == '"hello wasm"'
    assert session.local("ages").GetNumChildren() == 2
    assert 'first = "bob", second = 42' in session.command("frame variable ages")
    assert session.evaluate("total") == "28"
    assert "77" in session.command("frame variable owned")


def test_lambda_captures(debug):
    session = debug(*SHAPES)
    session.run_to("lambda")
    assert session.integer("value") == 3
    assert session.evaluate("factor") == "2"
    assert session.evaluate("total") == "0"


def test_references(debug):
    session = debug(*SHAPES)
    session.run_to("end")
    assert session.local("reference").GetChildAtIndex(0).GetValueAsSigned() == 281
    assert session.go_to_exit() == 0
    assert session.guest.stdout.at_end(5) == "shapes 281 281\n"


def test_optimised_cpp_stops_and_ends(debug):
    session = debug("shapes-O2", "cpp/shapes.cpp")
    session.run_to("end")
    assert session.go_to_exit() == 0


@expected_difference("dynamic-type")
def test_dynamic_type(debug):
    session = debug(*SHAPES)
    session.run_to("virtual")
    import lldb

    shape = session.frame.EvaluateExpression("shapes[0].get()", lldb.eDynamicCanRunTarget)
    assert "Rectangle" in shape.GetTypeName()
