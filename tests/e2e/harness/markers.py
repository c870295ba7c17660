# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Places in the guests' sources: `// BREAK: name` and the like, never line numbers."""
import functools
import re
from typing import NamedTuple

from harness import paths

_MARKER = re.compile(r"// (BREAK|TRAP|STORE|LOAD|BULK): ([\w-]+)")


class Place(NamedTuple):
    file: str
    line: int


@functools.cache
def places(source: str) -> dict[str, Place]:
    """All markers of a source such as "c/control.c", by "BREAK: name"."""
    found: dict[str, Place] = {}
    text = (paths.SOURCES / source).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        match = _MARKER.search(line)
        if match is None:
            continue
        key = f"{match[1]}: {match[2]}"
        if key in found:
            raise ValueError(f"{source}:{number}: second marker {key}")
        found[key] = Place(source.rsplit("/", 1)[-1], number)
    return found


def place(source: str, name: str, kind: str = "BREAK") -> Place:
    return places(source)[f"{kind}: {name}"]
