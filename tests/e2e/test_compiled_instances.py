# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Several instances of one compiled module: `diamond` imports `base` twice, by two ways."""
import collections
import pathlib
import subprocess

import lldb
import pytest

from harness import paths
from harness.guest import Guest

_SOURCES = pathlib.Path(__file__).parent.parent / "unit" / "wamr" / "guests"


@pytest.fixture
def modules(scratch) -> pathlib.Path:
    for name in ("base", "middle", "diamond"):
        subprocess.run(["wat2wasm", "--debug-names", _SOURCES / f"{name}.wat", "-o",
                        scratch / f"{name}.wasm"], check=True)
    return scratch


@pytest.fixture
def diamond(modules) -> Guest:
    for wasm in modules.glob("*.wasm"):
        subprocess.run([paths.wdbg(), "compile", "-Og", wasm, "-o", wasm.with_suffix(".aot")],
                       check=True, capture_output=True)
    return Guest(modules / "diamond.aot", (), ["--invoke=run"])


def test_imports_are_compiled_as_well(new_session, modules):
    session = new_session()
    session.connect(Guest(modules / "diamond.wasm", (), ["--engine=aot", "--invoke=run"]),
                    create_target=False)
    assert {"diamond.wasm", "middle.wasm", "base.wasm"} <= {
        module.GetFileSpec().GetFilename().split("@")[0] for module in session.target.modules}
    bump = session.target.BreakpointCreateByName("bump")
    while session.go():
        assert session.frames()[0] == "bump"
        if bump.GetHitCount() == 5:
            break
    session.target.BreakpointDelete(bump.GetID())
    assert session.go_to_exit() == 0


@pytest.mark.parametrize("kind", ["func", "memory 1"])
def test_import_from_a_name_that_no_file_can_have(scratch, kind):
    text = scratch / "long.wat"
    text.write_text(f'(module (import "{"m" * 300}" "x" ({kind})) (func (export "_start")))')
    subprocess.run(["wat2wasm", text, "-o", text.with_suffix(".wasm")], check=True)
    done = subprocess.run([paths.wdbg(), "run", "--engine=aot", text.with_suffix(".wasm")],
                          capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert kind != "func" or "nothing provides the import" in done.stderr


def test_memory_of_another_module_is_refused():
    guest = paths.fixture("multi/main")
    done = subprocess.run([paths.wdbg(), "run", "--engine=aot", guest], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert "not mathlib.memory; run it interpreted" in done.stderr


def test_each_is_a_module_of_its_own_and_has_its_own_breakpoints(new_session, diamond):
    session = new_session()
    session.connect(diamond, create_target=False)
    modules = [module.GetFileSpec().GetFilename() for module in session.target.modules]
    assert len(modules) == 4 and len(set(modules)) == 4
    both = session.target.BreakpointCreateByName("bump")
    places = [both.GetLocationAtIndex(i).GetLoadAddress() for i in range(both.GetNumLocations())]
    assert len(places) == 2
    session.target.BreakpointDelete(both.GetID())
    one, other = (session.target.BreakpointCreateByAddress(place) for place in places)
    seen = collections.Counter()
    for _ in range(5):
        stop = session.go()
        assert stop.reason == "breakpoint"
        hit = session.frame.GetPC()
        frames = session.frames()
        assert frames[0] == "bump" and hit in places
        seen[hit, tuple(frames)] += 1
    stacks = {stack: count for (_, stack), count in seen.items()}
    assert stacks == {("bump", "run"): 3, ("bump", "via", "run"): 2}
    assert {one.GetHitCount(), other.GetHitCount()} == {2, 3}
    assert session.go_to_exit() == 0


@pytest.mark.parametrize("which", [0, 1])
def test_a_breakpoint_of_one_does_not_stop_the_other(new_session, diamond, which):
    session = new_session()
    session.connect(diamond, create_target=False)
    both = session.target.BreakpointCreateByName("bump")
    place = both.GetLocationAtIndex(which).GetLoadAddress()
    session.target.BreakpointDelete(both.GetID())
    session.target.BreakpointCreateByAddress(place)
    stacks = []
    for _ in range(3):
        session.command("process continue")
        if session.wait_for_state((lldb.eStateStopped, lldb.eStateExited)) == lldb.eStateExited:
            break
        stacks.append(tuple(session.frames()))
    assert stacks in ([("bump", "run")] * 3, [("bump", "via", "run")] * 2)
