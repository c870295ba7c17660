# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled code on a microcontroller, seen by its native debug server (qemu's): the table of modules is
where it should be and tells the truth. What `wdbg bridge` makes of it is tests/bridge's matter."""
import socket
import struct
from typing import NamedTuple

import pytest

from boards import FOLDER, compiled
from elf import Elf
from harness.raw import RawClient

MAGIC = b"wdbg\xa5mt\x1a"
HEADER = struct.Struct("<8sHHHBBIIQQII")
ENTRY = struct.Struct("<IIQQQII32s32s56s")
TEXT_ADDRESS = 0x1000  # of the debug file's symbols (docs/aot.md)
SUM = 140


class Module(NamedTuple):
    state: int
    serial: int
    code: int
    size: int
    module: int
    build_id: bytes
    instances: tuple
    name: str


class Native:
    """A bare client of qemu's debug server."""

    def __init__(self, board, pc: int) -> None:
        """`pc`: the register's number, among 32-bit ones."""
        self._client = RawClient(board.native_address(), acks=True)
        self._pc = pc

    def read(self, address: int, size: int) -> bytes:
        found = b""
        while len(found) < size:
            part = self._client.ask(f"m{address + len(found):x},{min(1024, size - len(found)):x}")
            assert not part.startswith("E"), part
            found += bytes.fromhex(part)
        return found

    def run_to(self, address: int) -> None:
        assert self._client.ask(f"Z1,{address:x},2") == "OK"
        assert self._client.ask("c").startswith("T05")
        assert self._client.ask(f"z1,{address:x},2") == "OK"
        assert self.pc() == address

    def pc(self) -> int:
        registers = bytes.fromhex(self._client.ask("g"))
        return struct.unpack_from("<I", registers, 4 * self._pc)[0]

    def go_on(self) -> None:
        """Until the next stop, or the end."""
        self._client.send("c")


class Target:
    def __init__(self, name: str) -> None:
        self.in_place = name.endswith("-xip")
        self.board = compiled(name)
        self.firmware = Elf(FOLDER / name / "firmware")
        self.debug_file = Elf(FOLDER / f"app-{name}.aot.debug")
        host, port = self.board.address().split(":")
        self.line = socket.create_connection((host, int(port)))
        self.line.sendall(b"\n")  # the guest begins when it is loaded
        self.native = Native(self.board, 15 if name.startswith("mps2") else 32)
        self.table = self.firmware.symbols["wdbg_module_table"]
        self.changed = self.firmware.symbols["wdbg_module_table_changed"] & ~1

    def modules(self) -> list[Module]:
        header = HEADER.unpack(self.native.read(self.table, HEADER.size))
        magic, version, header_size, entry_size, width, order, capacity, generation = header[:8]
        assert (magic, version, width, order) == (MAGIC, 1, 4, 1)
        assert header[8:10] == (self.table, self.changed)
        assert generation % 2 == 0
        rows = [ENTRY.unpack(self.native.read(self.table + header_size + i * entry_size, ENTRY.size))
                for i in range(capacity)]
        return [Module(*row[:5], row[7][:row[5]], struct.unpack("<4Q", row[8])[:row[6]],
                       row[9].rstrip(b"\0").decode()) for row in rows]

    def dispose(self) -> None:
        self.line.close()
        self.board.dispose()

    def code_of(self, function: str) -> int:
        return self.modules()[0].code + (self.debug_file.symbols[function] & ~1) - TEXT_ADDRESS


@pytest.fixture(params=["mps2-aot", "mps2-xip", "virt32-aot"])
def target(request):
    started = Target(request.param)
    yield started
    started.dispose()


def test_table_tells_where_the_code_is(target):
    target.native.run_to(target.changed)
    module, *others = target.modules()
    assert all(other.state == 0 for other in others)
    assert (module.state, module.serial) == (1, 1)
    assert module.name.endswith("app.wasm")
    assert module.build_id == target.debug_file.section(".note.gnu.build-id")[16:]
    in_image = target.firmware.symbols["guest_image"] <= module.code < target.firmware.symbols[
        "guest_image_end"]
    assert in_image == target.in_place
    assert struct.unpack("<I", target.native.read(module.instances[0] + 4, 4)) == (1,), \
        "an instance has one memory"


def test_compiled_code_is_hit_where_the_table_says(target):
    target.native.run_to(target.changed)
    target.native.run_to(target.code_of("measure"))
    target.native.run_to(target.code_of("scale"))
    target.native.run_to(target.changed)  # the module is about to go
    assert target.modules()[0].state == 0
    target.native.go_on()
    target.board.wait_for_console("guest: end\nprogram: end\n")
    assert target.board.wait() == SUM


def test_table_is_found_by_its_magic_number(target):
    target.native.run_to(target.changed)
    start, end = (target.firmware.symbols[name] for name in ("board_bss", "board_bss_end"))
    memory = target.native.read(start, end - start)
    found = []
    at = memory.find(MAGIC)
    while at >= 0:
        if struct.unpack_from("<Q", memory, at + 24)[0] == start + at:
            found.append(start + at)
        at = memory.find(MAGIC, at + 1)
    assert found == [target.table]


@pytest.mark.parametrize("target", ["mps2-xip"], indirect=True)
def test_code_in_flash_stays_as_it_is(target):
    target.native.run_to(target.changed)
    target.native.run_to(target.changed)
    image = (FOLDER / "app-mps2-xip.aot").read_bytes()
    assert target.native.read(target.firmware.symbols["guest_image"], len(image)) == image
