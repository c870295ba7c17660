# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Statements are hit as often in compiled code as in interpreted code: at -Og exactly."""
import random
import re

import lldb
import pytest

from harness import paths, walk
from harness.guest import Guest
from harness.raw import RawClient, counting
from harness.wat import CODE
from test_engines_agree import LUA, SQLITE

SECONDS = 120
ALL = 100_000
VARIABLES = 256  # of the agent's


def hits_of(new_session, monkeypatch, engine: str, guest: str, files, places: int, seed: int) -> dict[int, int]:
    """How often each of some statements is hit until the guest's end, by file address."""
    monkeypatch.setenv("WDBG_E2E_ENGINE", engine)
    session = new_session()
    session.connect(Guest(paths.fixture(guest)))
    addresses = walk.statement_addresses(session.target, files, ALL)
    module = session.target.GetModuleAtIndex(0)
    breakpoints = {}
    for address in random.Random(seed).sample(addresses, min(places, len(addresses))):
        breakpoints[address] = session.target.BreakpointCreateBySBAddress(module.ResolveFileAddress(address))
        breakpoints[address].SetIgnoreCount(1_000_000_000)
    session.go_to_exit(SECONDS)
    return {address: breakpoint.GetHitCount() for address, breakpoint in breakpoints.items()}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("guest,files,places,seed", [
    ("control-O2", ("control.c",), ALL, 1),
    ("containers-O2", ("containers.cpp",), ALL, 1),
    ("rust-O2", ("app.rs",), ALL, 1),
    ("lua-O2", LUA, 500, 1),
    ("lua-O2", LUA, 500, 2),
    ("sqlite-O2", SQLITE, 500, 1),
    ("sqlite-O2", SQLITE, 500, 2),
])
def test_of_statements_are_the_same(new_session, monkeypatch, guest, files, places, seed):
    interpreted = hits_of(new_session, monkeypatch, "interp", guest, files, places, seed)
    compiled = hits_of(new_session, monkeypatch, "aot-g", guest, files, places, seed)
    differing = {hex(address): (hits, interpreted[address]) for address, hits in compiled.items()
                 if hits != interpreted[address]}
    assert any(interpreted.values())
    assert not differing


def code_address(address: lldb.SBAddress) -> int:
    """What the stub calls it, of the main module."""
    return CODE + address.GetSection().GetFileOffset() + address.GetOffset()


def executable_memory(pid: int) -> dict[int, bytes]:
    """Compiled code and what is like it: mappings of no file, by address."""
    found = {}
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for begin, end, access, name in re.findall(r"(\w+)-(\w+) (\S+) \S+ \S+ 0 *(\S*)", maps.read()):
            if "x" in access and not name:
                memory.seek(int(begin, 16))
                found[int(begin, 16)] = memory.read(int(end, 16) - int(begin, 16))
    return found


def planted(before: dict[int, bytes], after: dict[int, bytes]) -> tuple[int, int]:
    """Jumps and traps in the code that were not there."""
    jumps = traps = 0
    for address, old in before.items():
        new, at = after.get(address, old), 0
        while at < len(old):
            is_jump = old[at] != new[at] == 0xE9
            jumps += is_jump
            traps += old[at] != new[at] == 0xCC
            at += 5 if is_jump else 1
    return jumps, traps


def statements(new_session, guest: str, files) -> tuple[list[int], list[int]]:
    """Places of all of them, and of the guest's end."""
    session = new_session()
    session.connect(Guest(paths.fixture(guest)))
    module = session.target.GetModuleAtIndex(0)
    places = [code_address(module.ResolveFileAddress(address))
              for address in walk.statement_addresses(session.target, files, ALL)]
    symbols = [module.FindSymbol(name) for name in ("__wasm_call_dtors", "__wasi_proc_exit")]
    ends = [code_address(symbol.GetStartAddress()) for symbol in symbols if symbol.IsValid()]
    session.guest.dispose()
    return places, ends


def counted(guest: str, places: list[int], ends: list[int], by_filter: bool) -> tuple[list[int | None], int, int]:
    """How often each place is come to before the guest's end (None: there is no breakpoint), counted by
    a condition that is never true, and how many jumps and traps there are. Code decides it in place of
    the breakpoint; the filter behind the trap, where another one counts as well."""
    program = Guest(paths.fixture(guest))
    client = RawClient(program.address())
    client.ask("?")
    before = executable_memory(program.pid)
    taken = []
    for number, place in enumerate(places):
        conditions = counting(number) + (counting(VARIABLES - 1) if by_filter else "")
        taken.append(client.ask(f"Z0,{place:x},1;{conditions}") == "OK")  # refused where a value is not known
    assert "OK" in [client.ask(f"Z0,{end:x},1") for end in ends]
    client.send("c")
    assert client.receive().startswith("T05")
    hits = [int(client.ask(f"qTV:{number:x}")[1:], 16) if taken[number] else None for number in range(len(places))]
    jumps, traps = planted(before, executable_memory(program.pid))
    client.close()
    program.dispose()
    return hits, jumps, traps


@pytest.mark.timeout(300)
@pytest.mark.parametrize("guest,files,rounds,share", [
    ("containers-O2", ("containers.cpp",), 1, 1),
    ("lua-O2", LUA, 4, 0.96),
    ("sqlite-O2", SQLITE, 5, 0.96),
])
def test_of_optimised_statements_are_mostly_the_same(new_session, monkeypatch, guest, files, rounds, share):
    """Where a statement's code is gone or in pieces, what stands for it is hit once each time."""
    monkeypatch.setenv("WDBG_E2E_ENGINE", "aot-3")
    places, ends = statements(new_session, guest, files)
    random.Random(1).shuffle(places)
    same, differing = 0, {}
    for begin in range(0, min(len(places), rounds * (VARIABLES - 1)), VARIABLES - 1):
        some = places[begin:begin + VARIABLES - 1]
        monkeypatch.setenv("WDBG_E2E_ENGINE", "interp")
        interpreted = counted(guest, some, ends, by_filter=False)[0]
        monkeypatch.setenv("WDBG_E2E_ENGINE", "aot-3")
        compiled = counted(guest, some, ends, by_filter=False)[0]
        for place, expected, hits in zip(some, interpreted, compiled):
            if hits is not None and hits == expected:
                same += hits > 0
            elif hits is not None:
                differing[hex(place)] = (hits, expected)
    print(f"{guest}: {same} the same, {len(differing)} not: {differing}")
    assert same >= share * (same + len(differing))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("guest,files,level,rounds,share", [
    ("control-O2", ("control.c",), "g", 1, 0.8),
    ("control-O2", ("control.c",), "3", 2, 0),  # where all statements are planted, several share a place
    ("containers-O2", ("containers.cpp",), "3", 2, 0),
    ("rust-O2", ("app.rs",), "g", 1, 0.8),  # at -O3 its end has no place that is come to
    ("lua-O2", LUA, "3", 3, 0.85),
    ("sqlite-O2", SQLITE, "3", 3, 0.8),
])
def test_code_in_place_of_a_breakpoint_counts_as_its_trap_does(new_session, monkeypatch, guest, files, level,
                                                               rounds, share):
    """In optimised code it takes several instructions along, wherever these are short: one alone has
    room at half of the places. `share`: of jumps among what is planted."""
    monkeypatch.setenv("WDBG_E2E_ENGINE", f"aot-{level}")
    places, ends = statements(new_session, guest, files)
    hit = 0
    for seed in range(rounds):
        some = random.Random(seed).sample(places, min(VARIABLES - 1, len(places)))
        by_code, jumps, traps = counted(guest, some, ends, by_filter=False)
        print(f"{jumps} jumps, {traps} traps")
        by_filter, *planted_then = counted(guest, some, ends, by_filter=True)
        assert by_code == by_filter
        assert planted_then[0] == 0 and jumps >= share * (jumps + traps)
        hit += sum(filter(None, by_code))
    assert hit > 0
