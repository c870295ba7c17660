# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The machine code of compiled guests, and instruction breakpoints in it."""
import subprocess

from client.session import fixture, wdbg

CONTROL = "c/control.c"


def native_code(session, frame=None, **arguments):
    return session.connection.request("wdbg/nativeCode",
                                      {"frameId": frame or session.top().id, **arguments})


def test_an_interpreted_guest_has_no_native_code(session):
    session.run_to(CONTROL, "steps", "control-O0", engine="interp", optLevel=None, cpu=None)
    message = session.refused("wdbg/nativeCode", {"frameId": session.top().id})
    assert "interpreted" in message
    line = session.disassemble(session.top().instructionPointerReference, 1)[0]
    assert ";" not in line.instruction


def test_native_code_of_a_frame(session):
    session.run_to(CONTROL, "steps-call", "control-O0")
    code = native_code(session)
    assert "steps" in code["function"]
    assert code["totalRows"] == len(code["rows"])
    addresses = [int(row["address"], 16) for row in code["rows"]]
    assert addresses == sorted(addresses)
    here = code["rows"][code["pcRow"]]
    assert here["wasm"].startswith("local.get") or "wasm" in here
    lines = {row["line"] for row in code["rows"] if "line" in row}
    assert session.top().line in lines
    assert code["sources"][0]["name"] == "control.c"
    assert any(row["instruction"].startswith("call") for row in code["rows"])


def test_native_code_of_a_caller(session):
    session.run_to(CONTROL, "steps-call", "control-O0")
    caller = session.stack()[1]
    code = native_code(session, caller.id)
    assert "main" in code["function"]
    before = code["rows"][code["pcRow"] - 1]
    assert before["instruction"].startswith("call"), before


def test_disassembly_shows_native_instructions(session):
    session.run_to(CONTROL, "steps", "control-O0")
    lines = session.disassemble(session.top().instructionPointerReference, 40)
    assert len(lines) == 40
    with_native = [line for line in lines if "  ; " in line.instruction]
    assert len(with_native) > 5
    assert any("mov" in line.instruction for line in with_native)


def test_native_addresses_disassemble_to_native_code(session):
    session.run_to(CONTROL, "steps", "control-O0")
    code = native_code(session)
    row = code["rows"][code["pcRow"]]
    lines = session.disassemble(row["reference"], 4, -2)
    assert [line.address for line in lines] == \
        [each["reference"] for each in code["rows"][code["pcRow"] - 2:code["pcRow"] + 2]]
    assert lines[2].instruction == row["instruction"]


def test_breakpoint_at_a_native_instruction(session):
    session.run_to(CONTROL, "steps-call", "control-O0")
    code = native_code(session)
    rows = code["rows"]
    # In the middle of a wasm instruction's code: a later row that has no `wasm` of its own.
    target = next(index for index in range(code["pcRow"] + 1, len(rows)) if "wasm" not in rows[index])
    body = session.connection.request("setInstructionBreakpoints", {
        "breakpoints": [{"instructionReference": rows[target]["reference"]}]})
    breakpoint = body["breakpoints"][0]
    assert breakpoint["verified"], breakpoint
    session.resume()
    stop = session.stopped()
    assert breakpoint["id"] in stop.hitBreakpointIds
    now = native_code(session)
    assert now["rows"][now["pcRow"]]["address"] == rows[target]["address"]
    session.connection.request("setInstructionBreakpoints", {"breakpoints": []})
    session.breakpoints(CONTROL)
    session.resume()
    session.exited()


def test_breakpoint_where_no_code_is(session):
    session.run_to(CONTROL, "steps", "control-O0")
    body = session.connection.request("setInstructionBreakpoints", {
        "breakpoints": [{"instructionReference": "0xc000000000000010"}]})
    assert not body["breakpoints"][0]["verified"]
    assert "no function" in body["breakpoints"][0]["message"]


def test_code_without_a_debug_file_has_functions_and_says_what_is_missing(session, tmp_path):
    aot = tmp_path / "control.aot"
    subprocess.run([wdbg(), "compile", "-O3", "--no-debug-file", fixture("control-O0"), "-o", aot],
                   check=True, capture_output=True)
    session.launch(str(aot), stopOnEntry=True, engine=None, optLevel=None, cpu=None)
    session.configured()
    session.stopped()
    names = [frame.name for frame in session.stack()]
    assert names[-1] == "_start"
    code = native_code(session)
    assert code["rows"][code["pcRow"]]["instruction"]
    session.step("stepIn", granularity="instruction")
    said = session.text("console") + session.text("stderr")
    assert "has no debug file" in said and f"--debug-for={aot}" in said
    session.resume()
    assert session.exited() == 0
