# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Classes, containers and templates."""
SHAPES = "cpp/shapes.cpp"


def test_methods_and_this(session):
    session.run_to(SHAPES, "rectangle", "shapes-O0")
    assert session.top().name == "geometry::Rectangle::area"
    assert session.evaluate("width_ * height_").result == "12"
    assert session.evaluate("this->width_").result == "3"
    assert session.evaluate("geometry::detail::offset").result == "3"


def test_containers_read_as_what_they_hold(session):
    session.run_to(SHAPES, "containers", "shapes-O0")
    found = session.locals()
    assert "hello wasm" in found["greeting"].value
    numbers = session.children(found["numbers"].variablesReference)
    values = [each.value for name, each in numbers.items() if name.strip("[]").isdigit()]
    assert values == ["3", "1", "4", "1", "5"]
    ages = session.children(found["ages"].variablesReference)
    assert any("ann" in each.value or "ann" in name for name, each in ages.items())
    assert "77" in session.evaluate("*owned").result


def test_templates_have_a_breakpoint_in_each_instance(session):
    session.launch("shapes-O0")
    assert session.breakpoints(SHAPES, "repeat")[0].verified
    session.configured()
    session.stopped()
    assert session.top().name.startswith("repeat")
    assert session.evaluate("value").result == "10"


def test_overloads(session):
    session.launch("shapes-O0")
    session.connection.request("setFunctionBreakpoints", {"breakpoints": [{"name": "overloaded"}]})
    session.configured()
    session.stopped()
    assert session.at(SHAPES, "overloaded-int")
    session.resume()
    session.stopped()
    assert session.at(SHAPES, "overloaded-string")


def test_runs_to_its_end(session):
    session.run_to(SHAPES, "end", "shapes-O0")
    session.resume()
    assert session.exited() == 0
    assert session.text().startswith("shapes ")
