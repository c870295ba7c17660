# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Zig's slices, optionals and types."""
MAIN = "zig/main.zig"


def _items(session, expression: str) -> list[str]:
    children = session.children(session.evaluate(expression).variablesReference)
    return [each.value for name, each in children.items() if name.strip("[]").isdigit()]


def test_slices_and_optionals(session):
    session.run_to(MAIN, "total", "zig-O0")
    assert _items(session, "items") == ["20", "30"]
    assert session.evaluate("items[1]").result == "30"
    assert session.evaluate("name").result == '"none"'
    assert session.evaluate("kept").result == "nullopt"
    session.resume()
    session.stopped()
    assert _items(session, "items") == ["11", "20", "30"]
    assert session.evaluate("kept").result == "7"
    assert session.evaluate("name").result == '"some"'
    assert session.evaluate("sum").result == "68"


def test_structs_and_enums(session):
    session.run_to(MAIN, "area", "zig-O0")
    assert session.evaluate("color").result == "blue"
    assert session.evaluate("factor").result == "2"
    session.breakpoints(MAIN, "end")
    session.resume()
    session.stopped()
    found = session.locals()
    assert found["point"].value == "{x = 391, y = -4}"
    assert found["list"].value == "{11, 20, 30}"
    assert [frame.name for frame in session.stack()][0].endswith("main")
    session.resume()
    assert session.exited() == 0
