# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Expressions that call functions of the guest."""
import pytest
from client.session import engine

TYPES = "c/types.c"
CONTROL = "c/control.c"
SHAPES = "cpp/shapes.cpp"


def _refused(session, expression: str) -> str:
    frame = session.top().id
    return session.refused("evaluate", {"expression": expression, "frameId": frame, "context": "watch"})


@pytest.fixture
def calls():
    """Compiled code cannot do it: it must say so."""
    return not engine()


def test_of_scalars_and_pointers(session, calls):
    session.run_to(CONTROL, "steps-after", "control-O0")
    if not calls:
        assert "cannot be called" in _refused(session, "factorial(5)")
        return
    assert session.evaluate("factorial(5)").result == "120"
    assert session.evaluate("add(a, multiply(b, 2)) + 1").result == str(11 + 44 + 1)
    assert session.evaluate("loop(10) > 40 ? 1 : 0").result == "1"
    assert session.at(CONTROL, "steps-after") and session.evaluate("b").result == "22"
    session.breakpoints(CONTROL)
    session.resume()
    assert session.exited() == 0
    assert "control 5239" in session.text()


def test_of_the_c_library_and_by_pointer(session, calls):
    session.run_to(TYPES, "aggregates", "types-O0")
    if not calls:
        return
    assert session.evaluate("strlen(text)").result == "5"
    assert session.evaluate("strlen(global_text)").result == "11"
    before = session.evaluate("list").result
    assert int(session.evaluate("function(42)").result) == int(session.evaluate("scalars(42)").result)
    assert session.evaluate("list").result == before, "a call leaves the frame as it is"


def test_of_methods(session, calls):
    session.run_to(SHAPES, "virtual", "shapes-O0")
    if not calls:
        return
    assert session.evaluate("shape->area()").result == "12"
    assert session.evaluate("overloaded(41)").result == "42"
    assert "'square'" in _refused(session, "shape->square()")


def test_in_conditions(session, calls):
    if not calls:
        return
    session.launch("control-O0")
    session.breakpoints(CONTROL, "loop", condition="add(i, 1) == 42")
    session.configured()
    session.stopped()
    assert session.evaluate("i").result == "41"


def test_that_fail_say_why(session, calls):
    session.run_to(CONTROL, "steps-after", "control-O0")
    if not calls:
        return
    assert "takes" in _refused(session, "add(1)")
    assert "no function" in _refused(session, "nothing(1)")
    assert "trapped" in _refused(session, "factorial(1000000)")
    assert "not in the guest's memory" in _refused(session, 'strlen("text")')
    assert session.evaluate("factorial(3)").result == "6"
