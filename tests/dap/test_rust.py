# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rust's values and enums."""
APP = "rust/app.rs"


def test_values(session):
    session.run_to(APP, "values", "rust-O0")
    found = session.locals()
    assert "hello rust" in found["text"].value
    assert "hello" in found["slice"].value
    assert "7" in found["some"].value and "None" in found["none"].value
    assert found["factor"].value == "3"


def test_steps_and_frames(session):
    session.run_to(APP, "move", "rust-O0")
    names = [frame.name for frame in session.stack()]
    assert any(name.endswith("main") for name in names)
    session.step("stepOut")
    assert session.top().file == "app.rs"


def test_a_panic_is_a_trap_with_its_place(session):
    session.launch("rust-O0", args=["because"])
    session.connection.request("setExceptionBreakpoints", {"filters": ["trap"]})
    session.configured()
    stop = session.stopped()
    assert stop.reason == "exception" and "unreachable" in stop.text
    assert any(frame.name.endswith("fail") for frame in session.stack())
    assert "asked to panic: because" in session.text("stderr")
    session.resume()
    assert session.exited() == 134
