# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the link to a native debug server has carried."""
import pathlib
import re


class LinkCost:
    """Since it was made, by `wdbg bridge --log-native`."""

    def __init__(self, log: pathlib.Path) -> None:
        self._log = log
        self._before = len(self._lines())

    def _lines(self) -> list[str]:
        return [line.split(" ", 1)[1] for line in
                self._log.read_text(errors="replace").splitlines()]

    def lines(self) -> list[str]:
        return self._lines()[self._before:]

    def trips(self) -> int:
        return sum(line.startswith("-> $") for line in self.lines())

    def bytes(self) -> int:
        return sum(len(line) - 3 for line in self.lines())

    def milliseconds(self) -> float:
        """On a line of 115 200 baud (10 bits a byte) where each packet takes 2 ms more."""
        return self.trips() * 2 + self.bytes() * 10_000 / 115_200

    def assert_nothing_twice(self) -> None:
        """No byte of memory is read twice while the target stands."""
        seen: set[int] = set()
        for line in self.lines():
            if match := re.match(r"-> \$m([0-9a-f]+),([0-9a-f]+)", line):
                begin = int(match[1], 16)
                read = set(range(begin, begin + int(match[2], 16)))
                assert not seen & read, line
                seen |= read
            elif re.match(r"-> \$(vCont;|[cs]#)", line):
                seen.clear()
