# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Conditions that are decided where a breakpoint is hit, as GDB's agent expressions (`Z0,…;X…`)."""
import lldb
import pytest

from harness import paths
from harness.guest import Guest
from harness.markers import place
from harness.raw import RawClient

THREADS = "threads/wasi_threads.c"
HITS = 200  # eight workers, 25 rounds each

COUNT, EQUAL, CONST8, END, REMAINDER, NOT = 0x80, 0x13, 0x22, 0x27, 0x08, 0x0E


def code_address(module, source: str, name: str) -> int:
    """What the stub calls the marker's first statement."""
    where = place(source, name)
    debugger = lldb.SBDebugger.Create(False)
    target = debugger.CreateTarget(str(module))
    breakpoint = target.BreakpointCreateByLocation(where.file, where.line)
    address = breakpoint.GetLocationAtIndex(0).GetAddress()
    offset = address.GetSection().GetFileOffset() + address.GetOffset()
    lldb.SBDebugger.Destroy(debugger)
    return 0x4000000000000000 + offset


@pytest.fixture
def threads_guest():
    guest = Guest(paths.fixture("wasi-threads-O0"))
    client = RawClient(guest.address())
    client.ask("?")
    yield client
    client.close()
    guest.dispose()


def set_condition(client, *program: int) -> None:
    address = code_address(paths.fixture("wasi-threads-O0"), THREADS, "hit")
    code = bytes(program).hex()
    assert client.ask(f"Z0,{address:x},1;X{len(program):x},{code}") == "OK"


def run_to_stop(client) -> str:
    client.send("c")
    reply = client.receive()
    while reply.startswith("O"):
        reply = client.receive()
    return reply


def test_every_hit_of_every_thread_is_counted(threads_guest):
    """The condition is a counter; it holds at the last hit only."""
    set_condition(threads_guest, COUNT, 0, 1, CONST8, HITS, EQUAL, END)
    assert run_to_stop(threads_guest).startswith("T05")
    assert threads_guest.ask("qTV:1") == f"V{HITS:x}"
    assert run_to_stop(threads_guest).startswith("W00")


def test_a_condition_that_is_false_never_stops(threads_guest):
    set_condition(threads_guest, COUNT, 0, 2, CONST8, 0, EQUAL, END)
    assert run_to_stop(threads_guest).startswith("W00")


def test_stops_again_and_again(threads_guest):
    """At each fiftieth hit; the count is exact, and other threads go on counting meanwhile."""
    set_condition(threads_guest, COUNT, 0, 3, CONST8, 50, REMAINDER, NOT, END)
    hits = 0
    while run_to_stop(threads_guest).startswith("T05"):  # several threads may be in one stop
        hits += threads_guest.ask("jThreadsInfo").count('"reason":"breakpoint"')
    assert hits == HITS // 50


def test_a_damaged_condition_is_refused(threads_guest):
    address = code_address(paths.fixture("wasi-threads-O0"), THREADS, "hit")
    assert threads_guest.ask(f"Z0,{address:x},1;X2,2201").startswith("E")
    assert run_to_stop(threads_guest).startswith("W00")
