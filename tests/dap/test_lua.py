# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A real program: Lua."""
MAIN = "lua/main.c"


def test_a_script_calls_back_into_c(session):
    session.run_to(MAIN, "note", "lua-O0")
    found = session.locals()
    assert found["number"].value == "55"
    assert "one,three,two" in found["text"].value
    names = [frame.name for frame in session.stack()]
    assert names[0] == "note" and "luaV_execute" in names and names[-2:] != []
    assert session.evaluate("L->ci->previous->callstatus").result.isdigit()
    session.step("stepOut")
    assert session.top().name in ("precallC", "luaD_precall")
    session.breakpoints(MAIN)
    session.resume()
    assert session.exited() == 0
    assert session.text() == "lua 55 one,three,two, 1 calls\n"


def test_its_interpreter_stops_by_function_and_condition(session):
    session.launch("lua-O0")
    session.connection.request("setFunctionBreakpoints", {
        "breakpoints": [{"name": "luaH_resize", "condition": "nhsize >= 4"}]})
    session.configured()
    session.stopped()
    assert session.top().name == "luaH_resize"
    assert int(session.evaluate("nhsize").result) >= 4
