# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every scalar in every frame, at the same stops, in LLDB and in the debug adapter."""
import dataclasses

import pytest
from expected import REASONS
from walk import Walk


@dataclasses.dataclass
class Program:
    name: str
    source: str
    scalars: int  # at least: a walk that compares nothing agrees with everything
    args: tuple = ()


PROGRAMS = (
    Program("types-O0", "c/types.c", 100),
    Program("types-O0-dwarf4", "c/types.c", 100),
    Program("types-O0-dwarf5", "c/types.c", 100),
    Program("types-O2", "c/types.c", 15),
    Program("control-O0", "c/control.c", 80),
    Program("control-O2", "c/control.c", 12),
    Program("inlined-O2", "c/inlined.c", 4),
    Program("recursion-O0", "c/recursion.c", 20),
    Program("shapes-O0", "cpp/shapes.cpp", 280),
    Program("shapes-O2", "cpp/shapes.cpp", 40),
    Program("shapes-O0-typeunits", "cpp/shapes.cpp", 280),
    Program("containers-O0", "cpp/containers.cpp", 200),
    Program("rust-O0", "rust/app.rs", 90),
    Program("collections-O0", "rust/collections.rs", 25),
    Program("lua-O0", "lua/main.c", 200),
    Program("sqlite-O0", "sqlite/main.c", 1500, (20,)),
    Program("sqlite-O2", "sqlite/main.c", 200, (20,)),
)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: each.name)
def test_values_agree(program):
    walk = Walk(program.name, program.source, program.args).run()
    print(f"{program.name}: {walk.stops} stops, {walk.frames} frames, {walk.scalars} scalars agree, "
          f"{walk.unknown} unknown to both, {walk.more} known to the adapter only; not compared: {walk.skipped}")
    assert set(walk.skipped) <= set(REASONS)
    assert not walk.differences, "\n".join(map(str, walk.differences[:20]))
    assert walk.scalars >= program.scalars
