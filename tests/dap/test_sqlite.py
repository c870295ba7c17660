# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A real program: SQLite."""
MAIN = "sqlite/main.c"


def test_a_session(session):
    session.launch("sqlite-O0", args=["20"])
    session.breakpoints(MAIN, "row", condition="rows_seen == 2")
    session.connection.request("setFunctionBreakpoints",
                               {"breakpoints": [{"name": "sqlite3_step", "hitCondition": "== 5"}]})
    session.configured()
    session.stopped()
    assert session.top().name == "sqlite3_step"
    names = session.locals()
    assert any(variable.variablesReference for variable in names.values())
    session.resume()
    session.stopped()
    assert session.at(MAIN, "row")
    assert session.evaluate("rows_seen").result == "2"
    assert "sqlite3_exec" in [frame.name for frame in session.stack()]
    session.step("next")
    assert session.evaluate("rows_seen").result == "3"
    session.breakpoints(MAIN)
    session.resume()
    assert session.exited() == 0
    assert "4 rows, SQLite 3." in session.text()


def test_steps_through_its_virtual_machine(session):
    session.launch("sqlite-O0", args=["5"])
    session.breakpoints(MAIN, "insert")
    session.configured()
    session.stopped()
    session.step("stepIn")
    assert session.top().name == "sqlite3_step"
    for _ in range(5):
        session.step("next")
    assert session.top().name == "sqlite3_step"
    session.step("stepOut")
    assert session.top().file == "main.c"
