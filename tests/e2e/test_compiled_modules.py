# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`.aot` files given to `wdbg run`: with their debug file, without it, with another's, damaged."""
import fcntl
import pathlib
import shutil
import subprocess

import pytest

from harness import paths
from harness.compiling import compile_guest
from harness.guest import Guest
from harness.raw import RawClient

SOURCE = "c/control.c"


@pytest.fixture
def connect():
    """connect(module): a waiting guest and a bare client of it."""
    guests = []

    def start(module, *options):
        guests.append(Guest(module, (), options))
        return guests[-1], RawClient(guests[-1].address())

    yield start
    for guest in guests:
        guest.dispose()


def test_module_is_debugged_with_the_wasm_beside_it(new_session, scratch):
    session = new_session(SOURCE)
    session.connect(Guest(compile_guest("control-O0", scratch)), create_target=False)
    session.run_to("loop")
    assert session.integer("i") == 0
    assert session.frames()[:2] == ["loop", "main"]
    assert session.go_to_exit() == 0


def test_debug_file_may_be_elsewhere(new_session, scratch):
    aot = compile_guest("control-O0", scratch)
    moved = scratch / "moved.debug"
    aot.with_suffix(".aot.debug").rename(moved)
    session = new_session(SOURCE)
    session.connect(Guest(aot, (), [f"--debug-file={moved}"]), create_target=False)
    session.run_to("add")
    assert session.go_to_exit() == 0


def test_debug_file_made_afterwards(new_session, scratch):
    """The deployed code is of another build, in which one function is longer."""
    aot = compile_guest("changed-O0", scratch, "--no-debug-file")
    wasm = scratch / "control-O0.wasm"
    shutil.copy(paths.fixture("control-O0"), wasm)
    made = subprocess.run([paths.wdbg(), "compile", "-Og", wasm, f"--debug-for={aot}"],
                          capture_output=True, text=True, check=True)
    assert "1 of 52 functions differ: 13 (clamp)" in made.stderr
    session = new_session(SOURCE)
    session.connect(Guest(aot), create_target=False)
    different = session.target.BreakpointCreateByName("clamp")
    session.run_to("steps-after")
    assert [session.integer(name) for name in ("start", "a", "b")] == [10, 11, 22]
    assert session.frames()[:3] == ["steps", "main", "_start"]
    assert (different.GetNumResolvedLocations(), different.GetHitCount()) == (0, 0)
    session.run_to("indirect", source="c/control_util.c")
    assert session.frames()[:2] == ["util_apply", "main"]
    assert "functions whose code differs: 13 (clamp)" in session.guest.stderr.text()


def test_debug_file_of_another_module_is_refused_with_both_hashes(connect, scratch):
    aot = compile_guest("control-O0", scratch)
    other = compile_guest("types-O0", scratch)
    guest, client = connect(aot, f"--debug-file={other}.debug")
    assert client.ask("?").startswith("T05")
    assert client.ask("c") == "W00"
    _, _, stderr = guest.finish()
    assert len([word for word in stderr.replace(",", " ").split() if len(word) >= 16]) >= 2, stderr


@pytest.mark.parametrize("size", [3, 40, 900, 9000, 25000])
def test_truncated_module_ends_in_the_runtime_s_error(run, scratch, size):
    aot = compile_guest("control-O0", scratch)
    aot.write_bytes(aot.read_bytes()[:size])
    status, stdout, stderr = run(aot).finish()
    assert (status, stdout) == (1, "")
    assert stderr.startswith("wdbg: ") and stderr.count("\n") == 1


@pytest.mark.parametrize("size", [0, 100, 3000])
def test_truncated_debug_file_is_named_and_the_guest_runs(connect, scratch, size):
    aot = compile_guest("control-O0", scratch)
    debug_file = aot.with_suffix(".aot.debug")
    debug_file.write_bytes(debug_file.read_bytes()[:size])
    guest, client = connect(aot)
    assert client.ask("?").startswith("T05")
    assert client.ask("c") == "W00"
    assert str(debug_file) in guest.finish()[2]


@pytest.mark.parametrize("kind, line", [("unreachable", "unreachable"), ("load", "load"),
                                        ("divide", "divide"), ("mismatch", "mismatch")])
def test_trap_without_a_listener_names_the_source_line(run, scratch, kind, line):
    from harness.markers import place
    status, _, stderr = run(compile_guest("traps-O0", scratch), kind).finish()
    where = place("c/traps.c", line, "TRAP")
    assert status == 134
    assert f"{where.file}:{where.line} " in stderr


def test_a_module_is_compiled_by_one_process_at_a_time(run, scratch, monkeypatch):
    monkeypatch.setenv("WDBG_AOT_CACHE", str(scratch / "cache"))
    module = scratch / "control.wasm"
    shutil.copy(paths.fixture("control-O0"), module)
    status, code, _ = run(module, options=("--engine=aot", "--compile-only")).finish()
    assert status == 0
    compiled = pathlib.Path(code.strip())
    compiled.unlink()
    with open(compiled.parent / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        guest = run(module, options=("--engine=aot",))
        guest.stderr.wait_for(f"another process compiles {module} already; waiting …", 10)
        assert not compiled.exists()
    status, stdout, _ = guest.finish()
    assert (status, stdout) == (0, "control 5239\n")
    assert compiled.exists()
