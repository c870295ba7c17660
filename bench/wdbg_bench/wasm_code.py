# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds a function's bytes in a .wasm file by the name section, and the lines of its code."""

import re
import shutil
import subprocess


class _Reader:
    def __init__(self, data, offset=0):
        self.data, self.offset = data, offset

    def byte(self):
        self.offset += 1
        return self.data[self.offset - 1]

    def leb(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self):
        length = self.leb()
        self.offset += length
        return self.data[self.offset - length : self.offset].decode()


def _sections(data):
    reader = _Reader(data, 8)
    while reader.offset < len(data):
        number, size = reader.byte(), reader.leb()
        yield number, reader.offset, reader.offset + size
        reader.offset += size


def _imported_functions(data, start):
    reader = _Reader(data, start)
    count = 0
    for _ in range(reader.leb()):
        reader.text(), reader.text()
        kind = reader.byte()
        if kind == 0:
            count += 1
            reader.leb()
        elif kind == 3:
            reader.byte(), reader.byte()
        else:
            if kind == 1:
                reader.byte()
            flags = reader.byte()
            reader.leb()
            if flags & 1:
                reader.leb()
    return count


def _bodies(data, start):
    reader = _Reader(data, start)
    for _ in range(reader.leb()):
        size = reader.leb()
        yield reader.offset, reader.offset + size
        reader.offset += size


def _function_names(data, start, end):
    reader = _Reader(data, start)
    if reader.text() != "name":
        return {}
    while reader.offset < end:
        kind, size = reader.byte(), reader.leb()
        if kind == 1:
            count = reader.leb()
            return {index: name for index, name in
                    ((reader.leb(), reader.text()) for _ in range(count))}
        reader.offset += size
    return {}


def function_range(path, name):
    """(begin, end) of a function's body, from the start of the file."""
    data = path.read_bytes()
    imported, bodies, names = 0, [], {}
    for number, start, end in _sections(data):
        if number == 2:
            imported = _imported_functions(data, start)
        elif number == 10:
            bodies = list(_bodies(data, start))
        elif number == 0:
            names = _function_names(data, start, end) or names
    for index, each in names.items():
        if each == name:
            return bodies[index - imported]
    raise LookupError(f"{path} has no function {name}")


def code_lines(path):
    """(begin, end, line) of each run of one line's code in the order of offsets from the start of the file."""
    data = path.read_bytes()
    code = next(start for number, start, _ in _sections(data) if number == 10)
    tool = next(filter(None, map(shutil.which, ("llvm-dwarfdump-22", "llvm-dwarfdump"))))
    text = subprocess.run([tool, "--debug-line", path], check=True, capture_output=True, text=True).stdout
    rows = sorted((int(address, 16) + code, int(line)) for address, line in
                  re.findall(r"^(0x[0-9a-f]{16}) +(\d+) ", text, re.MULTILINE) if int(address, 16) < len(data))
    runs = []
    for (begin, line), (end, _) in zip(rows, rows[1:]):
        if runs and runs[-1][1] == begin and runs[-1][2] == line:
            runs[-1] = (runs[-1][0], end, line)
        elif begin < end:
            runs.append((begin, end, line))
    return runs
