# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Breakpoints, steps, variables and expressions on C."""
import pytest

from client.session import SOURCES, marker

CONTROL = "c/control.c"
UTIL = "c/control_util.c"
TYPES = "c/types.c"


def test_stops_at_a_line_and_shows_where(session):
    stop = session.run_to(CONTROL, "steps", "control-O0")
    assert stop.reason == "breakpoint" and stop.hitBreakpointIds == [1]
    assert session.at(CONTROL, "steps")
    assert [frame.name for frame in session.stack()][:2] == ["steps", "main"]
    assert session.locals()["start"].value == "10"
    session.resume()
    assert session.exited() == 0
    assert session.text() == "control 5239\n"


def test_steps_over_in_and_out(session):
    session.run_to(CONTROL, "steps-call", "control-O0")
    assert session.step("next").reason == "step"
    assert session.at(CONTROL, "steps-after")
    session.breakpoints(CONTROL)
    session.breakpoints(UTIL, "indirect")
    session.resume()
    session.stopped()
    session.step("stepIn")
    assert session.top().name == "add" and session.at(CONTROL, "add")
    session.step("stepOut")
    assert session.top().file == "control_util.c"


def test_steps_by_instruction(session):
    session.run_to(CONTROL, "steps", "control-O0")
    before = int(session.top().instructionPointerReference, 16)
    session.step("next", granularity="instruction")
    after = int(session.top().instructionPointerReference, 16)
    assert 0 < after - before < 10


def test_steps_over_recursion(session):
    session.run_to(CONTROL, "factorial", "control-O0")
    depth = len(session.stack())
    session.breakpoints(CONTROL)
    session.step("next")
    assert len(session.stack()) == depth
    assert session.evaluate("rest").result == "24"


def test_condition_hit_count_and_log_point(session):
    session.launch("control-O0")
    line = marker(CONTROL, "loop")
    session.breakpoints(CONTROL, "loop", condition="i == 42")
    session.configured()
    session.stopped()
    assert session.evaluate("i").result == "42"
    session.breakpoints(CONTROL, line, hitCondition=">= 10")
    session.resume()
    session.stopped()
    assert session.evaluate("i").result == "52"
    session.breakpoints(CONTROL, line, logMessage="i is {i}, total {total}")
    session.resume()
    assert session.exited() == 0
    assert "i is 99, total 4851\n" in session.text("console")


def test_function_breakpoint_and_one_that_finds_nothing(session):
    session.launch("control-O0")
    body = session.connection.request("setFunctionBreakpoints", {
        "breakpoints": [{"name": "util_scale"}, {"name": "no_such_function"}]})
    assert [each["verified"] for each in body["breakpoints"]] == [True, False]
    assert not session.breakpoints(CONTROL, 9999)[0].verified
    session.configured()
    session.stopped()
    assert session.top().name == "util_scale"


def test_breakpoint_while_running_and_pause(session):
    session.launch("busy-O0", args=["2000000000"])
    session.configured()
    session.connection.request("pause", {"threadId": 1})
    assert session.stopped().reason == "pause"
    session.resume()
    assert session.breakpoints("c/busy.c", "round")[0].verified
    assert session.stopped().reason == "breakpoint"
    assert session.at("c/busy.c", "round")
    session.connection.request("disconnect")


def test_values(session):
    session.run_to(TYPES, "scalars", "types-O0")
    found = {name: each.value for name, each in session.locals().items()}
    assert found["small"] == "-3000" and found["huge"] == "18000000000000000000"
    assert found["real"] == "-2.25"
    assert session.locals()["big"].type == "long long"


def test_structures_arrays_and_pointers(session):
    session.run_to(TYPES, "aggregates", "types-O0")
    found = session.locals()
    assert found["list"].indexedVariables == 5
    page = session.children(found["list"].variablesReference, start=1, count=2, filter="indexed")
    assert [each.value for each in page.values()] == ["20", "30"]
    point = session.children(found["point"].variablesReference)
    assert {name: each.value for name, each in point.items()} == {"x": "7", "y": "-8"}
    assert "hello" in found["text"].value
    assert "BLUE" in found["color"].value
    hexadecimal = session.children(found["point"].variablesReference, format={"hex": True})
    assert hexadecimal["x"].value == "0x7" or hexadecimal["x"].value.endswith("07")


@pytest.mark.parametrize("expression, result", [
    ("list[1] + point.x", "27"), ("first.next->value", "2"), ("&grid[1][2] - &grid[0][0]", "5"),
    ("(unsigned char)300", "44"), ("total > 5 || 1", None), ("sizeof(point)", "8"),
    ("point.x ? 3 : 4", "3")])
def test_expressions(session, expression, result):
    session.run_to(TYPES, "aggregates", "types-O0")
    value = session.evaluate(expression).result
    assert result is None or value.split()[0] == result


def test_an_expression_that_cannot_be_evaluated_says_why(session):
    session.run_to(TYPES, "aggregates", "types-O0")
    frame = session.top().id
    assert "nothing_like_this" in session.refused(
        "evaluate", {"expression": "nothing_like_this + 1", "frameId": frame})
    assert session.refused("evaluate", {"expression": "list[", "frameId": frame})


def test_sets_variables(session):
    session.run_to(TYPES, "aggregates", "types-O0")
    scopes = session.scopes(session.top().id)
    point = session.locals()["point"]
    body = session.connection.request("setVariable", {
        "variablesReference": point.variablesReference, "name": "x", "value": "5 * 20"})
    assert body["value"] == "100"
    assert session.evaluate("point.x").result == "100"
    body = session.connection.request("setExpression", {
        "expression": "list[2]", "value": "-1", "frameId": session.top().id})
    assert body["value"] == "-1"
    assert scopes["Locals"].presentationHint == "locals"


def test_a_stale_reference_is_refused(session):
    session.run_to(CONTROL, "steps", "control-O0")
    frame = session.top().id
    scope = session.scopes(frame)["Locals"].variablesReference
    session.step("next")
    assert session.refused("variables", {"variablesReference": scope})
    assert session.refused("scopes", {"frameId": frame})
    assert session.refused("evaluate", {"expression": "a", "frameId": frame})


def test_wasm_scopes(session):
    session.run_to(CONTROL, "steps", "control-O0")
    scopes = session.scopes(session.top().id)
    wasm = [scope for name, scope in scopes.items() if "wasm" in name.lower()]
    assert wasm and all(scope.presentationHint == "registers" for scope in wasm)
    assert any(session.children(scope.variablesReference) for scope in wasm)


def test_data_breakpoint(session):
    session.run_to("c/watch.c", "before-count", "watch-O0")
    info = session.connection.request("dataBreakpointInfo", {
        "name": "counter", "frameId": session.top().id})
    assert info["dataId"] and "write" in info["accessTypes"]
    session.breakpoints("c/watch.c")
    body = session.connection.request("setDataBreakpoints", {
        "breakpoints": [{"dataId": info["dataId"], "accessType": "write"}]})
    assert body["breakpoints"][0]["verified"]
    session.resume()
    stop = session.stopped()
    assert stop.reason == "data breakpoint"
    assert stop.hitBreakpointIds == [body["breakpoints"][0]["id"]]
    assert session.evaluate("counter").result == "1"
    session.connection.request("setDataBreakpoints", {
        "breakpoints": [{"dataId": info["dataId"], "accessType": "write",
                         "condition": "counter == 7"}]})
    session.resume()
    session.stopped()
    assert session.evaluate("counter").result == "7"


def test_optimised_code_shows_inlined_functions(session):
    session.run_to("c/inlined.c", "twice", "inlined-O2")
    assert [frame.name for frame in session.stack()][:3] == ["twice", "outer", "main"]


def test_values_name_places_in_the_source(session):
    session.run_to("c/types.c", "aggregates", "types-O0")
    reference = session.scopes(session.top().id)["Locals"].variablesReference
    body = session.connection.request("variables", {"variablesReference": reference})
    found = {each["name"]: each for each in body["variables"]}

    def line_of(name: str, kind: str) -> str:
        place = session.connection.request("locations", {"locationReference": found[name][kind]})
        assert place["source"]["name"] == "types.c"
        return (SOURCES / "c/types.c").read_text().splitlines()[place["line"] - 1]

    assert "int (*function)(int)" in line_of("function", "declarationLocationReference")
    assert "static int scalars(int seed)" in line_of("function", "valueLocationReference")
    assert "valueLocationReference" not in found["total"]
    stale = found["total"]["declarationLocationReference"]
    session.step("next")
    assert "another stop" in session.refused("locations", {"locationReference": stale})
