# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Damaged .aot files: each ends in an error, none in a crash. No guest code runs here: what a file with
other machine code in it does is up to that code."""
import concurrent.futures
import random
import shutil
import struct
import subprocess
from typing import NamedTuple

import pytest

from harness import paths

TEXT = 2
TIMEOUT = 120


class Section(NamedTuple):
    type: int
    begin: int  # of its header: type and size
    size: int   # with the header


def sections_of(aot: bytes) -> list[Section]:
    sections = []
    at = 8
    while at < len(aot):
        at = (at + 3) // 4 * 4
        kind, size = struct.unpack_from("<II", aot, at)
        sections.append(Section(kind, at, size + 8))
        at += size + 8
    return sections


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    aot = folder / "guest.aot"
    subprocess.run([paths.wdbg(), "compile", paths.fixture("control-O0"), "-o", aot], check=True,
                   capture_output=True)
    yield aot.read_bytes()
    shutil.rmtree(folder, ignore_errors=True)


def expect_refused(folder, damaged: dict[str, bytes]) -> None:
    """Loads and instantiates each, and calls an export that there is not."""

    def load(item):
        name, aot = item
        path = folder / f"{name}.aot"
        path.write_bytes(aot)
        return name, subprocess.run([paths.wdbg(), "run", "--invoke=none", path], timeout=TIMEOUT,
                                    capture_output=True, text=True, errors="replace")

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, done in pool.map(load, damaged.items()):
            assert done.returncode == 1, f"{name}: {done.returncode} {done.stderr}"
            assert done.stderr.startswith("wdbg: ") and done.stderr.count("\n") == 1, name


def test_modules_cut_anywhere(compiled, scratch):
    places = {section.begin + each for section in sections_of(compiled) for each in (0, 7, 8, 20)}
    places |= set(range(0, len(compiled), len(compiled) // 20))
    expect_refused(scratch, {f"cut-{place}": compiled[:place] for place in sorted(places)
                             if place < len(compiled)})


def test_bits_flipped_anywhere_but_in_the_code(compiled, scratch):
    chosen = random.Random(7)
    damaged = {}
    for section in sections_of(compiled):
        header = 12  # of the text: with the size of the literals
        for each in range(25):
            aot = bytearray(compiled)
            size = header if section.type == TEXT else section.size
            for _ in range(chosen.choice((1, 1, 3))):
                aot[section.begin + chosen.randrange(size)] ^= 1 << chosen.randrange(8)
            damaged[f"section-{section.begin}-{each}"] = bytes(aot)
    expect_refused(scratch, damaged)


def test_sizes_of_literals_are_not_believed(compiled, scratch):
    text = next(section for section in sections_of(compiled) if section.type == TEXT)
    damaged = {}
    for size in (1 << 31, 0xFFFFFFFF, 0xFFFFFFFC, text.size, text.size - 11):
        aot = bytearray(compiled)
        struct.pack_into("<I", aot, text.begin + 8, size)
        damaged[f"literals-{size}"] = bytes(aot)
    expect_refused(scratch, damaged)


def test_code_of_another_machine_is_refused(scratch):
    aot = scratch / "other.aot"
    subprocess.run([paths.wdbg(), "compile", "--target=aarch64", paths.fixture("values"), "-o", aot],
                   check=True, capture_output=True)
    done = subprocess.run([paths.wdbg(), "run", aot], capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 1
    assert "aarch64" in done.stderr and done.stderr.count("\n") == 1
