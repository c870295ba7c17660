# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Statements are hit as often in compiled code (-Og) as in interpreted code."""
import random

import pytest

from harness import paths, walk
from harness.guest import Guest
from test_engines_agree import LUA, SQLITE

SECONDS = 120
ALL = 100_000


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
