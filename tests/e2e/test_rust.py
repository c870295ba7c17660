# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rust, as Debian's rustc compiles it."""
import pytest

APP = ("rust-O0", "rust/app.rs")


def test_main_and_the_backtrace(debug):
    session = debug(*APP)
    session.run_to("main")
    assert session.frames()[0] == "app::main"
    assert session.frames()[-1].startswith("_start")


def test_scalars_and_tuples(debug):
    session = debug(*APP)
    session.run_to("values")
    assert session.integer("number") == -42
    assert session.integer("natural") == 1 << 40
    assert session.local("real").GetValue() == "2.5"
    assert session.path("tuple.__0") in ("'\\x01'", "1", "'\\U00000001'")
    assert session.path("array[2]") == "30"
    assert session.integer("factor") == 3


def test_vectors_and_strings(debug):
    session = debug(*APP)
    session.run_to("values")
    items = session.local("items")
    assert items.GetChildMemberWithName("len").GetValueAsUnsigned() == 3
    text = session.local("text").GetChildMemberWithName("vec")
    assert text.GetChildMemberWithName("len").GetValueAsUnsigned() == len("hello rust")
    slice_ = session.local("slice")
    assert slice_.GetChildMemberWithName("length").GetValueAsUnsigned() == 5


def test_method_of_a_trait(debug):
    session = debug(*APP)
    session.run_to("area")
    assert session.integer("product") == 42
    assert session.path("self->width") == "6"


def test_closure(debug):
    session = debug(*APP)
    session.run_to("values")
    functions = [session.step_in().function for _ in range(4)]
    assert any("closure" in name or "area" in name for name in functions)


def test_generic_function(debug):
    session = debug(*APP)
    session.run_to("largest")
    assert session.frames()[0] == "app::largest"
    assert (session.integer("item"), session.integer("best")) == (9, 3)


def test_match_arm(debug):
    session = debug(*APP)
    session.run_to("move")
    assert session.frames()[0] == "app::run"
    assert session.integer("score") == 0


def test_panic_stops_as_a_trap_with_frames(debug):
    session = debug(*APP, args=["boo"])
    stop = session.go()
    assert stop.reason == "exception"
    assert "app::fail" in session.frames()
    assert session.go_to_exit() == 134
    _, _, stderr = session.guest.finish()
    assert "asked to panic: boo" in stderr


@pytest.mark.parametrize("variant", ["rust-O0", "rust-O2"])
def test_runs_to_its_end(debug, variant):
    session = debug(variant, "rust/app.rs")
    session.run_to("end")
    assert session.go_to_exit() == 0
    assert session.guest.stdout.at_end(5) == "rust 10 Some(9) 1099511628020\n"
