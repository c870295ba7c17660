# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A real program: Lua."""
MAIN = "lua/main.c"


def test_a_script_calls_back_into_c(debug):
    session = debug("lua-O0", MAIN)
    session.run_to("note", 30)
    assert session.integer("number") == 55
    assert session.path("text") == '"one,three,two"'
    frames = session.frames()
    assert frames[0] == "note" and "luaV_execute" in frames and "main" in frames
    session.run_to("end", 30)
    assert session.evaluate("calls") == "1"
    assert session.go_to_exit() == 0


def test_optimised(debug):
    session = debug("lua-O2", MAIN)
    session.target.BreakpointCreateByName("luaH_resize")
    assert session.go(30).function == "luaH_resize"
    assert "luaV_execute" in session.frames() or "luaL_newstate" in session.frames()
