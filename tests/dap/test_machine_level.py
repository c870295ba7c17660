# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Memory, instructions, modules, code without source."""
import base64

CONTROL = "c/control.c"


def test_reads_and_writes_memory(session):
    session.run_to(CONTROL, "steps", "control-O0")
    reference = session.locals()["start"].memoryReference
    body = session.connection.request("readMemory", {"memoryReference": reference, "count": 4})
    assert base64.b64decode(body["data"]) == b"\x0a\0\0\0"
    session.connection.request("writeMemory", {
        "memoryReference": reference, "data": base64.b64encode(b"\x14\0\0\0").decode()})
    assert session.evaluate("start").result == "20"


def test_disassembles_around_the_pc(session):
    session.run_to(CONTROL, "steps", "control-O0")
    pc = session.top().instructionPointerReference
    lines = session.disassemble(pc, 20, -10)
    assert len(lines) == 20
    assert lines[10].address == pc
    addresses = [int(line.address, 16) for line in lines]
    assert addresses == sorted(addresses)
    assert any(line.instruction.startswith("local.get") for line in lines)
    assert any(line.line for line in lines)


def test_instruction_breakpoint(session):
    session.run_to(CONTROL, "steps", "control-O0")
    target = session.disassemble(session.top().instructionPointerReference, 5)[3]
    body = session.connection.request("setInstructionBreakpoints", {
        "breakpoints": [{"instructionReference": target.address}]})
    assert body["breakpoints"][0]["verified"]
    session.resume()
    assert session.stopped().reason in ("breakpoint", "instruction breakpoint")
    assert session.top().instructionPointerReference == target.address


def test_modules_and_sources(session):
    session.run_to(CONTROL, "steps", "control-O0")
    module = session.connection.request("modules")["modules"][0]
    assert module["name"] == "control-O0.wasm"
    assert module["symbolStatus"] == "debug information loaded"
    sources = session.connection.request("loadedSources")["sources"]
    assert "control.c" in [source["name"] for source in sources]


def test_code_without_debug_information(session):
    session.launch("control-g0")
    session.connection.request("setFunctionBreakpoints", {"breakpoints": [{"name": "factorial"}]})
    session.configured()
    session.stopped()
    frame = session.top()
    assert "factorial" in frame.name
    reference = frame.source["sourceReference"]
    text = session.connection.request("source", {"sourceReference": reference})["content"]
    assert text.startswith("(func $factorial (param i32) (result i32)")
    assert frame.line >= 2
    assert text.splitlines()[frame.line - 1].strip()
    session.step("next", granularity="instruction")
    assert session.top().line == frame.line + 1
