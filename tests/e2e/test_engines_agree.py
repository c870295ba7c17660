# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The same program, interpreted and compiled, looked at in LLDB at many places: the compiled one
shows the same functions, lines and values, or says that a value is not available."""
import pytest

from harness import paths, walk
from harness.guest import Guest

COMPARED = ("control-O2", "types-O2", "shapes-O2", "containers-O2", "rust-O2", "lua-O2", "sqlite-O0", "sqlite-O2")
PLACES = 2500
SECONDS = 60
SQLITE = ("main.c", "sqlite3.c")
LUA = tuple(f"{name}.c" for name in (
    "main", "lapi", "lauxlib", "lbaselib", "lcode", "ldebug", "ldo", "lfunc", "lgc", "llex", "lmem", "lobject",
    "lparser", "lstate", "lstring", "ltable", "ltm", "lvm", "lzio"))


def walk_through(new_session, monkeypatch, engine: str, guest: str, files, stops: int):
    monkeypatch.setenv("WDBG_E2E_ENGINE", engine)
    monkeypatch.setenv("WDBG_E2E_OWN_CPU", "1")
    session = new_session()
    session.connect(Guest(paths.fixture(guest)))
    addresses = walk.statement_addresses(session.target, files, PLACES)
    return walk.walk(session, addresses, hits=1, most_stops=stops, seconds=SECONDS)


def compare(new_session, monkeypatch, guest, files, level, stops) -> walk.Comparison:
    reference = walk_through(new_session, monkeypatch, "interp", guest, files, stops)
    compiled = walk_through(new_session, monkeypatch, f"aot-{level}", guest, files, stops)
    result = walk.compare(compiled, reference)
    print(f"{guest} -O{level}: {len(compiled)} and {len(reference)} stops; {result}")
    for kind in ("different", "moved", "elsewhere", "missing"):
        print(kind, *getattr(result, kind)[:20], sep="\n  ")
    assert result.stops > 0
    return result


@pytest.mark.timeout(200)
@pytest.mark.parametrize("guest,files,stops,share", [
    ("control-O2", ("control.c",), 50, 0.99),
    ("types-O2", ("types.c",), 50, 0.99),
    ("shapes-O2", ("shapes.cpp",), 50, 0.99),
    ("containers-O2", ("containers.cpp",), 50, 0.99),
    ("rust-O2", ("app.rs",), 50, 0.99),
    ("lua-O2", LUA, 200, 0.99),
    ("sqlite-O0", SQLITE, 300, 1),
    ("sqlite-O2", SQLITE, 300, 0.99),
])
def test_debuggable_code_agrees(new_session, monkeypatch, guest, files, stops, share):
    result = compare(new_session, monkeypatch, guest, files, "g", stops)
    assert not result.different and not result.moved and not result.elsewhere
    assert result.equal >= share * result.values


@pytest.mark.timeout(200)
@pytest.mark.parametrize("guest,files,stops", [
    ("containers-O2", ("containers.cpp",), 50),
    ("rust-O2", ("app.rs",), 50),
    ("lua-O2", LUA, 100),
])
def test_code_that_is_not_optimised_is_the_same(new_session, monkeypatch, guest, files, stops):
    result = compare(new_session, monkeypatch, guest, files, "0", stops)
    assert not result.different and not result.moved and not result.elsewhere
    assert result.equal == result.values


@pytest.mark.timeout(200)
@pytest.mark.parametrize("guest,files,stops", [
    ("control-O2", ("control.c",), 50),
    ("types-O2", ("types.c",), 50),
    ("shapes-O2", ("shapes.cpp",), 50),
    ("containers-O2", ("containers.cpp",), 50),
    ("rust-O2", ("app.rs",), 50),
    ("lua-O2", LUA, 200),
    ("sqlite-O0", SQLITE, 200),
    ("sqlite-O2", SQLITE, 200),
])
def test_optimised_code_agrees(new_session, monkeypatch, guest, files, stops):
    """Frames that have ended in a jump are gone, and LLVM makes one call of several: the line is
    that of one of them. It also moves stores to memory behind later statements."""
    result = compare(new_session, monkeypatch, guest, files, "3", stops)
    assert not result.different
    assert len(result.moved) <= 0.001 * result.values
    assert not [line for line in result.elsewhere if "('', " in line]
