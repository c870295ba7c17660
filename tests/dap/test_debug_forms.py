# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The forms that debug information comes in: type units, split DWARF, a file of its own."""
import pytest

CONTROL = "c/control.c"
SHAPES = "cpp/shapes.cpp"


@pytest.mark.parametrize("program", ["shapes-O0-typeunits", "shapes-O0-typeunits4"])
def test_type_units(session, program):
    session.run_to(SHAPES, "rectangle", program)
    assert session.evaluate("width_ * height_").result == "12"
    assert session.evaluate("name_").result == '"rectangle"'
    assert "geometry::Shape" in session.evaluate("*this").result


@pytest.mark.parametrize("program", ["control-O0-split", "packed", "external-O0"])
def test_debug_information_in_other_files(session, program):
    session.run_to(CONTROL, "steps-after", program)
    assert [frame.name for frame in session.stack()][:2] == ["steps", "main"]
    assert session.locals()["b"].value == "22"
    session.step("next")
    assert session.evaluate("c").result == "33"


def test_without_any_there_is_the_wasm_level(session):
    session.launch("bare-O0")
    assert not session.breakpoints(CONTROL, "steps")[0].verified
    session.configured()
    assert session.exited() == 0
