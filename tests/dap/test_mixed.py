# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An interpreted program with a compiled library, and one of the same kind as the program behind that."""
import pathlib
import shutil
import subprocess

import pytest

from client.session import fixture, wdbg

MAIN = "mixed/main.c"
LIBRARY = "mixed/mixlib.c"
DEEP = "mixed/deep.c"


@pytest.fixture
def program(tmp_path) -> pathlib.Path:
    for name in ("mixed", "deep"):
        shutil.copy(fixture(f"mixed/{name}"), tmp_path)
    subprocess.run([wdbg(), "compile", "-Og", fixture("mixed/mixlib"), "-o", tmp_path / "mixlib.aot"], check=True,
                   capture_output=True)
    return tmp_path / "mixed.wasm"


def launch(session, program: pathlib.Path, source: str, *places: str) -> None:
    session.launch(str(program))
    session.breakpoints(source, *places)
    session.configured()


def test_a_stack_of_all_modules_with_their_variables(session, program):
    launch(session, program, DEEP, "square")
    session.stopped()
    frames = session.stack()
    assert [frame.name for frame in frames[:3]] == ["square", "sum_of_squares", "main"]
    assert session.locals(frames[0].id)["value"].value == "1"
    assert session.locals(frames[1].id)["count"].value == "1"
    assert session.locals(frames[2].id)["count"].value == "1"
    # Pointers and static variables are those of the frame's own memory.
    assert session.evaluate("*&result", frames[0].id).result == "1"
    assert session.evaluate("total", frames[1].id).result == "0"
    assert session.evaluate("argc", frames[2].id).result == "1"
    assert session.evaluate("argv[0]", frames[2].id).result.endswith('mixed.wasm"')


def test_steps_lead_from_one_kind_to_the_other_and_back(session, program):
    launch(session, program, MAIN, "loop")
    session.stopped()
    session.breakpoints(MAIN)
    session.step("stepIn")
    assert session.top().name == "sum_of_squares"
    session.breakpoints(LIBRARY, "square-call")
    session.resume()
    session.stopped()
    session.breakpoints(LIBRARY)
    session.step("stepIn")
    assert session.top().name == "square"
    session.step("stepOut")
    assert session.top().name == "sum_of_squares"
    session.step("stepOut")
    assert session.top().name == "main"
    session.resume()
    assert session.exited() == 0
    assert "mixed 20" in session.text()


def test_next_runs_over_calls_of_the_other_kind(session, program):
    launch(session, program, MAIN, "scaled-call")
    session.stopped()
    session.step("next")
    assert session.top().name == "main" and not session.at(MAIN, "scaled-call")
    assert session.evaluate("half").result.startswith("10737418240")


def test_next_in_the_library_runs_over_what_that_calls(session, program):
    launch(session, program, LIBRARY, "square-call")
    session.stopped()
    session.breakpoints(LIBRARY)
    for _ in range(2):  # to the loop's head, and to the call again or behind the loop
        session.step("next")
        assert session.top().name == "sum_of_squares" and not session.at(DEEP, "square")
    assert session.evaluate("sum").result == "1"


def test_hits_are_counted_in_both(session, program):
    session.launch(str(program))
    session.different_breakpoints(DEEP, {"square": {"hitCondition": "== 4"}})
    session.different_breakpoints(LIBRARY, {"sum-end": {"condition": "sum > 5"}})
    session.configured()
    session.stopped()
    assert session.top().name == "square"
    assert session.evaluate("value").result == "1" and session.evaluate("squares").result == "3"
    session.resume()
    session.stopped()
    assert session.top().name == "sum_of_squares" and session.evaluate("sum").result == "14"


def test_a_call_that_would_lead_into_the_other_kind_is_ended(session, program):
    launch(session, program, LIBRARY, "sum-end")
    session.stopped()
    assert session.evaluate("divide(12, 4)").result == "3"
    frame = session.top().id
    text = session.refused("evaluate", {"expression": "sum_of_squares(2)", "frameId": frame, "context": "watch"})
    assert "cannot call one of an interpreted module" in text
    assert session.evaluate("count").result == "1" and session.evaluate("sum").result == "1"
    session.breakpoints(LIBRARY)
    session.resume()
    assert session.exited() == 0
    assert "mixed 20 10737418240.0 3" in session.text()
