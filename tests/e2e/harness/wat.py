# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Guests written in WebAssembly text, and where their instructions are (wabt)."""
import pathlib
import re
import subprocess

CODE = 0x4000000000000000  # LLDB's address of the main module's first byte


def compile_wat(text: str, wasm: pathlib.Path) -> pathlib.Path:
    source = wasm.with_suffix(".wat")
    source.write_text(text)
    subprocess.run(["wat2wasm", source, "-o", wasm], check=True)
    return wasm


def instructions(wasm: pathlib.Path, function: str | None = None) -> list[tuple[str, int]]:
    """Texts, such as "i32.store8 0 59", and addresses of all instructions, or from a function on."""
    listing = subprocess.run(["wasm-objdump", "-d", wasm], capture_output=True, text=True, check=True).stdout
    begin = listing.index(f"<{function}>") if function else 0
    found = re.findall(r"^ ([0-9a-f]+): .*\| +(.*)$", listing[begin:], re.MULTILINE)
    return [(text, CODE + int(at, 16)) for at, text in found if not text.startswith("local[")]
