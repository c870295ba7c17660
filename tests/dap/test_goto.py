# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""gotoTargets and goto ("Jump to Cursor")."""
import pytest

from client.session import SOURCES, engine, marker

CONTROL = "c/control.c"


def targets(session, name: str) -> list[dict]:
    body = session.connection.request("gotoTargets", {
        "source": {"path": str(SOURCES / CONTROL)}, "line": marker(CONTROL, name)})
    return body["targets"]


@pytest.fixture
def goto(session):
    """Goes to a marked line; compiled code cannot, and must say so."""
    def go(name: str) -> bool:
        target, = targets(session, name)
        arguments = {"threadId": 1, "targetId": target["id"]}
        if engine():
            assert "only interpreted code" in session.refused("goto", arguments)
            return False
        session.connection.request("goto", arguments)
        assert session.stopped().reason == "goto" and session.at(CONTROL, name)
        return True
    return go


def test_goes_on_at_another_line(session, goto):
    session.run_to(CONTROL, "steps-call", "control-O0")
    assert session.capabilities["supportsGotoTargetsRequest"]
    if goto("steps-end"):
        goto("steps-call")
    session.step("next")
    assert session.at(CONTROL, "steps-after") and session.evaluate("b").result == "22"
    session.resume()
    assert session.exited() == 0
    assert session.text() == "control 5239\n"


def test_does_not_stop_at_a_breakpoint_that_it_goes_to(session, goto):
    session.run_to(CONTROL, "steps-call", "control-O0")
    session.breakpoints(CONTROL, "steps-end")
    if not goto("steps-end"):
        session.breakpoints(CONTROL)
    session.resume()
    assert session.exited() == 0


def test_is_offered_within_the_function_and_refused_elsewhere(session):
    session.run_to(CONTROL, "steps-call", "control-O0")
    assert targets(session, "factorial") == []
    assert session.refused("goto", {"threadId": 1, "targetId": 1})
    assert "no thread 7" in session.refused("goto", {"threadId": 7, "targetId": 1})
    assert session.at(CONTROL, "steps-call")
