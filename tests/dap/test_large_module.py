# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A module of many megabytes: what is told meanwhile, and that the file is not copied."""
import pathlib

from client.session import fixture

CONTROL = "c/control.c"
MEGABYTES = 24


def _leb(value: int) -> bytes:
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if value == 0:
            return bytes(out)


def _enlarged(name: str, folder: pathlib.Path) -> pathlib.Path:
    """The guest with a custom section that makes it large."""
    contents = _leb(7) + b"padding" + bytes(MEGABYTES << 20)
    path = folder / f"{name}.wasm"
    path.write_bytes(pathlib.Path(fixture(name)).read_bytes() + b"\0" + _leb(len(contents)) + contents)
    return path


def test_a_large_module(session, tmp_path):
    module = _enlarged("control-O0", tmp_path)
    session.run_to(CONTROL, "steps", str(module), engine="interp", optLevel=None, cpu=None)
    assert session.at(CONTROL, "steps")
    assert session.locals()["start"].value == "10"
    told = [message["body"] for _, message in session.connection.log
            if message.get("event", "").startswith("progress")]
    assert told[0]["title"] == "Loading debug information"
    assert told[-1]["progressId"] in {each["progressId"] for each in told[:-1]}
    maps = pathlib.Path(f"/proc/{session.process.pid}/maps").read_text()
    assert any(line.endswith(str(module)) for line in maps.splitlines())
    session.resume()
    session.exited()


def test_a_small_module_may_be_overwritten(session, tmp_path):
    module = tmp_path / "control-O0.wasm"
    module.write_bytes(pathlib.Path(fixture("control-O0")).read_bytes())
    session.run_to(CONTROL, "steps", str(module), engine="interp", optLevel=None, cpu=None)
    module.write_bytes(b"")  # a build that writes in place
    assert session.step("next").reason == "step"
    assert session.locals()["a"].value == "11"
    assert session.disassemble(session.top().instructionPointerReference, 3)
