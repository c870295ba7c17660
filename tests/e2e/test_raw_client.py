# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What LLDB 22 cannot ask for: values of deep recursion, other threads, operand stack, globals."""
import struct

import pytest

from harness import paths
from harness.guest import Guest
from harness.raw import RawClient

DEPTH = 10000


@pytest.fixture
def attach():
    """attach(fixture, args…): a raw client on a guest that waits at its entry."""
    opened = []

    def start(name, *args, options=()):
        guest = Guest(paths.fixture(name), args, options)
        client = RawClient(guest.address())
        opened.append((client, guest))
        return client, guest

    yield start
    for client, guest in opened:
        client.close()
        guest.dispose()


def call_stack(client, thread="1"):
    reply = client.ask(f"qWasmCallStack:{thread}")
    data = bytes.fromhex(reply)
    return struct.unpack(f"<{len(data) // 8}Q", data)


def little_endian(reply):
    return int.from_bytes(bytes.fromhex(reply), "little")


def test_every_frame_of_deep_recursion_has_its_own_locals(attach):
    client, _ = attach("recursion-O0", DEPTH)
    address = address_of_line("recursion-O0", "c/recursion.c", "bottom")
    assert client.ask(f"Z0,{address:x},0") == "OK"
    assert client.ask("c").startswith("T05")
    frames = call_stack(client)
    assert len(frames) > DEPTH
    assert frames[0] == address
    assert len(set(frames[1:DEPTH])) == 1
    bases = [little_endian(client.ask(f"qWasmLocal:{frame};2")) for frame in range(0, DEPTH, 500)]
    steps = {after - before for before, after in zip(bases, bases[1:])}
    assert len(steps) == 1 and steps.pop() > 0
    levels = []
    for frame in (0, 1, 4321, DEPTH - 1):
        base = little_endian(client.ask(f"qWasmLocal:{frame};2"))
        words = struct.unpack("<8I", bytes.fromhex(client.ask(f"m{base:x},20")))
        levels.append(DEPTH - frame in words and DEPTH in words)
    assert all(levels)
    assert client.ask(f"qWasmLocal:{len(frames)};0").startswith("E")


def address_of_line(fixture, source, marker):
    """The load address of a marker's line, from LLDB without a process."""
    import lldb

    from harness.markers import place

    debugger = lldb.SBDebugger.Create(False)
    target = debugger.CreateTarget(str(paths.fixture(fixture)))
    where = place(source, marker)
    location = target.BreakpointCreateByLocation(where.file, where.line).GetLocationAtIndex(0)
    offset = location.GetAddress().GetFileAddress()
    code = target.GetModuleAtIndex(0).FindSection("code")
    address = code.GetFileOffset() + offset - code.GetFileAddress()
    lldb.SBDebugger.Destroy(debugger)
    return 0x4000000000000000 | address


def test_operand_stack_locals_and_globals(attach):
    client, _ = attach("values")
    for _ in range(40):
        stop = client.ask("vCont;s:1")
        assert stop.startswith("T05"), stop
        if len(call_stack(client)) == 2 and not client.ask("qWasmLocal:0;4").startswith("E"):
            break
    assert little_endian(client.ask("qWasmLocal:0;0")) == 1
    assert little_endian(client.ask("qWasmLocal:0;1")) == 2
    assert struct.unpack("<f", bytes.fromhex(client.ask("qWasmLocal:0;2"))) == (3.5,)
    assert struct.unpack("<d", bytes.fromhex(client.ask("qWasmLocal:0;3"))) == (4.25,)
    assert client.ask("qWasmLocal:0;5").startswith("E")
    client.ask("vCont;s:1")
    assert struct.unpack("<d", bytes.fromhex(client.ask("qWasmStackValue:0;0"))) == (4.25,)
    assert client.ask("qWasmStackValue:0;9").startswith("E")
    assert little_endian(client.ask("qWasmGlobal:0;0")) == 5
    assert little_endian(client.ask("qWasmGlobal:1;instance:0;")) == 2**64 - 1
    assert client.ask("qWasmGlobal:0;99").startswith("E")


def test_memory_init_is_watched(attach):
    client, _ = attach("values")
    assert client.ask("Z2,42,4") == "OK"
    stop = client.ask("c")
    assert "reason:watchpoint" in stop, stop
    assert client.ask("m40,d") == b"passive bytes".hex()
    assert client.ask("z2,42,4") == "OK"
    assert client.ask("c") == "W00"


@pytest.mark.parametrize("packet", ["qNoSuchThing", "vNoSuchThing", "jNoSuchThing", "!", "Zx", "QQ"])
def test_unknown_packets_are_answered_at_once(attach, packet):
    client, _ = attach("values")
    assert client.ask(packet) == "" or client.ask(packet).startswith("E")
    assert client.ask("qWasmCallStack:1")


def test_breakpoint_in_the_middle_of_an_instruction(attach):
    """The next instruction is taken, the requested address is reported."""
    client, _ = attach("recursion-O0", 3)
    address = address_of_line("recursion-O0", "c/recursion.c", "bottom")
    first = client.ask(f"Z0,{address:x},0")
    assert first == "OK"
    client.ask("c")
    client.ask(f"z0,{address:x},0")
    client.ask("vCont;s:1")
    following = call_stack(client)[0]
    assert following - address > 1
    client.close()
    other, _ = attach("recursion-O0", 3)
    middle = address + 1
    assert other.ask(f"Z0,{middle:x},0") == "OK"
    stop = other.ask("c")
    assert f"thread-pcs:{middle:x}" in stop or f"00:{middle.to_bytes(8, 'little').hex()}" in stop


def test_kill_of_a_guest_that_runs_in_a_read_is_reported(attach):
    client, guest = attach("echo-O0")
    client.send("c")
    guest.wait_for_output("ready")
    assert client.ask("k") == "X09"
    assert guest.wait() == 137
