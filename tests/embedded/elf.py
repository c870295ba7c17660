# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the tests need of a little-endian ELF file: symbols and sections."""
import pathlib
import struct
from typing import NamedTuple


class Section(NamedTuple):
    name: str
    address: int
    data: bytes
    link: int


class Elf:
    def __init__(self, path: pathlib.Path) -> None:
        self._bytes = path.read_bytes()
        assert self._bytes[:4] == b"\x7fELF" and self._bytes[5] == 1
        self._wide = self._bytes[4] == 2
        self.sections = self._read_sections()
        self.symbols = self._read_symbols()

    def _read_sections(self) -> list[Section]:
        layout = ("<QxxxxxxxxxxHHH", 0x28) if self._wide else ("<IxxxxxxxxxxHHH", 0x20)
        offset, size, count, names = struct.unpack_from(layout[0], self._bytes, layout[1])
        rows = [struct.unpack_from("<IIQQQQI" if self._wide else "<IIIIIII", self._bytes,
                                   offset + i * size) for i in range(count)]

        def contents(row) -> bytes:
            return b"" if row[1] == 8 else self._bytes[row[4]:row[4] + row[5]]

        strings = contents(rows[names])
        return [Section(_string(strings, row[0]), row[3], contents(row), row[6]) for row in rows]

    def _read_symbols(self) -> dict[str, int]:
        found = {}
        for section in self.sections:
            if section.name != ".symtab":
                continue
            strings = self.sections[section.link].data
            step, layout = (24, "<IBBHQ") if self._wide else (16, "<II")
            for at in range(0, len(section.data), step):
                row = struct.unpack_from(layout, section.data, at)
                found[_string(strings, row[0])] = row[-1]
        return found

    def section(self, name: str) -> bytes:
        return next(section.data for section in self.sections if section.name == name)


def _string(table: bytes, at: int) -> str:
    return table[at:table.index(b"\0", at)].decode()
