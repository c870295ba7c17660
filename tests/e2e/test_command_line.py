# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`wdbg run` without a client: exit statuses, output, one-line errors."""
import os
import re
import signal
import socket
import subprocess

import pytest

from harness import paths


def call(*args, **options):
    """(status, stdout, stderr) of wdbg with these arguments."""
    result = subprocess.run([str(paths.wdbg()), *map(str, args)], capture_output=True, text=True,
                            timeout=20, stdin=subprocess.DEVNULL, check=False, **options)
    return result.returncode, result.stdout, result.stderr


def one_error(stderr: str) -> str:
    assert re.fullmatch(r"wdbg: [^\n]+\n", stderr), stderr
    return stderr


@pytest.mark.parametrize("args, status", [
    (["return", 0], 0), (["return", 7], 7), (["exit", 42], 42), (["exit", 255], 255),
])
def test_exit_status_is_the_guests(run, args, status):
    assert run("exits-O0", *args).finish() == (status, "", "")


def test_output_is_the_guests_own(run):
    status, stdout, stderr = run("exits-O0", "show", "--help", options=["--env=A=b"]).finish()
    assert (status, stdout, stderr) == (
        0, "arg 1: show\narg 2: --help\nenv: A=b\n", "on stderr\n")


def test_input_reaches_the_guest(run):
    guest = run("echo-O0")
    guest.write("one\ntwo\n")
    guest.close_input()
    assert guest.finish() == (0, "ready\necho: one\necho: two\n2 lines\n", "")


@pytest.mark.parametrize("module, stdout", [
    ("types-O2", "types 1 global text\n"), ("control-O2", "control 5239\n"),
    ("shapes-O0", "shapes 281 281\n"), ("rust-O2", "rust 10 Some(9) 1099511628020\n"),
    ("wasi-threads-O2", "hits 200\ntotal 2660\n"), ("pthreads-O2", "shared 29\njoined 29\n"),
    ("watch-O2", "watch 10 feed\n"), ("ctors-O0", "order 2\n"), ("values", ""),
])
def test_programs_run(run, module, stdout):
    assert run(module).finish(20) == (0, stdout, "")


def test_two_modules_run(run):
    main = paths.fixture("multi/main")
    assert run(main, cwd=main.parent).finish() == (0, "multi 50 175 2\n", "")


def test_two_modules_run_from_another_folder(run):
    main = paths.fixture("multi/main")
    assert run(main, cwd="/").finish() == (0, "multi 50 175 2\n", "")


def test_deep_recursion_runs(run):
    assert run("recursion-O0", 10000).finish(20) == (0, "recursion 20000\n", "")


@pytest.mark.parametrize("kind, message, function", [
    ("load", "out of bounds memory access", "load"),
    ("divide", "integer divide by zero", "divide"),
    ("unreachable", "unreachable", "unreachable"),
    ("mismatch", "indirect call type mismatch", "mismatch"),
    ("recurse", "stack overflow", "recurse"),
])
def test_trap_is_one_line_and_134(run, kind, message, function):
    status, stdout, stderr = run("traps-O0", kind).finish(20)
    assert (status, stdout) == (134, "")
    assert message in one_error(stderr)
    assert function in stderr or "traps.c" in stderr


@pytest.mark.parametrize("kind", ["load", "divide"])
def test_trap_names_the_source_line(run, kind):
    from harness.markers import place

    _, _, stderr = run("traps-O0", kind).finish()
    assert f"traps.c:{place('c/traps.c', kind, 'TRAP').line}" in stderr


def test_abort_is_134(run):
    assert run("exits-O0", "abort").wait() == 134


def test_signal_that_ends_it(run):
    guest = run("busy-O0")
    guest.wait_for_output("ready")
    os.kill(guest.pid, signal.SIGTERM)
    assert guest.wait() == 128 + signal.SIGTERM


def test_missing_module():
    status, stdout, stderr = call("run", "/no/such/file.wasm")
    assert (status, stdout) == (1, "")
    assert "/no/such/file.wasm" in one_error(stderr)


@pytest.mark.parametrize("size", [0, 3, 8, 9, 200, 2000])
def test_truncated_module(scratch, size):
    module = scratch / "cut.wasm"
    module.write_bytes(paths.fixture("control-O0").read_bytes()[:size])
    status, stdout, stderr = call("run", module)
    assert (status, stdout) == (1, "")
    assert "cut.wasm" in one_error(stderr)


@pytest.mark.parametrize("listen", [False, True])
def test_no_module_at_all(scratch, listen):
    module = scratch / "text.wasm"
    module.write_text("this is no module\n" * 100)
    status, _, stderr = call("run", *(["-g=127.0.0.1:0"] if listen else []), module)
    assert status == 1
    assert "text.wasm" in one_error(stderr)


def test_malformed_section(scratch):
    data = bytearray(paths.fixture("control-O0").read_bytes())
    data[9] = 0xff
    data[10] = 0xff
    module = scratch / "bad.wasm"
    module.write_bytes(data)
    status, _, stderr = call("run", module)
    assert status == 1
    assert "bad.wasm" in one_error(stderr)


def test_folder_instead_of_a_module(scratch):
    status, _, stderr = call("run", scratch)
    assert status == 1
    assert str(scratch) in one_error(stderr)


def test_missing_import():
    status, stdout, stderr = call("run", paths.fixture("missing_import"))
    assert (status, stdout) == (1, "")
    assert "nowhere" in one_error(stderr) and "nothing" in stderr


def test_simd_names_the_way_out():
    status, _, stderr = call("run", paths.fixture("simd"))
    assert status == 1
    assert "--engine=aot" in one_error(stderr)


def test_port_in_use(scratch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, stdout, stderr = call("run", f"-g=127.0.0.1:{port}", paths.fixture("control-O0"))
    assert (status, stdout) == (1, "")
    assert str(port) in one_error(stderr)


@pytest.mark.parametrize("options", [
    ["--no-such-option"], ["-g=127.0.0.1:99999"], ["-g=:x"], ["--stack-size=many"],
    ["--engine=fast"], ["--env=NOVALUE"], ["-gx"],
])
def test_bad_options(options):
    status, stdout, stderr = call("run", *options, paths.fixture("control-O0"))
    assert (status, stdout) == (2, "")
    one_error(stderr)


def test_no_module_is_a_usage_error():
    status, _, stderr = call("run")
    assert status == 2
    one_error(stderr)


def test_unknown_command():
    assert call("fly")[0] == 2


@pytest.mark.parametrize("args", [["--help"], ["run", "--help"], ["--version"]])
def test_help_and_version(args):
    status, stdout, stderr = call(*args)
    assert (status, stderr) == (0, "")
    assert "wdbg" in stdout


def test_preopened_folder(run, scratch):
    (scratch / "note.txt").write_text("from the host\n")
    guest = run("exits-O0", "cat", "/data/note.txt", options=[f"--dir={scratch}::/data"])
    assert guest.finish() == (0, "from the host\n", "")


def test_no_folder_is_open_unless_named(run, scratch):
    (scratch / "note.txt").write_text("from the host\n")
    guest = run("exits-O0", "cat", scratch / "note.txt")
    assert guest.finish()[0] == 3


def test_invoke(run):
    status, stdout, stderr = run("values", 20, 22, options=["--invoke=add"]).finish()
    assert (status, stderr) == (0, "")
    assert "42" in stdout


def test_listen_file_has_the_address(run):
    guest = run("control-O0", listen=True)
    host, port = guest.address().rsplit(":", 1)
    assert host == "127.0.0.1" and int(port) > 0
